//! A missed call is answered with a text: one to a caller in a while, whichever of the business's numbers he calls.

use async_trait::async_trait;
use chrono::{SecondsFormat, TimeDelta};
use clock::Time;
use events::v1::{Call, CallMissed, MessageSend, TenantContext};
use metrics::counter;
use phone::{Address, E164};
use role::{Cause, Decider, Decision, HandlerError, Tx, derive_id};
use tracing::info;
use webhook::{Segments, segments};

use crate::app::template::{self, Facts};
use crate::db::{self, Conversation, Message, Sender};

/// The window of a tenant that has not chosen one.
const WINDOW_S: u32 = 1800;
/// After so long the text would only confuse.
const EXPIRES: TimeDelta = TimeDelta::hours(24);

/// Why a caller gets no text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Skip {
    /// The business does not want it.
    Disabled,
    /// Nobody who can be texted: anonymous, a client, a short code.
    NotANumber,
    /// The business called itself.
    OwnNumber,
    /// The number that was called cannot send.
    NoSender,
    /// The caller wants no texts.
    OptedOut,
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
            Self::NotANumber => "not_a_number",
            Self::OwnNumber => "own_number",
            Self::NoSender => "no_sender",
            Self::OptedOut => "opted_out",
            Self::Answered => "answered",
            Self::Recent => "recent",
        }
    }

    fn reason(self) -> &'static str {
        match self {
            Self::Disabled => "the tenant has no text-back",
            Self::NotANumber => "the caller has no number that can be texted",
            Self::OwnNumber => "the caller is the business itself",
            Self::NoSender => "what was called is no number that can send",
            Self::OptedOut => "the caller has opted out",
            Self::Answered => "this call was answered before",
            Self::Recent => "the caller was texted for a call at about this time",
        }
    }
}

/// The decider on `call.missed`.
pub struct TextBack;

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
        match answer(tx, cause.time, &call, &tenant).await? {
            Err(skip) => {
                info!(
                    call.sid = call.call_sid,
                    caller,
                    outcome = skip.as_str(),
                    "no text back: {}",
                    skip.reason()
                );
                counter!("dispatch_text_backs_total", "outcome" => skip.as_str()).increment(1);
                Ok(Decision::nothing())
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
                Ok(Decision::nothing()
                    .then(&send)
                    .identified(&send.message_id)
                    .of_tenant(&send.tenant_id)
                    .keyed(&call.call_sid))
            }
        }
    }
}

/// Writes the text to a missed caller, or says why he gets none.
pub async fn answer(
    tx: &mut Tx,
    at: Time,
    call: &Call,
    tenant: &TenantContext,
) -> Result<Result<MessageSend, Skip>, store::Error> {
    let (caller, number) = match parties(call, tenant) {
        Ok(parties) => parties,
        Err(skip) => return Ok(Err(skip)),
    };
    let pair = (tenant.tenant_id.as_str(), caller.as_str());
    let window = tenant.text_back.as_ref().map_or(0, |it| it.window_s);
    let window = TimeDelta::seconds(i64::from(if window == 0 { WINDOW_S } else { window }));

    let customer = db::opt_out_lock(tx, pair.0, pair.1).await?;
    if customer.opted_out {
        return Ok(Err(Skip::OptedOut));
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
    let words = tenant.text_back.as_ref().map_or("", |it| &it.template);
    let message = Message {
        body: template::render(words, &facts),
        call_id: Some(call.id.clone()).filter(|id| !id.is_empty()),
        ..db::new_outbound(
            derive_id(&["text_back", &call.call_sid]),
            &thread.id,
            Sender::System,
            at,
        )
    };
    db::message_insert(tx, &message).await?;
    Ok(Ok(MessageSend {
        message_id: message.id,
        tenant_id: thread.tenant_id,
        account_sid: thread.account_sid,
        from: thread.number,
        to: thread.customer,
        body: message.body,
        purpose: "text_back".to_owned(),
        conversation_id: thread.id,
        call_id: call.id.clone(),
        expires_at: (at + EXPIRES).to_rfc3339_opts(SecondsFormat::Micros, true),
        ..MessageSend::default()
    }))
}

/// Who would be texted, and from which number.
fn parties(call: &Call, tenant: &TenantContext) -> Result<(E164, E164), Skip> {
    if !tenant.text_back.as_ref().is_some_and(|it| it.enabled) {
        return Err(Skip::Disabled);
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
