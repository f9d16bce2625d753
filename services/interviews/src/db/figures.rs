//! What is counted of interviews that are over: a row for each, so that the database adds up and no JSON is read for it.

use clock::Time;
use flow::{Progress, Usage};
use store::prelude::*;
use store::{Error, Tx, on, types};

use super::interviews::{Evaluation, InterviewRow};
use super::schema::{figures, interviews};

/// Seconds of a day.
const DAY_S: i64 = 86_400;

/// The figures of one interview.
#[derive(Debug, Clone, PartialEq, Queryable, Insertable, AsChangeset)]
#[diesel(table_name = figures, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct FiguresRow {
    /// The interview.
    pub interview_id: String,
    /// The day on which it was made, in UTC, counted from 1970-01-01.
    pub day: i64,
    /// Questions.
    pub asked: i64,
    /// Answers.
    pub answered: i64,
    /// 0 to 100; none: nothing could be scored.
    pub score: Option<i64>,
    /// How often AI was asked.
    pub tasks: i64,
    /// What that cost, in millionths of a US dollar, as far as prices are known.
    pub cost_micro_usd: f64,
    /// What models read.
    pub prompt_tokens: f64,
    /// What they wrote.
    pub completion_tokens: f64,
}

impl FiguresRow {
    /// Of an interview as it is kept.
    pub fn of(row: &InterviewRow) -> Self {
        let progress: Progress = row.progress.read().unwrap_or_default();
        let result = row.result.as_ref();
        let result: Evaluation = result.and_then(|it| it.read().ok()).unwrap_or_default();
        let of_answers = progress.answers.iter().flat_map(|it| &it.usage);
        let used: Vec<&Usage> = progress
            .usage
            .iter()
            .chain(&result.usage)
            .chain(of_answers)
            .collect();
        let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        let sum = |of: fn(&Usage) -> Option<u32>| -> f64 {
            used.iter().filter_map(|it| of(it)).map(f64::from).sum()
        };
        let cost = used.iter().filter_map(|it| it.cost_micro_usd);
        // Far below the 2^32 millionths at which a step would be lost.
        let cost: f64 = cost
            .map(|it| f64::from(u32::try_from(it).unwrap_or(u32::MAX)))
            .sum();
        Self {
            interview_id: row.id.clone(),
            day: row.created_at.0.timestamp().div_euclid(DAY_S),
            asked: count(progress.asked.len()),
            answered: count(progress.answers.len()),
            score: result.overall_score.map(i64::from),
            tasks: count(used.len()),
            cost_micro_usd: cost,
            prompt_tokens: sum(|it| it.prompt_tokens),
            completion_tokens: sum(|it| it.completion_tokens),
        }
    }
}

/// Keeps the figures of an interview.
pub async fn figures_put(tx: &mut Tx, row: &FiguresRow) -> Result<(), Error> {
    on!(tx, c => diesel::insert_into(figures::table)
        .values(row)
        .on_conflict(figures::interview_id)
        .do_update()
        .set(row)
        .execute(c)
        .await)?;
    Ok(())
}

/// Which interviews are counted: those that were made in a time, of one tenant or of all.
#[derive(Debug, Clone)]
pub struct Counted {
    /// Only this tenant's.
    pub tenant: Option<String>,
    /// Made at this time or later.
    pub since: Time,
    /// Made before.
    pub until: Time,
}

/// How many went how far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Funnel {
    /// Interviews that were made.
    pub made: i64,
    /// Those for which a call was placed or taken.
    pub called: i64,
    /// Those where a person was on the line.
    pub picked_up: i64,
    /// Those with an answer.
    pub answered: i64,
    /// Those in which every question was asked.
    pub completed: i64,
    /// Those with a result.
    pub evaluated: i64,
}

/// How an interview ends that came to its end.
const COMPLETED: [&str; 4] = ["completed", "eligible", "not_eligible", "unclear"];

macro_rules! counted {
    ($tx:expr, $which:expr $(, $filter:expr)*) => {
        on!($tx, c => {
            let (since, until) = (types::Time($which.since), types::Time($which.until));
            let mut query = interviews::table
                .left_join(figures::table)
                .filter(interviews::created_at.ge(since).and(interviews::created_at.lt(until)))
                $(.filter($filter))*
                .select(diesel::dsl::count_star())
                .into_boxed();
            if let Some(tenant) = &$which.tenant {
                query = query.filter(interviews::tenant_id.eq(tenant));
            }
            query.first::<i64>(c).await
        })?
    };
}

/// How far the interviews of a time have come.
pub async fn funnel(tx: &mut Tx, which: &Counted) -> Result<Funnel, Error> {
    Ok(Funnel {
        made: counted!(tx, which),
        called: counted!(tx, which, interviews::call_sid.is_not_null()),
        picked_up: counted!(tx, which, interviews::started_at.is_not_null()),
        answered: counted!(tx, which, figures::answered.nullable().gt(0_i64)),
        completed: counted!(tx, which, interviews::outcome.eq_any(COMPLETED)),
        evaluated: counted!(tx, which, interviews::evaluated_at.is_not_null()),
    })
}

/// How many interviews have which score.
pub async fn scores(tx: &mut Tx, which: &Counted) -> Result<Vec<(i64, i64)>, Error> {
    Ok(on!(tx, c => {
        let (since, until) = (types::Time(which.since), types::Time(which.until));
        let mut query = figures::table
            .inner_join(interviews::table)
            .filter(interviews::created_at.ge(since).and(interviews::created_at.lt(until)))
            .filter(figures::score.is_not_null())
            .group_by(figures::score)
            .select((figures::score.assume_not_null(), diesel::dsl::count_star()))
            .into_boxed();
        if let Some(tenant) = &which.tenant {
            query = query.filter(interviews::tenant_id.eq(tenant));
        }
        query.load::<(i64, i64)>(c).await
    })?)
}

/// What AI did for interviews.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Spent {
    /// Interviews for which AI was asked.
    pub interviews: i64,
    /// In millionths of a US dollar.
    pub cost_micro_usd: f64,
    /// Of the dearest one.
    pub most_micro_usd: f64,
    /// What models read.
    pub prompt_tokens: f64,
    /// What they wrote.
    pub completion_tokens: f64,
}

/// What AI did for the interviews of a time, and what it cost.
pub async fn spent(tx: &mut Tx, which: &Counted) -> Result<Spent, Error> {
    use diesel::dsl::{count_star, max, sum};
    type Sums = (i64, Option<f64>, Option<f64>, Option<f64>, Option<f64>);
    let sums = on!(tx, c => {
        let (since, until) = (types::Time(which.since), types::Time(which.until));
        let mut query = figures::table
            .inner_join(interviews::table)
            .filter(interviews::created_at.ge(since).and(interviews::created_at.lt(until)))
            .filter(figures::tasks.gt(0_i64))
            .select((
                count_star(),
                sum(figures::cost_micro_usd),
                max(figures::cost_micro_usd),
                sum(figures::prompt_tokens),
                sum(figures::completion_tokens),
            ))
            .into_boxed();
        if let Some(tenant) = &which.tenant {
            query = query.filter(interviews::tenant_id.eq(tenant));
        }
        query.first::<Sums>(c).await
    })?;
    Ok(Spent {
        interviews: sums.0,
        cost_micro_usd: sums.1.unwrap_or_default(),
        most_micro_usd: sums.2.unwrap_or_default(),
        prompt_tokens: sums.3.unwrap_or_default(),
        completion_tokens: sums.4.unwrap_or_default(),
    })
}

/// One day: its number, how many interviews, what AI cost for them.
pub type DayCount = (i64, i64, Option<f64>);

/// The interviews of a time that are over, by the day on which they were made.
pub async fn interviews_by_day(tx: &mut Tx, which: &Counted) -> Result<Vec<DayCount>, Error> {
    use diesel::dsl::{count_star, sum};
    Ok(on!(tx, c => {
        let (since, until) = (types::Time(which.since), types::Time(which.until));
        let mut query = figures::table
            .inner_join(interviews::table)
            .filter(interviews::created_at.ge(since).and(interviews::created_at.lt(until)))
            .group_by(figures::day)
            .select((figures::day, count_star(), sum(figures::cost_micro_usd)))
            .order(figures::day.asc())
            .into_boxed();
        if let Some(tenant) = &which.tenant {
            query = query.filter(interviews::tenant_id.eq(tenant));
        }
        query.load::<DayCount>(c).await
    })?)
}
