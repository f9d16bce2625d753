//! What has been understood of the sound that went out, by its place in it. A result says from when to when it is; so words that come
//! late, of an utterance that is over, are never taken for the next one's.

use serde::Deserialize;
use serde_json::Value;

/// Bytes of a second.
const SECOND: f64 = 8_000.0;
/// A result that ends so soon after an utterance's beginning is of the one before: 100 ms.
const OVERLAP: u64 = 800;
/// So much at the end may be left out of a result that has everything: the silence that ended the utterance. 300 ms.
const SLACK: u64 = 2_400;
/// The same in the answer to a `Finalize`: half a second.
const FLUSHED: u64 = 4_000;

/// A message of the server's, as far as it is of interest.
#[derive(Deserialize)]
pub(super) struct Message {
    #[serde(rename = "type", default)]
    pub kind: String,
    /// In seconds, since the first sound.
    #[serde(default)]
    start: f64,
    /// In seconds.
    #[serde(default)]
    duration: f64,
    #[serde(default)]
    is_final: bool,
    /// Everything that had come by the `Finalize` is in it.
    #[serde(default)]
    pub from_finalize: bool,
    /// Of results an object, of others a list.
    #[serde(default)]
    channel: Value,
}

/// Some words, and of which bytes they are.
struct Piece {
    from: u64,
    to: u64,
    text: String,
}

/// What has been understood.
#[derive(Default)]
pub(super) struct Ledger {
    finals: Vec<Piece>,
    interim: Option<Piece>,
}

impl Ledger {
    /// Takes a result.
    pub(super) fn take(&mut self, message: &Message) {
        let place = |seconds: f64| (seconds.max(0.0) * SECOND).round() as u64;
        let text = message.channel["alternatives"][0]["transcript"].as_str();
        let piece = Piece {
            from: place(message.start),
            to: place(message.start + message.duration),
            text: text.unwrap_or_default().trim().to_owned(),
        };
        self.interim = None;
        match message.is_final {
            true => self.finals.push(piece),
            false => self.interim = Some(piece),
        }
    }

    /// What lies before this byte is not wanted any more.
    pub(super) fn forget_before(&mut self, from: u64) {
        self.finals.retain(|it| it.to > from);
    }

    /// The words from this byte on, also those that may still change.
    pub(super) fn so_far(&self, from: u64) -> String {
        let all = self.finals.iter().chain(&self.interim);
        let these = all.filter(|it| it.to > from + OVERLAP);
        let texts: Vec<&str> = these
            .map(|it| it.text.as_str())
            .filter(|text| !text.is_empty())
            .collect();
        texts.join(" ")
    }

    /// Whether the final words reach to this byte, but for the silence before it.
    pub(super) fn is_final_to(&self, to: u64) -> bool {
        self.finals.last().is_some_and(|it| it.to + SLACK >= to)
    }

    /// The same for an answer to a `Finalize`, which has everything: unless it is the answer to the one before.
    pub(super) fn is_about_final_to(&self, to: u64) -> bool {
        let last = self.finals.last();
        last.is_some_and(|it| it.to + FLUSHED >= to)
    }

    /// The same, with words that may still change.
    pub(super) fn reaches_to(&self, to: u64) -> bool {
        let interim = self.interim.as_ref();
        let begins = |it: &Piece| {
            let before = self.finals.last().map_or(0, |last| last.to);
            it.from <= before + SLACK && it.to + SLACK >= to
        };
        self.is_final_to(to) || interim.is_some_and(begins)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn result(start: f64, duration: f64, is_final: bool, text: &str) -> Message {
        let message = json!({
            "type": "Results", "start": start, "duration": duration, "is_final": is_final,
            "channel": {"alternatives": [{"transcript": text, "confidence": 0.9}]},
        });
        serde_json::from_value(message).unwrap()
    }

    #[test]
    fn words_are_those_of_their_place_and_interim_ones_are_replaced() {
        let mut ledger = Ledger::default();
        ledger.take(&result(0.0, 1.0, false, "yes"));
        assert_eq!(ledger.so_far(0), "yes");
        assert!(ledger.reaches_to(8_000) && !ledger.is_final_to(8_000));
        ledger.take(&result(0.0, 1.0, true, "Yes, I am"));
        ledger.take(&result(1.0, 1.0, true, "salaried."));
        assert_eq!(ledger.so_far(0), "Yes, I am salaried.");
        assert!(ledger.is_final_to(16_000 + SLACK) && !ledger.is_final_to(16_001 + SLACK));
        // The next utterance begins at the second second; what comes late of the first is not its.
        ledger.take(&result(1.0, 1.05, true, "salaried"));
        assert_eq!(ledger.so_far(16_000), "");
        ledger.take(&result(2.0, 0.5, true, "No."));
        assert_eq!(ledger.so_far(16_000), "No.");
        ledger.forget_before(16_000);
        assert_eq!(ledger.so_far(0), "salaried No.");
    }

    #[test]
    fn message_that_is_no_result_is_read_all_the_same() {
        for text in [
            r#"{"type":"Metadata","duration":1.5,"channels":1}"#,
            r#"{"type":"UtteranceEnd","channel":[0,1],"last_word_end":2.1}"#,
            r#"{"type":"SpeechStarted","channel":[0],"timestamp":1.2}"#,
        ] {
            let message: Message = serde_json::from_str(text).unwrap();
            assert_ne!(message.kind, "Results");
        }
    }
}
