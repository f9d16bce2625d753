//! Whole interviews, played by hand.

use chrono::Duration;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::outcome::Outcome;
use crate::progress::{Recording, Source, Transcription, Usage};

struct Play {
    definition: Definition,
    progress: Progress,
    at: Time,
}

impl Play {
    fn of(definition: Definition) -> Self {
        Self {
            definition,
            progress: Progress::default(),
            at: "2026-11-21T10:00:00Z".parse().unwrap(),
        }
    }

    fn coach() -> Self {
        Self::of(Definition::coach())
    }

    fn screener() -> Self {
        Self::of(Definition::screener(vec!["One?".into(), "Two?".into()]))
    }

    fn machine(&mut self) -> Machine<'_> {
        Machine::new(&self.definition, "en-US", &mut self.progress, self.at)
    }

    fn wait(&mut self, seconds: i64) {
        self.at += Duration::seconds(seconds);
    }

    /// The caller answers the question with this number.
    fn answer(&mut self, number: u32) -> Step {
        let recording = recording(number);
        self.machine().answered(Some(number), &recording, false)
    }

    fn verdict(&mut self) -> Option<Verdict> {
        self.machine().verdict()
    }
}

fn recording(number: u32) -> Recording {
    Recording {
        sid: format!("RE{number}"),
        url: String::new(),
        duration_s: Some(12),
    }
}

fn usage() -> Usage {
    Usage::default()
}

fn said(step: &Step) -> (String, Then) {
    match &step.turn {
        Turn::Say(document) => (document.lines.join(" "), document.then),
        other => panic!("{other:?} is nothing that is said"),
    }
}

fn last_line(step: &Step) -> String {
    match &step.turn {
        Turn::Say(document) => document.lines.last().cloned().unwrap_or_default(),
        other => panic!("{other:?} is nothing that is said"),
    }
}

#[test]
fn a_coached_interview_from_the_menu_to_the_feedback() {
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
fn a_late_question_is_replaced_and_asked_next() {
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
fn a_question_that_comes_in_the_wait_is_asked_at_once() {
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
fn the_last_feedback_is_wanted_by_whoever_asks_for_it_at_the_menu() {
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
fn the_menu_repeats_itself_and_gives_up() {
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
    assert_eq!(silent.verdict().unwrap().outcome, Outcome::Abandoned);
}

#[test]
fn who_hangs_up_in_an_answer_has_answered() {
    let mut play = Play::screener();
    play.machine().begin("human");
    play.answer(1);
    play.machine().ended("completed", None);
    assert_eq!(play.verdict().unwrap().outcome, Outcome::Abandoned);
    // The action comes after the end of the call.
    let step = play.machine().answered(Some(2), &recording(2), true);
    assert_eq!(said(&step).1, Then::HangUp);
    assert_eq!(play.verdict().unwrap().outcome, Outcome::Completed);
}

#[test]
fn recordings_are_told_of_before_twice_or_never() {
    let mut play = Play::screener();
    play.machine().begin("");
    let before = play.machine().recorded(1, &recording(1), "completed");
    assert_eq!(
        before.effects,
        [
            Effect::Taken(1),
            Effect::AwaitRecording(1),
            Effect::Transcribe(1)
        ]
    );
    assert_eq!(
        play.machine()
            .recorded(1, &recording(1), "completed")
            .effects,
        []
    );
    let step = play.answer(1);
    assert_eq!(said(&step).1, Then::Record(2));
    assert_eq!(play.machine().recording_due(1).effects, []);
    play.answer(2);
    assert_eq!(
        play.machine().recording_due(2).effects,
        [Effect::Transcribe(2)]
    );
    assert_eq!(
        play.machine()
            .recorded(2, &recording(2), "completed")
            .effects,
        []
    );
}

#[test]
fn what_cannot_be_transcribed_is_left_out() {
    let mut play = Play::screener();
    play.machine().begin("");
    play.answer(1);
    play.machine()
        .answered(Some(2), &Recording::default(), false);
    play.machine().recorded(1, &recording(1), "absent");
    assert_eq!(
        play.progress.answers[0].transcription,
        Transcription::Unable
    );
    assert_eq!(
        play.progress.answers[1].transcription,
        Transcription::Silent
    );
    let end = play.machine().ended("completed", None);
    assert_eq!(end.effects, [Effect::Evaluated]);
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
fn a_machine_hears_the_message_and_is_no_interview() {
    let definition = Definition::read(
        &json!({"name": "s", "kind": "screener", "questions": ["One?"],
        "machine": {"action": "message", "message": "Call us back."}}),
    )
    .unwrap();
    let mut play = Play::of(definition);
    let step = play.machine().begin("machine_end_beep");
    assert_eq!(said(&step), ("Call us back.".into(), Then::HangUp));
    play.machine().ended("completed", None);
    assert_eq!(play.verdict().unwrap().reason, "machine");
}

#[test]
fn yes_and_no_and_a_rule() {
    let definition = Definition::read(&json!({"name": "e", "kind": "eligibility", "questions": [
        {"ask": "Salaried?", "expect": "yes_no"}, {"ask": "In a city?", "expect": "yes_no"}]}))
    .unwrap();
    let mut play = Play::of(definition.clone());
    assert_eq!(said(&play.machine().begin("")).1, Then::YesNo(1));
    assert_eq!(
        said(&play.machine().decided(Some(1), "", "hmm")).1,
        Then::YesNo(1)
    );
    assert_eq!(
        said(&play.machine().decided(Some(1), "", "yes")).1,
        Then::YesNo(2)
    );
    // Twice the same webhook.
    assert_eq!(
        said(&play.machine().decided(Some(1), "", "yes")).1,
        Then::YesNo(2)
    );
    assert_eq!(
        said(&play.machine().decided(Some(2), "1", "")).1,
        Then::HangUp
    );
    play.machine().ended("completed", None);
    assert_eq!(play.verdict().unwrap().outcome, Outcome::Eligible);

    let mut play = Play::of(definition);
    play.machine().begin("");
    play.machine().decided(None, "2", "");
    play.machine().decided(None, "1", "");
    play.machine().ended("completed", None);
    assert_eq!(play.verdict().unwrap().outcome, Outcome::NotEligible);
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

#[test]
fn a_question_is_left_behind_by_hand_once() {
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
    assert_eq!(message, ("Call us back.".into(), Then::HangUp));
    assert_eq!(said(&machine.machine().continued("", None)), message);
}

#[test]
fn a_machine_that_is_told_of_late_is_let_go() {
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
    play.machine().ended("completed", None);
    assert_eq!(play.verdict().unwrap().outcome, Outcome::Completed);
}

#[test]
fn an_answer_on_its_way_is_not_asked_for_again() {
    let mut play = Play::screener();
    play.machine().begin("");
    play.machine().recorded(1, &recording(1), "completed");
    assert_eq!(said(&play.machine().go_on()).1, Then::Record(2));
    let Turn::Hold { turn, .. } = play.machine().continued("", Some(2)).turn else {
        panic!("the second answer is waited for")
    };
    assert_eq!(said(&play.machine().due(turn)).1, Then::Record(2));
    let Turn::Hold { turn, .. } = play.machine().continued("", Some(2)).turn else {
        panic!("the second answer is waited for")
    };
    assert!(said(&play.answer(2)).0.contains("completing"));
    assert_eq!(play.machine().due(turn), Step::nothing());
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

/// What may happen after two answers were given, in any order and as often as it likes.
#[derive(Debug, Clone, Copy)]
enum Late {
    Recorded(u32),
    Transcribed(u32),
    Scored(u32),
    Due(u32),
    Ended,
    Settled,
}

fn late() -> impl Strategy<Value = Vec<Late>> {
    let all = vec![
        Late::Recorded(1),
        Late::Recorded(2),
        Late::Transcribed(1),
        Late::Transcribed(2),
        Late::Scored(1),
        Late::Scored(2),
        Late::Due(1),
        Late::Due(2),
        Late::Ended,
        Late::Settled,
    ];
    prop::collection::vec(prop::sample::select(all), 0..40)
}

proptest! {
    #[test]
    fn nothing_is_asked_for_twice_whatever_comes_how_often(events in late()) {
        let mut play = Play::screener();
        play.machine().begin("");
        play.answer(1);
        play.answer(2);
        let mut effects = Vec::new();
        let all = (1..=2).flat_map(|n| [Late::Recorded(n), Late::Transcribed(n), Late::Scored(n)]);
        for event in events.into_iter().chain(all).chain([Late::Ended, Late::Settled]) {
            let at = play.at;
            let step = match event {
                Late::Recorded(n) => play.machine().recorded(n, &recording(n), "completed"),
                Late::Transcribed(n) => play.machine().transcribed(n, "words", usage()),
                Late::Scored(n) => play.machine().scored(n, 50, "", "", usage()),
                Late::Due(n) => play.machine().recording_due(n),
                Late::Ended => play.machine().ended("completed", None),
                Late::Settled => play.machine().settled(),
            };
            play.at = at + Duration::seconds(1);
            effects.extend(step.effects);
        }
        for effect in [Effect::Score(1), Effect::Score(2), Effect::Summarize] {
            prop_assert_eq!(effects.iter().filter(|e| **e == effect).count(), 1, "{:?}", effect);
        }
        for n in 1..=2 {
            prop_assert!(effects.iter().filter(|e| **e == Effect::Transcribe(n)).count() <= 1);
        }
        prop_assert_eq!(play.verdict().unwrap().outcome, Outcome::Completed);
        let kept = serde_json::to_string(&play.progress).unwrap();
        prop_assert_eq!(&serde_json::from_str::<Progress>(&kept).unwrap(), &play.progress);
    }
}
