//! A person who speaks into a microphone: when they begin and end is found by how loud it is, and what they said is understood as
//! far as anybody here has ears.

use std::collections::VecDeque;
use std::sync::Arc;

use audio::{RATE, mulaw};

use crate::leg_context::LegContext;
use crate::leg_control::{Input, Utterance};
use crate::recording::tape_from;
use crate::state::Side;

/// 20 ms.
const FRAME: usize = 160;
/// A frame is speech when its root mean square is above this: a voice on the telephone is far above, a quiet room below.
const LOUD: f64 = 400.0;
/// So many such frames begin it,
const BEGINS: usize = 3;
/// and so many others end it: 0.7 s.
const ENDS: usize = 35;
/// What was heard before it was known to be speech: 0.2 s.
const BEFORE: usize = 1_600;
/// Nobody speaks longer without a breath.
const LONGEST: usize = 55 * 8_000;

/// The microphone of a call.
pub(crate) struct Microphone {
    context: LegContext,
    endpoint: Endpoint,
}

impl Microphone {
    pub(crate) fn new(context: &LegContext) -> Self {
        Self {
            context: context.clone(),
            endpoint: Endpoint::default(),
        }
    }

    /// Picks up sound: mu-law at the telephone's rate.
    pub(crate) fn hear(&mut self, sound: &[u8]) {
        let samples = mulaw::decode_all(sound);
        let turns = self.endpoint.hear(&samples);
        self.context.control.input(Input::Sound(samples));
        for turn in turns {
            self.turn(turn);
        }
    }

    /// It is switched off: what was being said is over.
    pub(crate) fn stop(&mut self) {
        if let Some(turn) = self.endpoint.stop() {
            self.turn(turn);
        }
    }

    fn turn(&self, turn: Turn) {
        match turn {
            Turn::Begins => self.context.control.input(Input::Begins),
            Turn::Ends(sound) => self.ended(sound),
        }
    }

    fn ended(&self, sound: Vec<i16>) {
        let context = self.context.clone();
        let lasted = chrono::Duration::microseconds(sound.len() as i64 * 125);
        let from = context.shared.time.now() - lasted;
        tape_from(&context.shared, &context.sid, Side::Inbound, from, || {
            sound.clone()
        });
        let words = audio::heard(&sound);
        let ears = context.shared.ears.get().filter(|_| words.is_none());
        let Some(ears) = ears else {
            said(&context, words.unwrap_or_default(), sound);
            return;
        };
        let understood = ears(sound.clone());
        self.context.shared.tasks.spawn(async move {
            let words = understood.await.unwrap_or_default();
            said(&context, words, sound);
        });
    }
}

/// What was said is known, or that nobody has understood it.
fn said(context: &LegContext, text: String, sound: Vec<i16>) {
    let seconds = sound.len() as f64 / f64::from(RATE);
    let shown = match text.as_str() {
        "" => format!("(spoke for {seconds:.1} s)"),
        words => words.to_owned(),
    };
    let mut state = context.shared.state();
    if let Some(call) = state.call_mut(&context.sid) {
        call.said.push(shown.clone());
    }
    state.moment(&context.sid, "said", shown);
    drop(state);
    context.control.input(Input::Speech(Utterance {
        text,
        seconds,
        sound: Some(Arc::new(sound)),
        live: true,
    }));
    context.control.input(Input::Quiet);
}

/// Speech begins, or was over.
#[derive(Debug, PartialEq)]
enum Turn {
    Begins,
    Ends(Vec<i16>),
}

/// Where speech begins and ends.
#[derive(Default)]
struct Endpoint {
    /// Less than a frame.
    rest: Vec<i16>,
    /// The latest, while nobody speaks.
    before: VecDeque<i16>,
    loud: usize,
    quiet: usize,
    /// What is said, while the person speaks.
    said: Option<Vec<i16>>,
}

impl Endpoint {
    fn hear(&mut self, samples: &[i16]) -> Vec<Turn> {
        self.rest.extend(samples);
        let rest = std::mem::take(&mut self.rest);
        let frames = rest.chunks_exact(FRAME);
        self.rest = frames.remainder().to_vec();
        frames.filter_map(|frame| self.frame(frame)).collect()
    }

    fn stop(&mut self) -> Option<Turn> {
        self.said.take().map(Turn::Ends)
    }

    fn frame(&mut self, frame: &[i16]) -> Option<Turn> {
        let is_loud = loudness(frame) > LOUD;
        let Some(said) = &mut self.said else {
            self.before.extend(frame);
            self.loud = if is_loud { self.loud + 1 } else { 0 };
            if self.loud < BEGINS {
                let old = self.before.len().saturating_sub(BEFORE);
                self.before.drain(..old);
                return None;
            }
            (self.loud, self.quiet) = (0, 0);
            self.said = Some(std::mem::take(&mut self.before).into());
            return Some(Turn::Begins);
        };
        said.extend(frame);
        self.quiet = if is_loud { 0 } else { self.quiet + 1 };
        let is_over = self.quiet >= ENDS || said.len() >= LONGEST;
        is_over.then(|| self.stop()).flatten()
    }
}

fn loudness(frame: &[i16]) -> f64 {
    let energy: f64 = frame.iter().map(|it| f64::from(*it).powi(2)).sum();
    (energy / frame.len().max(1) as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: &str = "I check the stock first";

    /// Speech with a second of silence around it, by pieces of an odd length.
    fn turns(sound: &[i16]) -> Vec<Turn> {
        let mut samples = vec![0; 8_000];
        samples.extend(sound);
        samples.resize(samples.len() + 8_000, 0);
        let mut endpoint = Endpoint::default();
        let pieces = samples.chunks(333);
        pieces.flat_map(|piece| endpoint.hear(piece)).collect()
    }

    #[test]
    fn speech_begins_and_ends_with_all_its_words() {
        let turns = turns(&audio::speech(WORDS, Some(2.5)));
        let [Turn::Begins, Turn::Ends(sound)] = turns.as_slice() else {
            panic!("{} turns", turns.len());
        };
        assert_eq!(audio::heard(sound).as_deref(), Some(WORDS));
    }

    #[test]
    fn quiet_room_says_nothing() {
        let hum: Vec<i16> = (0..16_000).map(|at| at % 50 * 8 - 200).collect();
        assert_eq!(turns(&hum), []);
    }

    #[test]
    fn what_is_being_said_ends_with_the_microphone() {
        let mut endpoint = Endpoint::default();
        let begun = endpoint.hear(&audio::speech(WORDS, Some(2.5)));
        assert_eq!(begun, [Turn::Begins]);
        assert!(matches!(endpoint.stop(), Some(Turn::Ends(_))));
        assert_eq!(endpoint.stop(), None);
    }
}
