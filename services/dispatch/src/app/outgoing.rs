//! Texts of ours, written into their thread and sent.

use chrono::{SecondsFormat, TimeDelta};
use clock::Time;
use events::v1::{MessageSend, TenantContext};
use flow::QuietHours;
use phone::E164;
use role::Tx;

use super::wording;
use crate::db::{self, Conversation, Message, Sender, Status};

/// For so long a text answers what the customer did. Afterwards it comes unasked, and quiet hours hold it back.
const ANSWERS: TimeDelta = TimeDelta::hours(2);
/// A text that has not left by then keeps no other waiting: it may stand in a long line of its number's. How long one whose turn has
/// come waits for it, egress says.
const LEAVES_WITHIN: TimeDelta = TimeDelta::days(1);
/// How many entries of a thread are looked through for the customer's latest call.
const LOOKED_AT: i64 = 10;

/// After so long an answer would only confuse.
const EXPIRES: TimeDelta = TimeDelta::hours(12);

/// What a text answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answers {
    /// What the customer wrote, or a call, at this time.
    At(Time),
    /// Nothing that is known.
    Nothing,
}

impl Answers {
    /// The latest that the customer did in a thread.
    pub async fn latest(tx: &mut Tx, thread: &str) -> Result<Self, store::Error> {
        let text = db::message_latest_inbound(tx, thread).await?;
        let entries = db::entry_list(tx, thread, LOOKED_AT).await?;
        let calls = entries.iter().filter(|it| it.kind == "call");
        let latest = calls.map(|it| it.at).chain(text).max();
        Ok(latest.map_or(Self::Nothing, |at| Self::At(at.0)))
    }

    /// Until when a text counts as an answer.
    fn until(self) -> Option<Time> {
        match self {
            Self::At(at) => Some(at + ANSWERS),
            Self::Nothing => None,
        }
    }
}

/// A thread whose customer is locked, and whether an answer may be sent into it.
pub async fn open(tx: &mut Tx, id: &str) -> Result<Option<Conversation>, store::Error> {
    let Some((thread, _)) = db::conversation_find(tx, id).await? else {
        return Ok(None);
    };
    let customer = db::opt_out_lock(tx, &thread.tenant_id, &thread.customer).await?;
    let Some((thread, _)) = db::conversation_find(tx, id).await? else {
        return Ok(None);
    };
    let open = thread.is_answered_by_ai()
        && !customer.opted_out
        && !customer.blocked
        && thread.status == Status::Active.as_str();
    Ok(Some(thread).filter(|_| open))
}

/// What every text of a thread has in common.
pub fn command(thread: &Conversation, tenant: &TenantContext) -> MessageSend {
    let account = if tenant.account_sid.is_empty() {
        &thread.account_sid
    } else {
        &tenant.account_sid
    };
    MessageSend {
        tenant_id: thread.tenant_id.clone(),
        account_sid: account.clone(),
        from: thread.number.clone(),
        to: thread.customer.clone(),
        conversation_id: thread.id.clone(),
        messaging_service_sid: tenant.messaging_service_sid.clone(),
        ..MessageSend::default()
    }
}

/// Keeps a text in its thread, and gives the command that sends it. The customer's lock is held. The first text that the platform
/// itself writes to a customer says whose it is, and how to opt out.
pub async fn write(
    tx: &mut Tx,
    thread: &Conversation,
    tenant: &TenantContext,
    mut text: Message,
    purpose: &str,
    answers: Answers,
) -> Result<MessageSend, store::Error> {
    if text.sender != Sender::Human.as_str() {
        let is_cut = text.sender == Sender::Ai.as_str();
        text.body = introduced(tx, thread, tenant, &text.body, is_cut).await?;
    }
    let until = answers.until();
    let answers_until = until.map(|it| it.to_rfc3339_opts(SecondsFormat::Micros, true));
    if is_held(thread, tenant, until, text.created_at.0) {
        "quiet_hours".clone_into(&mut text.reason);
    }
    let since = text.created_at.0 - LEAVES_WITHIN;
    let after = db::message_leaving(tx, &thread.id, since).await?;
    db::message_insert(tx, &text).await?;
    Ok(MessageSend {
        message_id: text.id,
        body: text.body,
        purpose: purpose.to_owned(),
        answers_until: answers_until.unwrap_or_default(),
        quiet_hours: tenant.quiet_hours,
        timezone: tenant.timezone.clone(),
        after: after.unwrap_or_default(),
        ..command(thread, tenant)
    })
}

/// A text of the platform's own as it leaves: with whose it is and how to opt out, where it is the first.
pub async fn introduced(
    tx: &mut Tx,
    thread: &Conversation,
    tenant: &TenantContext,
    body: &str,
    is_cut: bool,
) -> Result<String, store::Error> {
    Ok(match db::has_introduced_itself(tx, &thread.id).await? {
        true => body.to_owned(),
        false => wording::introduced(body, tenant, is_cut),
    })
}

/// Whether quiet hours will hold a text back, as far as that can be told when it is written: egress judges when it leaves.
fn is_held(thread: &Conversation, tenant: &TenantContext, until: Option<Time>, at: Time) -> bool {
    let quiet = tenant.quiet_hours.as_ref();
    let quiet = quiet.and_then(|it| QuietHours::of_minutes(it.from_minute, it.to_minute));
    let number = E164::parse(&thread.customer).ok();
    let zone = number.and_then(|it| it.time_zone());
    let end = quiet.and_then(|it| it.end(at, zone.unwrap_or(&tenant.timezone)));
    end.is_some() && until.is_none_or(|until| at >= until)
}

/// A text that has lost its sense after a while.
pub fn expiring(send: MessageSend, at: Time) -> MessageSend {
    MessageSend {
        expires_at: (at + EXPIRES).to_rfc3339_opts(SecondsFormat::Micros, true),
        ..send
    }
}
