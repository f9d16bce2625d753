//! What is written.

use insta::assert_snapshot;

use crate::{
    CallEvent, Channels, Client, Connect, Dial, DialRecord, Error, Gather, Hangup, Input, Message,
    Method, Number, Pause, Play, Record, Recording, RecordingEvent, Redirect, Reject, Response,
    Say, Sip, SpeechTimeout, Ssml, Start, Stop, Stream, Track, Trim,
};

fn xml(response: &Response) -> String {
    response.to_inline_xml().unwrap()
}

#[test]
fn empty_response_has_a_declaration() {
    assert_snapshot!(
        Response::empty().to_xml().unwrap(),
        @r#"<?xml version="1.0" encoding="UTF-8"?><Response/>"#
    );
    assert_snapshot!(xml(&Response::empty()), @"<Response/>");
}

#[test]
fn say_play_pause_hangup() {
    let response = Response::new()
        .say(
            Say::new("Tom & Jerry's <\"show\"> ]]>")
                .voice("Polly.Joanna")
                .language("en-US")
                .repeat(2),
        )
        .play(Play::new("https://example.com/a.wav?x=1&y='2'"))
        .play(Play::default().digits("ww12"))
        .pause(Pause::seconds(3))
        .pause(Pause::new())
        .hangup(Hangup::new());
    assert_snapshot!(
        xml(&response),
        @r#"<Response><Say voice="Polly.Joanna" language="en-US" loop="2">Tom &amp; Jerry's &lt;&quot;show&quot;&gt; ]]&gt;</Say><Play>https://example.com/a.wav?x=1&amp;y='2'</Play><Play digits="ww12"/><Pause length="3"/><Pause/><Hangup/></Response>"#
    );
}

#[test]
fn gather_with_everything() {
    let response = Response::new().gather(
        Gather::new()
            .input(Input::DtmfSpeech)
            .action("https://example.com/g?a=1&b=2")
            .method(Method::Get)
            .timeout(4)
            .num_digits(1)
            .finish_on_key("")
            .speech_timeout(SpeechTimeout::Auto)
            .max_speech_time(30)
            .speech_model("phone_call")
            .hints("yes,no")
            .language("en-IN")
            .profanity_filter(false)
            .partial_result_callback("/partial")
            .action_on_empty_result(true)
            .barge_in(true)
            .enhanced(true)
            .say("Yes or no?")
            .play(Play::new("/beep.wav"))
            .pause(Pause::seconds(1)),
    );
    assert_snapshot!(
        xml(&response),
        @r#"<Response><Gather input="dtmf speech" action="https://example.com/g?a=1&amp;b=2" method="GET" timeout="4" numDigits="1" finishOnKey="" speechTimeout="auto" maxSpeechTime="30" speechModel="phone_call" hints="yes,no" language="en-IN" profanityFilter="false" partialResultCallback="/partial" actionOnEmptyResult="true" bargeIn="true" enhanced="true"><Say>Yes or no?</Say><Play>/beep.wav</Play><Pause length="1"/></Gather></Response>"#
    );
}

#[test]
fn a_forwarded_call() {
    let response = Response::new().dial(
        Dial::new()
            .action("https://example.com/webhooks/twilio/call/status/CA1")
            .method(Method::Post)
            .timeout(20)
            .caller_id("+15550100001")
            .answer_on_bridge(true)
            .record(DialRecord::FromAnswerDual)
            .recording_status_callback("https://example.com/r")
            .recording_status_callback_event([RecordingEvent::Completed, RecordingEvent::Absent])
            .recording_track(Track::Both)
            .trim(Trim::DoNotTrim)
            .number(
                Number::new("+15550100002")
                    .url("https://example.com/whisper")
                    .status_callback_event([CallEvent::Initiated, CallEvent::Answered]),
            )
            .client(Client::new("alice").parameter("lead", "7"))
            .client(Client::new("bob"))
            .sip(
                Sip::new("sip:carol@example.com")
                    .username("u")
                    .password("p"),
            ),
    );
    assert_snapshot!(
        xml(&response),
        @r#"<Response><Dial action="https://example.com/webhooks/twilio/call/status/CA1" method="POST" timeout="20" callerId="+15550100001" answerOnBridge="true" record="record-from-answer-dual" recordingStatusCallback="https://example.com/r" recordingStatusCallbackEvent="completed absent" recordingTrack="both" trim="do-not-trim"><Number url="https://example.com/whisper" statusCallbackEvent="initiated answered">+15550100002</Number><Client><Identity>alice</Identity><Parameter name="lead" value="7"/></Client><Client>bob</Client><Sip username="u" password="p">sip:carol@example.com</Sip></Dial></Response>"#
    );
}

#[test]
fn streams_and_recordings() {
    let response = Response::new()
        .start(Start::recording(
            Recording::new()
                .name("r")
                .channels(Channels::Dual)
                .recording_status_callback_event([
                    RecordingEvent::InProgress,
                    RecordingEvent::Completed,
                    RecordingEvent::Absent,
                ]),
        ))
        .connect(Connect::new(
            Stream::new("wss://example.com/ws/twilio/1")
                .name("s")
                .parameter("tenant", "a&b"),
        ))
        .stop(Stop::stream("s"))
        .stop(Stop::recording("r"));
    assert_snapshot!(
        xml(&response),
        @r#"<Response><Start><Recording name="r" recordingStatusCallbackEvent="in-progress completed absent" channels="dual"/></Start><Connect><Stream url="wss://example.com/ws/twilio/1" name="s"><Parameter name="tenant" value="a&amp;b"/></Stream></Connect><Stop><Stream name="s"/></Stop><Stop><Recording name="r"/></Stop></Response>"#
    );
}

#[test]
fn record_redirect_reject_message() {
    let response = Response::new()
        .record(
            Record::new()
                .action("https://example.com/record-response?interview_id=42&question_number=3")
                .max_length(120)
                .finish_on_key("*")
                .play_beep(true)
                .trim(Trim::TrimSilence),
        )
        .redirect(Redirect::new("https://example.com/?a=1&b=2").method(Method::Get))
        .reject(Reject::busy())
        .message(
            Message::new("Hi\n")
                .to("+15550109999")
                .media("https://example.com/m.png"),
        );
    assert_snapshot!(
        xml(&response),
        @r#"
    <Response><Record action="https://example.com/record-response?interview_id=42&amp;question_number=3" finishOnKey="*" maxLength="120" playBeep="true" trim="trim-silence"/><Redirect method="GET">https://example.com/?a=1&amp;b=2</Redirect><Reject reason="busy"/><Message to="+15550109999"><Body>Hi
    </Body><Media>https://example.com/m.png</Media></Message></Response>
    "#
    );
}

#[test]
fn speech_with_directions() {
    let response = Response::new().say(
        Say::new("Your code is ")
            .ssml(Ssml::say_as("digits", "1234"))
            .ssml(Ssml::pause_ms(300))
            .then("Goodbye."),
    );
    assert_snapshot!(
        xml(&response),
        @r#"<Response><Say>Your code is <say-as interpret-as="digits">1234</say-as><break time="300ms"/>Goodbye.</Say></Response>"#
    );
}

#[test]
fn forbidden_characters_are_left_out_and_line_ends_kept() {
    let response = Response::new()
        .say(Say::new("a\u{0}b\u{b}c\u{1f}d\u{fffe}e\u{ffff}f\r\n\tg"))
        .play(Play::new("/x").digits("1\u{0}\r\n\t2"));
    assert_eq!(
        xml(&response),
        "<Response><Say>abcdef&#13;\n\tg</Say><Play digits=\"1&#13;&#10;&#9;2\">/x</Play></Response>"
    );
}

#[test]
fn limits_are_twilios() {
    let around = Response::new().say("").to_xml().unwrap().len() + "</Say>".len() - 1;
    let fits = Response::new().say("x".repeat(crate::SIZE_LIMIT - around));
    assert_eq!(fits.to_xml().unwrap().len(), crate::SIZE_LIMIT);
    let over = Response::new().say("x".repeat(crate::SIZE_LIMIT - around + 1));
    let error = over.to_xml().unwrap_err();
    assert_eq!(error.code(), 11750);
    assert_snapshot!(error, @"11750: a response may have 65536 bytes, this one has 65537");

    let inline = "<Response><Say></Say></Response>".len();
    let fits = Response::new().say("é".repeat(crate::INLINE_LIMIT - inline));
    assert!(fits.to_inline_xml().is_ok());
    let over = fits.hangup(Hangup::new()).to_inline_xml().unwrap_err();
    assert!(matches!(over, Error::InlineTooLong { characters: 4009 }));
    assert_eq!(over.code(), 32018);
}

#[test]
fn debug_shows_no_words_and_no_numbers() {
    let response = Response::new()
        .say("my secret words")
        .dial(Dial::new().caller_id("+15550100001").number("+15550100002"))
        .message(Message::new("my secret words").to("+15550109999"));
    let shown = format!("{response:?}");
    assert!(
        !shown.contains("secret") && !shown.contains("1555"),
        "{shown}"
    );
    let misspelt = r#"<Response><Dial callerID="+15550100001">+15550100002</Dial></Response>"#;
    let shown = format!("{:?}", Response::from_xml(misspelt).unwrap());
    assert!(
        shown.contains("callerID") && !shown.contains("1555"),
        "{shown}"
    );
}
