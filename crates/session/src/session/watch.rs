//! Silence on the line, and what does not come.

use std::time::Duration;

use super::Session;
use crate::{EndReason, Heard, TurnTiming, steps};

impl Session {
    /// Counts silence; enough of it is an answer.
    pub(super) fn listen_on(&mut self, at: Duration, pace: u64, silence_ms: u64) {
        let is_quiet = self.playout.is_silent(pace)
            && !self.hearing.is_speaking()
            && self.transcribing.is_none()
            && self.dialogue.asked().is_none();
        if !is_quiet {
            self.quiet_since = None;
            return;
        }
        let (since, since_at) = *self.quiet_since.get_or_insert((pace, at));
        let is_long = at.saturating_sub(since_at) >= self.config.limits.silence;
        if is_long && pace.saturating_sub(since) >= steps(silence_ms) {
            self.ask(at, Heard::Silence, TurnTiming::default());
        }
    }

    /// Ends a session that does not get on.
    pub(super) fn watch(&mut self, at: Duration, pace: u64) {
        if self.is_over() {
            return;
        }
        let limits = self.config.limits.clone();
        let too_long = |since: Duration, limit: Duration| at.saturating_sub(since) >= limit;
        if !self.started {
            if too_long(Duration::ZERO, limits.start) {
                self.end(EndReason::NoStart);
            }
            return;
        }
        if too_long(self.clock.moved(), limits.media) {
            return self.end(EndReason::NoMedia);
        }
        if self
            .dialogue
            .asked()
            .is_some_and(|since| too_long(since, limits.decision))
        {
            return self.end(EndReason::NoDecision);
        }
        let late = self
            .transcribing
            .take_if(|it| too_long(it.since, limits.transcript));
        if let Some(it) = late
            && self.dialogue.asked().is_none()
        {
            self.ask(at, Heard::Words(String::new()), it.timing);
        }
        if !self.playout.is_starving(pace) {
            self.starving_since = None;
            return;
        }
        let since = *self.starving_since.get_or_insert(at);
        if too_long(since, limits.speech) {
            self.end(EndReason::NoVoice);
        }
    }
}
