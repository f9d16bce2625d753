//! Counts by day, and the days of a form.

use chrono::NaiveDate;
use serde::Deserialize;

use super::shapes::Call;

/// How many calls there were on a day, by how they went.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Day {
    pub day: String,
    #[serde(alias = "calls")]
    pub total: i64,
    pub answered: i64,
    pub missed: i64,
    pub failed: i64,
    pub duration_s: i64,
}

/// The days of a period.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Summary {
    pub days: Vec<Day>,
}

impl Day {
    /// Neither answered nor missed.
    pub fn other(&self) -> i64 {
        (self.total - self.answered - self.missed).max(0)
    }
}

impl Summary {
    /// Of these calls, those of one day.
    pub fn of(calls: &[Call], day: &str) -> Self {
        let mut sum = Day {
            day: day.to_owned(),
            ..Day::default()
        };
        let that_day = |call: &&Call| {
            let began = call.started_at.map(|at| at.format("%Y-%m-%d").to_string());
            began.as_deref() == Some(day)
        };
        for call in calls.iter().filter(that_day) {
            sum.total += 1;
            match call.outcome.as_deref() {
                Some("answered") => sum.answered += 1,
                Some("missed") => sum.missed += 1,
                Some("failed") => sum.failed += 1,
                _ => {}
            }
        }
        Self { days: vec![sum] }
    }

    /// All calls.
    pub fn total(&self) -> i64 {
        self.days.iter().map(|it| it.total).sum()
    }

    /// Those that were answered.
    pub fn answered(&self) -> i64 {
        self.days.iter().map(|it| it.answered).sum()
    }

    /// Those that were missed.
    pub fn missed(&self) -> i64 {
        self.days.iter().map(|it| it.missed).sum()
    }
}

/// The beginning of a day that a form gave, as the API takes it.
pub fn begin_of(day: &str) -> String {
    let day = day.parse::<NaiveDate>();
    day.map_or_else(|_| String::new(), |day| format!("{day}T00:00:00Z"))
}

/// The beginning of the day after: days of a form count whole.
pub fn end_of(day: &str) -> String {
    let day = day.parse::<NaiveDate>().ok();
    let next = day.and_then(|day| day.succ_opt());
    next.map_or_else(String::new, |day| format!("{day}T00:00:00Z"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn day_of_a_form_counts_whole() {
        assert_eq!(begin_of("2026-11-29"), "2026-11-29T00:00:00Z");
        assert_eq!(end_of("2026-11-30"), "2026-12-01T00:00:00Z");
        assert_eq!((begin_of("x"), end_of("")), (String::new(), String::new()));
    }
}
