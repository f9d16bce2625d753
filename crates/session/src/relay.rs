//! A call whose other side hears and speaks: words come in and words go out. What was heard of ours is what the other side says of an
//! interruption; without one, all of it, once the caller answers or it should have been said.

use std::time::Duration;

use crate::dialogue::Dialogue;
use crate::playout::Said;
use crate::{Config, EndReason, Heard, Input, Output, Then, TurnTiming};

/// How fast is spoken, in letters a second; rather too slow, for a goodbye is to be heard to its end.
const LETTERS_A_SECOND: u64 = 12;
/// From the words' arrival at the other side to their first sound, and from the last sound to the caller's ear.
const UNDER_WAY: Duration = Duration::from_millis(700);

/// A call on a conversation relay.
#[derive(Debug, Clone)]
pub struct Relay {
    config: Config,
    dialogue: Dialogue,
    /// When it began.
    started: Option<Duration>,
    /// What was sent and may not have been heard.
    lines: Vec<(u64, String)>,
    /// Whether the other side waits for more words of a reply.
    is_open: bool,
    /// When all that was sent should have been said.
    said_by: Duration,
}

impl Relay {
    /// Begins when the socket opens.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            config,
            dialogue: Dialogue::default(),
            started: None,
            lines: Vec::new(),
            is_open: false,
            said_by: Duration::ZERO,
        }
    }

    /// Takes an input, as [`crate::Session::handle`] does. Sound, marks and speech are none of this engine's.
    pub fn handle(&mut self, at: Duration, input: Input<'_>) {
        let Some(at) = self.dialogue.enter(at) else {
            return;
        };
        match input {
            Input::Started if self.started.is_none() => {
                self.started = Some(at);
                self.ask(at, Heard::Begin);
            }
            Input::Words(text) => self.words(at, text),
            Input::Digit(key)
                if self.dialogue.asked().is_none() && self.dialogue.is_listening() =>
            {
                self.ask(at, Heard::Digits(key.to_string()));
            }
            Input::Interrupted(until) => self.interrupted(at, until),
            Input::Decision { turn, lines, then } => self.decided(at, turn, lines, then),
            Input::Undecided { turn } if self.dialogue.undecided(turn) => {
                self.dialogue.end(EndReason::NoDecision);
            }
            Input::Stopped => self.dialogue.end(EndReason::Stopped),
            _ => {}
        }
        if !self.dialogue.is_over() {
            self.go_on(at);
        }
    }

    /// The next thing that is to be done.
    pub fn poll(&mut self) -> Option<Output> {
        self.dialogue.poll()
    }

    /// When a [`Input::Tick`] is wanted, should nothing else come before; `None` after the end.
    #[must_use]
    pub fn next_wish(&self) -> Option<Duration> {
        self.dialogue.next_wish()
    }

    /// Sets how long the call may be on the line, in seconds.
    pub fn set_longest(&mut self, seconds: u64) {
        self.config.limits.call_s = seconds;
    }

    /// How long the call has been on the line.
    #[must_use]
    pub fn on_the_line(&self) -> Duration {
        self.started
            .map_or(Duration::ZERO, |since| self.dialogue.now() - since)
    }

    fn words(&mut self, at: Duration, text: &str) {
        let is_wanted = match self.dialogue.asked() {
            Some(_) => self.config.supersede,
            None => self.dialogue.is_listening(),
        };
        if self.started.is_some() && is_wanted {
            self.ask(at, Heard::Words(text.trim().to_owned()));
        }
    }

    /// The other side has stopped what was being said, for the caller speaks or presses a key.
    fn interrupted(&mut self, at: Duration, until: &str) {
        let Some((turn, _)) = self.lines.first() else {
            return;
        };
        self.dialogue.said(Said {
            turn: *turn,
            text: until.trim().to_owned(),
            cut: true,
        });
        self.lines.clear();
        self.is_open = false;
        self.said_by = at;
        self.dialogue.interrupted(true);
    }

    fn ask(&mut self, at: Duration, heard: Heard) {
        self.heard_all();
        self.is_open = false;
        let of_caller = (heard != Heard::Begin && heard != Heard::Silence).then_some(at);
        let timing = TurnTiming {
            speech_end: of_caller,
            utterance: of_caller,
            transcribed: of_caller,
            ..TurnTiming::default()
        };
        self.dialogue.ask(at, heard, timing);
    }

    fn decided(&mut self, at: Duration, turn: u64, lines: Vec<String>, then: Option<Then>) {
        let Some(lines) = self.dialogue.decided(at, turn, lines, then) else {
            return;
        };
        let interruptible = !self.dialogue.is_ending();
        let count = lines.len();
        for (n, text) in lines.into_iter().enumerate() {
            self.dialogue.timing.first_byte.get_or_insert(at);
            self.dialogue.timing.first_frame.get_or_insert(at);
            let letters = text.chars().count() as u64;
            let lasts = Duration::from_millis(letters * 1_000 / LETTERS_A_SECOND);
            self.said_by = self.said_by.max(at + UNDER_WAY) + lasts;
            self.lines.push((turn, text.clone()));
            self.is_open = true;
            self.text(text, then.is_some() && n + 1 == count, interruptible);
        }
        if then.is_some() && self.is_open {
            // What was said before may go on: an empty word ends it.
            self.text(String::new(), true, interruptible);
        }
    }

    fn text(&mut self, text: String, last: bool, interruptible: bool) {
        self.is_open &= !last;
        self.dialogue.push(Output::Text {
            text,
            last,
            interruptible,
        });
    }

    fn go_on(&mut self, at: Duration) {
        if at >= self.said_by {
            self.heard_all();
        }
        match self.dialogue.then() {
            Some(Then::Listen { silence_ms, .. }) => {
                let silence = Duration::from_millis(silence_ms).max(self.config.limits.silence);
                let decided = self.dialogue.timing.decided.unwrap_or_default();
                let since = self.said_by.max(decided);
                if self.dialogue.asked().is_none() && at >= since + silence {
                    self.ask(at, Heard::Silence);
                }
            }
            Some(Then::End(reason)) if self.lines.is_empty() => return self.dialogue.end(reason),
            _ => {}
        }
        self.watch(at);
    }

    fn watch(&mut self, at: Duration) {
        let limits = &self.config.limits;
        let is_late =
            |since: Option<Duration>, limit: Duration| since.is_some_and(|it| at >= it + limit);
        let reason = if self.started.is_none() && at >= limits.start {
            EndReason::NoStart
        } else if is_late(self.dialogue.asked(), limits.decision) {
            EndReason::NoDecision
        } else if is_late(self.started, Duration::from_secs(limits.call_s)) {
            EndReason::TimeUp
        } else {
            return;
        };
        self.dialogue.end(reason);
    }

    /// All that was sent counts as heard.
    fn heard_all(&mut self) {
        let now = self.dialogue.now();
        for (turn, text) in self.lines.drain(..) {
            self.dialogue.timing.heard.get_or_insert(now);
            self.dialogue.said(Said {
                turn,
                text,
                cut: false,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LISTEN: Then = Then::Listen {
        silence_ms: 7_000,
        hangover_ms: 700,
    };

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    fn all(relay: &mut Relay) -> Vec<Output> {
        std::iter::from_fn(|| relay.poll())
            .filter(|it| !matches!(it, Output::Turn(_)))
            .collect()
    }

    fn greeted(supersede: bool) -> Relay {
        let mut relay = Relay::new(Config {
            supersede,
            ..Config::default()
        });
        relay.handle(s(0), Input::Started);
        relay.handle(
            s(0),
            Input::Decision {
                turn: 1,
                lines: vec!["Hello.".into(), "Who is it?".into()],
                then: Some(LISTEN),
            },
        );
        all(&mut relay);
        relay
    }

    fn said(turn: u64, text: &str, cut: bool) -> Output {
        Output::Said {
            turn,
            text: text.into(),
            cut,
        }
    }

    #[test]
    fn words_are_asked_about_after_what_was_heard_before() {
        let mut relay = greeted(false);
        relay.handle(s(1), Input::Words(" It is me "));
        let heard = Heard::Words("It is me".into());
        let expected = [
            said(1, "Hello.", false),
            said(1, "Who is it?", false),
            Output::Ask { turn: 2, heard },
        ];
        assert_eq!(all(&mut relay), expected);
        // A script has taken its step by then; a conversation has not.
        relay.handle(s(2), Input::Words("and him"));
        assert_eq!(all(&mut relay), []);
        let mut free = greeted(true);
        free.handle(s(1), Input::Words("It is me"));
        free.handle(s(2), Input::Words("and him"));
        let asked = all(&mut free);
        assert!(matches!(asked.last(), Some(Output::Ask { turn: 3, .. })));
    }

    #[test]
    fn interrupted_line_was_heard_as_far_as_the_other_side_says() {
        let mut relay = greeted(false);
        relay.handle(s(1), Input::Interrupted("Hello. Who"));
        assert_eq!(all(&mut relay), [said(1, "Hello. Who", true)]);
        relay.handle(s(2), Input::Words("me"));
        assert!(matches!(all(&mut relay)[..], [Output::Ask { turn: 2, .. }]));
    }

    #[test]
    fn goodbye_is_heard_before_the_end_and_not_interrupted() {
        let mut relay = greeted(false);
        relay.handle(s(1), Input::Digit('1'));
        let end = Some(Then::End(EndReason::Goodbye));
        let lines = vec!["Goodbye, and thank you for calling.".into()];
        let turn = 2;
        relay.handle(
            s(1),
            Input::Decision {
                turn,
                lines,
                then: end,
            },
        );
        let sent = all(&mut relay);
        assert!(matches!(
            sent.last(),
            Some(Output::Text {
                interruptible: false,
                last: true,
                ..
            })
        ));
        relay.handle(s(2), Input::Words("one more thing"));
        assert_eq!(all(&mut relay), []);
        relay.handle(s(6), Input::Tick);
        let expected = [
            said(2, "Goodbye, and thank you for calling.", false),
            Output::End(EndReason::Goodbye),
        ];
        assert_eq!(all(&mut relay), expected);
        assert_eq!(relay.next_wish(), None);
    }

    #[test]
    fn silence_counts_from_the_end_of_what_was_said() {
        let mut relay = greeted(false);
        relay.handle(s(7), Input::Tick);
        assert!(
            !all(&mut relay)
                .iter()
                .any(|it| matches!(it, Output::Ask { .. }))
        );
        relay.handle(s(10), Input::Tick);
        let heard = Heard::Silence;
        assert_eq!(all(&mut relay), [Output::Ask { turn: 2, heard }]);
    }

    #[test]
    fn answer_in_parts_is_one_reply_and_its_rest_is_not_wanted_after_an_interruption() {
        let mut relay = greeted(false);
        relay.handle(s(1), Input::Words("tell me"));
        all(&mut relay);
        let part = |relay: &mut Relay, text: &str, then| {
            let lines = if text.is_empty() {
                vec![]
            } else {
                vec![text.to_owned()]
            };
            let turn = 2;
            relay.handle(s(1), Input::Decision { turn, lines, then });
        };
        let text = |text: &str, last| Output::Text {
            text: text.into(),
            last,
            interruptible: true,
        };
        part(&mut relay, "One.", None);
        part(&mut relay, "Two.", None);
        part(&mut relay, "", Some(LISTEN));
        let expected = [text("One.", false), text("Two.", false), text("", true)];
        assert_eq!(all(&mut relay), expected);
        relay.handle(s(2), Input::Words("and then"));
        all(&mut relay);
        let turn = 3;
        let lines = vec!["Three.".into()];
        let then = None;
        relay.handle(s(2), Input::Decision { turn, lines, then });
        relay.handle(s(3), Input::Interrupted("Thr"));
        let outputs = all(&mut relay);
        assert!(
            outputs.contains(&Output::Interrupted { turn: 3 }),
            "{outputs:?}"
        );
        let lines = vec!["Four.".into()];
        let then = Some(LISTEN);
        relay.handle(s(3), Input::Decision { turn, lines, then });
        assert_eq!(all(&mut relay), []);
    }

    #[test]
    fn watchdogs_end_what_does_not_get_on() {
        let mut relay = Relay::new(Config::default());
        relay.handle(s(10), Input::Tick);
        assert_eq!(all(&mut relay), [Output::End(EndReason::NoStart)]);
        let mut relay = Relay::new(Config::default());
        relay.handle(s(0), Input::Started);
        relay.handle(s(10), Input::Tick);
        assert_eq!(
            all(&mut relay).last(),
            Some(&Output::End(EndReason::NoDecision))
        );
        let mut relay = greeted(false);
        relay.set_longest(5);
        relay.handle(s(5), Input::Tick);
        assert_eq!(
            all(&mut relay).last(),
            Some(&Output::End(EndReason::TimeUp))
        );
    }
}
