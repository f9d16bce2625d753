//! What holds for any order of inputs.

use std::time::Duration;

use proptest::prelude::*;

use super::line::{LISTEN, Line};
use crate::*;

/// An input, small enough that many of them fit together by chance.
#[derive(Debug, Clone)]
enum Any {
    Started,
    Media(Option<u64>, u8, usize),
    Mark(u64, u64),
    Digit(char),
    Transcript(u64, bool),
    Decision(u64, usize, u8),
    Undecided(u64),
    Speech(u64, usize, bool),
    Speechless(u64),
    Tick,
}

fn any_input() -> impl Strategy<Value = Any> {
    let payload = prop_oneof![
        Just(0),
        Just(1),
        Just(159),
        Just(160),
        Just(161),
        Just(8_000)
    ];
    let place = prop_oneof![
        Just(None),
        (0u64..100_000).prop_map(Some),
        any::<u64>().prop_map(Some)
    ];
    prop_oneof![
        1 => Just(Any::Started),
        20 => (place, any::<u8>(), payload).prop_map(|(at, code, length)| Any::Media(at, code, length)),
        4 => (0u64..3, 0u64..9).prop_map(|(epoch, line)| Any::Mark(epoch, line)),
        1 => any::<char>().prop_map(Any::Digit),
        4 => (0u64..5, any::<bool>()).prop_map(|(n, words)| Any::Transcript(n, words)),
        6 => (0u64..6, 0usize..3, 0u8..4).prop_map(|(turn, lines, then)| Any::Decision(turn, lines, then)),
        1 => (0u64..30).prop_map(Any::Undecided),
        8 => (0u64..9, 0usize..5_000, any::<bool>()).prop_map(|(line, n, last)| Any::Speech(line, n, last)),
        1 => (0u64..60).prop_map(Any::Speechless),
        4 => Just(Any::Tick),
    ]
}

fn put(input: &Any, handle: impl FnOnce(Input<'_>)) {
    let input = match *input {
        Any::Started => Input::Started,
        Any::Media(timestamp_ms, code, length) => {
            let payload = vec![code; length];
            let payload = &payload;
            return handle(Input::Media {
                timestamp_ms,
                payload,
            });
        }
        Any::Mark(epoch, line) => {
            return handle(Input::Mark(&format!("{epoch}.{line}")));
        }
        Any::Digit(key) => Input::Digit(key),
        Any::Transcript(utterance, words) => Input::Transcript {
            utterance,
            text: if words {
                "of course".into()
            } else {
                String::new()
            },
        },
        Any::Decision(turn, lines, then) => Input::Decision {
            turn,
            lines: vec!["some words".into(); lines],
            then: match then {
                0 => None,
                1 => Some(Then::End(EndReason::Goodbye)),
                _ => Some(LISTEN),
            },
        },
        Any::Undecided(turn) => Input::Undecided { turn },
        Any::Speech(line, length, last) => {
            let chunk = vec![1; length];
            let chunk = &chunk;
            return handle(Input::Speech { line, chunk, last });
        }
        Any::Speechless(line) => Input::Speechless { line },
        Any::Tick => Input::Tick,
    };
    handle(input);
}

proptest! {
    /// Nothing goes before the start or after the end, steps are whole, turns count up, and two runs are equal; so is a third one from
    /// the journal of the first.
    #[test]
    fn inputs_in_any_order_keep_the_promises(
        inputs in prop::collection::vec((any_input(), 0u64..200), 0..300)
    ) {
        let run = || {
            let config = Config { record: true, ..Config::default() };
            let mut machine = Machine::media(config.clone());
            let (mut writer, mut journal) = (journal::Writer::default(), Vec::new());
            writer.begin(&machine, &config, &mut journal);
            let (mut now, mut log) = (0, Vec::new());
            for (input, ms) in &inputs {
                now += ms;
                let at = Duration::from_millis(now);
                put(input, |input| {
                    writer.input(at, &input, &mut journal);
                    machine.handle(at, input);
                });
                log.extend(std::iter::from_fn(|| machine.poll()));
            }
            (log, machine, journal)
        };
        let (log, machine, journal) = run();
        prop_assert_eq!(&log, &run().0);
        let mut again = Vec::new();
        let read = journal::run(&journal, |it| match it {
            journal::Replayed::Output(_, output) => again.push(*output),
            journal::Replayed::Note { .. } => {}
        });
        prop_assert_eq!(read, Ok(inputs.len() as u64));
        prop_assert_eq!(&log, &again);
        let Machine::Media(session) = machine else {
            unreachable!("it was made as one");
        };
        let ends = log.iter().filter(|it| matches!(it, Output::End(_))).count();
        prop_assert_eq!(ends, usize::from(session.is_over()));
        if session.is_over() {
            prop_assert!(matches!(log.last(), Some(Output::End(_))));
            prop_assert_eq!(session.next_wish(), None);
        }
        let (mut next_step, mut next_turn) = (0, 1);
        for output in &log {
            match output {
                Output::Record { step, .. } => {
                    prop_assert_eq!(*step, next_step);
                    next_step += 1;
                }
                Output::Ask { turn, .. } => {
                    prop_assert_eq!(*turn, next_turn);
                    next_turn += 1;
                }
                _ => {}
            }
        }
        if !inputs.iter().any(|(it, _)| matches!(it, Any::Started)) {
            prop_assert!(log.iter().all(|it| matches!(it, Output::End(EndReason::NoStart))));
        }
    }
}

/// An hour with stalls, bursts, losses and late frames: not a sample of drift, and the same twice.
#[test]
fn hour_with_stalls_and_bursts_has_no_drift() {
    let run = || {
        let mut config = Config {
            record: true,
            ..Config::default()
        };
        config.limits.call_s = 4_000;
        let mut line = Line::new(
            config,
            Box::new(|turn, _| {
                let text = if turn % 3 == 0 {
                    "Say that again?"
                } else {
                    "And what then, I wonder?"
                };
                Some((vec![text], LISTEN))
            }),
        );
        let mut state = 12_345u32;
        let mut chance = |of: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) % of
        };
        let (mut held, mut until, mut ours) = (Vec::new(), 0, 0u64);
        for n in 0..180_000u64 {
            line.now += FRAME_TIME;
            line.play();
            if chance(400) == 0 {
                line.speak("well I was there and then I left", None);
            }
            if chance(1_000) == 0 {
                until = n + u64::from(chance(100));
            }
            let frame = line.next_frame();
            match chance(200) {
                0 => {}
                _ => held.push(frame),
            }
            if n < until {
                continue;
            }
            if held.len() > 2 && chance(2) == 0 {
                let last = held.len() - 1;
                held.swap(last, last - 1);
            }
            for (place, frame) in held.drain(..) {
                line.put(Input::Media {
                    timestamp_ms: Some(place),
                    payload: &frame,
                });
            }
            ours += 1;
        }
        assert_eq!(line.end, None);
        assert!(ours > 100_000 && line.clears.len() > 10 && line.frames > 10_000);
        // The last frames may be lost; every place that was reached has one of each side.
        assert!(180_000 - line.record.len() < 5, "{}", line.record.len());
        line.digest()
    };
    assert_eq!(run(), run());
}
