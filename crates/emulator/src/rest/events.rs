//! Which events a callback is asked for.
//!
//! The REST API wants the parameter once for each event. One value with commas and spaces is taken apart; one with spaces
//! alone, which TwiML's attributes have, is neither taken apart nor refused: such a callback tells of nothing, and whoever
//! waits for it sees a call that never gets on. A word that is no event is refused.

use crate::http::{Exchange, Reply};
use crate::log::{Direction, Entry};

/// Twilio's code for an event that there is not.
const UNKNOWN_EVENT: u32 = 21626;

/// The events that a parameter asks for; `completed` when it is not there.
pub(super) fn wanted(
    exchange: &Exchange,
    parameter: &'static str,
    known: &[&str],
) -> Result<Vec<String>, Reply> {
    let mut events = Vec::new();
    for value in exchange.form.all(parameter) {
        for word in value.split(", ").filter(|word| !word.is_empty()) {
            if word.contains(' ') {
                unsplit(exchange, parameter, word);
            } else if !known.contains(&word) {
                return Err(Reply::refused(
                    400,
                    UNKNOWN_EVENT,
                    format!(
                        "Invalid '{parameter}': {word} is none of {}",
                        known.join(", ")
                    ),
                ));
            }
            events.push(word.to_owned());
        }
    }
    if events.is_empty() {
        events.push("completed".to_owned());
    }
    Ok(events)
}

/// Says in the log why nothing will be told.
fn unsplit(exchange: &Exchange, parameter: &str, value: &str) {
    let words = format!(
        "{parameter}={value} is one word to the REST API and names no event: send the parameter once for each"
    );
    let note = Entry::new(Direction::Note, "rest").failed(UNKNOWN_EVENT, words);
    exchange.shared.state().record(note);
}
