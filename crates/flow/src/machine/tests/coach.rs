//! A coached interview: the menu, the questions that are written meanwhile, the feedback.

use super::*;
use crate::outcome::Outcome;
use crate::progress::Source;

#[test]
fn coached_interview_from_the_menu_to_the_feedback() {
    let mut play = Play::coach();
    let greeted = play.machine().begin("");
    assert_eq!(said(&greeted).1, Then::Menu);
    assert_eq!(
        greeted.effects,
        [Effect::Write {
            ordinal: 1,
            number: 1
        }]
    );
    let prepared = play.machine().written(1, "What do you build?", true);
    assert_eq!(
        prepared.effects,
        [Effect::Prepare("What do you build?".into())]
    );

    let mut step = play.machine().chosen("1", "", None);
    for number in 1..=5 {
        assert_eq!(said(&step).1, Then::Record(number));
        if number < 5 {
            let ordinal = number + 1;
            assert!(
                step.effects.contains(&Effect::Write {
                    ordinal,
                    number: ordinal
                }),
                "{step:?}"
            );
            play.machine()
                .written(ordinal, &format!("Question {ordinal}?"), true);
        }
        play.wait(20);
        step = play.answer(number);
        assert!(step.effects.contains(&Effect::Taken(number)));
    }
    assert_eq!(said(&step).1, Then::GoOn);
    let waits = play.machine().go_on();
    let Turn::Hold { turn, .. } = waits.turn else {
        panic!("{waits:?}")
    };

    for number in 1..=5 {
        assert_eq!(
            play.machine()
                .recorded(number, &recording(number), "completed")
                .effects,
            [Effect::Transcribe(number)]
        );
        assert_eq!(
            play.machine()
                .transcribed(number, "I build bridges.", usage())
                .effects,
            [Effect::Score(number)]
        );
        let step = play
            .machine()
            .scored(number, 70, "Good.", "bridges", usage());
        assert_eq!(step.effects.contains(&Effect::Summarize), number == 5);
    }
    let told = play.machine().summed_up(Some("You build well."), true);
    assert!(said(&told).0.starts_with("You build well."), "{told:?}");
    assert_eq!(told.effects, [Effect::Evaluated]);
    assert_eq!(play.machine().due(turn), Step::nothing());
    play.machine().ended("completed", None);
    assert_eq!(play.verdict().unwrap().outcome, Outcome::Completed);
    assert!(
        play.progress
            .asked
            .iter()
            .all(|asked| asked.source == Source::Written)
    );
}

#[test]
fn last_feedback_is_wanted_by_whoever_asks_for_it_at_the_menu() {
    let mut play = Play::coach();
    assert!(!play.machine().wants_feedback("2", ""), "before the menu");
    play.machine().begin("");
    for (digits, speech) in [("2", ""), ("", "my feedback, please")] {
        assert!(play.machine().wants_feedback(digits, speech));
    }
    for (digits, speech) in [("1", ""), ("3", ""), ("0", ""), ("", ""), ("", "help")] {
        assert!(!play.machine().wants_feedback(digits, speech));
    }
    play.machine().chosen("1", "", None);
    assert!(!play.machine().wants_feedback("2", ""), "after the menu");
}

#[test]
fn menu_without_an_answer_is_repeated_three_times() {
    let mut play = Play::coach();
    play.machine().begin("");
    assert!(
        said(&play.machine().chosen("", "", None))
            .0
            .starts_with("Sorry")
    );
    assert!(
        said(&play.machine().chosen("2", "", None))
            .0
            .starts_with("There is no feedback")
    );
    assert!(
        said(&play.machine().chosen("", "help", None))
            .0
            .starts_with("In a mock interview")
    );
    let heard = play.machine().chosen("2", "", Some("Speak up."));
    assert!(said(&heard).0.contains("Speak up."));
    assert_eq!(said(&play.machine().chosen("3", "", None)).1, Then::HangUp);
    play.machine().ended("completed", None);
    assert_eq!(play.verdict().unwrap().outcome, Outcome::Completed);

    let mut silent = Play::coach();
    silent.machine().begin("");
    for _ in 0..2 {
        assert_eq!(said(&silent.machine().chosen("", "", None)).1, Then::Menu);
    }
    assert_eq!(said(&silent.machine().chosen("", "", None)).1, Then::HangUp);
    silent.machine().ended("completed", None);
    assert_eq!(silent.verdict().unwrap().reason, "nobody");
}

#[test]
fn feedback_that_takes_too_long_is_promised() {
    let mut play = Play::of(Definition {
        written: None,
        questions: Definition::screener(vec!["One?".into()]).questions,
        ..Definition::coach()
    });
    play.machine().begin("");
    play.machine().chosen("1", "", None);
    play.answer(1);
    let mut rounds = 0;
    while let Turn::Hold { turn, wait_ms } = play.machine().go_on().turn {
        play.wait(i64::from(wait_ms / 1_000));
        let step = play.machine().due(turn);
        rounds += 1;
        if said(&step).1 == Then::HangUp {
            assert!(said(&step).0.contains("not ready yet"));
            break;
        }
        assert_eq!(said(&step).1, Then::GoOn);
    }
    assert_eq!(rounds, 5);
}
