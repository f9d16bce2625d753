//! What becomes of an answer: its recording, its words, its score, in whichever order they come.

use proptest::prelude::*;

use super::*;
use crate::outcome::Outcome;
use crate::progress::Transcription;

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
fn answer_on_its_way_is_not_asked_for_again() {
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
