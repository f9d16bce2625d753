//! The way of one webhook: read, verified, published, answered.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use actix_web::http::Method;
use actix_web::{HttpRequest, HttpResponse, web};
use bytes::Bytes;
use chrono::TimeDelta;
use clock::Clock;
use events::Envelope;
use futures::StreamExt;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use metrics::counter;
use role::directory::{Account, Directory};
use role::http::ApiError;
use role::{Parts, derive_id};
use tracing::{Instrument, Span, info_span, warn};
use webhook::{FormError, parse_form};

use crate::fallback;
use crate::handover::{Handover, Published};
use crate::read::Draft;
use crate::spool::Spool;
use crate::verify::{Arrival, Refusal, missing_header, signature, verify};
use crate::webhooks::{Answer, Fallback, Wait, Webhook, row};

/// The largest body. Twilio's have a few kilobytes.
const BODY_LIMIT: usize = 64 * 1024;
/// Twilio's mark of the attempts of one webhook.
const IDEMPOTENCY: &str = "I-Twilio-Idempotency-Token";
/// How many refused webhooks are explained a second; the rest are only counted, or a flood would fill the log.
const EXPLAINED: NonZeroU32 = NonZeroU32::new(20).unwrap();

/// What the handlers work with.
pub struct Door {
    parts: Parts,
    handover: Handover,
    haste: u32,
    explain: DefaultDirectRateLimiter,
}

/// Takes any webhook of the table.
pub async fn open(req: HttpRequest, door: web::Data<Door>, body: web::Payload) -> HttpResponse {
    let pattern = req.match_pattern().unwrap_or_default();
    let Some(webhook) = row(&pattern) else {
        return plain(404, "no such webhook");
    };
    let span = info_span!("webhook", path = webhook.path, call = tracing::field::Empty);
    door.take(webhook, &req, body).instrument(span).await
}

impl Door {
    /// With the parts of the platform, the spool, and what the rows' deadlines are divided by.
    pub fn new(parts: &Parts, spool: Arc<Spool>, haste: u32) -> Self {
        let explain = RateLimiter::direct(Quota::per_second(EXPLAINED));
        Self {
            parts: parts.clone(),
            handover: Handover::new(parts.bus.clone(), spool),
            haste,
            explain,
        }
    }

    async fn take(&self, webhook: &Webhook, req: &HttpRequest, body: web::Payload) -> HttpResponse {
        let arrival = match arrive(req, body).await {
            Ok(arrival) => arrival,
            Err(unreadable) => return self.turn_back(webhook, req, &unreadable),
        };
        let account = match verify(&self.parts, &arrival).await {
            Ok(account) => account,
            Err(refusal) => return self.refuse(webhook, Some(&arrival), &refusal),
        };
        let draft = match (webhook.read)(&arrival) {
            Ok(draft) => draft,
            Err(invalid) => {
                counter!("webhooks_total", "path" => webhook.path, "outcome" => "invalid")
                    .increment(1);
                warn!(parameter = invalid.parameter(), error = %invalid, "a signed webhook has parameters that cannot be");
                return if webhook.answer == Answer::Nothing {
                    actix_web::ResponseError::error_response(&ApiError::bad_request(
                        invalid.to_string(),
                    ))
                } else {
                    xml(fallback::bad(webhook.answer))
                };
            }
        };
        Span::current().record("call", &draft.key);
        if let Some(refusal) = foreign(&self.parts.directory, &account, &draft.number) {
            return self.refuse(webhook, Some(&arrival), &refusal);
        }
        let wait = webhook.waits.filter(|_| !draft.over);
        let deadline = wait.map(|wait| wait.deadline(self.haste));
        let envelope = self.envelope(req, &arrival, &draft, deadline);
        let published = match wait {
            Some(wait) => {
                // Whoever asks how an interview goes on must not overtake the answer that waits in the spool.
                let in_turn = wait.fallback == Fallback::TryAgain;
                let deadline = wait.deadline(self.haste);
                self.handover.ask(&envelope, deadline, in_turn).await
            }
            None => self.handover.tell(&envelope).await,
        };
        counter!("webhooks_total", "path" => webhook.path, "outcome" => published.outcome())
            .increment(1);
        match (published, wait) {
            (Published::Decided(document), _) => xml(document),
            // Even when nobody will ever hear of it, the caller is not left with an error.
            (missing, Some(wait)) => self.fall_back(webhook, wait, &arrival, &draft, &missing),
            (Published::Lost, None) => plain(503, "try again shortly"),
            (_, None) => match webhook.answer {
                Answer::Voice | Answer::Messaging => xml(fallback::EMPTY.to_owned()),
                Answer::Nothing => HttpResponse::NoContent().finish(),
            },
        }
    }

    /// Refuses early what cannot be read: its signature cannot be checked. Without one it is refused as any request is
    /// that Twilio has not signed.
    fn turn_back(
        &self,
        webhook: &Webhook,
        req: &HttpRequest,
        unreadable: &Unreadable,
    ) -> HttpResponse {
        if signature(req).is_none() {
            return self.refuse(webhook, None, &missing_header());
        }
        counter!("webhooks_total", "path" => webhook.path, "outcome" => "unreadable").increment(1);
        if self.explain.check().is_ok() {
            warn!(
                reason = unreadable.reason,
                explanation = unreadable.explanation,
                "webhook cannot be read"
            );
        }
        plain(unreadable.status, &unreadable.explanation)
    }

    fn refuse(
        &self,
        webhook: &Webhook,
        arrival: Option<&Arrival>,
        refusal: &Refusal,
    ) -> HttpResponse {
        counter!("webhooks_refused_total", "path" => webhook.path, "reason" => refusal.reason)
            .increment(1);
        if self.explain.check().is_ok() {
            let names: Vec<&str> = arrival.iter().flat_map(|it| it.params.names()).collect();
            warn!(reason = refusal.reason, explanation = refusal.explanation, parameters = ?names, "webhook refused");
        }
        actix_web::ResponseError::error_response(&ApiError::forbidden(
            "the X-Twilio-Signature does not fit; the log says why, and `trunkline doctor signature` explains",
        ))
    }

    fn envelope(
        &self,
        req: &HttpRequest,
        arrival: &Arrival,
        draft: &Draft,
        deadline: Option<Duration>,
    ) -> Envelope {
        let clock: &Clock = &self.parts.clock;
        let now = clock.now();
        Envelope {
            id: event_id(req, arrival, draft, deadline.is_some()).unwrap_or_else(|| clock.id()),
            source: "trunkline/ingress".to_owned(),
            kind: draft.kind.to_owned(),
            time: now,
            tenant: None,
            key: Some(draft.key.clone()),
            cause: None,
            traceparent: role::telemetry::traceparent(),
            deadline: deadline
                .map(|deadline| now + TimeDelta::from_std(deadline).unwrap_or_default()),
            reply_to: None,
            data: draft.data.clone(),
        }
    }

    fn fall_back(
        &self,
        webhook: &Webhook,
        wait: Wait,
        arrival: &Arrival,
        draft: &Draft,
        missing: &Published,
    ) -> HttpResponse {
        let (outcome, reason) = (missing.outcome(), missing.reason());
        counter!("webhooks_fallback_total", "path" => webhook.path, "reason" => reason)
            .increment(1);
        warn!(outcome, reason, "the fallback answers");
        xml(match wait.fallback {
            Fallback::Dial => {
                let entry = self.parts.directory.entry(&draft.number);
                fallback::dial(entry.as_deref(), &draft.key)
            }
            Fallback::TryAgain => fallback::try_again(&arrival.query),
            Fallback::Empty => fallback::EMPTY.to_owned(),
        })
    }
}

/// The number of a webhook must not belong to another tenant's account: a tenant's token proves nothing about others.
fn foreign(directory: &Directory, account: &Account, number: &str) -> Option<Refusal> {
    let tenant = account.tenant.as_deref()?;
    let entry = directory.entry(number)?;
    (entry.tenant_id != tenant).then(|| Refusal {
        reason: "foreign_number",
        explanation: "the account that signed does not own this number; check the tenant's twilio.account_sid".to_owned(),
    })
}

/// The same webhook, sent again, is the same event: by Twilio's own mark where there is one, else, where nobody waits
/// for a fresh decision, by what it says. The query belongs to it; and the mark is not signed, so it only tells
/// webhooks of one call or message from each other.
fn event_id(req: &HttpRequest, arrival: &Arrival, draft: &Draft, waits: bool) -> Option<String> {
    let token = req
        .headers()
        .get(IDEMPOTENCY)
        .and_then(|v| v.to_str().ok())
        .filter(|t| !t.is_empty());
    let mut parts = vec!["webhook", arrival.wire(), draft.key.as_str()];
    if let Some(token) = token {
        parts.push(token);
        return Some(derive_id(&parts));
    }
    if waits {
        return None;
    }
    let mut pairs: Vec<_> = arrival.params.iter().collect();
    pairs.sort_unstable();
    parts.extend(pairs.into_iter().flat_map(|(name, value)| [name, value]));
    Some(derive_id(&parts))
}

/// Why a request cannot be read, and what Twilio is told: never a value.
struct Unreadable {
    /// A short word, for the log.
    reason: &'static str,
    status: u16,
    explanation: String,
}

impl From<FormError> for Unreadable {
    fn from(error: FormError) -> Self {
        let (reason, status) = match error {
            FormError::TooLarge { .. } => ("too_large", 413),
            FormError::TooMany => ("too_many_parameters", 400),
            FormError::NotUtf8 { .. } => ("not_utf8", 400),
        };
        Self {
            reason,
            status,
            explanation: error.to_string(),
        }
    }
}

async fn arrive(req: &HttpRequest, body: web::Payload) -> Result<Arrival, Unreadable> {
    let query = parse_form(req.query_string().as_bytes(), BODY_LIMIT)?;
    if req.method() == Method::GET {
        return Ok(Arrival::new(req, query.clone(), query));
    }
    let body = read(body).await?;
    let params = parse_form(&body, BODY_LIMIT)?;
    Ok(Arrival::new(req, params, query))
}

/// The body. It mostly comes in one piece, which is taken as it is.
async fn read(mut body: web::Payload) -> Result<Bytes, Unreadable> {
    let mut whole = Bytes::new();
    while let Some(piece) = body.next().await {
        let piece = piece.map_err(|_| Unreadable {
            reason: "broken_off",
            status: 400,
            explanation: "the body broke off".to_owned(),
        })?;
        if whole.len() + piece.len() > BODY_LIMIT {
            return Err(Unreadable {
                reason: "too_large",
                status: 413,
                explanation: "the body is larger than 64 kB".to_owned(),
            });
        }
        whole = if whole.is_empty() {
            piece
        } else {
            [whole, piece].concat().into()
        };
    }
    Ok(whole)
}

fn plain(status: u16, message: &str) -> HttpResponse {
    let status = actix_web::http::StatusCode::from_u16(status).unwrap_or_default();
    let code = match status.as_u16() {
        413 => "too_large",
        503 => "unavailable",
        404 => "not_found",
        _ => "bad_request",
    };
    HttpResponse::build(status)
        .json(serde_json::json!({ "error": { "code": code, "message": message, "details": {} } }))
}

fn xml(document: String) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/xml; charset=utf-8")
        .body(document)
}
