//! A request as it arrived: read once, within bounds, and not yet believed.

use actix_web::http::Method;
use actix_web::{HttpRequest, web};
use bytes::Bytes;
use futures::StreamExt;
use webhook::signature::Body;
use webhook::{FormError, Params, parse_form};

/// The header that Twilio signs with.
pub const SIGNATURE: &str = "X-Twilio-Signature";
/// Twilio's mark of the attempts of one webhook.
const IDEMPOTENCY: &str = "I-Twilio-Idempotency-Token";
/// The largest body. Twilio's have a few kilobytes.
const BODY_LIMIT: usize = 64 * 1024;

/// A request that says it is Twilio's.
pub struct SignedRequest {
    /// The path, without the query.
    pub path: String,
    /// The segment `{call_sid}` of the path.
    pub call_sid: Option<String>,
    /// The parameters: of the form, or of the query when it was a GET.
    pub params: Params,
    /// The query's parameters.
    pub query: Params,
    /// Twilio's mark of the attempts of one webhook. It is not signed.
    pub attempt: Option<String>,
    /// Path and query as they stood on the wire: they are signed so.
    pub wire: String,
    /// The host that was asked for, which anybody can set.
    pub host: Option<String>,
    /// The scheme that a proxy saw, which anybody can set.
    pub scheme: Option<String>,
    /// `X-Twilio-Signature`.
    pub signature: Option<String>,
    is_get: bool,
}

/// Why a request cannot be read, and what Twilio is told: never a value.
pub struct Unreadable {
    /// A short word, for the log.
    pub reason: &'static str,
    /// HTTP's status.
    pub status: u16,
    /// What is wrong.
    pub explanation: String,
}

impl SignedRequest {
    /// Reads query and body.
    pub async fn read(req: &HttpRequest, body: web::Payload) -> Result<Self, Unreadable> {
        let query = parse_form(req.query_string().as_bytes(), BODY_LIMIT)?;
        let is_get = req.method() == Method::GET;
        let params = if is_get {
            query.clone()
        } else {
            parse_form(&whole(body).await?, BODY_LIMIT)?
        };
        let header = |name: &str| header(req, name).map(str::to_owned);
        Ok(Self {
            path: req.path().to_owned(),
            call_sid: req.match_info().get("call_sid").map(str::to_owned),
            params,
            query,
            attempt: header(IDEMPOTENCY).filter(|token| !token.is_empty()),
            wire: req
                .uri()
                .path_and_query()
                .map_or_else(|| req.path().to_owned(), ToString::to_string),
            host: header("X-Forwarded-Host").or_else(|| header("Host")),
            scheme: header("X-Forwarded-Proto"),
            signature: header(SIGNATURE),
            is_get,
        })
    }

    /// A value of the form or the query.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.params.get(name)
    }

    /// What was signed beside the URL.
    pub fn body(&self) -> Body<'_> {
        if self.is_get {
            Body::Empty
        } else {
            Body::Form(&self.params)
        }
    }

    /// The request once it is believed: what was signed and cannot be stored is taken out of it.
    pub fn believed(self) -> Self {
        Self {
            params: self.params.without_nul(),
            query: self.query.without_nul(),
            ..self
        }
    }
}

/// Whether the request has a signature at all, right or wrong.
pub fn is_signed(req: &HttpRequest) -> bool {
    req.headers().contains_key(SIGNATURE)
}

/// Whether the body is said to be JSON, which no webhook of ours is: it would be taken for one long parameter name.
pub fn is_json(req: &HttpRequest) -> bool {
    let kind = header(req, "Content-Type").unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    let kind = kind.to_ascii_lowercase();
    req.method() != Method::GET && (kind == "application/json" || kind.ends_with("+json"))
}

fn header<'a>(req: &'a HttpRequest, name: &str) -> Option<&'a str> {
    req.headers().get(name)?.to_str().ok()
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

/// The body. It mostly comes in one piece, which is taken as it is.
async fn whole(mut body: web::Payload) -> Result<Bytes, Unreadable> {
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
