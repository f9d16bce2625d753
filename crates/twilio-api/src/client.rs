use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::header::{CONTENT_TYPE, HeaderMap, LOCATION, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Method, Response, StatusCode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use url::Url;

use crate::form::Form;
use crate::{Credentials, Error};

/// How long to wait for Twilio.
#[derive(Clone, Copy, Debug)]
pub struct Timeouts {
    /// For the connection, TLS included. A request that fails here was surely not done.
    pub connect: Duration,
    /// For the whole exchange.
    pub total: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(5),
            total: Duration::from_secs(20),
        }
    }
}

/// One account at one endpoint. Cheap to clone; clones share their connections.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    http: reqwest::Client,
    base: Url,
    credentials: Credentials,
}

impl Client {
    /// A client for `account_sid` at `base_url` (`https://api.twilio.com`, or an emulator's).
    ///
    /// # Errors
    /// [`Error::Setup`] when the URL or the account's id cannot be used.
    ///
    /// # Panics
    /// In the HTTP client, when the process has not installed a TLS provider.
    pub fn new(base_url: &str, account_sid: &str, auth_token: &str) -> Result<Self, Error> {
        Self::with_timeouts(base_url, account_sid, auth_token, Timeouts::default())
    }

    /// As [`Client::new`], with other timeouts.
    ///
    /// # Errors
    /// As [`Client::new`].
    pub fn with_timeouts(
        base_url: &str,
        account_sid: &str,
        auth_token: &str,
        timeouts: Timeouts,
    ) -> Result<Self, Error> {
        let builder = reqwest::Client::builder()
            .connect_timeout(timeouts.connect)
            .timeout(timeouts.total);
        Self::build(base_url, account_sid, auth_token, builder)
    }

    fn build(
        base_url: &str,
        account_sid: &str,
        auth_token: &str,
        builder: reqwest::ClientBuilder,
    ) -> Result<Self, Error> {
        let base = Url::parse(base_url.trim_end_matches('/'))
            .map_err(|_| Error::Setup("the base url is not a url"))?;
        if !matches!(base.scheme(), "http" | "https") || !base.has_host() {
            return Err(Error::Setup("the base url is not http or https"));
        }
        if account_sid.is_empty() || !account_sid.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(Error::Setup("the account sid is not one"));
        }
        let http = builder
            .user_agent(concat!("trunkline/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|_| Error::Setup("the http client cannot be built"))?;
        Ok(Self(Arc::new(Inner {
            http,
            base,
            credentials: Credentials::new(account_sid, [auth_token]),
        })))
    }

    /// A client for files: it may take as long as it likes, as long as something comes within `idle`, which is also the time for the
    /// connection. An hour of a call is a gigabyte at most, and a slow network no reason to begin again.
    ///
    /// # Errors
    /// As [`Client::new`].
    pub fn for_files(
        base_url: &str,
        account_sid: &str,
        auth_token: &str,
        idle: Duration,
    ) -> Result<Self, Error> {
        let builder = reqwest::Client::builder()
            .connect_timeout(idle)
            .read_timeout(idle);
        Self::build(base_url, account_sid, auth_token, builder)
    }

    /// As [`Client::for_files`], and redirects are answers: see [`Client::file_at`].
    ///
    /// # Errors
    /// As [`Client::new`].
    pub fn for_media(
        base_url: &str,
        account_sid: &str,
        auth_token: &str,
        idle: Duration,
    ) -> Result<Self, Error> {
        let builder = reqwest::Client::builder()
            .connect_timeout(idle)
            .read_timeout(idle)
            .redirect(Policy::none());
        Self::build(base_url, account_sid, auth_token, builder)
    }

    /// The same endpoint and connections for another account.
    #[must_use]
    pub fn for_account(&self, account_sid: &str, auth_token: &str) -> Self {
        self.with_credentials(Credentials::new(account_sid, [auth_token]))
    }

    /// The same endpoint and connections with credentials that others may share: which of their tokens Twilio takes is found out once.
    #[must_use]
    pub fn with_credentials(&self, credentials: Credentials) -> Self {
        Self(Arc::new(Inner {
            http: self.0.http.clone(),
            base: self.0.base.clone(),
            credentials,
        }))
    }

    /// The account this client acts for.
    pub fn account_sid(&self) -> &str {
        self.0.credentials.account_sid()
    }

    pub(crate) fn base(&self) -> &Url {
        &self.0.base
    }

    /// `/2010-04-01/Accounts/{AC}{rest}`, without the query.
    pub(crate) fn path(&self, rest: &str) -> String {
        format!("/2010-04-01/Accounts/{}{rest}", self.account_sid())
    }

    pub(crate) async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &Form,
    ) -> Result<T, Error> {
        let path = if query.is_empty() {
            path.to_owned()
        } else {
            format!("{path}?{}", query.encode())
        };
        let response = self.send(Method::GET, self.url(&path)?, None).await?;
        read(response).await
    }

    pub(crate) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        form: &Form,
    ) -> Result<T, Error> {
        let response = self
            .send(Method::POST, self.url(path)?, Some(form.encode()))
            .await?;
        read(response).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Result<(), Error> {
        self.send(Method::DELETE, self.url(path)?, None)
            .await
            .map(|_| ())
    }

    pub(crate) fn url(&self, path: &str) -> Result<Url, Error> {
        let base = self.0.base.as_str().trim_end_matches('/');
        Url::parse(&format!("{base}{path}"))
            .map_err(|_| Error::Setup("the request's path is not one"))
    }

    /// Sends with credentials and turns every status that is not a success into an [`Error`]. A request that is refused for its token was
    /// not done, and goes again with the next.
    pub(crate) async fn send(
        &self,
        method: Method,
        url: Url,
        form: Option<String>,
    ) -> Result<Response, Error> {
        let credentials = &self.0.credentials;
        let mut last = Err(Error::Setup("the account has no token"));
        for (at, token) in credentials.to_try() {
            last = self
                .send_as(token, &method, url.clone(), form.clone())
                .await;
            match &last {
                Err(Error::Refused { status: 401, .. }) => {}
                Ok(_) | Err(Error::Refused { .. } | Error::Busy { .. }) => {
                    credentials.taken(at);
                    return last;
                }
                // Nobody has looked at the token.
                Err(_) => return last,
            }
        }
        credentials.refused();
        last
    }

    async fn send_as(
        &self,
        token: &str,
        method: &Method,
        url: Url,
        form: Option<String>,
    ) -> Result<Response, Error> {
        let started = Instant::now();
        let mut request = self
            .0
            .http
            .request(method.clone(), url)
            .basic_auth(self.account_sid(), Some(token));
        if let Some(form) = form {
            request = request
                .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
                .body(form);
        }
        let answer = request.send().await;
        let status = answer
            .as_ref()
            .ok()
            .map(|response| response.status().as_u16());
        tracing::debug!(http.method = %method, http.status = status, elapsed_ms = started.elapsed().as_millis() as u64, "asked twilio");
        let response = answer.map_err(Error::from_transport)?;
        // A client that follows redirects never shows one with an address.
        let leads_on =
            response.status().is_redirection() && response.headers().contains_key(LOCATION);
        if response.status().is_success() || leads_on {
            return Ok(response);
        }
        Err(refusal(response).await)
    }
}

async fn read<T: DeserializeOwned>(response: Response) -> Result<T, Error> {
    let body = response.bytes().await.map_err(Error::from_transport)?;
    serde_json::from_slice(&body).map_err(|source| Error::Garbled {
        what: "the answer's body",
        source: Some(source),
    })
}

/// Twilio's error body. Newer APIs answer RFC 9457 with `detail` in place of `message`.
#[derive(Deserialize, Default)]
struct Body {
    #[serde(default)]
    code: Option<u32>,
    #[serde(default, alias = "detail")]
    message: Option<String>,
}

async fn refusal(response: Response) -> Error {
    let status = response.status();
    let retry_after = retry_after(response.headers());
    let bytes = response.bytes().await.unwrap_or_default();
    let body: Body = serde_json::from_slice(&bytes).unwrap_or_default();
    if status == StatusCode::TOO_MANY_REQUESTS || body.code == Some(crate::code::TOO_MANY_REQUESTS)
    {
        Error::Busy { retry_after }
    } else if status.is_client_error() {
        Error::Refused {
            status: status.as_u16(),
            code: body.code.unwrap_or_default(),
            message: body.message.unwrap_or_default(),
            retry_after,
        }
    } else {
        Error::Unavailable {
            status: Some(status.as_u16()),
            sent: true,
            retry_after,
            source: None,
        }
    }
}

fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    headers
        .get(RETRY_AFTER)?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()
        .map(Duration::from_secs)
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("host", &self.0.base.host_str())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(base: &str, sid: &str) -> Result<Client, Error> {
        let _ = rustls::crypto::ring::default_provider().install_default();
        Client::new(base, sid, "a-token")
    }

    #[test]
    fn settings_that_cannot_work_are_refused_before_anything_is_sent() {
        for (base, sid) in [
            ("api.twilio.com", "AC1"),
            ("ftp://host", "AC1"),
            ("http://host", "AC1/../x"),
            ("http://host", ""),
        ] {
            let refused = client(base, sid).unwrap_err();
            assert!(refused.surely_not_done() && !refused.is_retryable());
        }
    }

    #[test]
    fn path_may_stand_before_the_api() {
        let client = client("https://proxy.example.com/twilio/", "AC1").unwrap();
        let url = client.url(&client.path("/Calls.json")).unwrap();
        assert_eq!(
            url.as_str(),
            "https://proxy.example.com/twilio/2010-04-01/Accounts/AC1/Calls.json"
        );
        assert!(!format!("{client:?}").contains("a-token"));
    }

    #[tokio::test]
    async fn credentials_go_to_twilios_hosts_only() {
        let client = client("http://127.0.0.1:9", "AC1").unwrap();
        for url in [
            "https://api.twilio.com.evil.example/x",
            "http://api.twilio.com/x",
            "https://evil.twilio.com/x",
            "http://127.0.0.1:10/x",
        ] {
            assert!(
                matches!(client.media_at(url).await, Err(Error::Setup(_))),
                "{url}"
            );
            assert!(
                matches!(client.file_at(url).await, Err(Error::Setup(_))),
                "{url}"
            );
        }
        let unreachable = client.media_at("http://127.0.0.1:9/x").await.err().unwrap();
        assert!(unreachable.surely_not_done() && unreachable.is_retryable());
    }
}
