//! How long callers on a stream wait for an answer, and for which part of it.

use actix_web::web::{Data, Json};
use api::{ApiError, Caller, Period, Query};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;

use super::State;
use crate::db::{self, Turn};

/// As many turns are looked at, the latest of the time.
const MOST_TURNS: i64 = 20_000;

/// The turns of a time.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Latency {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    /// How many were looked at: the latest 20,000.
    turns: usize,
    /// In how many of them the caller spoke into the answer.
    interrupted: usize,
    stages: Vec<Stage>,
}

/// A part of an answer.
#[derive(Debug, Serialize, JsonSchema)]
struct Stage {
    /// `transcription`, `decision`, `speech`, or `response`: from the caller's last sound to our first.
    stage: &'static str,
    /// What it may take.
    budget_ms: i64,
    /// How many turns had it.
    count: usize,
    p50_ms: Option<i64>,
    p90_ms: Option<i64>,
    p95_ms: Option<i64>,
    p99_ms: Option<i64>,
    max_ms: Option<i64>,
}

pub async fn show(
    state: Data<State>,
    caller: Caller,
    period: Query<Period>,
) -> Result<Json<Latency>, ApiError> {
    let range = period.range(state.clock.now())?;
    let tenant = period.tenant(&caller)?;
    let mut tx = state.store.read().await?;
    let turns = db::turn_list(&mut tx, tenant.as_deref(), range, MOST_TURNS).await?;
    let column = |of: fn(&Turn) -> Option<i64>| turns.iter().filter_map(of).collect();
    Ok(Json(Latency {
        from: range.0,
        to: range.1,
        turns: turns.len(),
        interrupted: turns.iter().filter(|it| it.4).count(),
        // The budgets of the timeline.
        stages: vec![
            stage("transcription", 350, column(|it| it.0)),
            stage("decision", 375, column(|it| it.1)),
            stage("speech", 100, column(|it| it.2)),
            stage("response", 1115, column(|it| it.3)),
        ],
    }))
}

fn stage(stage: &'static str, budget_ms: i64, mut all: Vec<i64>) -> Stage {
    all.sort_unstable();
    let percentile = |n: usize| {
        // The nearest rank: a value that was measured.
        let rank = (all.len() * n).div_ceil(100).max(1);
        all.get(rank - 1).copied()
    };
    Stage {
        stage,
        budget_ms,
        count: all.len(),
        p50_ms: percentile(50),
        p90_ms: percentile(90),
        p95_ms: percentile(95),
        p99_ms: percentile(99),
        max_ms: all.last().copied(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentile_is_a_value_that_was_measured() {
        let it = stage("response", 1115, (1..=100).rev().collect());
        let all = [it.p50_ms, it.p90_ms, it.p95_ms, it.p99_ms, it.max_ms];
        assert_eq!(all.map(Option::unwrap), [50, 90, 95, 99, 100]);
        let one = stage("speech", 100, vec![7]);
        assert_eq!((one.p50_ms, one.p99_ms), (Some(7), Some(7)));
        let none = stage("speech", 100, Vec::new());
        assert_eq!((none.count, none.p50_ms, none.max_ms), (0, None, None));
    }
}
