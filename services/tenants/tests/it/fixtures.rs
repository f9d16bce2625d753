//! Who there is, and what comes from them.

use events::v1::{Parameter, TwilioVoiceInbound, VoiceParameters, Webhook};
use serde_json::{Value, json};

/// The platform's own account.
pub const ACCOUNT: &str = "AC00000000000000000000000000000001";
/// A tenant's own account.
pub const OTHER_ACCOUNT: &str = "AC00000000000000000000000000000002";

/// smith with two numbers, jones with an account of its own.
pub fn world() -> Value {
    json!({ "tenants": [
        {
            "id": "smith", "name": "Smith Plumbing", "timezone": "America/Los_Angeles",
            "business_hours": { "mon": "07:00-18:00", "sat": ["08:00-12:00", "13:00-16:00"] },
            "forward_to": "+15550100002", "trade": "plumbing", "language": "es-MX",
            "numbers": [
                { "number": "+15550100001", "voice": "forward", "sms": "conversation" },
                { "number": "+15550100003", "voice": "none", "sms": "none" },
            ],
        },
        {
            "id": "jones", "name": "Jones",
            "twilio": { "account_sid": OTHER_ACCOUNT, "auth_tokens": ["a-token-of-jones", "an-older-token"] },
            "numbers": [{ "number": "+15550100011", "voice": "bot:loan-eligibility" }],
        },
    ]})
}

/// A call as it comes from ingress.
pub fn call(to: &str) -> TwilioVoiceInbound {
    TwilioVoiceInbound {
        webhook: Some(webhook("/webhooks/twilio/call", ACCOUNT)),
        voice: Some(voice("+15550109999", to, "inbound")),
    }
}

pub fn webhook(path: &str, account: &str) -> Webhook {
    Webhook {
        path: path.to_owned(),
        account_sid: account.to_owned(),
        ..Webhook::default()
    }
}

pub fn query(name: &str, value: &str) -> Parameter {
    Parameter {
        name: name.to_owned(),
        value: value.to_owned(),
    }
}

pub fn voice(from: &str, to: &str, direction: &str) -> VoiceParameters {
    VoiceParameters {
        call_sid: "CA00000000000000000000000000000001".to_owned(),
        from: from.to_owned(),
        to: to.to_owned(),
        call_status: "ringing".to_owned(),
        direction: direction.to_owned(),
        ..VoiceParameters::default()
    }
}
