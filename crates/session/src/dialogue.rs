//! What a call has on either engine: whose turn it is, what is awaited, what follows, and how it ends.

use std::collections::VecDeque;
use std::time::Duration;

use crate::playout::Said;
use crate::{EndReason, Heard, Output, Then, TurnTiming};

/// A tick is wanted when nothing has come for so long.
const IDLE: Duration = Duration::from_millis(100);
/// How a caller is listened to before a decision has said so.
const LISTEN: Then = Then::Listen {
    silence_ms: 7_000,
    hangover_ms: 700,
};

/// The turns of one call, and what is to be done next.
#[derive(Debug, Clone)]
pub(crate) struct Dialogue {
    outputs: VecDeque<Output>,
    over: bool,
    turn: u64,
    /// Since when a decision is awaited, or more of it.
    asked: Option<Duration>,
    /// What follows when the lines were heard; `None` while more may come.
    then: Option<Then>,
    /// How the caller is listened to, as the last decision said.
    listen: Then,
    pub timing: TurnTiming,
    last_input: Duration,
}

impl Default for Dialogue {
    fn default() -> Self {
        Self {
            outputs: VecDeque::new(),
            over: false,
            turn: 0,
            asked: None,
            then: None,
            listen: LISTEN,
            timing: TurnTiming::default(),
            last_input: Duration::ZERO,
        }
    }
}

impl Dialogue {
    /// An input comes: its time, which never goes back; `None` when nothing is taken any more.
    pub fn enter(&mut self, at: Duration) -> Option<Duration> {
        if self.over {
            return None;
        }
        self.last_input = self.last_input.max(at);
        Some(self.last_input)
    }

    /// The time of the last input.
    pub fn now(&self) -> Duration {
        self.last_input
    }

    pub fn push(&mut self, output: Output) {
        self.outputs.push_back(output);
    }

    pub fn poll(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    pub fn next_wish(&self) -> Option<Duration> {
        (!self.over).then(|| self.last_input + IDLE)
    }

    pub fn is_over(&self) -> bool {
        self.over
    }

    /// Since when a decision is awaited.
    pub fn asked(&self) -> Option<Duration> {
        self.asked
    }

    /// What follows when the lines were heard.
    pub fn then(&self) -> Option<Then> {
        self.then
    }

    pub fn is_listening(&self) -> bool {
        matches!(self.then, Some(Then::Listen { .. }))
    }

    /// Whether the last words are being said: nothing interrupts them.
    pub fn is_ending(&self) -> bool {
        matches!(self.then, Some(Then::End(_)))
    }

    /// Asks how it goes on.
    pub fn ask(&mut self, at: Duration, heard: Heard, timing: TurnTiming) {
        self.tell_timing();
        self.turn += 1;
        self.timing = TurnTiming {
            turn: self.turn,
            ..timing
        };
        self.asked = Some(at);
        self.then = None;
        self.push(Output::Ask {
            turn: self.turn,
            heard,
        });
    }

    /// A part of a decision; answers its lines, or `None` when it is not wanted any more.
    pub fn decided(
        &mut self,
        at: Duration,
        turn: u64,
        lines: Vec<String>,
        then: Option<Then>,
    ) -> Option<Vec<String>> {
        if turn != self.turn || self.asked.is_none() {
            return None;
        }
        self.timing.decided.get_or_insert(at);
        self.asked = then.is_none().then_some(at);
        self.then = then;
        if let Some(then @ Then::Listen { .. }) = then {
            self.listen = then;
        }
        let spoken = lines.into_iter().filter(|line| !line.trim().is_empty());
        Some(spoken.collect())
    }

    /// There will be no decision.
    pub fn undecided(&mut self, turn: u64) -> bool {
        turn == self.turn && self.asked.is_some()
    }

    /// The caller has interrupted: what would have followed is not said any more.
    pub fn interrupted(&mut self, is_heard: bool) {
        self.timing.interrupted |= is_heard;
        if self.asked.take().is_some() {
            self.push(Output::Interrupted { turn: self.turn });
        }
        if !self.is_ending() {
            self.then = Some(self.listen);
        }
    }

    pub fn said(&mut self, said: Said) {
        let Said { turn, text, cut } = said;
        self.push(Output::Said { turn, text, cut });
    }

    /// Nothing follows.
    pub fn end(&mut self, reason: EndReason) {
        self.over = true;
        self.tell_timing();
        self.push(Output::End(reason));
    }

    fn tell_timing(&mut self) {
        let timing = std::mem::take(&mut self.timing);
        if timing.turn > 0 && timing.decided.is_some() {
            self.push(Output::Turn(timing));
        }
    }
}
