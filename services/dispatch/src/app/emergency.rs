//! An emergency is found by our own rules, at once: the owner is told, and the customer is told what to do now.

use chrono::{Datelike, TimeDelta};
use chrono_tz::Tz;
use clock::Time;
use events::v1::{MessageSend, TenantContext};
use role::{Tx, derive_id};
use serde_json::json;
use store::types::{self, Json};
use triage::{Danger, Level, Season, Trade, Urgency};

use super::follow::{Follow, Out};
use super::outgoing::{self, Answers};
use super::{emergency_call, wording};
use crate::db::{self, Conversation, Entry, Message, Sender, Window};

/// Texts that came so near to each other are read together.
const TOGETHER: TimeDelta = TimeDelta::minutes(2);
/// How many of them at most.
const TEXTS: i64 = 4;

/// A danger that was told is the same emergency for so long: a customer goes on writing about it.
const SAME: TimeDelta = TimeDelta::hours(6);

/// Who may be told automatically, besides the owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Audience {
    /// Whether the customer may get a text of ours.
    pub customer: bool,
    /// Whether the text looks as if a machine had written it: then it is urgent only if there is danger in it.
    pub is_machine: bool,
}

/// Reads the customer's latest texts, and raises the thread's urgency by them.
pub async fn look(
    tx: &mut Tx,
    at: Time,
    thread: &mut Conversation,
    tenant: &TenantContext,
    message: &Message,
    audience: Audience,
    follow: &mut Follow,
) -> Result<(), store::Error> {
    let text = recent_words(tx, at, thread).await?;
    let (trade, season) = (Trade::parse(&tenant.trade), season(tenant, at));
    let together = triage::urgency(trade, season, &text);
    let before = Level::parse(&thread.urgency).unwrap_or(Level::Normal);
    let counts = !audience.is_machine || together.danger.is_some();
    if counts && together.level > before {
        together.level.as_str().clone_into(&mut thread.urgency);
    }
    if together.danger.is_none() {
        return Ok(());
    }
    // What came before may have been told, and a second danger stands behind it.
    let alone = triage::urgency(trade, season, &message.body);
    let told = db::dangers_since(tx, &thread.id, types::Time(at - SAME)).await?;
    for found in [together, alone] {
        if let Some(danger) = found
            .danger
            .filter(|it| !told.iter().any(|old| old == it.as_str()))
        {
            let found = (&found, danger);
            return raise(tx, at, thread, tenant, message, found, audience, follow).await;
        }
    }
    Ok(())
}

/// Tells of an emergency once.
#[expect(clippy::too_many_arguments, reason = "all of them are the emergency")]
async fn raise(
    tx: &mut Tx,
    at: Time,
    thread: &mut Conversation,
    tenant: &TenantContext,
    message: &Message,
    (found, danger): (&Urgency, Danger),
    audience: Audience,
    follow: &mut Follow,
) -> Result<(), store::Error> {
    thread.ask_for_attention("emergency");
    let entry = Entry {
        id: derive_id(&["emergency", &message.id]),
        conversation_id: thread.id.clone(),
        kind: "emergency".to_owned(),
        at: types::Time(at),
        call_id: None,
        call_sid: None,
        detail: Json(
            json!({ "danger": danger.as_str(), "words": found.words, "message_id": message.id }),
        ),
    };
    db::entry_put(tx, &entry).await?;
    follow.tell(thread, "emergency", danger.as_str());
    if let Some(owner) = owner(tenant, thread) {
        follow.push(Out::Send(MessageSend {
            message_id: derive_id(&["alert", &message.id]),
            to: owner.to_owned(),
            body: wording::alert(&tenant.name, &thread.customer, danger, &message.body),
            purpose: "alert".to_owned(),
            expires_at: emergency_call::expires(at),
            ..outgoing::command(thread, tenant)
        }));
        if tenant.emergency_call {
            let call = emergency_call::order(tx, at, thread, tenant, message, (danger, owner));
            follow.push(Out::Call(Box::new(call.await?)));
        }
    }
    if audience.customer {
        let text = Message {
            body: wording::safety(danger, tenant),
            label: "emergency".to_owned(),
            ..db::new_outbound(
                derive_id(&["safety", &message.id]),
                &thread.id,
                Sender::System,
                at,
            )
        };
        let answers = Answers::At(message.created_at.0);
        let send = outgoing::write(tx, thread, tenant, text, "reply", answers).await?;
        follow.push(Out::Send(MessageSend {
            expires_at: emergency_call::expires(at),
            ..send
        }));
    }
    Ok(())
}

/// Raises the urgency by what a model has found: the owner is told of an emergency; the customer got the model's own text.
pub async fn by_model(
    tx: &mut Tx,
    at: Time,
    thread: &mut Conversation,
    tenant: &TenantContext,
    level: Level,
    follow: &mut Follow,
) -> Result<(), store::Error> {
    let before = Level::parse(&thread.urgency).unwrap_or(Level::Normal);
    if level <= before {
        return Ok(());
    }
    level.as_str().clone_into(&mut thread.urgency);
    if level < Level::Emergency {
        return Ok(());
    }
    let window = Window {
        before: None,
        limit: TEXTS * 2,
    };
    let latest = db::message_list(tx, &thread.id, &window).await?;
    let Some(message) = latest.iter().rev().find(|it| it.direction == "inbound") else {
        return Ok(());
    };
    let danger = match Trade::parse(&tenant.trade) {
        Trade::Plumbing => Danger::Water,
        Trade::Electrical => Danger::Shock,
        Trade::Hvac => Danger::Climate,
        Trade::Locksmith | Trade::Other => Danger::Trapped,
        Trade::GarageDoor => Danger::Falling,
    };
    let found = Urgency {
        level,
        danger: Some(danger),
        words: String::new(),
    };
    let audience = Audience {
        customer: false,
        is_machine: false,
    };
    raise(
        tx,
        at,
        thread,
        tenant,
        message,
        (&found, danger),
        audience,
        follow,
    )
    .await
}

async fn recent_words(
    tx: &mut Tx,
    at: Time,
    thread: &Conversation,
) -> Result<String, store::Error> {
    let window = Window {
        before: None,
        limit: TEXTS * 2,
    };
    let latest = db::message_list(tx, &thread.id, &window).await?;
    let near = |it: &&Message| {
        let is_near = (at - it.created_at.0).abs() <= TOGETHER;
        it.direction == "inbound" && is_near && matches!(it.label.as_str(), "" | "automatic")
    };
    let bodies: Vec<&str> = latest
        .iter()
        .filter(near)
        .map(|it| it.body.as_str())
        .collect();
    Ok(bodies.join(" . "))
}

/// Whom emergencies are told, unless that is the customer or the number itself.
fn owner<'a>(tenant: &'a TenantContext, thread: &Conversation) -> Option<&'a str> {
    let owner = if tenant.emergency_contact.is_empty() {
        tenant.forward_to.as_str()
    } else {
        tenant.emergency_contact.as_str()
    };
    let other = |number: &&str| {
        !number.is_empty() && *number != thread.customer && *number != thread.number
    };
    Some(owner).filter(other)
}

/// The season at the business.
pub fn season(tenant: &TenantContext, at: Time) -> Season {
    let zone: Tz = tenant.timezone.parse().unwrap_or(Tz::UTC);
    let month = at.with_timezone(&zone).month();
    let south = [
        "Australia/",
        "Pacific/Auckland",
        "Africa/Johannesburg",
        "America/Sao_Paulo",
        "America/Argentina",
    ];
    let month = if south.iter().any(|it| tenant.timezone.starts_with(it)) {
        (month + 5) % 12 + 1
    } else {
        month
    };
    match month {
        11 | 12 | 1..=3 => Season::Winter,
        6..=8 => Season::Summer,
        _ => Season::Mild,
    }
}
