//! How quickly callers are texted and customers answered, and what is booked.

use std::collections::BTreeMap;

use actix_web::web::{Data, Json};
use api::{ApiError, Caller, Period, Query};
use chrono::{DateTime, NaiveDate, Utc};
use clock::Time;
use schemars::JsonSchema;
use serde::Serialize;

use super::State;
use crate::db::{self, Counted, Step};

/// Conversations, counted.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Summary {
    from: DateTime<Utc>,
    to: DateTime<Utc>,
    conversations: usize,
    /// Missed calls that were answered with a text.
    texted_back: usize,
    /// Customers who asked for silence.
    opted_out: usize,
    bookings: Bookings,
    texts: Texts,
    /// From the missed call until Twilio took the text.
    time_to_text: Waiting,
    /// From a customer's first unanswered text until the AI's answer.
    time_to_reply_ai: Waiting,
    /// The same until a person's.
    time_to_reply_human: Waiting,
    /// Every day with anything of it, in UTC.
    days: Vec<Day>,
}

/// Appointments, by how they stand.
#[derive(Debug, Default, Serialize, JsonSchema)]
struct Bookings {
    tentative: i64,
    confirmed: i64,
    released: i64,
}

/// Texts, by who wrote them.
#[derive(Debug, Default, Serialize, JsonSchema)]
struct Texts {
    customer: i64,
    ai: i64,
    human: i64,
    system: i64,
    /// Of ours: those that did not arrive.
    failed: i64,
}

/// How long something took.
#[derive(Debug, Serialize, JsonSchema)]
struct Waiting {
    count: usize,
    p50_s: Option<f64>,
    p90_s: Option<f64>,
    max_s: Option<f64>,
}

/// A day.
#[derive(Debug, Default, Serialize, JsonSchema)]
struct Day {
    day: String,
    conversations: i64,
    texted_back: i64,
    booked: i64,
    opted_out: i64,
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
    let begun = db::conversations_begun(&mut tx, &which).await?;
    let texted = db::texted_back(&mut tx, &which).await?;
    let booked = db::booked(&mut tx, &which).await?;
    let silent = db::opted_out(&mut tx, &which).await?;
    let by_status = db::bookings_by_status(&mut tx, &which).await?;
    let by_sender = db::messages_by_sender(&mut tx, &which).await?;
    let steps = db::message_steps(&mut tx, &which).await?;
    let waits = waits(&steps);
    Ok(Json(Summary {
        from: since,
        to: until,
        conversations: begun.len(),
        texted_back: texted.len(),
        opted_out: silent.len(),
        bookings: bookings(&by_status),
        texts: texts(&by_sender),
        time_to_text: waiting(waits.text),
        time_to_reply_ai: waiting(waits.ai),
        time_to_reply_human: waiting(waits.human),
        days: days(&begun, &texted, &booked, &silent),
    }))
}

fn bookings(by_status: &[(String, i64)]) -> Bookings {
    let of = |status: &str| {
        let found = by_status.iter().find(|(word, _)| word == status);
        found.map_or(0, |(_, count)| *count)
    };
    Bookings {
        tentative: of("tentative"),
        confirmed: of("confirmed"),
        released: of("released"),
    }
}

fn texts(by_sender: &[(String, String, i64)]) -> Texts {
    let mut texts = Texts::default();
    for (sender, status, count) in by_sender {
        let by = match sender.as_str() {
            "customer" => &mut texts.customer,
            "ai" => &mut texts.ai,
            "human" => &mut texts.human,
            _ => &mut texts.system,
        };
        *by += count;
        if sender != "customer" && matches!(status.as_str(), "failed" | "undelivered" | "refused") {
            texts.failed += count;
        }
    }
    texts
}

/// Milliseconds that were waited.
#[derive(Debug, Default, PartialEq, Eq)]
struct Waits {
    text: Vec<i64>,
    ai: Vec<i64>,
    human: Vec<i64>,
}

/// Of messages, thread by thread in the order they were written.
fn waits(steps: &[Step]) -> Waits {
    let mut waits = Waits::default();
    let mut thread = "";
    let mut asked: Option<Time> = None;
    for step in steps {
        if step.conversation_id != thread {
            thread = &step.conversation_id;
            asked = None;
        }
        if step.direction == "inbound" {
            asked = asked.or(Some(step.created_at.0));
            continue;
        }
        let Some(sent) = step.sent_at else { continue };
        if step.call_id.is_some() && step.sender == "system" {
            waits
                .text
                .push((sent.0 - step.created_at.0).num_milliseconds());
        }
        let by = match step.sender.as_str() {
            "ai" => &mut waits.ai,
            "human" => &mut waits.human,
            _ => continue,
        };
        if let Some(asked) = asked.take() {
            by.push((sent.0 - asked).num_milliseconds().max(0));
        }
    }
    waits
}

fn waiting(mut all: Vec<i64>) -> Waiting {
    all.sort_unstable();
    let seconds = |ms: &i64| f64::from(i32::try_from(*ms).unwrap_or(i32::MAX)) / 1000.0;
    let percentile = |n: usize| {
        let rank = (all.len() * n).div_ceil(100).max(1);
        all.get(rank - 1).map(seconds)
    };
    Waiting {
        count: all.len(),
        p50_s: percentile(50),
        p90_s: percentile(90),
        max_s: all.last().map(seconds),
    }
}

fn days(begun: &[Time], texted: &[Time], booked: &[Time], silent: &[Time]) -> Vec<Day> {
    let mut days: BTreeMap<NaiveDate, Day> = BTreeMap::new();
    let mut add = |times: &[Time], count: fn(&mut Day) -> &mut i64| {
        for at in times {
            *count(days.entry(at.date_naive()).or_default()) += 1;
        }
    };
    add(begun, |day| &mut day.conversations);
    add(texted, |day| &mut day.texted_back);
    add(booked, |day| &mut day.booked);
    add(silent, |day| &mut day.opted_out);
    let named = |(day, counts): (NaiveDate, Day)| Day {
        day: day.to_string(),
        ..counts
    };
    days.into_iter().map(named).collect()
}

#[cfg(test)]
mod tests {
    use store::types;

    use super::*;

    fn at(second: i64) -> Time {
        DateTime::from_timestamp(1_800_000_000 + second, 0).unwrap()
    }

    fn step(thread: &str, sender: &str, created: i64, sent: Option<i64>) -> Step {
        let direction = if sender == "customer" {
            "inbound"
        } else {
            "outbound"
        };
        Step {
            conversation_id: thread.to_owned(),
            direction: direction.to_owned(),
            sender: sender.to_owned(),
            call_id: (sender == "system").then(|| "call".to_owned()),
            created_at: types::Time(at(created)),
            sent_at: sent.map(|sent| types::Time(at(sent))),
        }
    }

    #[test]
    fn first_unanswered_text_is_waited_from() {
        let steps = [
            step("a", "system", 0, Some(2)),
            step("a", "customer", 10, None),
            step("a", "customer", 20, None),
            step("a", "ai", 60, Some(70)),
            // Nobody waited for this one.
            step("a", "human", 80, Some(90)),
            step("b", "customer", 0, None),
            step("b", "ai", 5, None),
            step("b", "human", 6, Some(8)),
            step("c", "human", 1, Some(9)),
        ];
        let expected = Waits {
            text: vec![2_000],
            ai: vec![60_000],
            human: vec![8_000],
        };
        assert_eq!(waits(&steps), expected);
        let waiting = waiting(vec![3_000, 1_000, 2_500]);
        assert_eq!((waiting.p50_s, waiting.max_s), (Some(2.5), Some(3.0)));
    }

    #[test]
    fn days_have_each_count() {
        let days = days(&[at(0), at(1)], &[at(0)], &[], &[at(86_400)]);
        assert_eq!((days[0].conversations, days[0].texted_back), (2, 1));
        assert_eq!((days.len(), days[1].opted_out), (2, 1));
    }
}
