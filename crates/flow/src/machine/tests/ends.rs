//! Who picked up, if anybody, and how a call ends.

use serde_json::json;

use super::*;
use crate::outcome::Outcome;

#[test]
fn who_hangs_up_in_an_answer_has_answered() {
    let mut play = Play::screener();
    play.machine().begin("human");
    play.answer(1);
    play.words(1, "I am here.");
    play.machine().ended("completed", None);
    assert_eq!(play.verdict().unwrap().outcome, Outcome::Abandoned);
    // The action comes after the end of the call.
    let step = play.machine().answered(Some(2), &recording(2), true);
    assert_eq!(said(&step).1, Then::HangUp);
    assert_eq!(play.verdict().unwrap().outcome, Outcome::Completed);
}

#[test]
fn nobody_picks_up() {
    let mut play = Play::screener();
    play.machine().ended("busy", Some(486));
    let verdict = play.verdict().unwrap();
    assert_eq!(
        (verdict.outcome, verdict.reason.as_str()),
        (Outcome::Failed, "busy (SIP 486)")
    );
}

#[test]
fn machine_hears_the_message_and_is_no_interview() {
    let definition = Definition::read(
        &json!({"name": "s", "kind": "screener", "questions": ["One?"],
        "machine": {"action": "message", "message": "Call us back."}}),
    )
    .unwrap();
    let mut play = Play::of(definition);
    let step = play.machine().begin("machine_end_beep");
    assert_eq!(said(&step), ("Call us back.".into(), Then::Message));
    play.machine().ended("completed", None);
    assert_eq!(play.verdict().unwrap().reason, "machine");
}

fn with_message() -> Play {
    let definition = Definition::read(
        &json!({"name": "s", "kind": "screener", "questions": ["One?", "Two?"],
        "recording_notice": "You are recorded.",
        "machine": {"action": "message", "message": "Call us back."}}),
    );
    Play::of(definition.unwrap())
}

#[test]
fn what_was_lost_is_said_again() {
    let mut play = with_message();
    let greeted = said(&play.machine().begin("human"));
    assert!(greeted.0.contains("You are recorded."), "{greeted:?}");
    assert_eq!(said(&play.machine().continued("", None)), greeted);
    let second = said(&play.answer(1));
    assert_eq!(said(&play.answer(1)), second);
    let last = said(&play.answer(2));
    assert!(last.0.contains("completing"), "{last:?}");
    assert_eq!(said(&play.machine().go_on()), last);

    let mut machine = with_message();
    let message = said(&machine.machine().begin("machine_end_beep"));
    assert_eq!(message, ("Call us back.".into(), Then::Message));
    assert_eq!(said(&machine.machine().continued("", None)), message);
}

#[test]
fn machine_that_is_told_of_late_is_let_go() {
    let mut play = with_message();
    play.machine().begin("");
    play.machine().detected("machine_end_beep");
    assert_eq!(said(&play.answer(1)).0, "Call us back.");
    let recorded = play.machine().recorded(1, &recording(1), "completed");
    assert_eq!(recorded, Step::nothing());
    play.machine().ended("completed", None);
    assert_eq!(play.verdict().unwrap().reason, "machine");

    // It was told of before the call was.
    let mut play = with_message();
    play.machine().detected("machine_end_beep");
    assert_eq!(said(&play.machine().begin("")).0, "Call us back.");

    // Who has answered is a person.
    let mut play = with_message();
    play.machine().begin("");
    play.answer(1);
    play.machine().detected("machine_start");
    assert_eq!(said(&play.answer(2)).1, Then::HangUp);
    play.words(1, "I am here.");
    play.machine().ended("completed", None);
    assert_eq!(play.verdict().unwrap().outcome, Outcome::Completed);
}

#[test]
fn nobody_is_asked_after_the_end() {
    let mut play = Play::coach();
    play.machine().begin("");
    let Turn::Hold { turn, .. } = play.machine().chosen("1", "", None).turn else {
        panic!()
    };
    play.machine().ended("completed", None);
    play.machine().due(turn);
    play.machine().written(1, "Why?", false);
    assert_eq!(play.progress.asked, []);

    let mut late = Play::screener();
    late.machine().ended("completed", None);
    assert_eq!(late.machine().begin("human"), Step::hang_up());
    assert_eq!(late.verdict().unwrap().reason, "nobody");

    let mut hung_up = Play::screener();
    hung_up.machine().begin("");
    hung_up.machine().answered(Some(1), &recording(1), true);
    assert_eq!(hung_up.verdict().unwrap().outcome, Outcome::Abandoned);
}
