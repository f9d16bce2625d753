//! The session: inputs change it, outputs wait in a queue.

mod turns;
mod voice;
mod watch;

use std::time::Duration;

use crate::dialogue::Dialogue;
use crate::hearing::{Change, Hearing};
use crate::media_clock::MediaClock;
use crate::playout::{Playout, Send};
use crate::{
    Config, EndReason, FRAME, Frame, Input, Output, SILENCE, Then, TurnTiming, Voice, steps,
};
use voice::Along;

/// A frame of the caller's that comes within this time after its own is not late: it is what ours wait for.
const GRACE: Duration = Duration::from_millis(5);

/// A call on a stream.
#[derive(Debug, Clone)]
pub struct Session {
    config: Config,
    clock: MediaClock,
    hearing: Hearing,
    playout: Playout,
    dialogue: Dialogue,
    started: bool,
    /// The beginning of a frame.
    partial: Vec<u8>,
    utterances: u64,
    transcribing: Option<Transcribing>,
    /// The step and the time since which nobody says anything.
    quiet_since: Option<(u64, Duration)>,
    starving_since: Option<Duration>,
    along: Along,
}

/// An utterance whose words are awaited.
#[derive(Debug, Clone)]
struct Transcribing {
    utterance: u64,
    since: Duration,
    sound: Vec<u8>,
    voiced_ms: u64,
    level_dbfs: f32,
    /// It stopped what was being said.
    interrupted: bool,
    timing: TurnTiming,
}

impl Session {
    /// Begins when the socket opens.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            playout: Playout::new(steps(config.lead_ms), config.record),
            config,
            clock: MediaClock::default(),
            hearing: Hearing::new(),
            dialogue: Dialogue::default(),
            started: false,
            partial: Vec::with_capacity(FRAME),
            utterances: 0,
            transcribing: None,
            quiet_since: None,
            starving_since: None,
            along: Along::default(),
        }
    }

    /// From now on what the caller says is given out while it is said: [`Session::next_voice`].
    pub fn listen_along(&mut self) {
        self.along.begin();
    }

    /// The next thing of what the caller says. It is no output: a call without it goes on in the same way.
    pub fn next_voice(&mut self) -> Option<Voice> {
        self.along.next()
    }

    /// Takes an input. `at` is the time since the session began; one that lies before an earlier input's counts as that.
    pub fn handle(&mut self, at: Duration, input: Input<'_>) {
        let Some(at) = self.dialogue.enter(at) else {
            return;
        };
        match input {
            Input::Started => self.start(at),
            Input::Media {
                timestamp_ms,
                payload,
            } => self.media(at, timestamp_ms, payload),
            Input::Mark(name) => {
                if self.playout.marked(name).is_some() {
                    self.dialogue.timing.heard.get_or_insert(at);
                }
            }
            Input::Digit(key) => self.pressed(at, key),
            Input::Stopped => self.end(EndReason::Stopped),
            Input::Transcript { utterance, text } => self.transcribed(at, utterance, &text),
            Input::Decision { turn, lines, then } => self.decided(at, turn, lines, then),
            Input::Undecided { turn } => {
                if self.dialogue.undecided(turn) {
                    self.end(EndReason::NoDecision);
                }
            }
            Input::Speech { line, chunk, last } => {
                if self.playout.sound(line, chunk, last) && !chunk.is_empty() {
                    self.dialogue.timing.first_byte.get_or_insert(at);
                }
            }
            Input::Speechless { line } => {
                if self.playout.is_wanted(line) {
                    self.end(EndReason::NoVoice);
                }
            }
            // Of the other engine.
            Input::Words(_) | Input::Interrupted(_) | Input::Tick => {}
        }
        if !self.is_over() {
            self.go_on(at);
        }
    }

    /// The next thing that is to be done.
    pub fn poll(&mut self) -> Option<Output> {
        self.dialogue.poll()
    }

    /// When a [`Input::Tick`] is wanted, should nothing else come before; `None` after the end. While something is to be sent that is
    /// soon: a frame of the caller's that is late does not make ours late.
    #[must_use]
    pub fn next_wish(&self) -> Option<Duration> {
        let wish = self.dialogue.next_wish()?;
        if !self.started || !self.playout.has_to_send() {
            return Some(wish);
        }
        let due = self.clock.next_pace(self.dialogue.now()) + GRACE;
        Some(wish.min(due))
    }

    /// Sets how long the call may be on the line, in seconds: what it is about may only be known when it has begun.
    pub fn set_longest(&mut self, seconds: u64) {
        self.config.limits.call_s = seconds;
    }

    /// How long the call has been on the line.
    #[must_use]
    pub fn on_the_line(&self) -> Duration {
        crate::FRAME_TIME * u32::try_from(self.clock.steps()).unwrap_or(u32::MAX)
    }

    /// Whether it is over.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.dialogue.is_over()
    }

    fn start(&mut self, at: Duration) {
        if !self.started {
            self.started = true;
            self.clock.begin(at);
            self.ask(at, crate::Heard::Begin, TurnTiming::default());
        }
    }

    fn media(&mut self, at: Duration, timestamp_ms: Option<u64>, payload: &[u8]) {
        if !self.started {
            return;
        }
        let mut rest = payload;
        if self.partial.is_empty() {
            match self.clock.gap(at, timestamp_ms) {
                Some(missing) => {
                    for _ in 0..missing {
                        self.frame(at, &SILENCE);
                    }
                }
                // Its place was filled with silence when it did not come.
                None => return,
            }
        }
        while !rest.is_empty() && !self.is_over() {
            let taken = rest.len().min(FRAME - self.partial.len());
            self.partial.extend_from_slice(&rest[..taken]);
            rest = &rest[taken..];
            if self.partial.len() == FRAME {
                let mut frame = SILENCE;
                frame.copy_from_slice(&self.partial);
                self.partial.clear();
                self.frame(at, &frame);
            }
        }
    }

    /// One step on the line.
    fn frame(&mut self, at: Duration, frame: &Frame) {
        let step = self.clock.step(at);
        let longest = self.config.limits.call_s;
        // A stream that says it is ahead of itself fills no disk: nothing is recorded beyond the longest call.
        let last = longest.saturating_mul(crate::FRAMES_PER_SECOND);
        if self.config.record && step <= last {
            let ours = self.playout.recorded(step);
            self.dialogue.push(Output::Record {
                step,
                caller: *frame,
                ours,
            });
        }
        match self.hearing.hear(step, frame) {
            Change::None if self.hearing.is_speaking() => self.along.sound(frame),
            Change::None => {}
            Change::Began => {
                self.quiet_since = None;
                self.along.sound(self.hearing.so_far());
            }
            Change::Ended(utterance) => {
                self.along.sound(frame);
                self.said(at, utterance);
            }
        }
        if self.is_barging_in() {
            self.interrupt(at);
        }
        // Where the line runs faster than time, what others do for it does not.
        let is_real = at >= Duration::from_secs(longest) / 8;
        if is_real && step + 1 >= last {
            self.end(EndReason::TimeUp);
        }
        // Many frames may come at once: each is a chance to send.
        self.send(at);
    }

    fn go_on(&mut self, at: Duration) {
        self.send(at);
        let pace = self.clock.pace(at);
        while let Some(said) = self.playout.finished(pace) {
            self.dialogue.said(said);
        }
        match self.dialogue.then() {
            Some(Then::Listen { silence_ms, .. }) => self.listen_on(at, pace, silence_ms),
            Some(Then::End(reason)) if self.playout.is_empty() => self.end(reason),
            _ => {}
        }
        self.watch(at, pace);
    }

    fn send(&mut self, at: Duration) {
        if self.is_over() {
            return;
        }
        let pace = self.clock.pace(at);
        self.playout.advance(pace);
        while let Some(send) = self.playout.next(pace) {
            let output = match send {
                Send::Frame { frame, .. } => {
                    self.dialogue.timing.first_frame.get_or_insert(at);
                    Output::Frame(frame)
                }
                Send::Mark(name) => Output::Mark(name),
            };
            self.dialogue.push(output);
        }
    }

    fn end(&mut self, reason: EndReason) {
        if self.is_over() {
            return;
        }
        let pace = self.clock.pace(self.dialogue.now());
        for said in self.playout.clear(pace) {
            self.dialogue.said(said);
        }
        self.dialogue.end(reason);
    }
}

#[cfg(test)]
mod tests;
