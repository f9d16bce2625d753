//! From what is to be heard to TwiML.

use std::collections::HashMap;

use events::v1::{TurnSay, TwimlReply};
use flow::{Document, Then, menu_hints, yes_no_hints};
use phrases::Language;
use role::HandlerError;
use twilio_types::REPEATED;
use twiml::{
    Gather, Hangup, Input, Method, Play, Record, RecordingEvent, Redirect, Response, Say,
    SpeechTimeout, Start, Trim,
};

use super::locked_interview::LockedInterview;
use super::recording;

/// Seconds of silence at a menu or a yes-or-no question.
const LISTEN_S: u32 = 5;
/// Seconds of silence after what is said, until it counts as said. Unsaid, Twilio waits as long as for its beginning.
const END_OF_SPEECH_S: u32 = 1;
/// Seconds in which a key may be pressed after the message for machines.
const AFTER_MESSAGE_S: u32 = 3;

/// How one line is heard.
enum Heard<'a> {
    /// The file below `/audio/`.
    File(&'a str),
    /// Twilio's own voice.
    Words(&'a str),
}

/// The TwiML of a document. `files` has the lines whose sound is ready.
pub fn twiml(
    held: &LockedInterview,
    document: &Document,
    files: &HashMap<String, String>,
    public_url: &str,
) -> Result<TwimlReply, HandlerError> {
    let heard = |line| heard(line, files);
    let told = recording::told_first(held, document);
    let (before, rest) = document.lines.split_at(told.unwrap_or_default());
    let lines = rest.iter().map(heard);
    let mut response = match document.then {
        Then::Menu => {
            let path = format!("/webhook/menu?interview_id={}", held.row.id);
            let hints = menu_hints(language(held));
            listen(held, lines, path, hints)
        }
        Then::YesNo(number) => {
            let path = format!(
                "/webhook/menu?interview_id={}&question_number={number}",
                held.row.id
            );
            let hints = yes_no_hints(language(held));
            listen(held, lines, path, hints)
        }
        Then::Record(number) => {
            let path = answer_path(held, number);
            spoken(held, lines)
                .record(record(held, number, &path, public_url))
                // Reached where nothing at all was recorded.
                .redirect(Redirect::new(path))
        }
        Then::Message => {
            let path = format!("/webhook/menu?interview_id={}", held.row.id);
            let gather = Gather::new()
                .input(Input::Dtmf)
                .num_digits(1)
                .timeout(AFTER_MESSAGE_S)
                .action(path)
                .method(Method::Post);
            Response::new()
                .gather(prompts(held, lines, gather))
                .hangup(Hangup::new())
        }
        Then::GoOn => spoken(held, lines).redirect(Redirect::new(format!(
            "/continue-interview?interview_id={}",
            held.row.id
        ))),
        Then::HangUp => spoken(held, lines).hangup(Hangup::new()),
    };
    if told.is_some() {
        let mut opening =
            spoken(held, before.iter().map(heard)).start(Start::call_recording(public_url));
        opening.verbs.append(&mut response.verbs);
        response = opening;
    }
    let xml = response
        .to_xml()
        .map_err(|e| HandlerError::Reject(e.to_string()))?;
    Ok(TwimlReply { xml })
}

/// What is said, as a stream is told it.
pub fn turn(held: &LockedInterview, document: Document) -> TurnSay {
    let then = match document.then {
        Then::YesNo(_) => "yes_no",
        Then::HangUp => "hang_up",
        Then::Menu | Then::Record(_) | Then::Message | Then::GoOn => "listen",
    };
    TurnSay {
        interview_id: held.row.id.clone(),
        lines: document.lines,
        then: then.to_owned(),
        language: held.language().to_owned(),
        wishes: Some(held.wishes()),
        max_call_s: held.definition.max_call_s,
    }
}

fn heard<'a>(line: &'a String, files: &'a HashMap<String, String>) -> Heard<'a> {
    match files.get(line) {
        Some(file) => Heard::File(file),
        None => Heard::Words(line),
    }
}

/// What a caller hears whose call is about no interview that we know.
pub fn apology(language: &str) -> Result<TwimlReply, HandlerError> {
    let words = Language::of(language).interview().apology;
    let response = Response::new().say(Say::new(words)).hangup(Hangup::new());
    let xml = response
        .to_xml()
        .map_err(|e| HandlerError::Reject(e.to_string()))?;
    Ok(TwimlReply { xml })
}

fn language(held: &LockedInterview) -> Language {
    Language::of(held.language())
}

/// Where an answer goes: to the path that the seeds have for this kind of interview.
fn answer_path(held: &LockedInterview, number: u32) -> String {
    let path = match held.row.kind.as_str() {
        "coach" => "/webhook/response",
        _ => "/api/webhooks/record-response/",
    };
    format!(
        "{path}?interview_id={}&question_number={number}",
        held.row.id
    )
}

fn spoken<'a>(held: &LockedInterview, lines: impl Iterator<Item = Heard<'a>>) -> Response {
    lines.fold(Response::new(), |response, line| match line {
        Heard::File(file) => response.play(Play::new(format!("/audio/{file}"))),
        Heard::Words(words) => response.say(say(held, words)),
    })
}

fn listen<'a>(
    held: &LockedInterview,
    lines: impl Iterator<Item = Heard<'a>>,
    path: String,
    hints: &str,
) -> Response {
    let gather = Gather::new()
        .input(Input::DtmfSpeech)
        .num_digits(1)
        .timeout(LISTEN_S)
        .speech_timeout(SpeechTimeout::Seconds(END_OF_SPEECH_S))
        .language(Language::heard(held.language()))
        .hints(hints)
        .action(path.clone())
        .method(Method::Post);
    // Silence is an answer too.
    Response::new()
        .gather(prompts(held, lines, gather))
        .redirect(Redirect::new(path))
}

fn prompts<'a>(
    held: &LockedInterview,
    lines: impl Iterator<Item = Heard<'a>>,
    gather: Gather,
) -> Gather {
    lines.fold(gather, |gather, line| match line {
        Heard::File(file) => gather.play(Play::new(format!("/audio/{file}"))),
        Heard::Words(words) => gather.say(say(held, words)),
    })
}

fn record(held: &LockedInterview, number: u32, path: &str, public_url: &str) -> Record {
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
            "{public_url}/api/webhooks/recording-status/?interview_id={}&question_number={number}{REPEATED}",
            held.row.id
        ))
        .recording_status_callback_event(vec![RecordingEvent::Completed, RecordingEvent::Absent])
}

fn say(held: &LockedInterview, words: &str) -> Say {
    let language = held.language_of(words);
    let say = Say::new(words).language(language);
    match held.voice() {
        // The voice is one of the flow's language.
        voice if !voice.is_empty() && language == held.language() => say.voice(voice),
        _ => say,
    }
}
