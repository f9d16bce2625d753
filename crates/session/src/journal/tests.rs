//! Journals that break off, are damaged, or hold what is no input.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::{Config, EndReason, Input, Machine, Output, Then};

fn ms(time: u64) -> Duration {
    Duration::from_millis(time)
}

/// A short call, with its outputs.
fn call(relay: bool) -> (Vec<u8>, Vec<Output>) {
    let config = Config {
        record: true,
        ..Config::default()
    };
    let mut machine = match relay {
        true => Machine::relay(config.clone()),
        false => Machine::media(config.clone()),
    };
    let (mut writer, mut bytes) = (Writer::default(), Vec::new());
    writer.begin(&machine, &config, &mut bytes);
    let (mut outputs, sound) = (Vec::new(), [0x20; 800]);
    let listen = Some(Then::Listen {
        silence_ms: 5_000,
        hangover_ms: 500,
    });
    let decision = |turn, words: &str, then| Input::Decision {
        turn,
        lines: vec![words.to_owned()],
        then,
    };
    let speech = |line| Input::Speech {
        line,
        chunk: &sound,
        last: true,
    };
    let media = Input::Media {
        timestamp_ms: Some(0),
        payload: &sound,
    };
    let end = Some(Then::End(EndReason::Goodbye));
    let inputs = [
        (0, Input::Started),
        (10, decision(1, "Good morning.", listen)),
        (20, speech(0)),
        (40, media),
        (35, Input::Words("yes I am")),
        (60, Input::Interrupted("Good")),
        (70, Input::Digit('1')),
        (80, decision(2, "Goodbye, and thank you.", end)),
        (90, speech(1)),
        (400, Input::Tick),
        (9_000, Input::Tick),
        (9_001, Input::Stopped),
    ];
    for (at, input) in inputs {
        writer.input(ms(at), &input, &mut bytes);
        machine.handle(ms(at), input);
        outputs.extend(std::iter::from_fn(|| machine.poll()));
        if at == 10 {
            writer.longest(60, &mut bytes);
            machine.set_longest(60);
            writer.note("assistant", "{}", &mut bytes);
        }
    }
    (bytes, outputs)
}

/// What comes of a journal: its outputs, its notes, how many inputs it has.
fn again(bytes: &[u8]) -> Result<(Vec<Output>, Vec<String>, u64), Damaged> {
    let (mut outputs, mut notes) = (Vec::new(), Vec::new());
    let inputs = run(bytes, |it| match it {
        Replayed::Output(_, output) => outputs.push(*output),
        Replayed::Note { name, text } => notes.push(format!("{name} {text}")),
    })?;
    Ok((outputs, notes, inputs))
}

#[test]
fn call_of_either_engine_is_the_same_again() {
    for relay in [false, true] {
        let (bytes, outputs) = call(relay);
        let (same, notes, inputs) = again(&bytes).unwrap();
        assert_eq!(same, outputs);
        assert_eq!(
            (notes.as_slice(), inputs),
            (&["assistant {}".into()][..], 12)
        );
        assert!(
            matches!(outputs.last(), Some(Output::End(_))),
            "{outputs:?}"
        );
    }
}

#[test]
fn journal_that_breaks_off_anywhere_is_the_beginning_of_the_call() {
    let (bytes, outputs) = call(false);
    let begun = (1..bytes.len())
        .find(|end| again(&bytes[..*end]).is_ok())
        .unwrap();
    for end in begun..bytes.len() {
        let (part, ..) = again(&bytes[..end]).unwrap();
        assert_eq!(part, outputs[..part.len()], "{end}");
    }
    assert_eq!(again(&bytes[..begun - 1]), Err(Damaged { at: 0 }));
}

#[test]
fn entry_that_is_none_is_told_with_its_place() {
    let (mut bytes, _) = call(false);
    let at = bytes.len();
    bytes.extend([200, 0]);
    assert_eq!(again(&bytes), Err(Damaged { at }));
    assert_eq!(again(b""), Err(Damaged { at: 0 }));
    assert_eq!(again(b"{}"), Err(Damaged { at: 0 }));
}

#[test]
fn outputs_that_differ_have_lines_that_differ() {
    let (_, outputs) = call(false);
    for (nth, one) in outputs.iter().enumerate() {
        let line = one.to_string();
        assert!(!line.contains('\n'), "{line}");
        for other in &outputs[nth..] {
            assert_eq!(one == other, line == other.to_string());
        }
    }
}

proptest! {
    #[test]
    fn bytes_of_any_kind_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..400), behind in any::<bool>()) {
        let mut all = if behind { call(false).0 } else { Vec::new() };
        all.extend(bytes);
        let _ = again(&all);
    }
}
