//! What needs a person first: the urgent, those who wait, what failed, what does not work.

use chrono::{DateTime, TimeDelta, Utc};
use futures::future::{join, join3, join5};
use serde::Deserialize;
use serde_json::Value;

use super::doctor;
use super::format::{address, phone, words};
use super::operating::{DeadLetter, Effect};
use super::shapes::{List, or_default};
use super::threads::Conversation;
use crate::api::{Api, Missing};
use crate::operator::Operator;
use crate::watch::WrongNumber;

/// So many of one kind are listed; of more, only how many there are.
const LISTED: usize = 4;
/// What failed longer ago needs nobody first.
const LATELY: TimeDelta = TimeDelta::hours(24);

/// Something that a person should look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attention {
    pub tone: &'static str,
    pub word: &'static str,
    pub text: String,
    pub href: String,
    pub detail: String,
}

/// A webhook that was refused.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Refused {
    at: Option<DateTime<Utc>>,
    path: String,
    #[serde(deserialize_with = "or_default")]
    tenant_id: String,
    detail: Value,
}

/// A limit of spending that a tenant has reached.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Limited {
    tenant_id: String,
    kind: String,
    refused: i64,
    limit: Option<i64>,
    until: Option<DateTime<Utc>>,
}

/// Conversations of a day, counted.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Counted {
    texted_back: i64,
    bookings: Bookings,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct Bookings {
    tentative: i64,
    confirmed: i64,
}

/// What the other roles answer; a role that is away has nothing to tell, which its own line says.
#[derive(Debug, Default)]
pub struct Found {
    emergencies: Vec<Conversation>,
    waiting: Vec<Conversation>,
    effects: Vec<Effect>,
    dead: Vec<DeadLetter>,
    refused: Vec<Refused>,
    limited: Vec<Limited>,
    counted: Counted,
    health: Value,
    /// Numbers with other webhooks at Twilio than ours.
    pub numbers: Vec<WrongNumber>,
    /// Which of them could not be asked, in words.
    pub missing: Vec<String>,
}

impl Found {
    /// Threads that wait for a person.
    pub fn need_a_person(&self) -> usize {
        self.waiting.iter().filter(|it| it.by_human()).count()
    }

    /// Missed calls of today that were answered with a text.
    pub fn texted_back(&self) -> i64 {
        self.counted.texted_back
    }

    /// Appointments of today's conversations.
    pub fn booked(&self) -> i64 {
        self.counted.bookings.tentative + self.counted.bookings.confirmed
    }

    /// Dead letters.
    pub fn dead(&self) -> usize {
        self.dead.len()
    }
}

/// Asks everybody at once.
pub async fn find(api: &Api, operator: &Operator, today: &str) -> Found {
    let threads = |filters: &[(&str, &str)]| address("/conversations/", filters);
    let emergencies = threads(&[
        ("urgency", "emergency"),
        ("status", "active"),
        ("limit", "20"),
    ]);
    let waiting = threads(&[("status", "active"), ("limit", "100")]);
    let dead = async {
        match operator.may_administer() {
            true => {
                let path = "/api/dead-letters/?limit=100";
                let dead = api.get::<List<DeadLetter>>(operator, path).await;
                dead.unwrap_or_default().items
            }
            false => Vec::new(),
        }
    };
    let counted = address("/conversations/summary", &[("from", today)]);
    let others = join3(
        api.get::<Value>(operator, "/health/ready"),
        api.get::<List<Limited>>(operator, "/api/spending/?limited=true"),
        api.get::<Counted>(operator, &counted),
    );
    let (emergencies, waiting, effects, refused, (dead, others)) = join5(
        api.get::<List<Conversation>>(operator, &emergencies),
        api.get::<List<Conversation>>(operator, &waiting),
        api.get::<List<Effect>>(operator, "/api/effects/?limit=100"),
        api.get::<List<Refused>>(operator, "/calls/webhooks?verdict=refused&limit=50"),
        join(dead, others),
    )
    .await;
    let (health, limited, counted) = others;
    let mut missing = Vec::new();
    let mut found = Found {
        emergencies: items("Emergencies", emergencies, &mut missing),
        waiting: items("Conversations", waiting, &mut missing),
        effects: items("Effects", effects, &mut missing),
        refused: items("Webhooks", refused, &mut missing),
        health: health.unwrap_or_default(),
        limited: limited.unwrap_or_default().items,
        counted: counted.unwrap_or_default(),
        numbers: Vec::new(),
        dead,
        missing: Vec::new(),
    };
    // A platform that is away is not told of line by line.
    missing.truncate(3);
    found.missing = missing;
    found
}

fn items<T>(what: &str, answer: Result<List<T>, Missing>, missing: &mut Vec<String>) -> Vec<T> {
    answer.map(|it| it.items).unwrap_or_else(|why| {
        missing.push(format!("{what}: {}", why.words()));
        Vec::new()
    })
}

/// In the order in which a person should look.
pub fn attention(found: &Found, now: DateTime<Utc>) -> Vec<Attention> {
    let lately = |at: Option<DateTime<Utc>>| at.is_some_and(|at| now - at < LATELY);
    let mut all = listed(
        found
            .emergencies
            .iter()
            .map(|it| thread(it, "bad", "emergency")),
        "/console/conversations?urgency=emergency",
    );
    let urgent = found.waiting.iter().filter(|it| it.urgency == "urgent");
    all.extend(listed(
        urgent.map(|it| thread(it, "warn", "urgent")),
        "/console/conversations?urgency=urgent",
    ));
    let plain = || found.waiting.iter().filter(|it| !it.is_urgent());
    all.extend(listed(
        plain()
            .filter(|it| it.by_human() && it.is_unread())
            .map(|it| thread(it, "warn", "unanswered")),
        "/console/conversations?answering=human",
    ));
    all.extend(listed(
        plain()
            .filter(|it| it.attention.is_some() && !(it.by_human() && it.is_unread()))
            .map(|it| thread(it, "warn", "needs a person")),
        "/console/conversations",
    ));
    let failed = found
        .effects
        .iter()
        .filter(|it| it.is_failed_text() && lately(it.started_at));
    all.extend(listed(failed.map(text), "/console/operating"));
    let refused = found.refused.iter().filter(|it| lately(it.at));
    all.extend(listed(
        refused.map(webhook),
        "/console/webhooks?verdict=refused",
    ));
    all.extend(listed(
        found.numbers.iter().map(wrong_number),
        "/console/numbers",
    ));
    let limited = found
        .limited
        .iter()
        .filter(|it| it.until.is_none_or(|until| until > now));
    all.extend(listed(limited.map(over_limit), "/console/operating"));
    all.extend(listed(
        found.dead.iter().map(dead_letter),
        "/console/operating",
    ));
    let faults = doctor::parts(&found.health).into_iter();
    // Dead letters have their own lines.
    let faults = faults.filter(|it| it.verdict != "ok" && it.part != "dead letters");
    all.extend(faults.map(|it| Attention {
        tone: "bad",
        word: "does not work",
        text: it.part,
        href: "/console/operating".to_owned(),
        detail: it.words,
    }));
    all
}

/// The first of a kind, and how many more there are.
fn listed(items: impl Iterator<Item = Attention>, all_at: &str) -> Vec<Attention> {
    let mut items: Vec<Attention> = items.collect();
    let more = items.len().saturating_sub(LISTED);
    items.truncate(LISTED);
    if let Some(last) = items.last().filter(|_| more > 0).cloned() {
        items.push(Attention {
            text: format!("and {more} more"),
            href: all_at.to_owned(),
            detail: String::new(),
            ..last
        });
    }
    items
}

fn thread(it: &Conversation, tone: &'static str, word: &'static str) -> Attention {
    let why = it.attention().unwrap_or_default();
    Attention {
        tone,
        word,
        text: it.party(),
        href: format!("/console/conversations/{}", it.id),
        detail: [it.tenant_id.as_str(), &why].join(" ").trim().to_owned(),
    }
}

fn text(it: &Effect) -> Attention {
    let code = match it.code {
        0 => String::new(),
        code => format!(", error {code}"),
    };
    let reason = it.reason.as_deref().map(words).unwrap_or_default();
    Attention {
        tone: "bad",
        word: "text failed",
        text: format!("to {}", it.to),
        href: "/console/operating".to_owned(),
        detail: format!("{reason}{code}"),
    }
}

fn webhook(it: &Refused) -> Attention {
    let reason = it.detail["reason"].as_str().map(words).unwrap_or_default();
    Attention {
        tone: "bad",
        word: "webhook refused",
        text: it.path.clone(),
        href: "/console/webhooks?verdict=refused".to_owned(),
        detail: [it.tenant_id.as_str(), &reason].join(" ").trim().to_owned(),
    }
}

fn wrong_number(it: &WrongNumber) -> Attention {
    let wrong = match it.state.as_str() {
        "absent" => "it is not in its Twilio account".to_owned(),
        _ => it.wrong.join(", "),
    };
    Attention {
        tone: "bad",
        word: "wrong at Twilio",
        text: it.number.as_deref().map(phone).unwrap_or_default(),
        href: "/console/numbers".to_owned(),
        detail: [it.tenant_id.as_str(), &wrong].join(" ").trim().to_owned(),
    }
}

fn over_limit(it: &Limited) -> Attention {
    let limit = it.limit.unwrap_or_default();
    Attention {
        tone: "warn",
        word: "limit reached",
        text: format!("{}: {}", it.tenant_id, words(&it.kind)),
        href: format!("/console/tenants/{}", it.tenant_id),
        detail: format!("{} refused beyond {limit}", it.refused),
    }
}

fn dead_letter(it: &DeadLetter) -> Attention {
    Attention {
        tone: "bad",
        word: "dead letter",
        text: it.kind.clone(),
        href: "/console/operating".to_owned(),
        detail: it.reason.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn conversation(id: &str, urgency: &str, unread: i64) -> Conversation {
        Conversation {
            id: id.to_owned(),
            urgency: urgency.to_owned(),
            answering: "human".to_owned(),
            unread: json!(unread),
            status: "active".to_owned(),
            ..Conversation::default()
        }
    }

    #[test]
    fn emergencies_come_before_those_who_wait_and_what_does_not_work() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let text = |at| Effect {
            kind: "message.send".to_owned(),
            state: "refused".to_owned(),
            started_at: Some(at),
            code: 30_034,
            ..Effect::default()
        };
        let found = Found {
            emergencies: vec![conversation("e", "emergency", 1)],
            waiting: vec![
                conversation("e", "emergency", 1),
                conversation("u", "urgent", 1),
                conversation("w", "normal", 2),
                conversation("read", "normal", 0),
            ],
            effects: vec![text(now), text(now - TimeDelta::days(2))],
            dead: vec![DeadLetter::default()],
            refused: vec![Refused {
                at: Some(now),
                detail: json!({ "reason": "wrong_token" }),
                ..Refused::default()
            }],
            health: json!({ "parts": { "bus": "ok", "scoring.providers": "openai rests", "dead_letters": "1" } }),
            numbers: vec![WrongNumber::default()],
            limited: vec![Limited::default()],
            ..Found::default()
        };
        let told: Vec<_> = attention(&found, now)
            .into_iter()
            .map(|it| it.word)
            .collect();
        assert_eq!(
            told,
            [
                "emergency",
                "urgent",
                "unanswered",
                "text failed",
                "webhook refused",
                "wrong at Twilio",
                "limit reached",
                "dead letter",
                "does not work"
            ]
        );
    }

    #[test]
    fn many_of_a_kind_are_counted() {
        let found = Found {
            dead: vec![DeadLetter::default(); 9],
            ..Found::default()
        };
        let told = attention(&found, DateTime::UNIX_EPOCH);
        assert_eq!(told.len(), LISTED + 1);
        assert_eq!(told[LISTED].text, "and 5 more");
    }
}
