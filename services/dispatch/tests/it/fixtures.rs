//! Who lives in the tests, and the events that tell of them.

use chrono::{DateTime, TimeDelta, Utc};
use dispatch::test_support::Window;
use events::v1::{
    Call, CallEnded, CallMissed, InboundText, MessageRefused, MessageSent, Number, Offer,
    OpenHours, OptOutChanged, ReplyDraftFailed, ReplyDrafted, ReplyFacts, SmsInbound,
    TenantContext, TextBack, TwilioMessageStatus, offer, reply_facts,
};

/// More than a thread of a test has.
pub const WHOLE_THREAD: Window = Window {
    before: None,
    limit: 10_000,
};
pub const CALLER: &str = "+15550109999";
pub const FORWARD: &str = "+15550100002";
pub const ACCOUNT: &str = "AC00000000000000000000000000000001";

pub fn at(minute: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_750_000_000, 0).unwrap() + TimeDelta::minutes(minute)
}

/// The number of a tenant: `smith`'s first is +15550100001, the second +15550100011.
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
        human_window_s: 3600,
        hours: (1..=7)
            .map(|weekday| OpenHours {
                weekday,
                from_minute: 480,
                to_minute: 1080,
            })
            .collect(),
        offer: Some(offer()),
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
        error_message: error_code
            .map_or("", |_| "Landline or unreachable carrier")
            .into(),
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

/// What Smith Plumbing offers.
fn offer() -> Offer {
    Offer {
        services: vec![offer::Service {
            name: "Leak repair".into(),
            price_from_cents: Some(12_000),
            price_to_cents: Some(30_000),
            currency: "USD".into(),
            duration_min: Some(90),
            emergency: true,
        }],
        service_area: Some(offer::ServiceArea {
            postal_codes: vec!["94110".into(), "94103".into()],
            text: "San Francisco".into(),
        }),
        calendar: Some(offer::Calendar {
            slot_min: 120,
            days_ahead: 3,
            capacity: 1,
            blocked: vec![],
        }),
    }
}

/// How a call ended.
pub fn ended(call_sid: &str, outcome: &str) -> CallEnded {
    let call = missed(call_sid, CALLER).call;
    CallEnded {
        call: call.map(|call| Call {
            outcome: outcome.into(),
            duration_s: Some(42),
            started_at: "2025-06-15T15:06:40Z".into(),
            ..call
        }),
    }
}

/// What a model has written for a draft.
pub fn drafted(draft_id: &str, next_action: &str, slot: &str, text: &str) -> ReplyDrafted {
    let fact = |value: &str| {
        Some(reply_facts::Fact {
            value: value.into(),
            quote: value.into(),
        })
    };
    ReplyDrafted {
        draft_id: draft_id.into(),
        tenant_id: "smith".into(),
        conversation_id: thread_id("smith", 0, CALLER),
        facts: Some(ReplyFacts {
            job: fact("leak under the sink"),
            address: fact("789 Sunset Blvd 94110"),
            ..ReplyFacts::default()
        }),
        urgency: "normal".into(),
        next_action: next_action.into(),
        slot: slot.into(),
        text: text.into(),
        usage: None,
    }
}

/// That no model has written anything for it.
pub fn draft_failed(draft_id: &str) -> ReplyDraftFailed {
    ReplyDraftFailed {
        draft_id: draft_id.into(),
        tenant_id: "smith".into(),
        conversation_id: thread_id("smith", 0, CALLER),
        reason: "provider_failed".into(),
    }
}
