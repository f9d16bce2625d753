//! The turns: what the caller says or presses, what is decided, and who interrupts whom.

use std::time::Duration;

use super::{Session, Transcribing};
use crate::hearing::Utterance;
use crate::{Heard, Output, Then, TurnTiming, guard};

/// What is voiced for less than this is a click.
const CLICK_MS: u64 = 60;
/// Sound without words that is shorter than this is not worth a question.
const MURMUR_MS: u64 = 500;

impl Session {
    /// The caller has spoken.
    pub(super) fn said(&mut self, at: Duration, utterance: Utterance) {
        let pace = self.clock.pace(at);
        let is_wanted = match self.dialogue.asked() {
            _ if self.dialogue.is_ending() => false,
            Some(_) => self.config.supersede && self.playout.is_empty(),
            // Too short to interrupt what is still being said.
            None => self.playout.is_silent(pace),
        };
        if !is_wanted || utterance.voiced_ms < CLICK_MS {
            self.along.dropped();
            return;
        }
        let behind = self.clock.steps().saturating_sub(utterance.last);
        let spoken_until =
            at.saturating_sub(crate::FRAME_TIME * u32::try_from(behind).unwrap_or(0));
        self.utterances += 1;
        let mut next = Transcribing {
            utterance: self.utterances,
            since: at,
            sound: utterance.sound,
            voiced_ms: utterance.voiced_ms,
            level_dbfs: utterance.level_dbfs,
            interrupted: self.dialogue.timing.interrupted,
            timing: TurnTiming {
                speech_end: Some(spoken_until),
                utterance: Some(at),
                ..TurnTiming::default()
            },
        };
        // The caller had only taken a breath: both parts are one answer.
        self.along
            .ended(next.utterance, self.transcribing.is_some());
        if let Some(before) = self.transcribing.take() {
            next.sound = [before.sound, next.sound].concat();
            next.voiced_ms += before.voiced_ms;
            next.interrupted |= before.interrupted;
        }
        self.dialogue.push(Output::Transcribe {
            utterance: next.utterance,
            sound: next.sound.clone(),
        });
        self.transcribing = Some(next);
    }

    /// The words of what the caller said.
    pub(super) fn transcribed(&mut self, at: Duration, utterance: u64, text: &str) {
        let is_awaited = |it: &mut Transcribing| it.utterance == utterance;
        let Some(mut it) = self.transcribing.take_if(is_awaited) else {
            return;
        };
        let text = text.trim();
        let made_up = guard::is_made_up(text, it.voiced_ms, it.level_dbfs);
        let text = if made_up { "" } else { text };
        it.timing.transcribed = Some(at);
        let is_asked = self.dialogue.asked().is_some();
        if text.is_empty() && (is_asked || it.voiced_ms < MURMUR_MS && !it.interrupted) {
            return;
        }
        self.ask(at, Heard::Words(text.to_owned()), it.timing);
    }

    /// The caller pressed a key.
    pub(super) fn pressed(&mut self, at: Duration, key: char) {
        let is_key = key.is_ascii_digit() || matches!(key, '*' | '#');
        let is_wanted = self.dialogue.asked().is_none() && self.dialogue.is_listening();
        if !is_key || !is_wanted {
            return;
        }
        self.interrupt(at);
        if self.hearing.is_speaking() {
            self.along.dropped();
        }
        self.hearing.forget();
        self.transcribing = None;
        let timing = TurnTiming {
            speech_end: Some(at),
            utterance: Some(at),
            ..TurnTiming::default()
        };
        self.ask(at, Heard::Digits(key.to_string()), timing);
    }

    /// Asks how it goes on. What was said before has been heard by then.
    pub(super) fn ask(&mut self, at: Duration, heard: Heard, timing: TurnTiming) {
        let pace = self.clock.pace(at);
        for said in self.playout.settle(pace) {
            self.dialogue.timing.heard.get_or_insert(at);
            self.dialogue.said(said);
        }
        self.quiet_since = None;
        self.dialogue.ask(at, heard, timing);
    }

    /// It is said how it goes on.
    pub(super) fn decided(
        &mut self,
        at: Duration,
        turn: u64,
        lines: Vec<String>,
        then: Option<Then>,
    ) {
        let Some(lines) = self.dialogue.decided(at, turn, lines, then) else {
            return;
        };
        for text in lines {
            let line = self.playout.line(turn, text.clone());
            self.dialogue.push(Output::Speak { line, text });
        }
        if let Some(Then::Listen { hangover_ms, .. }) = then {
            self.hearing.set_hangover_ms(hangover_ms);
        }
    }

    /// Whether the caller speaks for so long, while something is being said, that it is no cough.
    pub(super) fn is_barging_in(&self) -> bool {
        !self.playout.is_empty()
            && !self.dialogue.is_ending()
            && self.hearing.speaking_ms() >= self.config.barge_in_ms
    }

    /// Stops what is being said, also what the other side has not played yet.
    pub(super) fn interrupt(&mut self, at: Duration) {
        if self.playout.is_empty() {
            return;
        }
        let pace = self.clock.pace(at);
        let is_heard = !self.playout.is_silent(pace);
        self.dialogue.push(Output::Clear);
        for said in self.playout.clear(pace) {
            self.dialogue.said(said);
        }
        self.dialogue.interrupted(is_heard);
    }
}
