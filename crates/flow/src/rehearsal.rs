//! A flow played to its end without anybody on the line: what a caller hears, for whoever writes it.

use clock::Time;

use crate::definition::Definition;
use crate::document::Then;
use crate::machine::{Effect, Machine, Step, Turn};
use crate::progress::{Progress, Recording};

/// More steps than any flow takes.
const MOST_STEPS: usize = 500;

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Party {
    /// The platform.
    Platform,
    /// The caller, as far as it is known before anybody calls.
    Caller,
}

/// Something that is heard on the line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// Who says it.
    pub by: Party,
    /// The words, or what stands for them.
    pub text: String,
}

/// Plays it. The caller of the rehearsal answers every question; those of yes and no with `yes`.
pub fn rehearse(
    definition: &Definition,
    language: &str,
    consent_notice: bool,
    yes: bool,
) -> Vec<Heard> {
    let mut progress = Progress::default();
    let mut heard = Vec::new();
    let mut step = machine(definition, language, consent_notice, &mut progress).begin("");
    for _ in 0..MOST_STEPS {
        let mut play = machine(definition, language, consent_notice, &mut progress);
        let late = written(&mut play, &step);
        // Whoever waited for a question hears it now.
        if let Some(late) = late.filter(|_| !matches!(step.turn, Turn::Say(_))) {
            step = late;
            continue;
        }
        let Some(next) = answer(&mut play, &step, yes, &mut heard) else {
            break;
        };
        step = next;
    }
    heard
}

fn machine<'a>(
    definition: &'a Definition,
    language: &str,
    consent_notice: bool,
    progress: &'a mut Progress,
) -> Machine<'a> {
    Machine::new(definition, language, progress, Time::default())
        .with_consent_notice(consent_notice)
}

/// Writes the questions that were asked for.
fn written(play: &mut Machine<'_>, step: &Step) -> Option<Step> {
    let mut last = None;
    for effect in &step.effects {
        if let Effect::Write { ordinal, number } = effect {
            let text = format!("(Question {number} is written for this caller.)");
            last = Some(play.written(*ordinal, &text, false));
        }
    }
    last.filter(|step| matches!(step.turn, Turn::Say(_)))
}

/// What the caller does then; none: the call is over.
fn answer(play: &mut Machine<'_>, step: &Step, yes: bool, heard: &mut Vec<Heard>) -> Option<Step> {
    let mut hear = |by, text: &str| {
        heard.push(Heard {
            by,
            text: text.to_owned(),
        });
    };
    let document = match &step.turn {
        Turn::Say(document) => document,
        Turn::Hold { .. } => {
            return Some(play.summed_up(Some("(Feedback is written for this caller.)"), true));
        }
        Turn::None => return None,
    };
    for line in &document.lines {
        hear(Party::Platform, line);
    }
    match document.then {
        Then::Menu => {
            hear(Party::Caller, "presses 1");
            Some(play.chosen("1", "", None))
        }
        Then::Record(number) => {
            hear(Party::Caller, "answers");
            let recording = Recording {
                sid: format!("RE{number}"),
                ..Recording::default()
            };
            Some(play.answered(Some(number), &recording, false))
        }
        Then::YesNo(number) => {
            let (word, digits) = if yes { ("yes", "1") } else { ("no", "2") };
            hear(Party::Caller, word);
            Some(play.decided(Some(number), digits, "", None))
        }
        Then::GoOn => Some(play.go_on()),
        Then::Message | Then::HangUp => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn heard(definition: &serde_json::Value, yes: bool) -> Vec<String> {
        let definition = Definition::read(definition).unwrap();
        let heard = rehearse(&definition, "", false, yes);
        heard.into_iter().map(|it| it.text).collect()
    }

    #[test]
    fn eligibility_ends_with_the_words_for_its_answers() {
        let flow = json!({
            "name": "loan", "kind": "eligibility", "greeting": "Hello.", "eligible": "Great.", "not_eligible": "Sorry.",
            "questions": [{ "ask": "Employed?", "expect": "yes_no" }, { "ask": "In a city?", "expect": "yes_no" }],
        });
        let lines = heard(&flow, true);
        assert_eq!(lines.first().unwrap(), "Hello.");
        assert!(lines.iter().any(|it| it == "In a city?"), "{lines:?}");
        assert_eq!(lines.last().unwrap(), "Great.");
        assert_eq!(heard(&flow, false).last().unwrap(), "Sorry.");
    }

    #[test]
    fn screener_asks_each_question_once() {
        let flow = json!({ "name": "s", "kind": "screener", "questions": ["Why us?", "Why you?"], "completion": "Bye." });
        let lines = heard(&flow, true);
        for question in ["Why us?", "Why you?"] {
            let times = lines.iter().filter(|it| *it == question).count();
            assert_eq!(times, 1, "{lines:?}");
        }
        assert_eq!(lines.iter().filter(|it| *it == "answers").count(), 2);
        assert_eq!(lines.last().unwrap(), "Bye.");
    }

    #[test]
    fn coach_is_played_to_the_feedback() {
        let lines = rehearse(&Definition::coach(), "", false, true);
        let written = lines
            .iter()
            .filter(|it| it.text.contains("is written for this caller"));
        // Five questions and the feedback.
        assert_eq!(written.count(), 6, "{lines:#?}");
        assert_eq!(lines.iter().filter(|it| it.text == "presses 1").count(), 1);
    }
}
