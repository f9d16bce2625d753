//! From what is to be heard to TwiML.

use std::collections::HashMap;

use events::v1::TwimlReply;
use flow::{Document, Language, Then};
use role::HandlerError;
use twiml::{
    Gather, Hangup, Input, Method, Play, Record, RecordingEvent, Redirect, Response, Say, Trim,
};

use super::held::Held;

/// Seconds of silence at a menu or a yes-or-no question.
const LISTEN_S: u32 = 5;

/// How one line is heard.
enum Heard<'a> {
    /// The file below `/audio/`.
    File(&'a str),
    /// Twilio's own voice.
    Words(&'a str),
}

/// The TwiML of a document. `files` has the lines whose sound is ready.
pub fn twiml(
    held: &Held,
    document: &Document,
    files: &HashMap<String, String>,
    public_url: &str,
) -> Result<TwimlReply, HandlerError> {
    let lines = document.lines.iter().map(|line| match files.get(line) {
        Some(file) => Heard::File(file),
        None => Heard::Words(line),
    });
    let response = match document.then {
        Then::Menu => {
            let path = format!("/webhook/menu?interview_id={}", held.row.id);
            let hints = words(held).menu_hints();
            listen(held, lines, path, hints)
        }
        Then::YesNo(number) => {
            let path = format!(
                "/webhook/menu?interview_id={}&question_number={number}",
                held.row.id
            );
            let hints = words(held).yes_no_hints();
            listen(held, lines, path, hints)
        }
        Then::Record(number) => {
            let path = answer_path(held, number);
            spoken(held, lines)
                .record(record(held, number, &path, public_url))
                // Reached where nothing at all was recorded.
                .redirect(Redirect::new(path))
        }
        Then::GoOn => spoken(held, lines).redirect(Redirect::new(format!(
            "/continue-interview?interview_id={}",
            held.row.id
        ))),
        Then::HangUp => spoken(held, lines).hangup(Hangup::new()),
    };
    let xml = response
        .to_xml()
        .map_err(|e| HandlerError::Reject(e.to_string()))?;
    Ok(TwimlReply { xml })
}

/// What a caller hears whose call is about no interview that we know.
pub fn apology(language: &str) -> Result<TwimlReply, HandlerError> {
    let words = Language::of(language).words().apology;
    let response = Response::new().say(Say::new(words)).hangup(Hangup::new());
    let xml = response
        .to_xml()
        .map_err(|e| HandlerError::Reject(e.to_string()))?;
    Ok(TwimlReply { xml })
}

fn words(held: &Held) -> Language {
    Language::of(held.language())
}

/// Where an answer goes: to the path that the seeds have for this kind of interview.
fn answer_path(held: &Held, number: u32) -> String {
    let path = match held.row.kind.as_str() {
        "coach" => "/webhook/response",
        _ => "/api/webhooks/record-response/",
    };
    format!(
        "{path}?interview_id={}&question_number={number}",
        held.row.id
    )
}

fn spoken<'a>(held: &Held, lines: impl Iterator<Item = Heard<'a>>) -> Response {
    lines.fold(Response::new(), |response, line| match line {
        Heard::File(file) => response.play(Play::new(format!("/audio/{file}"))),
        Heard::Words(words) => response.say(say(held, words)),
    })
}

fn listen<'a>(
    held: &Held,
    lines: impl Iterator<Item = Heard<'a>>,
    path: String,
    hints: &str,
) -> Response {
    let gather = Gather::new()
        .input(Input::DtmfSpeech)
        .num_digits(1)
        .timeout(LISTEN_S)
        .language(Language::heard(held.language()))
        .hints(hints)
        .action(path.clone())
        .method(Method::Post);
    let gather = lines.fold(gather, |gather, line| match line {
        Heard::File(file) => gather.play(Play::new(format!("/audio/{file}"))),
        Heard::Words(words) => gather.say(say(held, words)),
    });
    // Silence is an answer too.
    Response::new().gather(gather).redirect(Redirect::new(path))
}

fn record(held: &Held, number: u32, path: &str, public_url: &str) -> Record {
    let how = &held.definition.answer;
    Record::new()
        .action(path)
        .method(Method::Post)
        .timeout(how.silence_s)
        .finish_on_key(how.finish_key.as_str())
        .max_length(how.max_s)
        .play_beep(how.beep)
        .trim(Trim::TrimSilence)
        // Whole, since Twilio has been seen to refuse a relative one; and asked again where we are away for a moment.
        .recording_status_callback(format!(
            "{public_url}/api/webhooks/recording-status/?interview_id={}&question_number={number}#rc=3&rp=5xx,ct,rt",
            held.row.id
        ))
        .recording_status_callback_event(vec![RecordingEvent::Completed, RecordingEvent::Absent])
}

fn say(held: &Held, words: &str) -> Say {
    let language = held.language_of(words);
    let say = Say::new(words).language(language);
    match held.voice() {
        // The voice is one of the flow's language.
        voice if !voice.is_empty() && language == held.language() => say.voice(voice),
        _ => say,
    }
}
