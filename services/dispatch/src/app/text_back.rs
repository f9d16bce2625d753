//! A missed call is answered with a text: one to a caller in a while, whichever of the business's numbers they call.

use async_trait::async_trait;
use chrono::{SecondsFormat, TimeDelta};
use clock::Time;
use directory::Directory;
use events::v1::{Call, CallMissed, MessageRefused, MessageSend, TenantContext};
use metrics::counter;
use phone::{Address, E164};
use phrases::Language;
use phrases::template::{Facts, render_message};
use prost::Message as _;
use role::{Cause, Decider, Decision, HandlerError, OutgoingEvent, Tx, derive_id};
use serde_json::json;
use store::types::{self, Json};
use tracing::info;
use webhook::{Segments, segments};

use super::business::Business;
use super::follow::{Follow, Out};
use super::outgoing::{self, Answers};
use crate::db::{self, Conversation, Entry, Message, Sender};

/// The window of a tenant that has not chosen one.
const WINDOW_S: u32 = 1800;
/// After so long the text would only confuse.
const EXPIRES: TimeDelta = TimeDelta::hours(24);

/// Why a caller gets no text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Skip {
    /// The business does not want it.
    Disabled,
    /// The business, or its number, is suspended.
    Suspended,
    /// Nobody who can be texted: anonymous, a client, a short code.
    NotANumber,
    /// The business called itself, or another number of this platform called.
    OwnNumber,
    /// Twilio has said that the caller's number takes no texts.
    CannotBeTexted,
    /// The number that was called cannot send.
    NoSender,
    /// The caller wants no texts.
    OptedOut,
    /// The business has blocked the caller.
    Blocked,
    /// This very call was answered.
    Answered,
    /// The caller was texted for another call, not long before or after this one.
    Recent,
}

impl Skip {
    /// The word in the metric.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Disabled => "disabled",
            Self::Suspended => "suspended",
            Self::NotANumber => "not_a_number",
            Self::OwnNumber => "own_number",
            Self::CannotBeTexted => "cannot_be_texted",
            Self::NoSender => "no_sender",
            Self::OptedOut => "opted_out",
            Self::Blocked => "blocked",
            Self::Answered => "answered",
            Self::Recent => "recent",
        }
    }

    /// Why, for people.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Disabled => "the tenant has no text-back",
            Self::Suspended => "the tenant or its number is suspended",
            Self::NotANumber => "the caller has no number that can be texted",
            Self::OwnNumber => {
                "the caller is the business itself, or another number of this platform"
            }
            Self::CannotBeTexted => {
                "the caller's number takes no texts, Twilio said (21614 or 30006)"
            }
            Self::NoSender => "what was called is no number that can send",
            Self::OptedOut => "the caller has opted out",
            Self::Blocked => "the tenant has blocked the caller",
            Self::Answered => "this call was answered before",
            Self::Recent => "the caller was texted for a call at about this time",
        }
    }
}

/// The decider on `call.missed`.
pub struct TextBack(pub Directory);

#[async_trait]
impl Decider for TextBack {
    type Event = CallMissed;
    const NAME: &'static str = "text-back";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: CallMissed,
    ) -> Result<Decision, HandlerError> {
        let (Some(call), Some(tenant)) = (event.call, event.tenant) else {
            return Err(HandlerError::Reject(
                "a missed call without its call or its tenant".to_owned(),
            ));
        };
        if call.call_sid.is_empty() || tenant.tenant_id.is_empty() {
            return Err(HandlerError::Reject(
                "a missed call without the id of its call or its tenant".to_owned(),
            ));
        }
        let caller = Address::parse(&call.from).redacted();
        let ours = self.0.entry(&call.from).is_some();
        let answered = answer(tx, cause.time, &call, &tenant, ours).await?;
        let thread = note(tx, cause.time, &event.reason, &call, &tenant, &answered).await?;
        match answered {
            Err(skip) => {
                info!(
                    call.sid = call.call_sid,
                    caller,
                    outcome = skip.as_str(),
                    "no text back: {}",
                    skip.reason()
                );
                counter!("dispatch_text_backs_total", "outcome" => skip.as_str()).increment(1);
                let mut follow = Follow::default();
                if skip != Skip::Disabled && skip != Skip::Answered {
                    follow.push(Out::NotSent(not_sent(&call, &tenant, thread, skip)));
                }
                Ok(follow.into_decision(&call.call_sid))
            }
            Ok(send) => {
                let Segments {
                    encoding, count, ..
                } = segments(&send.body);
                info!(
                    call.sid = call.call_sid,
                    caller,
                    message.id = send.message_id,
                    ?encoding,
                    segments = count,
                    "text back"
                );
                counter!("dispatch_text_backs_total", "outcome" => "sent").increment(1);
                Ok(Decision::nothing().publish(
                    OutgoingEvent::new(&send)
                        .id(&send.message_id)
                        .tenant(&send.tenant_id)
                        .key(&call.call_sid),
                ))
            }
        }
    }
}

/// Writes the text to a missed caller, or says why there is none.
pub async fn answer(
    tx: &mut Tx,
    at: Time,
    call: &Call,
    tenant: &TenantContext,
    ours: bool,
) -> Result<Result<MessageSend, Skip>, store::Error> {
    let (caller, number) = match parties(call, tenant) {
        Ok(parties) => parties,
        Err(skip) => return Ok(Err(skip)),
    };
    if ours {
        return Ok(Err(Skip::OwnNumber));
    }
    let pair = (tenant.tenant_id.as_str(), caller.as_str());
    let window = tenant.text_back.as_ref().map_or(0, |it| it.window_s);
    let window = TimeDelta::seconds(i64::from(if window == 0 { WINDOW_S } else { window }));

    let customer = db::opt_out_lock(tx, pair.0, pair.1).await?;
    if customer.opted_out {
        return Ok(Err(Skip::OptedOut));
    }
    if customer.blocked {
        return Ok(Err(Skip::Blocked));
    }
    if db::unreachable_code(tx, pair, at).await?.is_some() {
        return Ok(Err(Skip::CannotBeTexted));
    }
    if db::text_back_of_call(tx, &call.call_sid).await? {
        return Ok(Err(Skip::Answered));
    }
    if db::text_back_near(tx, pair, at, window).await? {
        return Ok(Err(Skip::Recent));
    }
    db::text_back_insert(tx, &call.call_sid, pair, at).await?;

    let account = if tenant.account_sid.is_empty() {
        &call.account_sid
    } else {
        &tenant.account_sid
    };
    let thread = Conversation::new(pair.0, pair.1, number.as_str(), account, at);
    let thread = db::conversation_open(tx, &thread).await?;
    let facts = Facts {
        business_name: &tenant.name,
        caller: caller.as_str(),
        number: number.as_str(),
        trade: &tenant.trade,
    };
    let own = tenant.text_back.as_ref().map_or("", |it| &it.template);
    let template = match own.trim() {
        "" => Language::of(&tenant.language).texts().missed_call,
        _ => own,
    };
    let message = Message {
        body: render_message(template, &facts),
        call_id: Some(call.id.clone()).filter(|id| !id.is_empty()),
        ..db::new_outbound(
            derive_id(&["text_back", &call.call_sid]),
            &thread.id,
            Sender::System,
            at,
        )
    };
    // What a text brings along knows more of the business: what it offers.
    if db::context_find(tx, (pair.0, number.as_str()))
        .await?
        .is_none()
    {
        db::context_put(tx, (pair.0, number.as_str()), &tenant.encode_to_vec()).await?;
    }
    let send = outgoing::write(tx, &thread, tenant, message, "text_back", Answers::At(at)).await?;
    Ok(Ok(MessageSend {
        account_sid: thread.account_sid,
        call_id: call.id.clone(),
        expires_at: (at + EXPIRES).to_rfc3339_opts(SecondsFormat::Micros, true),
        ..send
    }))
}

/// Notes the missed call in the caller's thread, with what came of it. Gives the thread, if there is one.
pub async fn note(
    tx: &mut Tx,
    at: Time,
    reason: &str,
    call: &Call,
    tenant: &TenantContext,
    answered: &Result<MessageSend, Skip>,
) -> Result<Option<String>, store::Error> {
    let own = tenant.number.as_ref().map_or("", |it| it.number.as_str());
    let number = if call.to.is_empty() { own } else { &call.to };
    let thread = Conversation::new(
        &tenant.tenant_id,
        &call.from,
        number,
        &tenant.account_sid,
        at,
    );
    // Whoever could be texted and is not has a thread that says why; others only if they have one.
    let opens = matches!(
        answered,
        Err(Skip::OptedOut | Skip::Blocked | Skip::Recent | Skip::CannotBeTexted)
    );
    if opens {
        db::opt_out_lock(tx, &tenant.tenant_id, &call.from).await?;
        db::conversation_open(tx, &thread).await?;
    } else if db::conversation_find(tx, &thread.id).await?.is_none() {
        return Ok(None);
    }
    let id = derive_id(&["call", &call.call_sid, &thread.id]);
    if matches!(answered, Err(Skip::Answered)) && db::entry_find(tx, &id).await?.is_some() {
        return Ok(Some(thread.id));
    }
    let (text_back, why) = match answered {
        Ok(_) => ("sent", ""),
        Err(skip) => (skip.as_str(), skip.reason()),
    };
    let entry = Entry {
        id,
        conversation_id: thread.id.clone(),
        kind: "call".to_owned(),
        at: types::Time(at),
        call_id: Some(call.id.clone()).filter(|it| !it.is_empty()),
        call_sid: Some(call.call_sid.clone()),
        detail: Json(
            json!({ "outcome": "missed", "reason": reason, "text_back": text_back, "why": why }),
        ),
    };
    db::entry_put(tx, &entry).await?;
    Ok(Some(thread.id))
}

/// Says that a caller is not texted: the call's timeline, and whoever listens, hear why.
fn not_sent(
    call: &Call,
    tenant: &TenantContext,
    thread: Option<String>,
    skip: Skip,
) -> MessageRefused {
    MessageRefused {
        message_id: derive_id(&["text_back", &call.call_sid]),
        tenant_id: tenant.tenant_id.clone(),
        conversation_id: thread.unwrap_or_default(),
        call_id: call.id.clone(),
        reason: skip.as_str().to_owned(),
        purpose: "text_back".to_owned(),
        to: call.from.clone(),
        ..MessageRefused::default()
    }
}

/// Who would be texted, and from which number.
fn parties(call: &Call, tenant: &TenantContext) -> Result<(E164, E164), Skip> {
    if !tenant.text_back.as_ref().is_some_and(|it| it.enabled) {
        return Err(Skip::Disabled);
    }
    if Business::of(tenant).is_suspended() {
        return Err(Skip::Suspended);
    }
    let e164 = |text: &str| Address::parse(text).as_e164().cloned();
    let caller = e164(&call.from).ok_or(Skip::NotANumber)?;
    let own = tenant.number.as_ref().map_or("", |it| it.number.as_str());
    if [call.to.as_str(), own, &tenant.forward_to].contains(&caller.as_str()) {
        return Err(Skip::OwnNumber);
    }
    let number = e164(&call.to).or_else(|| e164(own)).ok_or(Skip::NoSender)?;
    Ok((caller, number))
}
