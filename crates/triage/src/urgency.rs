//! How urgent a text is, and which danger it tells of.

use std::ops::Range;

use crate::kinds::{Danger, Level, Season, Trade, When};
use crate::pattern::find;
use crate::rules::{CALM, COLD, FRAIL, HARMLESS, HEAT, PAST, RULES, Rule, SOON};
use crate::words::words;

/// What the rules find.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Urgency {
    /// How urgent.
    pub level: Level,
    /// The danger, of an emergency.
    pub danger: Option<Danger>,
    /// The words that it rests on.
    pub words: String,
}

/// How urgent a text is, to a business of this trade in this season.
#[must_use]
pub fn urgency(trade: Trade, season: Season, text: &str) -> Urgency {
    let words = words(text);
    let past = has(&words, PAST);
    let calm = has(&words, CALM);
    let mut best = Urgency {
        level: Level::Normal,
        danger: None,
        words: String::new(),
    };
    for rule in RULES.iter().filter(|rule| rule.is_of(trade)) {
        let Some(place) = rule.place(&words) else {
            continue;
        };
        let level = level(rule, season, &words, past, calm);
        if level > best.level {
            best = Urgency {
                level,
                danger: (level == Level::Emergency).then_some(rule.danger),
                words: words.get(place).unwrap_or_default().join(" "),
            };
        }
    }
    if best.level == Level::Normal && !calm && !past && has(&words, SOON) {
        best.level = Level::Urgent;
    }
    best
}

/// Whether a calm, past or supposed matter is meant counts less where people may die.
fn level(rule: &Rule, season: Season, words: &[String], past: bool, calm: bool) -> Level {
    let holds = match rule.when {
        When::Always => true,
        When::Cold => season == Season::Winter || has(words, COLD) || has(words, FRAIL),
        When::Heat => {
            has(words, HEAT) && (season == Season::Summer || has(words, FRAIL)) || has(words, FRAIL)
        }
        When::Frail => has(words, FRAIL),
    };
    if past || calm && !rule.danger.is_deadly() {
        Level::Normal
    } else if holds {
        rule.level
    } else {
        Level::Urgent
    }
}

fn has(words: &[String], patterns: &[&str]) -> bool {
    patterns
        .iter()
        .any(|it| find(it, words, |_| true).is_some())
}

impl Rule {
    fn is_of(&self, trade: Trade) -> bool {
        self.trades.is_empty() || trade == Trade::Other || self.trades.contains(&trade)
    }

    /// Where it applies: not where the words before deny it.
    fn place(&self, words: &[String]) -> Option<Range<usize>> {
        let denied = |place: &Range<usize>| {
            let from = place.start.saturating_sub(3);
            let before = words.get(from..place.start).unwrap_or_default();
            before.iter().any(|word| is_denial(word))
        };
        let harmless = |place: &Range<usize>| {
            let found = words.get(place.start..(place.end + 1).min(words.len()));
            HARMLESS
                .iter()
                .any(|it| find(it, found.unwrap_or_default(), |_| true).is_some())
        };
        let accepted = |place: &Range<usize>| !denied(place) && !harmless(place);
        self.patterns
            .iter()
            .find_map(|it| find(it, words, accepted))
    }
}

fn is_denial(word: &str) -> bool {
    matches!(
        word,
        "no" | "not"
            | "isnt"
            | "arent"
            | "wasnt"
            | "didnt"
            | "doesnt"
            | "never"
            | "without"
            | "prevent"
            | "avoid"
            | "if"
            | "supposed"
            | "dont"
    )
}
