//! A line in virtual time: a caller who speaks, a far side that plays, a platform that answers at once.

use std::collections::VecDeque;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::time::Duration;

use audio::mulaw;

use crate::*;

/// What the platform says to what it is asked.
pub type Script = Box<dyn FnMut(u64, &Heard) -> Option<(Vec<&'static str>, Then)>>;

pub const LISTEN: Then = Then::Listen {
    silence_ms: 5_000,
    hangover_ms: 500,
};
pub const BYE: Then = Then::End(EndReason::Goodbye);

/// The far side and the platform around one session.
pub struct Line {
    pub session: Session,
    pub now: Duration,
    pub asked: Vec<Heard>,
    /// How many lines had been heard at each of them.
    pub said_before_asking: Vec<usize>,
    pub said: Vec<(String, bool)>,
    pub end: Option<EndReason>,
    pub clears: Vec<Duration>,
    /// Turns whose decision was not wanted to its end.
    pub interrupted: Vec<u64>,
    pub turns: Vec<TurnTiming>,
    pub record: Vec<(Frame, Frame)>,
    pub frames: usize,
    /// Of all outputs, with their times.
    digest: DefaultHasher,
    pub marks_come: bool,
    pub recognizes: bool,
    /// Utterances without words yet, and how long they are.
    pub unrecognized: Vec<(u64, usize)>,
    /// What lies at the far side.
    playing: VecDeque<Result<Frame, String>>,
    caller: VecDeque<Frame>,
    script: Script,
    sent_ms: u64,
}

impl Line {
    pub fn new(config: Config, script: Script) -> Self {
        let mut line = Self {
            session: Session::new(config),
            now: Duration::ZERO,
            asked: Vec::new(),
            said_before_asking: Vec::new(),
            said: Vec::new(),
            end: None,
            clears: Vec::new(),
            interrupted: Vec::new(),
            turns: Vec::new(),
            record: Vec::new(),
            frames: 0,
            digest: DefaultHasher::new(),
            marks_come: true,
            recognizes: true,
            unrecognized: Vec::new(),
            playing: VecDeque::new(),
            caller: VecDeque::new(),
            script,
            sent_ms: 0,
        };
        line.put(Input::Started);
        line
    }

    pub fn put(&mut self, input: Input<'_>) {
        self.session.handle(self.now, input);
        self.drain();
    }

    fn drain(&mut self) {
        while let Some(output) = self.session.poll() {
            (self.now, &output).hash(&mut self.digest);
            match output {
                Output::Frame(frame) => {
                    self.frames += 1;
                    self.playing.push_back(Ok(frame));
                }
                Output::Mark(name) => self.playing.push_back(Err(name)),
                Output::Clear => {
                    self.clears.push(self.now);
                    let marks: Vec<_> = self.playing.drain(..).filter_map(Result::err).collect();
                    for mark in marks {
                        self.session.handle(self.now, Input::Mark(&mark));
                    }
                }
                Output::Transcribe { utterance, sound } if !self.recognizes => {
                    self.unrecognized.push((utterance, sound.len()));
                }
                Output::Transcribe { utterance, sound } => {
                    let text = audio::heard(&mulaw::decode_all(&sound)).unwrap_or_default();
                    self.session
                        .handle(self.now, Input::Transcript { utterance, text });
                }
                Output::Ask { turn, heard } => {
                    let decision = (self.script)(turn, &heard);
                    self.asked.push(heard);
                    self.said_before_asking.push(self.said.len());
                    if let Some((lines, then)) = decision {
                        let lines = lines.into_iter().map(str::to_owned).collect();
                        let then = Some(then);
                        self.session
                            .handle(self.now, Input::Decision { turn, lines, then });
                    }
                }
                Output::Speak { line, text } => {
                    let sound = mulaw::encode_all(&audio::speech(&text, None));
                    for (n, chunk) in sound.chunks(1_000).enumerate() {
                        let last = (n + 1) * 1_000 >= sound.len();
                        self.session
                            .handle(self.now, Input::Speech { line, chunk, last });
                    }
                }
                Output::Said { text, cut, .. } => self.said.push((text, cut)),
                Output::Record { step, caller, ours } => {
                    assert_eq!(step as usize, self.record.len());
                    self.record.push((caller, ours));
                }
                Output::Interrupted { turn } => self.interrupted.push(turn),
                Output::Text { .. } => unreachable!("we speak ourselves"),
                Output::Turn(timing) => self.turns.push(timing),
                Output::End(reason) => {
                    assert_eq!(self.end, None);
                    self.end = Some(reason);
                }
            }
        }
    }

    /// What names the whole run.
    pub fn digest(&self) -> u64 {
        self.digest.finish()
    }

    /// The caller says this, from the next frame on.
    pub fn speak(&mut self, text: &str, seconds: Option<f64>) {
        let codes = mulaw::encode_all(&audio::speech(text, seconds));
        for chunk in codes.chunks(FRAME) {
            let mut frame = SILENCE;
            frame[..chunk.len()].copy_from_slice(chunk);
            self.caller.push_back(frame);
        }
    }

    /// The next frame of the caller, with its place.
    pub fn next_frame(&mut self) -> (u64, Frame) {
        let place = self.sent_ms;
        self.sent_ms += 20;
        (place, self.caller.pop_front().unwrap_or(SILENCE))
    }

    /// The far side plays one frame.
    pub fn play(&mut self) {
        while let Some(Err(_)) = self.playing.front() {
            if let Some(Err(name)) = self.playing.pop_front()
                && self.marks_come
            {
                self.put(Input::Mark(&name));
            }
        }
        self.playing.pop_front();
    }

    /// Time passes, with a frame every 20 ms.
    pub fn run(&mut self, ms: u64) {
        for _ in 0..ms / 20 {
            if self.end.is_some() {
                return;
            }
            self.now += FRAME_TIME;
            self.play();
            let (place, frame) = self.next_frame();
            self.put(Input::Media {
                timestamp_ms: Some(place),
                payload: &frame,
            });
        }
    }

    /// Time passes until nothing is being played, at most 30 s.
    pub fn run_until_quiet(&mut self) {
        for _ in 0..1_500 {
            self.run(20);
            if self.playing.is_empty() {
                return;
            }
        }
    }
}
