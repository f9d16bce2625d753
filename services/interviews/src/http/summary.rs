//! How many interviews went how far, what they scored, and what AI cost for them.

use actix_web::web::{Data, Json};
use api::{ApiError, Caller, Period, Query};
use chrono::{DateTime, Utc};
use schemars::JsonSchema;
use serde::Serialize;

use super::State;
use crate::db::{self, Counted, DayCount, Funnel, Spent};

/// How wide a step of the scores is.
const STEP: i64 = 10;

/// Interviews, counted.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Summary {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    /// How far they have come: each step is a part of the one before.
    funnel: Steps,
    /// How many have which score, in steps of ten.
    scores: Vec<Score>,
    ai: Ai,
    /// Those that are over, by the day in UTC on which they were made.
    days: Vec<Day>,
}

/// How far interviews have come.
#[derive(Debug, Serialize, JsonSchema)]
struct Steps {
    made: i64,
    /// A call was placed or taken.
    called: i64,
    /// A person was on the line.
    picked_up: i64,
    /// At least one answer was given.
    answered: i64,
    /// Every question was asked.
    completed: i64,
    /// The results are there.
    evaluated: i64,
}

/// A step of the scores.
#[derive(Debug, Serialize, JsonSchema)]
struct Score {
    /// The lowest score of the step.
    from: i64,
    /// The highest.
    to: i64,
    interviews: i64,
}

/// What AI did.
#[derive(Debug, Serialize, JsonSchema)]
struct Ai {
    /// Interviews for which it was asked, and that are over.
    interviews: i64,
    /// In millionths of a US dollar, as far as prices are known.
    cost_micro_usd: f64,
    /// Of one interview, on average.
    mean_micro_usd: f64,
    /// Of the dearest one.
    most_micro_usd: f64,
    prompt_tokens: f64,
    completion_tokens: f64,
}

/// A day.
#[derive(Debug, Serialize, JsonSchema)]
struct Day {
    day: String,
    interviews: i64,
    cost_micro_usd: f64,
}

impl From<Funnel> for Steps {
    fn from(it: Funnel) -> Self {
        Self {
            made: it.made,
            called: it.called,
            picked_up: it.picked_up,
            answered: it.answered,
            completed: it.completed,
            evaluated: it.evaluated,
        }
    }
}

impl From<Spent> for Ai {
    fn from(it: Spent) -> Self {
        let interviews = u32::try_from(it.interviews).unwrap_or(u32::MAX).max(1);
        Self {
            interviews: it.interviews,
            cost_micro_usd: it.cost_micro_usd,
            mean_micro_usd: it.cost_micro_usd / f64::from(interviews),
            most_micro_usd: it.most_micro_usd,
            prompt_tokens: it.prompt_tokens,
            completion_tokens: it.completion_tokens,
        }
    }
}

pub(super) async fn show(
    state: Data<State>,
    caller: Caller,
    period: Query<Period>,
) -> Result<Json<Summary>, ApiError> {
    let (since, until) = period.range(state.clock.now())?;
    let which = Counted {
        tenant: period.tenant(&caller)?,
        since,
        until,
    };
    let mut tx = state.store.read().await?;
    let scores = db::scores(&mut tx, &which).await?;
    let days = db::interviews_by_day(&mut tx, &which).await?;
    Ok(Json(Summary {
        from: since,
        to: until,
        funnel: db::funnel(&mut tx, &which).await?.into(),
        scores: steps(&scores),
        ai: db::spent(&mut tx, &which).await?.into(),
        days: days.into_iter().filter_map(day).collect(),
    }))
}

/// Ten steps, also those without an interview. 100 belongs to the last.
fn steps(scores: &[(i64, i64)]) -> Vec<Score> {
    let step = |n: i64| {
        let from = n * STEP;
        let to = if n == 9 { 100 } else { from + STEP - 1 };
        let fitting = scores
            .iter()
            .filter(|(score, _)| (from..=to).contains(score));
        Score {
            from,
            to,
            interviews: fitting.map(|(_, count)| count).sum(),
        }
    };
    (0..10).map(step).collect()
}

fn day((day, interviews, cost): DayCount) -> Option<Day> {
    let at = DateTime::from_timestamp(day.checked_mul(86_400)?, 0)?;
    Some(Day {
        day: at.date_naive().to_string(),
        interviews,
        cost_micro_usd: cost.unwrap_or_default(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn best_score_belongs_to_the_last_step() {
        let steps = steps(&[(0, 1), (89, 2), (90, 3), (100, 4)]);
        let counts: Vec<i64> = steps.iter().map(|it| it.interviews).collect();
        assert_eq!(counts, [1, 0, 0, 0, 0, 0, 0, 0, 2, 7]);
        assert_eq!((steps[9].from, steps[9].to), (90, 100));
    }
}
