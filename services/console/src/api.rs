//! The other roles' API, asked for an operator: with the key between roles and what the operator may see and do.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use api::operator::{OPERATOR, OPERATOR_SCOPES, OPERATOR_TENANT};
use reqwest::{Method, StatusCode};
use role::{Error, Parts};
use serde::de::DeserializeOwned;
use serde_json::Value;
use settings::Secret;
use tracing::warn;

use crate::operator::Operator;

/// A page is not kept waiting for a role that hangs.
const PATIENCE: Duration = Duration::from_secs(4);

/// The API.
#[derive(Clone)]
pub struct Api {
    client: reqwest::Client,
    base: Option<String>,
    bind: String,
    port: Arc<OnceLock<u16>>,
    key: Option<Secret>,
}

/// Why an answer is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Missing {
    /// There is no such thing, or not for this operator.
    NotFound,
    /// The role says no, with its words for people.
    Refused(u16, String),
    /// The role does not answer.
    Away,
}

impl Missing {
    /// What a person is told.
    pub fn words(&self) -> String {
        match self {
            Self::NotFound => "There is no such thing, or it belongs to another tenant.".to_owned(),
            Self::Refused(_, why) => why.clone(),
            Self::Away => {
                "The part of the platform that knows this does not answer; try again shortly."
                    .to_owned()
            }
        }
    }
}

impl Api {
    /// At the address of the settings, else at this process.
    pub fn new(parts: &Parts) -> Result<Self, Error> {
        let client = reqwest::Client::builder()
            .timeout(PATIENCE)
            .pool_idle_timeout(Duration::from_secs(2))
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()
            .map_err(|e| Error::Settings(format!("no HTTP client can be made: {e}")))?;
        let settings = &parts.settings;
        let base = settings.api_url.as_ref();
        Ok(Self {
            client,
            base: base.map(|url| url.as_str().trim_end_matches('/').to_owned()),
            bind: settings.bind.clone(),
            port: parts.port.clone(),
            key: settings.internal_service_key.clone(),
        })
    }

    fn url(&self, path: &str) -> Option<String> {
        match &self.base {
            Some(base) => Some(format!("{base}{path}")),
            None => {
                let host = match self.bind.as_str() {
                    "0.0.0.0" => "127.0.0.1".to_owned(),
                    "::" => "[::1]".to_owned(),
                    v6 if v6.contains(':') => format!("[{v6}]"),
                    other => other.to_owned(),
                };
                Some(format!("http://{host}:{}{path}", self.port.get()?))
            }
        }
    }

    /// A request for an operator.
    pub fn request(
        &self,
        operator: &Operator,
        method: Method,
        path: &str,
    ) -> Result<reqwest::RequestBuilder, Missing> {
        let url = self.url(path).ok_or(Missing::Away)?;
        let key = self.key.as_ref().map_or("", Secret::reveal);
        let mut request = self
            .client
            .request(method, url)
            .header("X-Service-Key", key)
            .header(OPERATOR, header_text(&operator.name))
            .header(OPERATOR_SCOPES, &operator.scopes);
        if let Some(tenant) = &operator.tenant {
            request = request.header(OPERATOR_TENANT, tenant);
        }
        Ok(request)
    }

    /// What a path answers.
    pub async fn get<T: DeserializeOwned>(
        &self,
        operator: &Operator,
        path: &str,
    ) -> Result<T, Missing> {
        let request = self.request(operator, Method::GET, path)?;
        answer(path, request).await
    }

    /// Changes something.
    pub async fn send(
        &self,
        operator: &Operator,
        method: Method,
        path: &str,
        body: Option<&Value>,
    ) -> Result<Value, Missing> {
        let mut request = self.request(operator, method, path)?;
        if let Some(body) = body {
            request = request.json(body);
        }
        answer(path, request).await
    }

    /// Makes something once, however often the form is sent; an empty mark marks nothing.
    pub async fn send_once(
        &self,
        operator: &Operator,
        path: &str,
        once: &str,
        body: &Value,
    ) -> Result<Value, Missing> {
        let request = self.request(operator, Method::POST, path)?;
        let request = match once {
            "" => request,
            once => request.header("Idempotency-Key", once),
        };
        answer(path, request.json(body)).await
    }

    /// Puts something in the place of what the operator has seen: refused where that was changed meanwhile.
    pub async fn send_over(
        &self,
        operator: &Operator,
        method: Method,
        path: &str,
        seen: &str,
        body: &Value,
    ) -> Result<Value, Missing> {
        let request = self.request(operator, method, path)?;
        answer(path, request.header("If-Match", seen).json(body)).await
    }
}

/// Sends a request and reads the answer.
pub async fn answer<T: DeserializeOwned>(
    path: &str,
    request: reqwest::RequestBuilder,
) -> Result<T, Missing> {
    let path = path.split('?').next().unwrap_or_default();
    let away = |e: reqwest::Error| {
        warn!(path, error = %e, "a role does not answer the console");
        Missing::Away
    };
    let response = request.send().await.map_err(away)?;
    let status = response.status();
    let body = response.bytes().await.map_err(away)?;
    if status.is_success() {
        let body: &[u8] = if body.is_empty() { b"null" } else { &body };
        return serde_json::from_slice(body).map_err(|e| {
            warn!(path, error = %e, "a role answers what the console cannot read");
            Missing::Away
        });
    }
    if status == StatusCode::NOT_FOUND {
        return Err(Missing::NotFound);
    }
    if status.is_server_error() {
        return Err(Missing::Away);
    }
    let body: Value = serde_json::from_slice(&body).unwrap_or_default();
    let why = body["error"]["message"]
        .as_str()
        .unwrap_or("it was refused");
    Err(Missing::Refused(status.as_u16(), sentence(why)))
}

/// A message of the API as a sentence.
fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string());
    let end = if text.ends_with(['.', '!', '?']) {
        ""
    } else {
        "."
    };
    format!("{}{}{end}", first.unwrap_or_default(), letters.as_str())
}

/// A name as a header can carry it.
fn header_text(name: &str) -> String {
    name.chars()
        .map(|c| {
            if c.is_ascii_graphic() || c == ' ' {
                c
            } else {
                '?'
            }
        })
        .collect()
}

/// One part of an address.
pub fn segment(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes())
        .collect::<String>()
        .replace('+', "%20")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn message_becomes_a_sentence() {
        assert_eq!(sentence("to: is empty"), "To: is empty.");
        assert_eq!(sentence(""), ".");
    }

    #[test]
    fn segment_cannot_leave_its_place() {
        assert_eq!(segment("../keys"), "..%2Fkeys");
        assert_eq!(segment("a b?c#d"), "a%20b%3Fc%23d");
    }
}
