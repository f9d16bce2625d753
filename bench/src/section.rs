//! A part's place in the report: its table, and how far its figures should get.

use std::fmt;

use serde_json::Value;

use crate::aims::Aim;

/// What a part shows.
pub struct Section {
    /// The part.
    pub part: &'static str,
    /// Writes its table.
    pub write: fn(&Figures<'_>, &mut String) -> fmt::Result,
    /// How far it should get.
    pub aims: &'static [Aim],
}

/// The figures of a part.
pub struct Figures<'a>(pub &'a Value);

impl Figures<'_> {
    /// A figure; 0 where there is none.
    pub fn get(&self, name: &str) -> f64 {
        self.0[name].as_f64().unwrap_or_default()
    }

    /// Whether it was measured.
    pub fn has(&self, name: &str) -> bool {
        self.0[name].is_number()
    }

    /// Figures that repeat.
    pub fn list(&self, name: &str) -> impl Iterator<Item = Figures<'_>> {
        self.0[name].as_array().into_iter().flatten().map(Figures)
    }

    /// A word.
    pub fn word(&self, name: &str) -> &str {
        self.0[name].as_str().unwrap_or_default()
    }
}
