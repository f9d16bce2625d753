//! Twilio's webhooks, republished with the business that they are about. What is republished happened when the webhook
//! came, even when the business could only be found after an outage.

use std::marker::PhantomData;
use std::sync::Arc;

use async_trait::async_trait;
use events::Event;
use events::v1::{
    CallStatus, DialFinished, SmsInbound, TenantContext, TwilioCallStatus, TwilioDialFinished,
    TwilioSmsInbound, TwilioVoiceInbound, TwilioWhisper, TwimlReply, VoiceInbound, VoiceParameters,
    VoiceWhisper, Webhook,
};
use metrics::counter;
use phone::Address;
use role::{Cause, HandlerError, Outcome, OutgoingEvent, Performer};
use tracing::info;

use super::lookups::Lookups;
use crate::app::announcements;
use crate::app::context::{Resolution, Unserved, answering, known, number_in_query, own_number};
use crate::app::notification::SMS_COPY;
use crate::app::refusal::Refusal;
use crate::db::model::enums::SmsApp;

/// How many webhooks are looked up at the same time: most find their answer in memory.
const PREFETCH: u16 = 128;

impl From<Refusal> for HandlerError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Store(e) => Self::Store(e),
            other => Self::Retry(other.to_string()),
        }
    }
}

/// Takes `twilio.voice.inbound`.
pub struct Voice(pub Lookups);

#[async_trait]
impl Performer for Voice {
    type Command = TwilioVoiceInbound;
    const NAME: &'static str = "voice-inbound";

    fn prefetch(&self) -> u16 {
        PREFETCH
    }

    async fn perform(
        &self,
        _: &Cause,
        command: TwilioVoiceInbound,
    ) -> Result<Outcome, HandlerError> {
        let (webhook, voice) = (
            command.webhook.unwrap_or_default(),
            command.voice.unwrap_or_default(),
        );
        let found = self.0.resolve(own_number(&voice)).await?;
        let (served, app) = match answering(found.as_deref(), &webhook) {
            Ok(served) => served,
            Err(why) => return turn_away(own_number(&voice), found.as_deref(), why),
        };
        let tenant = match app {
            "assistant" | "bot" => served.with_offer(),
            _ => served.context.clone(),
        };
        let (id, call) = (tenant.tenant_id.clone(), voice.call_sid.clone());
        let event = VoiceInbound {
            tenant: Some(tenant),
            voice: Some(voice),
            origin: "twilio".to_owned(),
        };
        let event = OutgoingEvent::new(&event)
            .routed_to(app)
            .tenant(id)
            .key(call);
        Ok(Outcome::nothing().publish(event.caused_at().forward_reply()))
    }
}

/// Counts it, and answers that the number is not in service.
fn turn_away(
    number: &str,
    found: Option<&Resolution>,
    why: Unserved,
) -> Result<Outcome, HandlerError> {
    count_unserved(number, why);
    // Whoever signs for another's number learns nothing of its owner.
    let tenant = found.filter(|_| why != Unserved::ForeignAccount);
    let twiml = announcements::not_in_service(tenant.map(|found| &found.context));
    let xml = twiml
        .to_xml()
        .map_err(|e| HandlerError::Reject(e.to_string()))?;
    Ok(Outcome::nothing().reply(&TwimlReply { xml }))
}

/// For the counter and the log.
fn count_unserved(number: &str, why: Unserved) {
    counter!("tenants_unresolved_total", "reason" => why.as_str()).increment(1);
    let number = Address::parse(number).redacted();
    info!(
        number,
        reason = why.as_str(),
        "a webhook is not for a number that is served"
    );
}

/// Finds the tenant of a callback. `None` is counted.
async fn tenant_of(
    lookups: &Lookups,
    webhook: Option<Webhook>,
    voice: &VoiceParameters,
) -> Result<Option<TenantContext>, HandlerError> {
    let webhook = webhook.unwrap_or_default();
    let number = number_in_query(&webhook).unwrap_or_else(|| own_number(voice));
    let found: Option<Arc<Resolution>> = lookups.resolve(number).await?;
    match known(found.as_deref(), &webhook) {
        Ok(found) => Ok(Some(found.context.clone())),
        Err(why) => {
            count_unserved(number, why);
            Ok(None)
        }
    }
}

/// Whether an assistant has dialled whoever picked up: its address says so.
fn by_assistant(webhook: Option<&Webhook>) -> bool {
    let query = webhook.map_or(&[][..], |webhook| &webhook.query);
    query
        .iter()
        .any(|it| it.name == "by" && it.value == "assistant")
}

/// Takes `twilio.whisper`.
pub struct Whisper(pub Lookups);

#[async_trait]
impl Performer for Whisper {
    type Command = TwilioWhisper;
    const NAME: &'static str = "whisper";

    fn prefetch(&self) -> u16 {
        PREFETCH
    }

    async fn perform(&self, _: &Cause, command: TwilioWhisper) -> Result<Outcome, HandlerError> {
        let voice = command.voice.clone().unwrap_or_default();
        let Some(tenant) = tenant_of(&self.0, command.webhook.clone(), &voice).await? else {
            let xml = announcements::not_in_service(None)
                .to_xml()
                .map_err(|e| HandlerError::Reject(e.to_string()))?;
            return Ok(Outcome::nothing().reply(&TwimlReply { xml }));
        };
        let (id, call) = (tenant.tenant_id.clone(), command.parent_call_sid.clone());
        let is_streams = by_assistant(command.webhook.as_ref());
        let event = VoiceWhisper {
            tenant: Some(tenant),
            whisper: Some(command),
        };
        let mut event = OutgoingEvent::new(&event).tenant(id).key(call);
        if is_streams {
            event = event.routed_to("assistant");
        }
        Ok(Outcome::nothing().publish(event.caused_at().forward_reply()))
    }
}

/// A callback that is republished with its tenant, be it served or not: state must stay true.
pub trait Callback: Event + Default {
    /// The consumer's name.
    const NAME: &'static str;
    /// What it is republished as.
    type Republished: Event;

    /// Where it came in, and the call that it is about.
    fn take_origin(&mut self) -> (Option<Webhook>, VoiceParameters);

    /// The same with its tenant.
    fn with_tenant(self, tenant: TenantContext, voice: VoiceParameters) -> Self::Republished;
}

impl Callback for TwilioDialFinished {
    const NAME: &'static str = "dial-finished";
    type Republished = DialFinished;

    fn take_origin(&mut self) -> (Option<Webhook>, VoiceParameters) {
        (self.webhook.take(), self.voice.take().unwrap_or_default())
    }

    fn with_tenant(self, tenant: TenantContext, voice: VoiceParameters) -> DialFinished {
        DialFinished {
            tenant: Some(tenant),
            voice: Some(voice),
            dial: self.dial,
        }
    }
}

impl Callback for TwilioCallStatus {
    const NAME: &'static str = "call-status";
    type Republished = CallStatus;

    fn take_origin(&mut self) -> (Option<Webhook>, VoiceParameters) {
        (self.webhook.take(), self.voice.take().unwrap_or_default())
    }

    fn with_tenant(self, tenant: TenantContext, voice: VoiceParameters) -> CallStatus {
        CallStatus {
            tenant: Some(tenant),
            voice: Some(voice),
            duration_s: self.duration_s,
            sequence_number: self.sequence_number,
            sip_response_code: self.sip_response_code,
            timestamp: self.timestamp,
            origin: "twilio".to_owned(),
            answered_by: self.answered_by,
            error_code: self.error_code,
            error_message: self.error_message,
        }
    }
}

/// Takes a callback.
pub struct Republish<C>(Lookups, PhantomData<fn(C)>);

impl<C> Republish<C> {
    /// With the tenants that it finds there.
    pub fn new(lookups: Lookups) -> Self {
        Self(lookups, PhantomData)
    }
}

#[async_trait]
impl<C: Callback> Performer for Republish<C> {
    type Command = C;
    const NAME: &'static str = C::NAME;

    fn prefetch(&self) -> u16 {
        PREFETCH
    }

    async fn perform(&self, _: &Cause, mut callback: C) -> Result<Outcome, HandlerError> {
        let (webhook, voice) = callback.take_origin();
        let Some(tenant) = tenant_of(&self.0, webhook, &voice).await? else {
            return Ok(Outcome::nothing());
        };
        let (id, call) = (tenant.tenant_id.clone(), voice.call_sid.clone());
        let event = callback.with_tenant(tenant, voice);
        Ok(Outcome::nothing().publish(OutgoingEvent::new(&event).tenant(id).key(call).caused_at()))
    }
}

/// Takes `twilio.sms.inbound`.
pub struct Sms(pub Lookups);

#[async_trait]
impl Performer for Sms {
    type Command = TwilioSmsInbound;
    const NAME: &'static str = "sms-inbound";

    async fn perform(&self, _: &Cause, command: TwilioSmsInbound) -> Result<Outcome, HandlerError> {
        let (webhook, text) = (
            command.webhook.unwrap_or_default(),
            command.text.unwrap_or_default(),
        );
        let found = self.0.resolve(&text.to).await?;
        // A number without conversations sends text-backs all the same: a STOP to it counts, and dispatch looks for it.
        let served = known(found.as_deref(), &webhook);
        let served = match served {
            Ok(served) => served,
            Err(why) => {
                count_unserved(&text.to, why);
                return Ok(Outcome::nothing());
            }
        };
        let event = SmsInbound {
            tenant: Some(served.with_offer()),
            text: Some(text),
        };
        let id = &served.context.tenant_id;
        let mut outcome =
            Outcome::nothing().publish(OutgoingEvent::new(&event).tenant(id).caused_at());
        let number = served.context.number.as_ref();
        let converses = number.is_some_and(|it| it.sms == SmsApp::Conversation.as_str());
        if served.notified && converses {
            outcome = outcome.publish(
                OutgoingEvent::new(&event)
                    .routed_to(SMS_COPY)
                    .tenant(id)
                    .caused_at(),
            );
        }
        Ok(outcome)
    }
}
