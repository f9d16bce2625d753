//! The events that tell of a call.

use events::Envelope;
use events::v1::{
    CallStatus, DialFinished, DialResult, MessageSent, Number, TenantContext, TwilioWhisper,
    VoiceInbound, VoiceParameters, VoiceWhisper,
};

use crate::story::{CALLER, NUMBER, OWNER};

pub fn narrowed(envelope: Envelope) -> Envelope {
    Envelope {
        kind: format!("{}.forward", envelope.kind),
        ..envelope
    }
}

pub fn tenant(id: &str) -> TenantContext {
    TenantContext {
        tenant_id: id.into(),
        name: "Smith & Sons".into(),
        timezone: "America/Los_Angeles".into(),
        forward_to: OWNER.into(),
        dial_timeout_s: 20,
        account_sid: "AC00000000000000000000000000000001".into(),
        number: Some(Number {
            number: NUMBER.into(),
            ..Number::default()
        }),
        ..TenantContext::default()
    }
}

pub fn voice(call: &str, status: &str) -> VoiceParameters {
    VoiceParameters {
        call_sid: call.into(),
        from: CALLER.into(),
        to: NUMBER.into(),
        call_status: status.into(),
        direction: "inbound".into(),
        ..VoiceParameters::default()
    }
}

pub fn inbound(call: &str, tenant: TenantContext) -> VoiceInbound {
    VoiceInbound {
        tenant: Some(tenant),
        voice: Some(voice(call, "ringing")),
        origin: "twilio".into(),
    }
}

pub fn dial_finished(call: &str, tenant: TenantContext, dial: DialResult) -> DialFinished {
    DialFinished {
        tenant: Some(tenant),
        voice: Some(voice(call, "in-progress")),
        dial: Some(dial),
    }
}

pub fn dialled(call: &str, tenant: TenantContext, status: &str) -> DialFinished {
    let dial = DialResult {
        status: status.into(),
        ..DialResult::default()
    };
    dial_finished(call, tenant, dial)
}

pub fn status(
    call: &str,
    tenant: TenantContext,
    word: &str,
    duration_s: Option<u32>,
    timestamp: &str,
) -> CallStatus {
    CallStatus {
        tenant: Some(tenant),
        voice: Some(voice(call, word)),
        duration_s,
        timestamp: timestamp.into(),
        origin: "twilio".into(),
        ..CallStatus::default()
    }
}

pub fn whisper(call: &str, tenant: TenantContext, digits: &str, answered: bool) -> VoiceWhisper {
    let leg = VoiceParameters {
        call_sid: "CA-leg".into(),
        from: CALLER.into(),
        to: OWNER.into(),
        call_status: "in-progress".into(),
        direction: "outbound-dial".into(),
        parent_call_sid: call.into(),
        ..VoiceParameters::default()
    };
    let whisper = TwilioWhisper {
        voice: Some(leg),
        parent_call_sid: call.into(),
        digits: digits.into(),
        answered,
        ..TwilioWhisper::default()
    };
    VoiceWhisper {
        tenant: Some(tenant),
        whisper: Some(whisper),
    }
}

pub fn text_sent(conversation: &str) -> MessageSent {
    MessageSent {
        tenant_id: "smith".into(),
        conversation_id: conversation.into(),
        message_sid: "SM1".into(),
        purpose: "text_back".into(),
        segments: 1,
        ..MessageSent::default()
    }
}
