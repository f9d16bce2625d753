//! Who lives in the tests, and the events that tell of them.

use chrono::{DateTime, TimeDelta, Utc};
use events::v1::{
    Call, CallMissed, InboundText, MessageRefused, MessageSent, Number, OptOutChanged, SmsInbound,
    TenantContext, TextBack, TwilioMessageStatus,
};

pub const CALLER: &str = "+15550109999";
pub const FORWARD: &str = "+15550100002";
pub const ACCOUNT: &str = "AC00000000000000000000000000000001";

pub fn at(minute: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_750_000_000, 0).unwrap() + TimeDelta::minutes(minute)
}

/// The number of a tenant: `smith`'s first is +15550100001, his second +15550100011.
pub fn number(tenant: &str, nth: u8) -> String {
    match tenant {
        "smith" => format!("+155501000{nth}1"),
        _ => format!("+155502000{nth}1"),
    }
}

pub fn tenant(id: &str, nth: u8) -> TenantContext {
    TenantContext {
        tenant_id: id.into(),
        name: "Smith Plumbing".into(),
        timezone: "America/Los_Angeles".into(),
        forward_to: FORWARD.into(),
        account_sid: ACCOUNT.into(),
        trade: "plumbing".into(),
        text_back: Some(TextBack {
            enabled: true,
            ..TextBack::default()
        }),
        number: Some(Number {
            number: number(id, nth),
            ..Number::default()
        }),
        ..TenantContext::default()
    }
}

pub fn missed(call_sid: &str, from: &str) -> CallMissed {
    missed_at("smith", 0, call_sid, from)
}

pub fn missed_at(tenant_id: &str, nth: u8, call_sid: &str, from: &str) -> CallMissed {
    CallMissed {
        call: Some(Call {
            id: format!("call-{call_sid}"),
            call_sid: call_sid.into(),
            tenant_id: tenant_id.into(),
            direction: "inbound".into(),
            from: from.into(),
            to: number(tenant_id, nth),
            outcome: "missed".into(),
            account_sid: ACCOUNT.into(),
            ..Call::default()
        }),
        tenant: Some(tenant(tenant_id, nth)),
        reason: "no-answer".into(),
    }
}

pub fn text(message_sid: &str, from: &str, body: &str) -> SmsInbound {
    text_to("smith", message_sid, from, body)
}

pub fn text_to(tenant_id: &str, message_sid: &str, from: &str, body: &str) -> SmsInbound {
    SmsInbound {
        tenant: Some(tenant(tenant_id, 0)),
        text: Some(InboundText {
            message_sid: message_sid.into(),
            from: from.into(),
            to: number(tenant_id, 0),
            body: body.into(),
            ..InboundText::default()
        }),
    }
}

pub fn sent(message_id: &str, message_sid: &str) -> MessageSent {
    MessageSent {
        message_id: message_id.into(),
        tenant_id: "smith".into(),
        message_sid: message_sid.into(),
        status: "queued".into(),
        segments: 1,
        ..MessageSent::default()
    }
}

pub fn refused(message_id: &str, code: u32, reason: &str) -> MessageRefused {
    MessageRefused {
        message_id: message_id.into(),
        tenant_id: "smith".into(),
        code,
        reason: reason.into(),
        purpose: "text_back".into(),
        to: CALLER.into(),
        ..MessageRefused::default()
    }
}

pub fn status(message_sid: &str, word: &str, error_code: Option<u32>) -> TwilioMessageStatus {
    TwilioMessageStatus {
        message_sid: message_sid.into(),
        message_status: word.into(),
        error_code,
        ..TwilioMessageStatus::default()
    }
}

pub fn opt_out(opted_out: bool) -> OptOutChanged {
    OptOutChanged {
        tenant_id: "smith".into(),
        customer: CALLER.into(),
        opted_out,
    }
}

pub fn thread_id(tenant_id: &str, nth: u8, customer: &str) -> String {
    role::derive_id(&["conversation", tenant_id, &number(tenant_id, nth), customer])
}
