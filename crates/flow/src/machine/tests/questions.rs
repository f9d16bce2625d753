//! Which question is asked, and when: a late one, one that was heard before, yes or no.

use serde_json::json;

use super::*;
use crate::outcome::Outcome;
use crate::progress::{Source, Transcription};

#[test]
fn late_question_is_replaced_and_asked_next() {
    let mut play = Play::coach();
    play.machine().begin("");
    let held = play.machine().chosen("1", "", None);
    let Turn::Hold { turn, wait_ms } = held.turn else {
        panic!("{held:?}")
    };
    assert_eq!(wait_ms, 2_500);
    let step = play.machine().due(turn);
    assert_eq!(said(&step).1, Then::Record(1));
    assert_eq!(play.progress.asked[0].source, Source::Fallback);
    // It is still being written, so no other is asked for.
    assert!(step.effects.is_empty(), "{step:?}");
    play.machine().written(1, "The late one?", false);
    assert_eq!(last_line(&play.answer(1)), "The late one?");
}

#[test]
fn question_that_comes_in_the_wait_is_asked_at_once() {
    let mut play = Play::coach();
    play.machine().begin("");
    let Turn::Hold { turn, .. } = play.machine().chosen("1", "", None).turn else {
        panic!()
    };
    assert_eq!(
        last_line(&play.machine().written(1, "Just in time?", false)),
        "Just in time?"
    );
    assert_eq!(play.machine().due(turn), Step::nothing());
    // Another failure of the writer is not waited for either.
    let mut play = Play::coach();
    play.machine().begin("");
    play.machine().chosen("1", "", None);
    assert_eq!(said(&play.machine().not_written(1)).1, Then::Record(1));
}

#[test]
fn no_question_is_asked_twice() {
    let mut play = Play::coach();
    play.machine().begin("");
    play.machine().written(1, "Why?", false);
    play.machine().chosen("1", "", None);
    play.machine().written(2, " why ", false);
    for number in 1..=5 {
        let step = play.answer(number);
        if let Turn::Hold { turn, .. } = step.turn {
            play.machine().due(turn);
        }
    }
    let mut texts: Vec<_> = play
        .progress
        .asked
        .iter()
        .map(|asked| asked.text.to_lowercase())
        .collect();
    assert_eq!(texts.len(), 5);
    texts.sort();
    texts.dedup();
    assert_eq!(texts.len(), 5);
}

#[test]
fn yes_and_no_and_a_rule() {
    let definition = Definition::read(&json!({"name": "e", "kind": "eligibility", "questions": [
        {"ask": "Salaried?", "expect": "yes_no"}, {"ask": "In a city?", "expect": "yes_no"}]}))
    .unwrap();
    let mut play = Play::of(definition.clone());
    assert_eq!(said(&play.machine().begin("")).1, Then::YesNo(1));
    assert_eq!(
        said(&play.machine().decided(Some(1), "", "hmm", None)).1,
        Then::YesNo(1)
    );
    assert_eq!(
        said(&play.machine().decided(Some(1), "", "yes", None)).1,
        Then::YesNo(2)
    );
    // Twice the same webhook.
    assert_eq!(
        said(&play.machine().decided(Some(1), "", "yes", None)).1,
        Then::YesNo(2)
    );
    assert_eq!(
        said(&play.machine().decided(Some(2), "1", "", None)).1,
        Then::HangUp
    );
    play.machine().ended("completed", None);
    assert_eq!(play.verdict().unwrap().outcome, Outcome::Eligible);

    let mut play = Play::of(definition.clone());
    play.machine().begin("");
    play.machine().decided(None, "1", "", None);
    for _ in 0..2 {
        play.machine()
            .decided(None, "", "I don\u{2019}t understand the question", None);
    }
    let last = play.machine().decided(None, "", "no", Some(0.1));
    assert_eq!(said(&last).1, Then::HangUp);
    play.machine().ended("completed", None);
    assert_eq!(play.verdict().unwrap().outcome, Outcome::Unclear);

    let mut play = Play::of(definition);
    play.machine().begin("");
    play.machine().decided(None, "2", "", None);
    play.machine().decided(None, "1", "", None);
    play.machine().ended("completed", None);
    assert_eq!(play.verdict().unwrap().outcome, Outcome::NotEligible);
}

#[test]
fn question_is_left_behind_by_hand_once() {
    let mut play = Play::screener();
    play.machine().begin("");
    assert_eq!(play.machine().skipped(1).turn, Turn::None);
    assert_eq!(play.machine().skipped(1), Step::nothing());
    assert_eq!(said(&play.machine().go_on()).1, Then::Record(2));
    play.answer(2);
    play.machine().ended("completed", None);
    assert_eq!(play.verdict().unwrap().outcome, Outcome::Completed);
    assert_eq!(
        play.progress.answers[0].transcription,
        Transcription::Silent
    );
}

#[test]
fn what_nobody_would_listen_to_is_not_said() {
    let mut play = Play::coach();
    play.machine().begin("");
    play.machine().written(1, &"Why? ".repeat(1_000), false);
    play.machine().chosen("1", "", None);
    assert_eq!(play.progress.asked[0].source, Source::Fallback);
    let long = "Well done. ".repeat(1_000);
    play.machine().summed_up(Some(&long), false);
    let kept = play.progress.feedback.unwrap();
    assert!(
        kept.len() <= 3_000 && kept.ends_with("done."),
        "{}",
        kept.len()
    );
}

#[test]
fn who_has_heard_every_question_there_is_has_completed() {
    let mut play = Play::of(Definition {
        written: Some(crate::definition::Written { count: 50 }),
        ..Definition::coach()
    });
    play.machine().begin("");
    play.machine().not_written(1);
    let mut step = play.machine().chosen("1", "", None);
    while let Then::Record(number) = said(&step).1 {
        play.machine().not_written(number + 1);
        let empty = Recording::default();
        step = play.machine().answered(Some(number), &empty, false);
    }
    assert_eq!(said(&play.machine().go_on()).1, Then::HangUp);
    play.machine().ended("completed", None);
    assert_eq!(play.verdict().unwrap().outcome, Outcome::Completed);
}
