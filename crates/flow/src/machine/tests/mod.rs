//! Whole interviews, played by hand.

mod answers;
mod coach;
mod ends;
mod questions;
mod silence;

use chrono::Duration;

use super::*;
use crate::progress::{Recording, Usage};

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

    /// The answer to the question with this number has these words.
    fn words(&mut self, number: u32, words: &str) -> Step {
        self.machine()
            .recorded(number, &recording(number), "completed");
        self.machine().transcribed(number, words, usage())
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
