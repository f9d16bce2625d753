//! Whatever is written is read back as it was.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use crate::attribute::{Attributes, Extra};
use crate::characters::is_allowed;
use crate::other::Piece;
use crate::{
    CallEvent, Client, Connect, ConversationRelay, Dial, DialRecord, Gather, Hangup, Input,
    Message, Method, Number, Other, Pause, Play, Record, Recording, RecordingEvent, Redirect,
    Reject, Response, Say, Sip, SpeechTimeout, Ssml, Start, Stop, Stream, Trim, Verb,
};

/// Text with a taste for what breaks XML.
fn hostile() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "<",
        ">",
        "&",
        "\"",
        "'",
        "]]>",
        "<![CDATA[",
        "<!--",
        "-->",
        "&amp;",
        "&#x0;",
        "</Say>",
        "<?xml",
        "?>",
        "\r\n",
        "\r",
        "\n",
        "\t",
        " ",
        "\u{0}",
        "\u{b}",
        "\u{85}",
        "\u{2028}",
        "\u{fffd}",
        "\u{ffff}",
        "\u{feff}",
        "😀",
        "é",
        "%27",
        "+",
    ]);
    prop_oneof![
        any::<String>(),
        vec(
            prop_oneof![pieces.prop_map(str::to_owned), "[ -~]{0,4}"],
            0..12
        )
        .prop_map(|pieces| pieces.concat()),
    ]
}

/// What is left of a text once XML has had it.
fn legal() -> impl Strategy<Value = String> {
    hostile().prop_map(|text| text.chars().filter(|c| is_allowed(*c)).collect())
}

/// The same for a URL or a number, around which white space does not count.
fn token() -> impl Strategy<Value = String> {
    legal().prop_map(|text| text.trim_matches([' ', '\t', '\n', '\r']).to_owned())
}

fn say() -> impl Strategy<Value = Say> {
    (
        legal(),
        option::of(legal()),
        option::of(0..9u32),
        vec((legal(), legal()), 0..3),
    )
        .prop_map(|(text, voice, repeat, spans)| {
            let mut say = Say::new(text);
            (say.voice, say.repeat) = (voice, repeat);
            for (span, after) in spans {
                say = say
                    .ssml(Ssml::say_as(&after, &span))
                    .ssml(Ssml::pause_ms(5))
                    .then(after);
            }
            say
        })
}

fn gather() -> impl Strategy<Value = Gather> {
    let texts = (
        option::of(legal()),
        option::of(legal()),
        option::of(legal()),
    );
    let inputs = prop::sample::select(Input::ALL);
    (
        texts,
        option::of(inputs),
        any::<(Option<bool>, Option<u32>)>(),
        vec(say(), 0..3),
    )
        .prop_map(
            |((action, key, hints), input, (barge_in, timeout), prompts)| {
                let mut gather = Gather::new().speech_timeout(SpeechTimeout::Seconds(3));
                (gather.action, gather.finish_on_key, gather.hints) = (action, key, hints);
                (gather.input, gather.barge_in, gather.timeout) = (input, barge_in, timeout);
                for say in prompts {
                    gather = gather.say(say).pause(Pause::new()).play(Play::new("/a"));
                }
                gather
            },
        )
}

fn dial() -> impl Strategy<Value = Dial> {
    let records = prop::sample::select(DialRecord::ALL);
    let events = vec(prop::sample::select(CallEvent::ALL), 0..4);
    (
        legal(),
        option::of(records),
        events,
        vec((token(), legal()), 0..3),
    )
        .prop_map(|(action, record, events, nouns)| {
            let mut dial = Dial::new().action(action).caller_id("+15550100001");
            dial.record = record;
            for (token, text) in nouns {
                let number = Number::new(token.clone()).send_digits(text.clone());
                dial = dial
                    .number(number.status_callback_event(events.clone()))
                    .client(Client::new(token.clone()))
                    .client(Client::new(token.clone()).parameter(text.clone(), text.clone()))
                    .sip(Sip::new(token).password(text));
            }
            dial
        })
}

fn stream() -> impl Strategy<Value = Stream> {
    (legal(), vec((legal(), legal()), 0..3)).prop_map(|(url, parameters)| {
        let stream = Stream::new(url);
        parameters
            .into_iter()
            .fold(stream, |stream, (name, value)| {
                stream.parameter(name, value)
            })
    })
}

/// A verb without a type.
fn enqueue(text: String) -> Other {
    let mut attributes = Extra::default();
    attributes.keep("workflowSid", &text);
    let task = Other {
        name: "Task".to_owned(),
        attributes: Extra::default(),
        content: Vec::new(),
    };
    let words = (!text.is_empty()).then(|| Piece::Text(text.into()));
    Other {
        name: "Enqueue".to_owned(),
        attributes,
        content: words.into_iter().chain([Piece::Element(task)]).collect(),
    }
}

fn verb() -> impl Strategy<Value = Verb> {
    let message =
        (option::of(legal()), vec(token(), 0..3), legal()).prop_map(|(body, media, to)| {
            let message = Message {
                body: body.map(Into::into),
                media,
                ..Message::default()
            };
            message.to(to)
        });
    let recording = vec(prop::sample::select(RecordingEvent::ALL), 0..3).prop_map(|events| {
        Recording::new()
            .trim(Trim::DoNotTrim)
            .recording_status_callback_event(events)
    });
    prop_oneof![
        say().prop_map(Verb::from),
        gather().prop_map(Verb::from),
        dial().prop_map(Verb::from),
        message.prop_map(Verb::from),
        stream().prop_map(|stream| Connect::new(stream).into()),
        (legal(), legal(), legal()).prop_map(|(url, name, value)| {
            let relay = ConversationRelay::new(url).parameter(name, value);
            let relay = relay.dtmf_detection(true).interruptible("speech");
            Connect::relay(relay).into()
        }),
        stream().prop_map(|stream| Start::stream(stream).into()),
        recording.prop_map(|recording| Start::recording(recording).into()),
        legal().prop_map(|name| Stop::stream(name).into()),
        legal().prop_map(|name| Stop::recording(name).into()),
        (token(), legal()).prop_map(|(url, digits)| Play::new(url).digits(digits).into()),
        token().prop_map(|url| Redirect::new(url).method(Method::Get).into()),
        legal().prop_map(|action| Record::new().action(action).into()),
        legal().prop_map(|text| Verb::Other(enqueue(text))),
        Just(Reject::busy().into()),
        Just(Hangup::new().into()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn documents(verbs in vec(verb(), 0..5)) {
        let response = verbs.into_iter().fold(Response::new(), Response::push);
        let xml = response.to_xml().unwrap();
        let read = Response::from_xml(&xml);
        prop_assert_eq!(read.map_err(|error| format!("{error}: {xml}")).unwrap(), response);
    }

    #[test]
    fn any_text_arrives_without_forbidden_characters(text in hostile()) {
        let kept: String = text.chars().filter(|c| is_allowed(*c)).collect();
        let written = Response::new().say(&text).message(Message::new(text.as_str()).to(text.as_str()));
        let expected = Response::new().say(&kept).message(Message::new(kept.as_str()).to(kept.as_str()));
        prop_assert_eq!(Response::from_xml(&written.to_xml().unwrap()).unwrap(), expected);
    }

    #[test]
    fn reading_never_panics(text in hostile(), cut in 0..200usize) {
        let _ = Response::from_xml(&text);
        let _ = Response::from_xml(&format!("<Response><Say a=\"{text}\">{text}</Say></Response>"));
        let xml = Response::new().gather(Gather::new().action("/a&b").say(text)).to_xml().unwrap();
        let _ = Response::from_xml(&xml.chars().take(cut).collect::<String>());
    }

    #[test]
    fn what_is_read_can_be_written(text in hostile()) {
        let xml = format!("<Response foo='{text}'><Say bar=\"{text}\">{text}</Say></Response>");
        if let Ok(response) = Response::from_xml(&xml) {
            let again = Response::from_xml(&response.to_xml().unwrap()).unwrap();
            prop_assert_eq!(again, response);
        }
    }
}
