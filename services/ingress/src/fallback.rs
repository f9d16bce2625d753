//! What Twilio gets when the platform behind does not answer in time: always valid TwiML.

use directory::Entry;
use phone::same_phone;
use phrases::{CallPhrases, Speaker};
use twiml::{Dial, Hangup, Method, Number, Pause, Redirect, Response, Say};
use url::form_urlencoded::Serializer;
use webhook::Params;

use crate::webhooks::ResponseKind;

/// An empty document: nothing more to do.
pub const EMPTY: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response/>";

/// How often an interview is asked for again before its caller is let go.
const TRIES: u32 = 3;
/// Where an interview goes on, whatever was the matter.
const GOES_ON: &str = "/continue-interview";
/// What names an interview and its question in a query, and must not be lost on the way.
const KEPT: [&str; 2] = ["interview_id", "question_number"];
/// Counts the tries in a query.
const TRY: &str = "try";

/// For a call that comes in: the business's phone rings if we know it, else the caller hears an apology. The dial
/// comes back to us as usual, so a missed call is noticed even then. A call that the carrier forwarded from that phone
/// would come back for ever.
pub fn dial(entry: Option<&Entry>, call_sid: &str, params: &Params) -> String {
    let comes_back = |entry: &&Entry| {
        let said = ["ForwardedFrom", "From", "To"].map(|name| params.get(name));
        let mut said = said.into_iter().flatten();
        said.any(|said| same_phone(said, entry.forward_to.as_str()))
    };
    let known = entry.filter(|entry| entry.dialable && !comes_back(entry));
    let Some(entry) = known else {
        return goodbye(speaker(entry), |phrases| phrases.unreachable);
    };
    let dial = Dial::new()
        .timeout(entry.dial_timeout_s)
        .action(format!("/webhooks/twilio/call/status/{call_sid}"))
        .method(Method::Post)
        .number(Number::new(entry.forward_to.as_str()));
    written(&Response::new().dial(dial))
}

/// For an interview: it waits a moment and asks again, where the query says it stood. What was answered meanwhile is
/// kept, so after the last try nothing is lost but the rest.
pub fn try_again(entry: Option<&Entry>, query: &Params) -> String {
    // Nobody but us writes the count; one that is no number is none of ours.
    let tries = query.get(TRY).map_or(0, |n| n.parse().unwrap_or(TRIES));
    if tries >= TRIES {
        return goodbye(speaker(entry), |phrases| phrases.gives_up);
    }
    let mut kept = Serializer::new(String::new());
    for name in KEPT {
        if let Some(value) = query.get(name).filter(|value| !value.is_empty()) {
            kept.append_pair(name, value);
        }
    }
    let query = kept.append_pair(TRY, &(tries + 1).to_string()).finish();
    let next = Redirect::new(format!("{GOES_ON}?{query}")).method(Method::Post);
    let document = Response::new()
        .say(said(speaker(entry), |phrases| phrases.hold))
        .pause(Pause::seconds(2))
        .redirect(next);
    written(&document)
}

/// For a request whose parameters cannot be right.
pub fn bad(answer: ResponseKind) -> String {
    match answer {
        ResponseKind::Voice => goodbye(Speaker::default(), |phrases| phrases.broken),
        ResponseKind::Messaging | ResponseKind::Nothing => EMPTY.to_owned(),
    }
}

/// Who speaks for the business behind a number; for one that is not known, Twilio's default voice, which speaks English.
fn speaker(entry: Option<&Entry>) -> Speaker<'_> {
    entry.map_or_else(Speaker::default, |entry| {
        Speaker::new(&entry.language, &entry.voice)
    })
}

/// A phrase of ours, by a voice of its language.
fn said(speaker: Speaker<'_>, phrase: fn(&CallPhrases) -> &'static str) -> Say {
    let (language, speaker) = speaker.ours();
    let mut say = Say::new(phrase(language.calls()));
    if !speaker.voice.is_empty() {
        say = say.voice(speaker.voice);
    }
    if !speaker.language.is_empty() {
        say = say.language(speaker.language);
    }
    say
}

fn goodbye(speaker: Speaker<'_>, phrase: fn(&CallPhrases) -> &'static str) -> String {
    let document = Response::new().say(said(speaker, phrase));
    written(&document.hangup(Hangup::new()))
}

fn written(document: &Response) -> String {
    document.to_xml().unwrap_or_else(|_| EMPTY.to_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn again(query: &[(&str, &str)]) -> String {
        let xml = try_again(None, &query.iter().copied().collect());
        let body = xml.split_once("?>").map_or("", |(_, body)| body);
        body.to_owned()
    }

    #[test]
    fn three_tries_and_an_apology() {
        let expected = |n: u32| {
            format!(
                "<Response><Say>One moment, please.</Say><Pause length=\"2\"/>\
                 <Redirect method=\"POST\">/continue-interview?try={n}</Redirect></Response>"
            )
        };
        assert_eq!(again(&[]), expected(1));
        assert_eq!(again(&[("try", "1")]), expected(2));
        assert_eq!(again(&[("try", "2")]), expected(3));
        let end = "<Response><Say>We are sorry, we have to end this call because of a technical problem. \
                   What you have said so far is kept. Goodbye.</Say><Hangup/></Response>";
        for last in ["3", "4", "4294967296", "-1", "", "x"] {
            assert_eq!(again(&[("try", last)]), end, "{last}");
        }
    }

    proptest! {
        /// Whatever an interview is called: Twilio finds the place again from what it is told.
        #[test]
        fn place_survives_the_way_through_xml(id in ".+", question in any::<u32>(), tries in 0..TRIES) {
            let (question, tries, more) = (question.to_string(), tries.to_string(), (tries + 1).to_string());
            let query = [("question_number", &question), ("try", &tries), ("interview_id", &id)];
            let xml = try_again(None, &query.into_iter().map(|(n, v)| (n, v.as_str())).collect());
            let document = Response::from_xml(&xml).unwrap();
            let Some(twiml::Verb::Redirect(next)) = document.verbs.last() else { panic!("{xml}") };
            let (path, query) = next.url.split_once('?').unwrap();
            prop_assert_eq!(path, "/continue-interview");
            let expected = [("interview_id", &id), ("question_number", &question), ("try", &more)];
            let expected: Params = expected.into_iter().map(|(n, v)| (n, v.as_str())).collect();
            prop_assert_eq!(webhook::parse_form(query.as_bytes(), 64 * 1024).unwrap(), expected);
        }
    }

    #[test]
    fn fallback_is_spoken_in_the_tenants_language_and_english_by_an_english_voice() {
        let said = |language: &str, voice: &str| {
            let entry = Entry {
                language: language.into(),
                voice: voice.into(),
                ..Entry::default()
            };
            dial(Some(&entry), "CA1", &Params::default())
        };
        let german = said("de-DE", "Polly.Vicki");
        assert!(
            german.contains("<Say voice=\"Polly.Vicki\" language=\"de-DE\">Es tut uns leid"),
            "{german}"
        );
        let french = said("fr-FR", "Polly.Lea");
        assert!(
            french.contains("<Say language=\"en-US\">We are sorry"),
            "{french}"
        );
        assert!(said("", "").contains("<Say>We are sorry"));
    }

    #[test]
    fn interview_keeps_its_place() {
        let at = |query: &[(&str, &str)]| {
            let xml = again(query);
            let start = xml.find("/continue").unwrap();
            xml[start..].split_once('<').unwrap().0.to_owned()
        };
        let place = [("interview_id", "01j"), ("question_number", "2")];
        assert_eq!(
            at(&place),
            "/continue-interview?interview_id=01j&amp;question_number=2&amp;try=1"
        );
        let odd = [
            ("CallSid", "CA1"),
            ("question_number", ""),
            ("interview_id", "a&b=c <\u{e9}>"),
            ("try", "1"),
        ];
        assert_eq!(
            at(&odd),
            "/continue-interview?interview_id=a%26b%3Dc+%3C%C3%A9%3E&amp;try=2"
        );
    }
}
