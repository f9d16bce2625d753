//! Every webhook, a row each.

use actix_web::web;
use role::http::{Access, Method, Route};

use crate::door;
use crate::read::{self, Draft};
use crate::verify::Arrival;

/// What Twilio gets when nobody decides: the row's own empty answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// TwiML for a call. Bad parameters are spoken of, never a 4xx: a live call must not break.
    Voice,
    /// TwiML for a message: an empty document, replies go out through the REST API.
    Messaging,
    /// 204. Bad parameters are a 400.
    Nothing,
}

/// One webhook.
#[derive(Clone, Copy)]
pub struct Webhook {
    /// Its path, as in the contract.
    pub path: &'static str,
    /// How it is answered.
    pub answer: Answer,
    /// Its parameters, as the event that they become.
    pub read: fn(&Arrival) -> Result<Draft, webhook::Invalid>,
}

/// The table.
pub const WEBHOOKS: &[Webhook] = &[
    Webhook {
        path: "/webhooks/twilio/call",
        answer: Answer::Voice,
        read: read::call,
    },
    Webhook {
        path: "/webhooks/twilio/call/status/{call_sid}",
        answer: Answer::Voice,
        read: read::dial_finished,
    },
    Webhook {
        path: "/webhooks/twilio/call/whisper/{call_sid}",
        answer: Answer::Voice,
        read: read::whisper,
    },
    Webhook {
        path: "/webhooks/twilio/call/whisper/{call_sid}/answer",
        answer: Answer::Voice,
        read: read::whisper_answer,
    },
    Webhook {
        path: "/webhooks/twilio/sms",
        answer: Answer::Messaging,
        read: read::sms,
    },
    Webhook {
        path: "/webhooks/twilio/sms/status",
        answer: Answer::Nothing,
        read: read::message_status,
    },
];

/// The same, as routes: Twilio asks with POST unless the number says GET.
pub const ROUTES: &[Route] = &{
    let mut routes = [Route::new(Method::Post, "", Access::Signature, "", || {
        web::to(door::open)
    }); WEBHOOKS.len() * 2];
    let mut i = 0;
    while i < WEBHOOKS.len() {
        let (path, what) = (WEBHOOKS[i].path, "A webhook of Twilio's");
        routes[i * 2] = Route::new(Method::Post, path, Access::Signature, what, || {
            web::to(door::open)
        });
        routes[i * 2 + 1] = Route::new(Method::Get, path, Access::Signature, what, || {
            web::to(door::open)
        });
        i += 1;
    }
    routes
};

/// The row of a path, as the router matched it.
pub fn row(pattern: &str) -> Option<&'static Webhook> {
    let pattern = pattern.trim_end_matches('/');
    WEBHOOKS.iter().find(|row| row.path == pattern)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_has_its_two_routes() {
        assert_eq!(ROUTES.len(), WEBHOOKS.len() * 2);
        assert!(
            ROUTES
                .iter()
                .all(|route| route.access == Access::Signature && row(route.path).is_some())
        );
    }
}
