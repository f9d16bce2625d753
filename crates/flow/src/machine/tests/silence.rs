//! A dead line is not an applicant, and a person may be taken for a machine.

use serde_json::json;

use super::*;
use crate::outcome::Outcome;
use crate::progress::Transcription;

fn eligibility() -> Play {
    let definition = Definition::read(&json!({"name": "e", "kind": "eligibility", "questions": [
        {"ask": "Salaried?", "expect": "yes_no"}, {"ask": "In a city?", "expect": "yes_no"}]}));
    Play::of(definition.unwrap())
}

fn outcome(play: &mut Play) -> Option<(Outcome, String)> {
    let verdict = play.verdict()?;
    Some((verdict.outcome, verdict.reason))
}

fn nobody() -> Option<(Outcome, String)> {
    Some((Outcome::Failed, "nobody".to_owned()))
}

#[test]
fn eligibility_call_of_silence_is_nobody_and_ends_after_the_first_question() {
    let mut play = eligibility();
    play.machine().begin("");
    for _ in 0..2 {
        let step = play.machine().decided(Some(1), "", "", None);
        assert_eq!(said(&step).1, Then::YesNo(1));
    }
    let last = play.machine().decided(Some(1), "", "", None);
    assert_eq!(said(&last), ("Goodbye!".into(), Then::HangUp));
    play.machine().ended("completed", None);
    assert_eq!(outcome(&mut play), nobody());
    assert_eq!(play.progress.answers, []);
}

#[test]
fn eligibility_answers_not_understood_no_and_nobody_are_three_outcomes() {
    for (speech, expected) in [
        ("potato", Outcome::Unclear),
        ("no", Outcome::NotEligible),
        ("", Outcome::Failed),
    ] {
        let mut play = eligibility();
        play.machine().begin("");
        for _ in 0..6 {
            play.machine().decided(None, "", speech, None);
        }
        play.machine().ended("completed", None);
        let verdict = play.verdict().unwrap();
        assert_eq!(verdict.outcome, expected, "{speech}");
    }
}

#[test]
fn eligibility_question_without_a_word_is_silent_where_others_were_answered() {
    let mut play = eligibility();
    play.machine().begin("");
    play.machine().decided(None, "1", "", None);
    for _ in 0..3 {
        play.machine().decided(None, "", "", None);
    }
    play.machine().ended("completed", None);
    assert_eq!(play.verdict().unwrap().outcome, Outcome::Unclear);
    let answers = play.progress.answers.iter();
    let states: Vec<_> = answers.map(|it| it.transcription).collect();
    assert_eq!(states, [Transcription::Done, Transcription::Silent]);
}

#[test]
fn screener_call_of_silence_is_nobody() {
    // Nothing was recorded at all.
    let mut empty = Play::screener();
    empty.machine().begin("human");
    for number in 1..=2 {
        empty
            .machine()
            .answered(Some(number), &Recording::default(), false);
    }
    empty.machine().ended("completed", None);
    assert_eq!(outcome(&mut empty), nobody());

    // The recordings have no words, which is known after the call only.
    let mut play = Play::screener();
    play.machine().begin("human");
    play.answer(1);
    play.answer(2);
    play.machine().ended("completed", None);
    assert_eq!(outcome(&mut play), None);
    play.words(1, "");
    assert_eq!(outcome(&mut play), None);
    let step = play.words(2, " ");
    assert_eq!(step.effects, [Effect::Evaluated]);
    assert_eq!(outcome(&mut play), nobody());
}

#[test]
fn screener_call_with_a_word_or_a_key_is_completed() {
    let answered = || {
        let mut play = Play::screener();
        play.machine().begin("human");
        play.answer(1);
        play.answer(2);
        play
    };
    let is_completed = |play: &mut Play| {
        play.machine().ended("completed", None);
        outcome(play) == Some((Outcome::Completed, String::new()))
    };

    let mut words = answered();
    words.words(2, "Hello.");
    assert!(is_completed(&mut words));

    let mut key = answered();
    key.machine().pressed("#");
    assert!(is_completed(&mut key));

    // What cannot be transcribed may be anything.
    let mut unable = answered();
    unable.words(1, "");
    unable.machine().unable(2, "it took too long");
    assert!(is_completed(&mut unable));

    // An operator listens to the call and moves it on.
    let mut skipped = Play::screener();
    skipped.machine().begin("human");
    skipped.machine().skipped(1);
    skipped.machine().go_on();
    skipped.machine().skipped(2);
    assert!(is_completed(&mut skipped));
}

#[test]
fn silent_caller_who_hangs_up_has_abandoned() {
    let mut play = Play::coach();
    play.machine().begin("");
    play.machine().chosen("", "", None);
    play.machine().ended("completed", None);
    assert_eq!(play.verdict().unwrap().outcome, Outcome::Abandoned);
}

fn with_message() -> Play {
    let definition = Definition::read(
        &json!({"name": "s", "kind": "screener", "questions": ["One?"],
        "machine": {"action": "message", "message": "Call us back, or press any key."}}),
    );
    Play::of(definition.unwrap())
}

#[test]
fn key_pressed_in_the_message_for_machines_begins_the_interview() {
    let mut play = with_message();
    play.machine().begin("machine_end_beep");
    let begun = play.machine().chosen("5", "", None);
    assert_eq!(said(&begun).1, Then::Record(1));
    // What Twilio took the person for changes nothing any more.
    play.machine().detected("machine_end_beep");
    assert_eq!(said(&play.answer(1)).1, Then::HangUp);
    play.machine().ended("completed", None);
    assert_eq!(play.verdict().unwrap().outcome, Outcome::Completed);
}

#[test]
fn message_for_machines_without_a_key_is_left_once() {
    let mut play = with_message();
    let message = said(&play.machine().begin("machine_end_beep"));
    assert_eq!(message.1, Then::Message);
    play.machine().ended("completed", None);
    // Too late.
    assert_eq!(said(&play.machine().chosen("5", "", None)), message);
    assert_eq!(play.verdict().unwrap().reason, "machine");
}

#[test]
fn consent_notice_is_spoken_before_the_first_question() {
    let first = |definition: &Definition, notice: bool| {
        let mut progress = Progress::default();
        let at = "2026-11-21T10:00:00Z".parse().unwrap();
        let step = Machine::new(definition, "de-DE", &mut progress, at)
            .with_consent_notice(notice)
            .begin("");
        said(&step).0
    };
    let ours = "Dieses Gespräch wird aufgezeichnet.";
    let mut definition = Definition::screener(vec!["Warum?".into()]);
    let words = first(&definition, true);
    let (before, after) = words.split_once(ours).unwrap();
    assert!(before.contains("Guten Tag") && after.contains("Warum?"));
    assert!(!first(&definition, false).contains(ours));
    definition.recording_notice = "Wir nehmen auf.".to_owned();
    for notice in [true, false] {
        let words = first(&definition, notice);
        assert!(words.contains("Wir nehmen auf.") && !words.contains(ours));
    }
}
