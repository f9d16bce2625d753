//! The owner is called about an emergency, where the business wants that: an owner who sleeps reads no texts.

use async_trait::async_trait;
use chrono::{SecondsFormat, TimeDelta};
use clock::Time;
use events::v1::{CallPlace, CallPlaced, CallRefused, TenantContext};
use phrases::{Language, Speaker};
use role::{Cause, Decider, Decision, HandlerError, Tx, derive_id};
use serde_json::{Value, json};
use store::types::{self, Json};
use triage::Danger;
use twiml::{Response, Say};

use super::{outgoing, wording};
use crate::db::{self, Conversation, Entry, Message};

/// After so long an alert would only confuse.
const EXPIRES: TimeDelta = TimeDelta::hours(2);
/// How long the telephone rings, and how long the call lasts at most.
const RINGS_S: u32 = 45;
const LASTS_S: u32 = 180;
/// How often it is said: a mailbox may cut off the beginning.
const TIMES: u32 = 3;

/// Takes `call.placed`: the telephone rings.
pub struct Placed;

/// Takes `call.refused`: nobody is called.
pub struct NotPlaced;

#[async_trait]
impl Decider for Placed {
    type Event = CallPlaced;
    const NAME: &'static str = "call-placed";

    async fn decide(
        &self,
        tx: &mut Tx,
        _: &Cause,
        event: CallPlaced,
    ) -> Result<Decision, HandlerError> {
        let placed = json!({ "status": "placed", "call_sid": event.call_sid });
        note(tx, &event.place_id, &placed).await?;
        Ok(Decision::nothing())
    }
}

#[async_trait]
impl Decider for NotPlaced {
    type Event = CallRefused;
    const NAME: &'static str = "call-refused";

    async fn decide(
        &self,
        tx: &mut Tx,
        _: &Cause,
        event: CallRefused,
    ) -> Result<Decision, HandlerError> {
        let refused = json!({ "status": "refused", "reason": event.reason, "code": event.code });
        note(tx, &event.place_id, &refused).await?;
        Ok(Decision::nothing())
    }
}

/// Keeps in the thread that the owner is called, and gives the command. Its id follows from the message that told of the
/// emergency, so there is one call for it.
pub async fn order(
    tx: &mut Tx,
    at: Time,
    thread: &Conversation,
    tenant: &TenantContext,
    message: &Message,
    (danger, owner): (Danger, &str),
) -> Result<CallPlace, store::Error> {
    let place_id = derive_id(&["emergency-call", &message.id]);
    let entry = Entry {
        id: place_id.clone(),
        conversation_id: thread.id.clone(),
        kind: "emergency_call".to_owned(),
        at: types::Time(at),
        call_id: None,
        call_sid: None,
        detail: Json(json!({ "danger": danger.as_str(), "status": "ordered" })),
    };
    db::entry_put(tx, &entry).await?;
    let words = wording::spoken_alert(&tenant.name, &thread.customer, danger, &message.body);
    Ok(CallPlace {
        place_id,
        tenant_id: thread.tenant_id.clone(),
        account_sid: outgoing::command(thread, tenant).account_sid,
        from: thread.number.clone(),
        to: owner.to_owned(),
        twiml: document(&words, tenant),
        ring_s: RINGS_S,
        time_limit_s: LASTS_S,
        expires_at: expires(at),
        purpose: "emergency".to_owned(),
        ..CallPlace::default()
    })
}

/// When nobody is told of an emergency any more.
pub fn expires(at: Time) -> String {
    (at + EXPIRES).to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// What the owner hears.
fn document(words: &str, tenant: &TenantContext) -> String {
    let say = |words: &str| {
        let mut say = Say::new(words).repeat(TIMES);
        // The words are English, and no voice of another language reads them well.
        match Speaker::new(&tenant.language, &tenant.voice).ours() {
            (Language::English, speaker) if !speaker.voice.is_empty() => {
                say = say.voice(speaker.voice);
            }
            (Language::English, _) => {}
            _ => say = say.language("en-US"),
        }
        Response::new().say(say).to_xml()
    };
    // A document that is too long is none; without the customer's words it is short.
    let plain = || say("There is an emergency. Please read your messages now.");
    say(words).or_else(|_| plain()).unwrap_or_default()
}

/// Adds to what is kept of a call that was ordered here.
async fn note(tx: &mut Tx, place_id: &str, news: &Value) -> Result<(), store::Error> {
    let Some(mut entry) = db::entry_find(tx, place_id).await? else {
        return Ok(());
    };
    if let (Some(detail), Some(news)) = (entry.detail.0.as_object_mut(), news.as_object()) {
        detail.extend(news.clone());
    }
    db::entry_put(tx, &entry).await
}
