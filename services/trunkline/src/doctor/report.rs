//! What the doctor says, a line for each part.

use std::time::Duration;

use crate::terminal::{Colour, paint, say};

/// How long anything that is looked at may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(8);

#[derive(Default)]
pub(super) struct Report {
    pub(super) faults: usize,
}

impl Report {
    pub(super) fn ok(&mut self, part: &str, what: impl std::fmt::Display) {
        say(format!(
            "{}  {part:<15} {what}",
            paint(Colour::Green, "ok   ")
        ));
    }

    pub(super) fn note(&mut self, part: &str, what: impl std::fmt::Display) {
        say(format!(
            "{}  {part:<15} {what}",
            paint(Colour::Yellow, "note ")
        ));
    }

    pub(super) fn fault(&mut self, part: &str, what: impl std::fmt::Display) {
        self.faults += 1;
        say(format!(
            "{}  {part:<15} {what}",
            paint(Colour::Red, "fault")
        ));
    }
}
