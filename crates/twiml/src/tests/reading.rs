//! What is read, and what is refused.

use insta::assert_snapshot;

use crate::{
    DialRecord, Input, Medium, Noun, Number, Position, Prompt, RecordingEvent, Response, Say, Verb,
};

fn read(xml: &str) -> Response {
    Response::from_xml(xml).unwrap()
}

fn refused(xml: &str) -> String {
    Response::from_xml(xml).unwrap_err().to_string()
}

#[test]
fn hand_written_document() {
    let response = read(
        r##"<?xml version="1.0" encoding="UTF-8"?>
        <!-- the menu -->
        <Response>
            <Gather input="speech dtmf" timeout="3" numDigits="1" action="/menu?a=1&amp;b=2" shiny="yes">
                <Say voice='alice'>Press 1 &amp; wait, or say <![CDATA[<yes>]]>.</Say>
                <!-- nothing -->
                <Pause length="1"/>
            </Gather>
            <Dial record="true" timeout="soon">
                +15550100002
            </Dial>
            <Redirect>
                https://example.com/?a=1&amp;b=2
            </Redirect>
        </Response>
        "##,
    );
    let [
        Verb::Gather(gather),
        Verb::Dial(dial),
        Verb::Redirect(redirect),
    ] = &response.verbs[..]
    else {
        panic!("{response:?}");
    };
    assert_eq!(gather.input, Some(Input::DtmfSpeech));
    assert_eq!(gather.action.as_deref(), Some("/menu?a=1&b=2"));
    assert_eq!(gather.extra(), [("shiny".to_owned(), "yes".to_owned())]);
    let [Prompt::Say(say), Prompt::Pause(_)] = &gather.prompts[..] else {
        panic!("{gather:?}");
    };
    assert_eq!(say.text(), "Press 1 & wait, or say <yes>.");
    assert_eq!(dial.record, Some(DialRecord::FromAnswer));
    assert_eq!(
        (dial.timeout, dial.extra()[0].0.as_str()),
        (None, "timeout")
    );
    assert_eq!(dial.nouns, [Noun::Number(Number::new("+15550100002"))]);
    assert_eq!(redirect.url, "https://example.com/?a=1&b=2");
}

#[test]
fn replaced_value_stands_once() {
    let mut response = read(r#"<Response><Pause length="long"/></Response>"#);
    if let Verb::Pause(pause) = &mut response.verbs[0] {
        *pause = pause.clone().length(2);
    }
    assert_snapshot!(response.to_inline_xml().unwrap(), @r#"<Response><Pause length="2"/></Response>"#);
}

#[test]
fn lists_are_separated_by_spaces() {
    let events = |value: &str| {
        let xml =
            format!(r#"<Response><Record recordingStatusCallbackEvent="{value}"/></Response>"#);
        match &read(&xml).verbs[0] {
            Verb::Record(record) => record.recording_status_callback_event.clone(),
            other => panic!("{other:?}"),
        }
    };
    let both = Some(vec![RecordingEvent::Completed, RecordingEvent::Absent]);
    assert_eq!(events("completed absent"), both);
    assert_eq!(events(" completed&#10;absent "), both);
    assert_eq!(events("completed,absent"), None);
    assert_eq!(events("completed failed"), None);
}

#[test]
fn what_is_not_understood_is_listed() {
    let response = read(
        r#"<Response lang="en">
            <Record recordingChannels="dual" recordingStatusCallbackEvent="completed,failed" timeout="3"/>
            <Gather Action="/a"><Say speed="2">Hi <break time="1s"/></Say><Pause length="long"/></Gather>
            <Dial callerID="+15550100001"><Number color="red">+15550100002</Number><Conference beep="x">a</Conference></Dial>
            <Connect><Stream url="wss://example.com/s"><Parameter key="a" value="b"/></Stream></Connect>
        </Response>"#,
    );
    let unknown = response.unknown();
    let listed: Vec<(&str, &str, bool)> = unknown
        .iter()
        .map(|it| (it.element.as_str(), it.attribute.as_str(), it.exists))
        .collect();
    assert_eq!(
        listed,
        [
            ("Response", "lang", false),
            ("Record", "recordingChannels", false),
            ("Record", "recordingStatusCallbackEvent", true),
            ("Gather", "Action", false),
            ("Say", "speed", false),
            ("Pause", "length", true),
            ("Dial", "callerID", false),
            ("Number", "color", false),
            ("Parameter", "key", false),
        ]
    );
    assert_snapshot!(unknown[1].to_string(), @"<Record> has no attribute recordingChannels");
    assert_snapshot!(unknown[2].to_string(), @"<Record> cannot have this value for recordingStatusCallbackEvent");
    assert!(unknown.iter().all(|it| !it.to_string().contains("1555")));
    assert_eq!(
        read(&response.to_xml().unwrap()).unknown(),
        unknown,
        "what is written again is as little understood"
    );
    assert!(Response::new().say("hi").unknown().is_empty());
}

#[test]
fn what_twilio_knows_and_has_no_type_is_kept_as_it_is() {
    for (xml, verb) in [
        (
            r#"<Enqueue workflowSid="WW1"><Task priority="5">{"a":1}</Task></Enqueue>"#,
            "Enqueue",
        ),
        ("<Leave/>", "Leave"),
        ("<Sms>hi</Sms>", "Sms"),
        ("<Refer><Sip>sip:a@b.c</Sip></Refer>", "Refer"),
        (
            r#"<Pay action="/p"><Prompt for="expiration-date"><Say>When?</Say></Prompt></Pay>"#,
            "Pay",
        ),
        (
            r#"<Connect action="/c"><VirtualAgent connectorName="p"/></Connect>"#,
            "Connect",
        ),
    ] {
        let xml = format!("<Response>{xml}</Response>");
        let response = read(&xml);
        assert!(matches!(&response.verbs[..], [Verb::Other(_)]), "{xml}");
        assert_eq!(response.verbs[0].name(), verb);
        assert_eq!(
            response.to_inline_xml().unwrap().replace("&quot;", "\""),
            xml
        );
        assert_eq!(response.misplaced(Medium::Voice), None);
        assert!(response.misplaced(Medium::Messaging).is_some());
        assert!(response.unknown().is_empty());
    }
    let xml = r#"<Response><Dial><Conference beep="true">Room</Conference><Queue>Q</Queue></Dial><Start><Siprec name="s"/></Start><Stop><Transcription name="t"/></Stop></Response>"#;
    let response = read(xml);
    let Verb::Dial(dial) = &response.verbs[0] else {
        panic!("{response:?}");
    };
    assert!(
        matches!(&dial.nouns[..], [Noun::Other(first), Noun::Other(_)] if first.name() == "Conference")
    );
    assert_eq!(response.to_inline_xml().unwrap(), xml);
    assert!(!format!("{response:?}").contains("Room"));
}

#[test]
fn messages_and_their_place() {
    let text = read("<Response><Message> Hi </Message></Response>");
    let body = read("<Response><Message><Body> Hi </Body></Message></Response>");
    assert_eq!(text, body);
    assert_eq!(text.misplaced(Medium::Messaging), None);
    assert_eq!(
        text.misplaced(Medium::Voice).map(Verb::name),
        Some("Message")
    );
    let voice = Response::new().say("hi");
    assert_eq!(voice.misplaced(Medium::Voice), None);
    assert_eq!(
        voice.misplaced(Medium::Messaging).map(Verb::name),
        Some("Say")
    );
}

#[test]
fn not_xml_is_12100() {
    assert_snapshot!(refused(""), @"12100: not XML at line 1, column 1: the document is empty");
    assert_snapshot!(refused("hello"), @"12100: not XML at line 1, column 1: text outside the root element");
    assert_snapshot!(refused("\n<?xml version=\"1.0\"?><Response/>"), @"12100: not XML at line 2, column 1: the declaration <?xml ..?> must be the first thing in the document");
    assert_snapshot!(refused("<Response>\n  <Say>Tom & Jerry</Say></Response>"), @"12100: not XML at line 2, column 12: ill-formed document: entity or character reference not closed: `;` not found before end of input");
    assert_snapshot!(refused("<Response><Say>a</say></Response>"), @"12100: not XML at line 1, column 17: ill-formed document: expected `</Say>`, but `</say>` was found");
    assert_snapshot!(refused("<Response><Say>a</Say>"), @"12100: not XML at line 1, column 1: <Response> is never closed");
    assert_snapshot!(refused("<Response/><Response/>"), @"12100: not XML at line 1, column 12: a second root element");
    assert_snapshot!(refused("<Response/>trailing"), @"12100: not XML at line 1, column 12: text outside the root element");
    assert_snapshot!(refused("<Response/>&amp;"), @"12100: not XML at line 1, column 12: text outside the root element");
    assert_snapshot!(refused("<![CDATA[ ]]><Response/>"), @"12100: not XML at line 1, column 1: text outside the root element");
    assert_snapshot!(refused("</Response>"), @"12100: not XML at line 1, column 1: ill-formed document: close tag `</Response>` does not match any open tag");
    assert_snapshot!(refused("<Response><Pause length=1/></Response>"), @r#"12100: not XML at line 1, column 11: position 13: attribute value must be enclosed in `"` or `'`"#);
    assert_snapshot!(refused(r#"<Response><Pause length="1" length="2"/></Response>"#), @"12100: not XML at line 1, column 11: position 17: duplicated attribute, previous declaration at position 6");
    assert_snapshot!(refused(r#"<Response><Play digits="<"/></Response>"#), @"12100: not XML at line 1, column 11: < in the value of an attribute; write it as &lt;");
    assert_snapshot!(refused("<Response>\u{1}</Response>"), @"12100: not XML at line 1, column 11: character U+0001 is not allowed in XML");
    assert_snapshot!(refused("<Response><Say>&#0;</Say></Response>"), @"12100: not XML at line 1, column 16: character U+0000 is not allowed in XML");
    assert_snapshot!(refused("<Response><Say>&#xFFFE;</Say></Response>"), @"12100: not XML at line 1, column 16: character U+FFFE is not allowed in XML");
    assert_snapshot!(refused(r#"<Response><Pause 1="a"/></Response>"#), @"12100: not XML at line 1, column 11: illegal name");
    assert_snapshot!(refused("<Response><!-- a -- b --></Response>"), @"12100: not XML at line 1, column 18: ill-formed document: forbidden string `--` was found in a comment");
}

#[test]
fn entities_and_document_types_are_refused() {
    let bomb = r#"<!DOCTYPE a [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><Response><Say>&b;</Say></Response>"#;
    assert_snapshot!(refused(bomb), @"12100: not XML at line 1, column 1: a document type declaration is refused");
    let outside = r#"<!DOCTYPE a SYSTEM "file:///etc/passwd"><Response/>"#;
    assert_snapshot!(refused(outside), @"12100: not XML at line 1, column 1: a document type declaration is refused");
    assert_snapshot!(refused("<Response><Say>&nbsp;</Say></Response>"), @"12100: not XML at line 1, column 16: unknown entity; write & as &amp;");
    assert_snapshot!(refused(r#"<Response><Play digits="&b;"/></Response>"#), @"12100: not XML at line 1, column 11: unknown entity; write & as &amp;");
    assert_snapshot!(refused("<Response><Say>&#+65;</Say></Response>"), @"12100: not XML at line 1, column 16: unknown entity; write & as &amp;");
}

#[test]
fn not_twiml_is_12200() {
    assert_snapshot!(refused("<response/>"), @"12200: not TwiML at line 1, column 1: the root must be <Response>, not <response>");
    assert_snapshot!(refused("<Response>\n <say>hi</say></Response>"), @"12200: not TwiML at line 2, column 2: <say> is not allowed in <Response>");
    assert_snapshot!(refused("<Response>hi</Response>"), @"12200: not TwiML at line 1, column 1: text is not allowed in <Response>");
    assert_snapshot!(refused("<Response><Gather><Dial>1</Dial></Gather></Response>"), @"12200: not TwiML at line 1, column 19: <Dial> is not allowed in <Gather>");
    assert_snapshot!(refused("<Response><Record><Say>hi</Say></Record></Response>"), @"12200: not TwiML at line 1, column 19: <Say> is not allowed in <Record>");
    assert_snapshot!(refused("<Response><Say>a<Hangup/></Say></Response>"), @"12200: not TwiML at line 1, column 17: <Hangup> is not allowed in <Say>");
    assert_snapshot!(refused("<Response><Redirect>a<Say/>b</Redirect></Response>"), @"12200: not TwiML at line 1, column 22: <Say> is not allowed in <Redirect>");
    assert_snapshot!(refused("<Response><Dial>1<Number>2</Number></Dial></Response>"), @"12200: not TwiML at line 1, column 11: text is not allowed in <Dial>");
    assert_snapshot!(refused("<Response><Connect/></Response>"), @"12200: not TwiML at line 1, column 11: <Connect> lacks its <Stream>");
    assert_snapshot!(refused(r#"<Response><Connect><Stream url="a"/><Stream url="b"/></Connect></Response>"#), @"12200: not TwiML at line 1, column 37: <Connect> may have one <Stream>");
    assert_snapshot!(refused(r#"<Response><Dial><Client><Parameter/></Client></Dial></Response>"#), @"12200: not TwiML at line 1, column 17: <Client> lacks its <Identity>");
    let deep = "<Say>".repeat(10_000);
    assert_snapshot!(refused(&format!("<Response>{deep}")), @"12200: not TwiML at line 1, column 86: elements are nested too deep");
}

#[test]
fn too_big_is_11750() {
    let error = Response::from_xml(&" ".repeat(crate::SIZE_LIMIT + 1)).unwrap_err();
    assert_eq!((error.code(), error.position()), (11750, None));
}

#[test]
fn byte_order_mark_is_no_fault_and_positions_count_characters() {
    assert_eq!(
        read("\u{feff}<?xml version=\"1.0\"?><Response/>"),
        Response::empty()
    );
    let error = Response::from_xml("<Response>\n<Say>é</Say><Nonsense/></Response>").unwrap_err();
    assert_eq!(
        error.position(),
        Some(Position {
            line: 2,
            column: 13
        })
    );
}

#[test]
fn white_space_in_speech_is_kept() {
    assert_eq!(
        read("<Response><Say> a\r\nb&#13; </Say></Response>"),
        Response::new().say(Say::new(" a\nb\r "))
    );
}
