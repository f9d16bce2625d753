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
use events::v1::TwimlReply;
use futures::StreamExt;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use metrics::counter;
use role::directory::{Account, Directory};
use role::http::ApiError;
use role::{Parts, derive_id};
use tracing::{Instrument, Span, debug, error, info_span, warn};
use webhook::{FormError, parse_form};

use crate::fallback;
use crate::read::Draft;
use crate::spool::Spool;
use crate::verify::{Arrival, Refusal, verify};
use crate::webhooks::{Answer, Webhook, row};

/// The largest body. Twilio's have a few kilobytes.
const BODY_LIMIT: usize = 64 * 1024;
/// Twilio's mark of the attempts of one webhook.
const IDEMPOTENCY: &str = "I-Twilio-Idempotency-Token";
/// How many refused signatures are explained a second; the rest are only counted, or a flood would fill the log.
const EXPLAINED: NonZeroU32 = NonZeroU32::new(20).unwrap();

/// What the handlers work with.
pub struct Door {
    parts: Parts,
    spool: Arc<Spool>,
    deadline: Duration,
    explain: DefaultDirectRateLimiter,
}

/// What came of publishing.
enum Published {
    /// The bus has it, and this is what was decided.
    Decided(String),
    /// The bus has it; nobody decides, or not in time.
    Stored,
    /// It waits in the spool.
    Spooled,
    /// Neither could take it.
    Lost,
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
    /// With the parts of the platform, the spool, and how long a decision may take.
    pub fn new(parts: &Parts, spool: Arc<Spool>, deadline: Duration) -> Self {
        let explain = RateLimiter::direct(Quota::per_second(EXPLAINED));
        Self {
            parts: parts.clone(),
            spool,
            deadline,
            explain,
        }
    }

    async fn take(&self, webhook: &Webhook, req: &HttpRequest, body: web::Payload) -> HttpResponse {
        let arrival = match arrive(req, body).await {
            Ok(arrival) => arrival,
            Err(response) => {
                counter!("webhooks_total", "path" => webhook.path, "outcome" => "unreadable")
                    .increment(1);
                return response;
            }
        };
        let account = match verify(&self.parts, &arrival).await {
            Ok(account) => account,
            Err(refusal) => return self.refuse(webhook, &arrival, &refusal),
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
            return self.refuse(webhook, &arrival, &refusal);
        }
        let envelope = self.envelope(req, &arrival, &draft);
        let published = match self.publish(&envelope, draft.waits).await {
            Ok(published) => published,
            Err(e) => {
                error!(error = %e, "neither the bus nor the spool could take a webhook");
                Published::Lost
            }
        };
        self.answer(webhook, &draft, published)
    }

    fn refuse(&self, webhook: &Webhook, arrival: &Arrival, refusal: &Refusal) -> HttpResponse {
        counter!("webhooks_refused_total", "path" => webhook.path, "reason" => refusal.reason)
            .increment(1);
        if self.explain.check().is_ok() {
            let names: Vec<_> = arrival.params.names().collect();
            warn!(reason = refusal.reason, explanation = refusal.explanation, parameters = ?names, "webhook refused");
        }
        actix_web::ResponseError::error_response(&ApiError::forbidden(
            "the X-Twilio-Signature does not fit; the log says why, and `trunkline doctor signature` explains",
        ))
    }

    fn envelope(&self, req: &HttpRequest, arrival: &Arrival, draft: &Draft) -> Envelope {
        let clock: &Clock = &self.parts.clock;
        let now = clock.now();
        Envelope {
            id: event_id(req, arrival, draft).unwrap_or_else(|| clock.id()),
            source: "trunkline/ingress".to_owned(),
            kind: draft.kind.to_owned(),
            time: now,
            tenant: None,
            key: Some(draft.key.clone()),
            cause: None,
            traceparent: role::telemetry::traceparent(),
            deadline: draft
                .waits
                .then(|| now + TimeDelta::from_std(self.deadline).unwrap_or_default()),
            reply_to: None,
            data: Bytes::from(draft.data.clone()),
        }
    }

    async fn publish(&self, envelope: &Envelope, waits: bool) -> std::io::Result<Published> {
        let bus = &self.parts.bus;
        let failure = if waits {
            match bus.request(envelope.clone(), self.deadline).await {
                Ok(reply) => match reply.decode::<TwimlReply>() {
                    Ok(reply) => return Ok(Published::Decided(reply.xml)),
                    Err(e) => {
                        error!(error = %e, "the reply is not TwiML");
                        return Ok(Published::Stored);
                    }
                },
                Err(bus::Error::NoReply(_)) => return Ok(Published::Stored),
                Err(e) => e,
            }
        } else if self.spool.is_empty() {
            match bus.publish(envelope).await {
                Ok(()) => return Ok(Published::Stored),
                Err(e) => e,
            }
        } else {
            // What waits goes first.
            bus::Error::Unavailable("the spool is being drained".to_owned())
        };
        debug!(error = %failure, "the bus is away; the webhook goes to the spool");
        self.spool.keep(envelope).await.map(|()| Published::Spooled)
    }

    fn answer(&self, webhook: &Webhook, draft: &Draft, published: Published) -> HttpResponse {
        let outcome = match &published {
            Published::Decided(_) => "decided",
            Published::Stored if draft.waits => "late",
            Published::Stored => "stored",
            Published::Spooled => "spooled",
            Published::Lost => "lost",
        };
        counter!("webhooks_total", "path" => webhook.path, "outcome" => outcome).increment(1);
        match published {
            Published::Decided(document) => xml(document),
            // Even when nobody will ever hear of it, the caller is not left with an error.
            _ if draft.waits => {
                warn!(outcome, "the fallback answers");
                let entry = self.parts.directory.entry(&draft.number);
                // A whisper that nobody decided lets the call through: better his voicemail than nobody.
                let is_call = draft.kind == <events::v1::TwilioVoiceInbound as events::Event>::TYPE;
                xml(if is_call {
                    fallback::voice(entry.as_deref(), &draft.key)
                } else {
                    fallback::EMPTY.to_owned()
                })
            }
            Published::Stored | Published::Spooled => match webhook.answer {
                Answer::Voice | Answer::Messaging => xml(fallback::EMPTY.to_owned()),
                Answer::Nothing => HttpResponse::NoContent().finish(),
            },
            Published::Lost => plain(503, "try again shortly"),
        }
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
fn event_id(req: &HttpRequest, arrival: &Arrival, draft: &Draft) -> Option<String> {
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
    if draft.waits {
        return None;
    }
    let mut pairs: Vec<_> = arrival.params.iter().collect();
    pairs.sort_unstable();
    parts.extend(pairs.into_iter().flat_map(|(name, value)| [name, value]));
    Some(derive_id(&parts))
}

async fn arrive(req: &HttpRequest, body: web::Payload) -> Result<Arrival, HttpResponse> {
    let query =
        parse_form(req.query_string().as_bytes(), BODY_LIMIT).map_err(|e| unreadable(&e))?;
    if req.method() == Method::GET {
        return Ok(Arrival::new(req, query.clone(), query));
    }
    let body = read(body).await?;
    let params = parse_form(&body, BODY_LIMIT).map_err(|e| unreadable(&e))?;
    Ok(Arrival::new(req, params, query))
}

/// The body. It mostly comes in one piece, which is taken as it is.
async fn read(mut body: web::Payload) -> Result<Bytes, HttpResponse> {
    let mut whole = Bytes::new();
    while let Some(piece) = body.next().await {
        let piece = piece.map_err(|_| plain(400, "the body broke off"))?;
        if whole.len() + piece.len() > BODY_LIMIT {
            return Err(plain(413, "the body is larger than 64 kB"));
        }
        whole = if whole.is_empty() {
            piece
        } else {
            [whole, piece].concat().into()
        };
    }
    Ok(whole)
}

fn unreadable(error: &FormError) -> HttpResponse {
    let status = if matches!(error, FormError::TooLarge { .. }) {
        413
    } else {
        400
    };
    plain(status, &error.to_string())
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
