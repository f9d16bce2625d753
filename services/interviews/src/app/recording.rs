//! The recording of an interview's whole call: when it starts.

use flow::{Document, Kind, Then};
use phrases::Language;

use super::locked_interview::LockedInterview;

/// How many of a document's lines are heard before the call's recording starts: all up to the notice of it. None: this is
/// not where it starts.
pub fn told_first(held: &LockedInterview, document: &Document) -> Option<usize> {
    held.settings.recording.as_ref()?;
    let begins = document.lines.first().map(String::as_str) == Some(greeting(held));
    if !begins || matches!(document.then, Then::HangUp | Then::Message) {
        return None;
    }
    let language = Language::of(held.language());
    let notice = held.definition.notice(language, held.consent_notice());
    let place = document.lines.iter().position(|line| line == notice);
    Some(place.map_or(0, |place| place + 1))
}

fn greeting(held: &LockedInterview) -> &str {
    let own = held.definition.greeting.as_str();
    let phrases = Language::of(held.language()).interview();
    match held.definition.kind {
        _ if !own.is_empty() => own,
        Kind::Coach => phrases.coach_greeting,
        Kind::Screener | Kind::Eligibility => phrases.screener_greeting,
    }
}
