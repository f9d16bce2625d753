//! Twilio's webhooks, republished with the business that they are about. What is republished happened when the webhook
//! came, even when the business could only be found after an outage.

use std::sync::Arc;

use async_trait::async_trait;
use events::v1::{
    CallStatus, DialFinished, SmsInbound, TenantContext, TwilioCallStatus, TwilioDialFinished,
    TwilioSmsInbound, TwilioVoiceInbound, TwilioWhisper, TwimlReply, VoiceInbound, VoiceParameters,
    VoiceWhisper, Webhook,
};
use metrics::counter;
use phone::Address;
use role::{Cause, Decision, HandlerError, Performer};
use tracing::info;

use super::lookups::Lookups;
use crate::app::context::{Resolution, Unserved, answering, known, number_in_query, own_number};
use crate::app::note::SMS_COPY;
use crate::app::refusal::Refusal;
use crate::app::spoken;
use crate::app::words::SmsApp;

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
    ) -> Result<Decision, HandlerError> {
        let (webhook, voice) = (
            command.webhook.unwrap_or_default(),
            command.voice.unwrap_or_default(),
        );
        let found = self.0.resolve(own_number(&voice)).await?;
        let (served, app) = match answering(found.as_deref(), &webhook) {
            Ok(served) => served,
            Err(why) => return turn_away(own_number(&voice), found.as_deref(), why),
        };
        let tenant = served.context.clone();
        let (id, call) = (tenant.tenant_id.clone(), voice.call_sid.clone());
        let event = VoiceInbound {
            tenant: Some(tenant),
            voice: Some(voice),
            origin: "twilio".to_owned(),
        };
        let decision = Decision::nothing().then(&event).narrowed(app);
        Ok(decision
            .of_tenant(id)
            .keyed(call)
            .as_of_cause()
            .hand_on_reply())
    }
}

/// Says goodbye and counts.
fn turn_away(
    number: &str,
    found: Option<&Resolution>,
    why: Unserved,
) -> Result<Decision, HandlerError> {
    drop_it(number, why);
    // Whoever signs for another's number learns nothing of him.
    let tenant = found.filter(|_| why != Unserved::ForeignAccount);
    let twiml = spoken::not_in_service(tenant.map(|found| &found.context));
    let xml = twiml
        .to_xml()
        .map_err(|e| HandlerError::Reject(e.to_string()))?;
    let decision = Decision::nothing().reply(&TwimlReply { xml });
    Ok(decision)
}

fn drop_it(number: &str, why: Unserved) {
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
            drop_it(number, why);
            Ok(None)
        }
    }
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

    async fn perform(&self, _: &Cause, command: TwilioWhisper) -> Result<Decision, HandlerError> {
        let voice = command.voice.clone().unwrap_or_default();
        let Some(tenant) = tenant_of(&self.0, command.webhook.clone(), &voice).await? else {
            let xml = spoken::not_in_service(None)
                .to_xml()
                .map_err(|e| HandlerError::Reject(e.to_string()))?;
            return Ok(Decision::nothing().reply(&TwimlReply { xml }));
        };
        let (id, call) = (tenant.tenant_id.clone(), command.parent_call_sid.clone());
        let event = VoiceWhisper {
            tenant: Some(tenant),
            whisper: Some(command),
        };
        Ok(Decision::nothing()
            .then(&event)
            .of_tenant(id)
            .keyed(call)
            .as_of_cause()
            .hand_on_reply())
    }
}

/// Takes `twilio.dial.finished`.
pub struct Dial(pub Lookups);

#[async_trait]
impl Performer for Dial {
    type Command = TwilioDialFinished;
    const NAME: &'static str = "dial-finished";

    fn prefetch(&self) -> u16 {
        PREFETCH
    }

    async fn perform(
        &self,
        _: &Cause,
        command: TwilioDialFinished,
    ) -> Result<Decision, HandlerError> {
        let voice = command.voice.unwrap_or_default();
        let Some(tenant) = tenant_of(&self.0, command.webhook, &voice).await? else {
            return Ok(Decision::nothing());
        };
        let (id, call) = (tenant.tenant_id.clone(), voice.call_sid.clone());
        let event = DialFinished {
            tenant: Some(tenant),
            voice: Some(voice),
            dial: command.dial,
        };
        Ok(Decision::nothing()
            .then(&event)
            .of_tenant(id)
            .keyed(call)
            .as_of_cause())
    }
}

/// Takes `twilio.call.status`.
pub struct Status(pub Lookups);

#[async_trait]
impl Performer for Status {
    type Command = TwilioCallStatus;
    const NAME: &'static str = "call-status";

    fn prefetch(&self) -> u16 {
        PREFETCH
    }

    async fn perform(
        &self,
        _: &Cause,
        command: TwilioCallStatus,
    ) -> Result<Decision, HandlerError> {
        let voice = command.voice.unwrap_or_default();
        let Some(tenant) = tenant_of(&self.0, command.webhook, &voice).await? else {
            return Ok(Decision::nothing());
        };
        let (id, call) = (tenant.tenant_id.clone(), voice.call_sid.clone());
        let event = CallStatus {
            tenant: Some(tenant),
            voice: Some(voice),
            duration_s: command.duration_s,
            sequence_number: command.sequence_number,
            sip_response_code: command.sip_response_code,
            timestamp: command.timestamp,
            origin: "twilio".to_owned(),
            answered_by: command.answered_by,
        };
        Ok(Decision::nothing()
            .then(&event)
            .of_tenant(id)
            .keyed(call)
            .as_of_cause())
    }
}

/// Takes `twilio.sms.inbound`.
pub struct Sms(pub Lookups);

#[async_trait]
impl Performer for Sms {
    type Command = TwilioSmsInbound;
    const NAME: &'static str = "sms-inbound";

    async fn perform(
        &self,
        _: &Cause,
        command: TwilioSmsInbound,
    ) -> Result<Decision, HandlerError> {
        let (webhook, text) = (
            command.webhook.unwrap_or_default(),
            command.text.unwrap_or_default(),
        );
        let found = self.0.resolve(&text.to).await?;
        let served = known(found.as_deref(), &webhook).and_then(|found| {
            let sms = found
                .context
                .number
                .as_ref()
                .map_or("", |number| number.sms.as_str());
            if sms == SmsApp::Conversation.as_str() {
                Ok(found)
            } else {
                Err(Unserved::NoApp)
            }
        });
        let served = match served {
            Ok(served) => served,
            Err(why) => {
                drop_it(&text.to, why);
                return Ok(Decision::nothing());
            }
        };
        let event = SmsInbound {
            tenant: Some(served.context.clone()),
            text: Some(text),
        };
        let id = &served.context.tenant_id;
        let mut decision = Decision::nothing().then(&event).of_tenant(id).as_of_cause();
        if served.notified {
            decision = decision
                .then(&event)
                .narrowed(SMS_COPY)
                .of_tenant(id)
                .as_of_cause();
        }
        Ok(decision)
    }
}
