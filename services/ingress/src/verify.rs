//! A request as it arrived, and whether Twilio sent it.

use std::sync::Arc;

use actix_web::HttpRequest;
use actix_web::http::Method;
use role::Parts;
use role::directory::Account;
use webhook::signature::{Body, Request, Token, Validator};
use webhook::{Clues, Params, Seen, diagnose};

/// The header that Twilio signs with.
pub const SIGNATURE: &str = "X-Twilio-Signature";

/// A request, read but not yet believed.
pub struct Arrival {
    /// The path, without the query.
    pub path: String,
    /// The segment `{call_sid}` of the path.
    pub call_sid: Option<String>,
    /// The parameters: of the form, or of the query when it was a GET.
    pub params: Params,
    /// The query's parameters.
    pub query: Params,
    /// Path and query as they stood on the wire: they are signed so.
    wire: String,
    host: Option<String>,
    scheme_seen: Option<String>,
    signature: Option<String>,
    is_get: bool,
}

/// Why a request is turned away, for the log: never a value.
#[derive(Debug)]
pub struct Refusal {
    /// A short word, for counting.
    pub reason: &'static str,
    /// A sentence for people, with the remedy.
    pub explanation: String,
}

impl Arrival {
    /// Collects what signs and what is signed.
    pub fn new(req: &HttpRequest, params: Params, query: Params) -> Self {
        let header = |name: &str| {
            req.headers()
                .get(name)
                .and_then(|v| v.to_str().ok())
                .map(str::to_owned)
        };
        Self {
            path: req.path().to_owned(),
            call_sid: req.match_info().get("call_sid").map(str::to_owned),
            params,
            query,
            wire: req
                .uri()
                .path_and_query()
                .map_or_else(|| req.path().to_owned(), ToString::to_string),
            host: header("X-Forwarded-Host").or_else(|| header("Host")),
            scheme_seen: header("X-Forwarded-Proto"),
            signature: signature(req),
            is_get: req.method() == Method::GET,
        }
    }

    /// A value of the form or the query.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.params.get(name)
    }

    /// Path and query as they stood on the wire.
    pub fn wire(&self) -> &str {
        &self.wire
    }

    fn body(&self) -> Body<'_> {
        if self.is_get {
            Body::Empty
        } else {
            Body::Form(&self.params)
        }
    }
}

/// What the request says that Twilio signed it with.
pub fn signature(req: &HttpRequest) -> Option<String> {
    let value = req.headers().get(SIGNATURE)?;
    value.to_str().ok().map(str::to_owned)
}

/// Nobody has signed it.
pub fn missing_header() -> Refusal {
    Refusal {
        reason: "missing_header",
        explanation: format!(
            "the request has no {SIGNATURE}; only Twilio's own requests carry one"
        ),
    }
}

/// Checks the signature with the tokens of the account that the request names. Which account it was is returned, so
/// that the number can be checked against it.
pub async fn verify(parts: &Parts, arrival: &Arrival) -> Result<Arc<Account>, Refusal> {
    let unknown = |sid: &str| Refusal {
        reason: "unknown_account",
        explanation: format!(
            "no auth token is known for account {sid}; set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN, or give the tenant its account"
        ),
    };
    if arrival.signature.is_none() {
        return Err(missing_header());
    }
    let sid = arrival.get("AccountSid").unwrap_or_default();
    let shown = if role::settings::is_account_sid(sid) {
        sid
    } else {
        "(no AccountSid)"
    };
    // Twilio always names the account; a request without one can only be checked against ours.
    let account = parts.directory.account_or_ask(sid).await;
    let account = account.ok_or_else(|| unknown(shown))?;
    let validator = validator(&account);
    for base in bases(parts, arrival) {
        let url = format!("{base}{}", arrival.wire);
        let request = Request {
            url: &url,
            signature: arrival.signature.as_deref(),
            body: arrival.body(),
        };
        if validator.verify(&request).is_ok() {
            return Ok(account);
        }
    }
    Err(explain(parts, arrival, &account))
}

/// The public addresses that Twilio may have been given. Without a setting it is a laptop, reached under any of its
/// names; the host is then taken from the request, which proves nothing by itself but needs the token all the same.
fn bases(parts: &Parts, arrival: &Arrival) -> Vec<String> {
    let mut bases = vec![parts.settings.public_url()];
    if parts.settings.webhook_base_url.is_none()
        && let Some(host) = &arrival.host
    {
        let scheme = arrival
            .scheme_seen
            .as_deref()
            .filter(|s| *s == "https")
            .unwrap_or("http");
        bases.push(format!("{scheme}://{host}"));
    }
    bases
}

fn validator(account: &Account) -> Validator {
    Validator::new(
        account
            .tokens
            .iter()
            .filter_map(|token| Token::new(token.reveal()).ok()),
    )
}

fn explain(parts: &Parts, arrival: &Arrival, account: &Account) -> Refusal {
    let url = format!("{}{}", parts.settings.public_url(), arrival.wire);
    let request = Request {
        url: &url,
        signature: arrival.signature.as_deref(),
        body: arrival.body(),
    };
    let others = parts.directory.accounts().into_iter();
    let others: Vec<Token> = parts
        .directory
        .replaced_tokens(&account.sid)
        .into_iter()
        .chain(
            others
                .filter(|other| other.sid != account.sid)
                .flat_map(|other| other.tokens.clone()),
        )
        .filter_map(|token| Token::new(token.reveal()).ok())
        .collect();
    let seen = [Seen {
        source: "the Host and X-Forwarded headers",
        scheme: arrival.scheme_seen.as_deref(),
        host: arrival.host.as_deref(),
        path_and_query: None,
    }];
    let diagnosis = diagnose(
        &validator(account),
        &request,
        &Clues {
            seen: &seen,
            tokens: &others,
        },
    );
    Refusal {
        reason: diagnosis.code(),
        explanation: diagnosis.to_string(),
    }
}
