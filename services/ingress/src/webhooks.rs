//! Every webhook, a row each.

use std::time::Duration;

use api::{Shape, query_shape};

use crate::queries::{Asked, Place, Whispered};
use crate::read::{self, InboundEvent, interview};
use crate::request::SignedRequest;

/// What Twilio gets when there is nothing to decide: the row's own empty answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ResponseKind {
    /// TwiML for a call. Bad parameters are spoken of, never a 4xx: a live call must not break.
    Voice,
    /// TwiML for a message: an empty document, replies go out through the REST API.
    Messaging,
    /// 204. Bad parameters are a 400.
    Nothing,
}

/// How long Twilio is kept waiting for a decision, and what it gets when there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Wait {
    /// Seconds. Twilio waits 15 in all, but a caller hears silence meanwhile.
    pub deadline_s: u64,
    /// What the caller hears when nobody has decided by then, or the bus is away.
    pub fallback: Fallback,
}

/// What a caller hears when nobody has decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fallback {
    /// The business's phone rings.
    Dial,
    /// The caller is asked to wait, and Twilio to ask again; after a few times an apology.
    TryAgain,
    /// Nothing: the call goes on where it is.
    Empty,
}

/// Parameters, as the event that they become.
pub type Read = fn(&SignedRequest) -> Result<InboundEvent, webhook::Invalid>;

/// One webhook.
#[derive(Clone, Copy)]
pub struct Webhook {
    /// Its path, as in the contract. A slash at its end may come or not.
    pub path: &'static str,
    /// How it is answered.
    pub response: ResponseKind,
    /// Whether Twilio waits for what is decided.
    pub waits: Option<Wait>,
    /// How it is read.
    pub read: Read,
    /// What the URLs that we give out for it have in their query, beside what Twilio adds: for OpenAPI. Nothing is refused by it.
    pub query: Option<Shape>,
}

/// A call comes in.
const CALL: Wait = wait(5, Fallback::Dial);
/// The callee picked up. Without a decision they are let through: better a voicemail than nobody.
const WHISPER: Wait = wait(5, Fallback::Empty);
/// An interview goes on. A question may be raced for up to 8 s before its replacement is asked.
const INTERVIEW: Wait = wait(9, Fallback::TryAgain);

/// The table.
pub const WEBHOOKS: &[Webhook] = &[
    request_reply("/webhooks/twilio/call", CALL, read::call),
    notify(
        "/webhooks/twilio/call/status/{call_sid}",
        ResponseKind::Voice,
        read::dial_finished,
    ),
    request_reply(
        "/webhooks/twilio/call/whisper/{call_sid}",
        WHISPER,
        read::whisper,
    )
    .asks(query_shape::<Whispered>),
    request_reply(
        "/webhooks/twilio/call/whisper/{call_sid}/answer",
        WHISPER,
        read::whisper_answer,
    )
    .asks(query_shape::<Whispered>),
    notify("/webhooks/twilio/sms", ResponseKind::Messaging, read::sms),
    notify(
        "/webhooks/twilio/sms/status",
        ResponseKind::Nothing,
        read::message_status,
    ),
    // The coach's.
    request_reply("/webhook/voice", CALL, read::call),
    request_reply("/webhook/menu", INTERVIEW, interview::gather_finished)
        .asks(query_shape::<Asked>),
    request_reply("/start-interview", INTERVIEW, interview::call_continued)
        .asks(query_shape::<Asked>),
    request_reply("/continue-interview", INTERVIEW, interview::call_continued)
        .asks(query_shape::<Asked>),
    request_reply("/webhook/response", INTERVIEW, interview::record_finished)
        .asks(query_shape::<Asked>),
    notify("/webhook/status", ResponseKind::Nothing, read::call_status),
    // The streaming bots' and assistants'.
    request_reply("/voice", CALL, read::call),
    request_reply("/twiml", CALL, read::call),
    // The screener's.
    request_reply(
        "/api/webhooks/record-response",
        INTERVIEW,
        interview::record_finished,
    )
    .asks(query_shape::<Asked>),
    notify(
        "/api/webhooks/call-status",
        ResponseKind::Nothing,
        read::call_status,
    )
    .asks(query_shape::<Place>),
    notify(
        "/api/webhooks/recording-status",
        ResponseKind::Nothing,
        interview::recording_status,
    )
    .asks(query_shape::<Place>),
    // Of whole calls, whoever answers them.
    notify(
        "/recording/status",
        ResponseKind::Nothing,
        interview::recording_status,
    ),
];

impl Wait {
    /// How long it is, in this much of a hurry: see [`crate::Timings::speedup`].
    pub fn deadline(self, speedup: u32) -> Duration {
        Duration::from_secs(self.deadline_s) / speedup.max(1)
    }
}

impl Webhook {
    /// Says what its URLs have in their query.
    const fn asks(mut self, query: Shape) -> Self {
        self.query = Some(query);
        self
    }
}

const fn wait(deadline_s: u64, fallback: Fallback) -> Wait {
    Wait {
        deadline_s,
        fallback,
    }
}

/// A webhook of a call that waits for what to do next.
const fn request_reply(path: &'static str, wait: Wait, read: Read) -> Webhook {
    Webhook {
        path,
        response: ResponseKind::Voice,
        waits: Some(wait),
        read,
        query: None,
    }
}

/// A webhook that only tells something.
const fn notify(path: &'static str, response: ResponseKind, read: Read) -> Webhook {
    Webhook {
        path,
        response,
        waits: None,
        read,
        query: None,
    }
}

/// The row of a path, as the router matched it.
pub fn row(table: &'static [Webhook], pattern: &str) -> Option<&'static Webhook> {
    let pattern = pattern.trim_end_matches('/');
    table.iter().find(|row| row.path == pattern)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Twilio gives up after 15 s, the way to us and back and a second attempt of its own included.
    #[test]
    fn nobody_waits_longer_than_twilio_does() {
        for row in WEBHOOKS {
            let Some(wait) = row.waits else { continue };
            assert!((1..=10).contains(&wait.deadline_s), "{}", row.path);
            assert_eq!(row.response, ResponseKind::Voice, "{}", row.path);
            assert_eq!(wait.deadline(1), Duration::from_secs(wait.deadline_s));
        }
    }
}
