//! The way of one webhook: read, verified, published, answered.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use actix_web::{HttpRequest, HttpResponse, ResponseError, web};
use api::ApiError;
use api::limit::Limiter;
use chrono::TimeDelta;
use clock::Clock;
use directory::{Account, Directory};
use events::Envelope;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use metrics::counter;
use role::{Parts, derive_id};
use tracing::{Instrument, Span, info_span, warn};
use webhook::Invalid;

use crate::fallback;
use crate::noted::Facts;
use crate::publisher::{Published, Publisher};
use crate::read::InboundEvent;
use crate::request::{SignedRequest, Unreadable, is_json, is_signed};
use crate::spool::Spool;
use crate::strangers::Strangers;
use crate::verify::{Refusal, Rejected, explain, json_body, missing_header, unexplained, verify};
use crate::webhooks::{Fallback, ResponseKind, Wait, Webhook, row};

/// How many refused webhooks are explained, in a second and at once; the rest are only counted. A flood would fill the
/// log, and looking for the reason costs more than refusing.
const EXPLAINED: NonZeroU32 = NonZeroU32::new(10).unwrap();
const EXPLAINED_AT_ONCE: NonZeroU32 = NonZeroU32::new(20).unwrap();

/// What the handlers work with.
pub struct WebhookHandler {
    parts: Parts,
    publisher: Publisher,
    table: &'static [Webhook],
    speedup: u32,
    explained: DefaultDirectRateLimiter,
    strangers: Strangers,
    by_account: Limiter<String>,
    by_number: Limiter<String>,
}

/// The answer to a request that nobody has shown to be Twilio's.
struct Unbelieved(HttpResponse);

/// Takes any webhook of the table.
pub async fn handle(
    req: HttpRequest,
    handler: web::Data<WebhookHandler>,
    body: web::Payload,
) -> HttpResponse {
    let pattern = req.match_pattern().unwrap_or_default();
    let Some(webhook) = row(handler.table, &pattern) else {
        return error(404, "no such webhook");
    };
    let span = info_span!("webhook", path = webhook.path, call = tracing::field::Empty);
    async {
        let mut facts = Facts::new(handler.parts.clock.now(), handler.parts.timeline.is_on());
        let answered = handler.answer(webhook, &req, body, &mut facts).await;
        let response = answered
            .as_ref()
            .unwrap_or_else(|Unbelieved(refused)| refused);
        facts.tell(&handler.parts.timeline, webhook.path, response);
        match answered {
            Ok(response) => response,
            Err(Unbelieved(refused)) => handler.strangers.pace(refused).await,
        }
    }
    .instrument(span)
    .await
}

impl WebhookHandler {
    /// With the parts of the platform, the spool, the table of webhooks, and what its deadlines are divided by.
    pub fn new(parts: &Parts, spool: Arc<Spool>, table: &'static [Webhook], speedup: u32) -> Self {
        let quota = Quota::per_second(EXPLAINED).allow_burst(EXPLAINED_AT_ONCE);
        Self {
            parts: parts.clone(),
            publisher: Publisher::new(parts.bus.clone(), spool),
            table,
            speedup,
            explained: RateLimiter::direct(quota),
            strangers: Strangers::default(),
            by_account: Limiter::per_second(parts.settings.limits.account),
            by_number: Limiter::per_second(parts.settings.limits.number),
        }
    }

    async fn answer(
        &self,
        webhook: &Webhook,
        req: &HttpRequest,
        body: web::Payload,
        facts: &mut Facts,
    ) -> Result<HttpResponse, Unbelieved> {
        // What can be said without reading the body is said without.
        if is_json(req) {
            return Err(self.refuse(webhook, None, &json_body(), facts));
        }
        if !is_signed(req) {
            return Err(self.refuse(webhook, None, &missing_header(), facts));
        }
        let request = match SignedRequest::read(req, body).await {
            Ok(request) => request,
            Err(unreadable) => return Err(self.cannot_read(webhook, &unreadable, facts)),
        };
        let account = match verify(&self.parts, &request).await {
            Ok(account) => account,
            Err(rejected) => return Err(self.reject(webhook, &request, rejected, facts)),
        };
        let request = request.believed();
        facts.believed(&request);
        let event = match (webhook.read)(&request) {
            Ok(event) => event,
            Err(invalid) => {
                facts.outcome("invalid");
                return Ok(self.cannot_use(webhook, &invalid));
            }
        };
        Span::current().record("call", &event.key);
        facts.read(&self.parts.directory, &request, &event);
        if let Some(refusal) = foreign(&self.parts.directory, &account, &event.number) {
            return Err(self.refuse(webhook, Some(&request), &refusal, facts));
        }
        if let Err((limit, after)) = self.check_limits(&account, &event.number) {
            facts.outcome("limited");
            return Ok(limited(webhook, limit, after));
        }
        let wait = webhook.waits.filter(|_| !event.over);
        let deadline = wait.map(|wait| wait.deadline(self.speedup));
        let envelope = self.envelope(&request, &event, deadline);
        let published = match wait {
            Some(wait) => {
                // Whoever asks how an interview goes on must not overtake the answer that waits in the spool.
                let in_turn = wait.fallback == Fallback::TryAgain;
                let deadline = wait.deadline(self.speedup);
                self.publisher
                    .request_reply(&envelope, deadline, in_turn)
                    .await
            }
            None => self.publisher.notify(&envelope).await,
        };
        counter!("webhooks_total", "path" => webhook.path, "outcome" => published.outcome())
            .increment(1);
        facts.outcome(published.outcome());
        Ok(match (published, wait) {
            (Published::Decided(document), _) => {
                facts.document(&document);
                xml(document)
            }
            // Even when nobody will ever hear of it, the caller is not left with an error.
            (missing, Some(wait)) => self.fall_back(webhook, wait, &request, &event, &missing),
            (Published::Lost, None) => error(503, "try again shortly"),
            (_, None) => match webhook.response {
                ResponseKind::Voice | ResponseKind::Messaging => xml(fallback::EMPTY.to_owned()),
                ResponseKind::Nothing => HttpResponse::NoContent().finish(),
            },
        })
    }

    /// Counts a webhook for its account and its number. By address it is not counted: Twilio's come from few, and
    /// nobody else gets here.
    fn check_limits(
        &self,
        account: &Account,
        number: &str,
    ) -> Result<(), (&'static str, Duration)> {
        let by_account = self.by_account.check(&account.sid);
        by_account.map_err(|after| ("account", after))?;
        if number.is_empty() {
            return Ok(());
        }
        let by_number = self.by_number.check(&number.to_owned());
        by_number.map_err(|after| ("number", after))
    }

    /// Refuses early what cannot be read: its signature cannot be checked.
    fn cannot_read(
        &self,
        webhook: &Webhook,
        unreadable: &Unreadable,
        facts: &mut Facts,
    ) -> Unbelieved {
        counter!("webhooks_total", "path" => webhook.path, "outcome" => "unreadable").increment(1);
        if self.explained.check().is_ok() {
            facts.undecided("unreadable", unreadable.reason);
            warn!(
                reason = unreadable.reason,
                explanation = unreadable.explanation,
                "webhook cannot be read"
            );
        }
        Unbelieved(error(unreadable.status, &unreadable.explanation))
    }

    /// Answers what is signed and has parameters that cannot be right.
    fn cannot_use(&self, webhook: &Webhook, invalid: &Invalid) -> HttpResponse {
        counter!("webhooks_total", "path" => webhook.path, "outcome" => "invalid").increment(1);
        warn!(
            parameter = invalid.parameter(),
            reason = %invalid,
            "webhook rejected: invalid parameter"
        );
        if webhook.response == ResponseKind::Nothing {
            ApiError::bad_request(invalid.to_string()).error_response()
        } else {
            xml(fallback::bad(webhook.response))
        }
    }

    fn reject(
        &self,
        webhook: &Webhook,
        request: &SignedRequest,
        rejected: Rejected,
        facts: &mut Facts,
    ) -> Unbelieved {
        let account = match rejected {
            Rejected::For(refusal) => {
                return self.refuse(webhook, Some(request), &refusal, facts);
            }
            Rejected::NotYet => return Unbelieved(self.not_yet(webhook, facts)),
            Rejected::Signature(account) => account,
        };
        // The limiter is asked before the reason is looked for: anybody can send what has to be explained.
        if self.explained.check().is_err() {
            self.count_refused(webhook, &unexplained());
            return Unbelieved(forbidden());
        }
        let refusal = explain(&self.parts, request, &account);
        self.count_refused(webhook, &refusal);
        facts.refused(&self.parts.directory, Some(request), &refusal);
        tell_refused(&refusal, Some(request));
        Unbelieved(forbidden())
    }

    fn refuse(
        &self,
        webhook: &Webhook,
        request: Option<&SignedRequest>,
        refusal: &Refusal,
        facts: &mut Facts,
    ) -> Unbelieved {
        self.count_refused(webhook, refusal);
        facts.forget();
        if self.explained.check().is_ok() {
            facts.refused(&self.parts.directory, request, refusal);
            tell_refused(refusal, request);
        }
        Unbelieved(forbidden())
    }

    fn count_refused(&self, webhook: &Webhook, refusal: &Refusal) {
        counter!("webhooks_refused_total", "path" => webhook.path, "reason" => refusal.reason)
            .increment(1);
    }

    /// No account is known yet. It is not a refusal: Twilio asks the fallback URL, or comes again.
    fn not_yet(&self, webhook: &Webhook, facts: &mut Facts) -> HttpResponse {
        counter!("webhooks_total", "path" => webhook.path, "outcome" => "not_yet").increment(1);
        if self.explained.check().is_ok() {
            facts.undecided("not_checked", "directory");
            warn!(
                reason = "directory",
                "webhook cannot be checked yet: the role tenants has not told which accounts there are"
            );
        }
        error(
            503,
            "the accounts are not known yet; the role tenants has not answered since this process began",
        )
    }

    fn envelope(
        &self,
        request: &SignedRequest,
        event: &InboundEvent,
        deadline: Option<Duration>,
    ) -> Envelope {
        let clock: &Clock = &self.parts.clock;
        let now = clock.now();
        Envelope {
            id: event_id(request, event, deadline.is_some()).unwrap_or_else(|| clock.id()),
            source: "trunkline/ingress".to_owned(),
            kind: event.kind.to_owned(),
            time: now,
            tenant: None,
            key: Some(event.key.clone()),
            cause: None,
            traceparent: telemetry::traceparent(),
            deadline: deadline
                .map(|deadline| now + TimeDelta::from_std(deadline).unwrap_or_default()),
            reply_to: None,
            data: event.data.clone(),
        }
    }

    fn fall_back(
        &self,
        webhook: &Webhook,
        wait: Wait,
        request: &SignedRequest,
        event: &InboundEvent,
        missing: &Published,
    ) -> HttpResponse {
        let (outcome, reason) = (missing.outcome(), missing.reason());
        counter!("webhooks_fallback_total", "path" => webhook.path, "reason" => reason)
            .increment(1);
        let deadline = wait.deadline(self.speedup);
        warn!(
            outcome,
            reason,
            deadline_ms = u64::try_from(deadline.as_millis()).unwrap_or(u64::MAX),
            "answered with fallback TwiML"
        );
        let entry = self.parts.directory.entry(&event.number);
        xml(match wait.fallback {
            Fallback::Dial => fallback::dial(entry.as_deref(), &event.key, &request.params),
            Fallback::TryAgain => fallback::try_again(entry.as_deref(), &request.query),
            Fallback::Empty => fallback::EMPTY.to_owned(),
        })
    }
}

/// Tells why a webhook was refused, and never a value of what a stranger has sent.
fn tell_refused(refusal: &Refusal, request: Option<&SignedRequest>) {
    let (reason, explanation) = (refusal.reason, &refusal.explanation);
    match request {
        Some(request) => {
            let parameters = request.params.names_for_log();
            let count = request.params.len();
            warn!(reason, explanation, ?parameters, count, "webhook refused");
        }
        None => warn!(reason, explanation, "webhook refused"),
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
fn event_id(request: &SignedRequest, event: &InboundEvent, waits: bool) -> Option<String> {
    let mut parts = vec!["webhook", request.wire.as_str(), event.key.as_str()];
    if let Some(attempt) = &request.attempt {
        parts.push(attempt);
        return Some(derive_id(&parts));
    }
    if waits {
        return None;
    }
    let mut pairs: Vec<_> = request.params.iter().collect();
    pairs.sort_unstable();
    parts.extend(pairs.into_iter().flat_map(|(name, value)| [name, value]));
    Some(derive_id(&parts))
}

/// One webhook too many.
fn limited(webhook: &Webhook, limit: &'static str, after: Duration) -> HttpResponse {
    counter!("requests_limited_total", "limit" => limit).increment(1);
    counter!("webhooks_total", "path" => webhook.path, "outcome" => "limited").increment(1);
    let setting = limit.to_uppercase();
    ApiError::too_many(
        format!(
            "too many webhooks for this {limit}; raise TRUNKLINE_LIMIT_{setting} if they are meant"
        ),
        after,
    )
    .error_response()
}

fn forbidden() -> HttpResponse {
    ApiError::forbidden(
        "X-Twilio-Signature does not match; the log has the reason, `trunkline doctor signature` explains it",
    )
    .error_response()
}

fn error(status: u16, message: &str) -> HttpResponse {
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
