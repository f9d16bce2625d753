//! What happens in a call.

use std::time::Duration;

use super::line::{BYE, LISTEN, Line, Script};
use crate::*;

/// Three questions of yes or no, and a goodbye.
fn eligibility() -> Script {
    let mut step = 0;
    Box::new(move |_, heard| {
        if !matches!(heard, Heard::Silence) {
            step += 1;
        }
        Some(match step {
            1 => (vec!["Hello, this is a test.", "Are you salaried?"], LISTEN),
            2 => (vec!["Do you live in a city?"], LISTEN),
            _ => (vec!["Thank you and goodbye."], BYE),
        })
    })
}

fn scripted(config: Config) -> Line {
    Line::new(config, eligibility())
}

#[test]
fn call_with_answers_is_heard_decided_and_hung_up_after_the_goodbye() {
    let mut line = scripted(Config::default());
    line.run_until_quiet();
    line.speak("yes I am", None);
    line.run(3_000);
    line.run_until_quiet();
    line.speak("no", None);
    line.run(3_000);
    line.run_until_quiet();
    line.run(100);
    let words = |text: &str| Heard::Words(text.to_owned());
    assert_eq!(line.asked, [Heard::Begin, words("yes I am"), words("no")]);
    assert_eq!(line.end, Some(EndReason::Goodbye));
    assert_eq!(line.said.last().unwrap().0, "Thank you and goodbye.");
    assert!(line.said.iter().all(|(_, cut)| !cut) && line.clears.is_empty());
    let turn = &line.turns[1];
    // Nothing of ours takes time here: what is left is the hangover.
    assert_eq!(turn.response(), Some(Duration::from_millis(500)));
    assert!(turn.heard > turn.first_frame);
}

#[test]
fn speech_that_lasts_clears_within_the_frame_that_decides() {
    let mut line = scripted(Config::default());
    line.run(400);
    let began = line.now;
    line.speak("wait a moment please", Some(2.0));
    line.run(600);
    assert_eq!(line.clears.len(), 1);
    assert!(line.clears[0] - began <= Duration::from_millis(320));
    assert!(line.said[0].1, "{:?}", line.said);
    line.run(3_000);
    assert_eq!(line.asked[1], Heard::Words("wait a moment please".into()));
    assert!(line.turns[0].interrupted);
}

#[test]
fn cough_does_not_interrupt() {
    let mut line = scripted(Config::default());
    line.run(400);
    line.speak("", Some(0.2));
    line.run_until_quiet();
    assert!(line.clears.is_empty() && line.said.iter().all(|(_, cut)| !cut));
    assert_eq!(line.asked.len(), 1);
}

#[test]
fn goodbye_is_not_interrupted() {
    let mut line = Line::new(
        Config::default(),
        Box::new(|_, _| Some((vec!["Goodbye to you all."], BYE))),
    );
    line.run(200);
    line.speak("but I have a question", None);
    line.run(5_000);
    assert_eq!(line.end, Some(EndReason::Goodbye));
    assert_eq!(line.said, [("Goodbye to you all.".to_owned(), false)]);
    assert!(line.clears.is_empty());
}

#[test]
fn key_counts_at_once() {
    let mut line = scripted(Config::default());
    line.run(400);
    line.put(Input::Digit('1'));
    assert_eq!(line.asked[1], Heard::Digits("1".into()));
    assert_eq!(line.clears.len(), 1);
    line.put(Input::Digit('x'));
    assert_eq!(line.asked.len(), 2);
}

#[test]
fn silence_is_an_answer() {
    let mut line = scripted(Config::default());
    line.run_until_quiet();
    line.run(4_900);
    assert_eq!(line.asked.len(), 1);
    line.run(300);
    assert_eq!(line.asked[1], Heard::Silence);
}

#[test]
fn marks_that_never_come_delay_the_end_by_a_second() {
    let mut line = Line::new(
        Config::default(),
        Box::new(|_, _| Some((vec!["Goodbye."], BYE))),
    );
    line.marks_come = false;
    line.run_until_quiet();
    assert_eq!(line.end, None);
    line.run(1_100);
    assert_eq!(line.end, Some(EndReason::Goodbye));
}

#[test]
fn pause_in_an_answer_makes_one_answer() {
    let mut line = scripted(Config::default());
    line.run_until_quiet();
    // The recognizer takes its time; the caller goes on meanwhile.
    line.recognizes = false;
    line.speak("yes", Some(1.0));
    line.run(1_800);
    line.speak("I think so", Some(1.0));
    line.run(1_800);
    let [(_, first), (last, both)] = line.unrecognized[..] else {
        panic!("{:?}", line.unrecognized);
    };
    assert!(both > first + 8_000);
    let text = "yes I think so".to_owned();
    line.put(Input::Transcript {
        utterance: last - 1,
        text: "yes".into(),
    });
    assert_eq!(line.asked.len(), 1);
    line.put(Input::Transcript {
        utterance: last,
        text: text.clone(),
    });
    assert_eq!(line.asked[1], Heard::Words(text));
}

#[test]
fn watchdogs_end_what_does_not_get_on() {
    let ended = |mut session: Session, from: u64| {
        for second in from..200 {
            session.handle(Duration::from_secs(second), Input::Tick);
            while let Some(output) = session.poll() {
                if let Output::End(reason) = output {
                    return Some(reason);
                }
            }
        }
        None
    };
    let session = || Session::new(Config::default());
    assert_eq!(ended(session(), 0), Some(EndReason::NoStart));
    let mut begun = session();
    begun.handle(Duration::ZERO, Input::Started);
    assert_eq!(ended(begun.clone(), 0), Some(EndReason::NoMedia));
    let mut undecided = Line::new(Config::default(), Box::new(|_, _| None));
    undecided.run(11_000);
    assert_eq!(undecided.end, Some(EndReason::NoDecision));
    begun.handle(Duration::ZERO, Input::Undecided { turn: 1 });
    assert!(begun.is_over());
    let mut long = Line::new(
        Config::default(),
        Box::new(|_, _| Some((vec!["Well?"], LISTEN))),
    );
    long.run(121_000);
    assert_eq!(long.end, Some(EndReason::TimeUp));
    assert_eq!(long.session.on_the_line(), Duration::from_secs(120));
}

#[test]
fn voice_that_fails_or_is_silent_ends_the_session() {
    let mut session = Session::new(Config::default());
    session.handle(Duration::ZERO, Input::Started);
    let decision = Input::Decision {
        turn: 1,
        lines: vec!["Hello.".into()],
        then: Some(LISTEN),
    };
    session.handle(Duration::ZERO, decision);
    let mut silent = session.clone();
    session.handle(Duration::ZERO, Input::Speechless { line: 1 });
    assert!(session.is_over());
    for step in 0..600 {
        let at = FRAME_TIME * step;
        silent.handle(
            at,
            Input::Media {
                timestamp_ms: None,
                payload: &SILENCE,
            },
        );
    }
    let last = std::iter::from_fn(|| silent.poll()).last();
    assert_eq!(last, Some(Output::End(EndReason::NoVoice)));
}

#[test]
fn frames_at_once_and_a_clear_among_them_keep_their_places() {
    let config = Config {
        record: true,
        ..Config::default()
    };
    let mut line = scripted(config);
    line.run(400);
    line.speak("stop stop stop stop", Some(3.0));
    // 250 frames arrive at once.
    for _ in 0..250 {
        let (place, frame) = line.next_frame();
        line.put(Input::Media {
            timestamp_ms: Some(place),
            payload: &frame,
        });
    }
    assert_eq!(line.clears.len(), 1);
    assert_eq!(line.record.len(), 270);
    let heard: Vec<i16> = line
        .record
        .iter()
        .flat_map(|(caller, _)| audio::mulaw::decode_all(caller))
        .collect();
    assert_eq!(audio::heard(&heard).as_deref(), Some("stop stop stop stop"));
}

#[test]
fn answer_that_comes_in_parts_is_said_as_it_comes_and_stopped_by_who_interrupts() {
    // Nobody answers at once: the parts are put in by hand.
    let mut line = Line::new(Config::default(), Box::new(|_, _| None));
    let part = |line: &mut Line, text: &str, then| {
        let lines = vec![text.to_owned()];
        line.put(Input::Decision {
            turn: 1,
            lines,
            then,
        });
    };
    part(&mut line, "This is the first part.", None);
    line.run_until_quiet();
    part(&mut line, "This is the second part of it.", None);
    line.run(400);
    line.speak("wait a moment please", Some(1.0));
    line.run(3_000);
    assert_eq!(line.interrupted, [1]);
    // What the model still says of it is not said.
    part(&mut line, "And this is never heard.", Some(LISTEN));
    line.run(1_000);
    let said: Vec<_> = line
        .said
        .iter()
        .map(|(text, cut)| (text.as_str(), *cut))
        .collect();
    assert_eq!(said[0], ("This is the first part.", false));
    assert!(
        said[1].1 && "This is the second part of it.".starts_with(said[1].0),
        "{said:?}"
    );
    assert_eq!(said.len(), 2);
    assert_eq!(line.asked[1], Heard::Words("wait a moment please".into()));
}

#[test]
fn what_was_played_counts_as_heard_before_the_caller_answers_it() {
    let mut line = scripted(Config::default());
    line.marks_come = false;
    line.run_until_quiet();
    line.speak("yes I am", None);
    line.run(3_000);
    // The marks have been lost, and the words are known all the same when the next turn is asked for.
    let order: Vec<_> = line.said.iter().map(|(text, _)| text.as_str()).collect();
    assert_eq!(order[..2], ["Hello, this is a test.", "Are you salaried?"]);
    assert_eq!(line.said_before_asking[1], 2);
}

#[test]
fn recording_ends_with_the_longest_call() {
    let mut config = Config {
        record: true,
        ..Config::default()
    };
    config.limits.call_s = 2;
    let mut line = scripted(config);
    // A stream that says it is a minute ahead of itself, twice.
    for ahead in [60_000, 119_000] {
        line.put(Input::Media {
            timestamp_ms: Some(ahead),
            payload: &SILENCE,
        });
    }
    assert!(
        (100..=101).contains(&line.record.len()),
        "{}",
        line.record.len()
    );
    assert_eq!(line.end, None);
}

#[test]
fn frame_is_sent_though_the_callers_is_late() {
    let mut line = scripted(Config::default());
    line.run(400);
    let sent = line.frames;
    // Nothing comes from the caller for 60 ms but what the session wishes for.
    let until = line.now + Duration::from_millis(60);
    let mut late = 0;
    while let Some(wish) = line.session.next_wish().filter(|wish| *wish <= until) {
        line.session.handle(wish, Input::Tick);
        while let Some(output) = line.session.poll() {
            late += usize::from(matches!(output, Output::Frame(_)));
        }
    }
    assert!(sent > 0 && (2..=3).contains(&late), "{sent} {late}");
}

#[test]
fn what_is_said_is_given_out_while_it_is_said_and_is_what_is_transcribed() {
    let mut line = scripted(Config::default());
    line.recognizes = false;
    line.session.listen_along();
    line.run_until_quiet();
    line.speak("yes I am", Some(1.0));
    line.run(800);
    let mut sound = Vec::new();
    let mut pieces = 0;
    let mut ends = Vec::new();
    let mut listen = |line: &mut Line| {
        while let Some(voice) = line.session.next_voice() {
            match voice {
                Voice::Sound(piece) => {
                    pieces += 1;
                    sound.extend(piece);
                }
                end => ends.push(end),
            }
        }
        (pieces, ends.clone())
    };
    let (before, ended) = listen(&mut line);
    assert!(before > 20 && ended.is_empty(), "{before} {ended:?}");
    line.run(2_000);
    let (_, ended) = listen(&mut line);
    let whole = Voice::Ended {
        utterance: 1,
        joins: false,
    };
    assert_eq!(ended, [whole]);
    assert_eq!(line.unrecognized, [(1, sound.len())]);
    assert_eq!(
        audio::heard(&audio::mulaw::decode_all(&sound)).as_deref(),
        Some("yes I am")
    );
}
