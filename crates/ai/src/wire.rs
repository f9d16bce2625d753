use std::time::Duration;

use bytes::{Bytes, BytesMut};
use clock::Clock;
use parking_lot::Mutex;
use reqwest::header::{
    CONNECTION, HeaderName, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY,
    SEC_WEBSOCKET_VERSION, UPGRADE,
};
use reqwest::redirect::Policy;
use reqwest::{Method, RequestBuilder, Response, StatusCode, Upgraded};
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::handshake::client::generate_key;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use url::Url;

use crate::attempt::AttemptError;
use crate::{Provider, Secret, Setup};

/// More than an hour of telephone speech; nobody answers more.
pub(crate) const LARGEST: usize = 32 << 20;

/// A connection that was used within this time is still open: servers close idle ones after five seconds or later.
const LATELY: Duration = Duration::from_secs(4);
/// How long opening one may take: another task waits for what is asked, not for this.
const WARMING: Duration = Duration::from_secs(5);

/// The HTTP client for all providers. It follows no redirect: those would take keys in headers of their own along.
pub(crate) fn http(connect: Duration) -> Result<reqwest::Client, reqwest::Error> {
    reqwest::Client::builder()
        .connect_timeout(connect)
        .redirect(Policy::none())
        .user_agent(concat!("trunkline/", env!("CARGO_PKG_VERSION")))
        .build()
}

/// One provider's address and key.
pub(crate) struct Wire {
    http: reqwest::Client,
    clock: Clock,
    base: Url,
    key: Option<(HeaderName, HeaderValue)>,
    /// When a connection was last used.
    used: Mutex<Option<Instant>>,
}

impl Wire {
    /// `before` comes before the key in the header. An empty key is not sent: servers of one's own need none.
    pub(crate) fn new(
        provider: Provider,
        (http, clock): (&reqwest::Client, &Clock),
        base_url: &str,
        header: &'static str,
        before: &str,
        key: &Secret,
    ) -> Result<Self, Setup> {
        let setup = |why| Setup { provider, why };
        let base = Url::parse(base_url.trim_end_matches('/'))
            .ok()
            .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
            .ok_or_else(|| setup("the base url is no url of http or https"))?;
        let key = Some(key.reveal().trim()).filter(|key| !key.is_empty());
        let key = key
            .map(|key| {
                let mut value = HeaderValue::from_str(&format!("{before}{key}"))
                    .map_err(|_| setup("the key has characters that no header can hold"))?;
                value.set_sensitive(true);
                Ok((HeaderName::from_static(header), value))
            })
            .transpose()?;
        Ok(Self {
            http: http.clone(),
            clock: clock.clone(),
            base,
            key,
            used: Mutex::default(),
        })
    }

    /// A POST to the base URL with these segments after it, whatever characters they hold.
    pub(crate) fn post(&self, segments: &[&str]) -> RequestBuilder {
        self.request(Method::POST, segments)
    }

    /// A WebSocket's connection, of which the handshake is over (RFC 6455, section 4.1).
    pub(crate) async fn upgrade(
        &self,
        segments: &[&str],
        query: &[(&str, &str)],
    ) -> Result<Upgraded, AttemptError> {
        let key = generate_key();
        let request = self.request(Method::GET, segments).query(query);
        let request = request
            .header(CONNECTION, "Upgrade")
            .header(UPGRADE, "websocket")
            .header(SEC_WEBSOCKET_VERSION, "13")
            .header(SEC_WEBSOCKET_KEY, &key);
        let answer = request
            .send()
            .await
            .map_err(|error| AttemptError::of_transport(&error))?;
        let (status, headers) = (answer.status(), answer.headers());
        if status.is_client_error() || status.is_server_error() {
            let now = self.clock.now();
            return Err(AttemptError::of_status(status, headers, now));
        }
        let accepted = headers.get(SEC_WEBSOCKET_ACCEPT);
        let is_ours = accepted.is_some_and(|it| *it == derive_accept_key(key.as_bytes()));
        if status != StatusCode::SWITCHING_PROTOCOLS || !is_ours {
            return Err(AttemptError::Invalid);
        }
        let upgraded = answer.upgrade().await;
        upgraded.map_err(|error| AttemptError::of_transport(&error))
    }

    fn request(&self, method: Method, segments: &[&str]) -> RequestBuilder {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        let request = self.http.request(method, url);
        match &self.key {
            Some((name, value)) => request.header(name, value),
            None => request,
        }
    }

    /// Opens a connection, where none was used lately: whoever asks next does not wait for one. Nothing is asked for and no key is
    /// shown; whatever the server says to that, the connection is there.
    pub(crate) async fn warm(&self) {
        let now = Instant::now();
        let before = self.used.lock().replace(now);
        if before.is_some_and(|it| now - it < LATELY) {
            return;
        }
        let asked = self.http.head(self.base.clone()).timeout(WARMING);
        if let Ok(answer) = asked.send().await {
            let _ = answer.bytes().await;
        }
    }

    /// The body of a successful answer.
    pub(crate) async fn send(&self, request: RequestBuilder) -> Result<Bytes, AttemptError> {
        body(self.open(request).await?).await
    }

    /// A successful answer, whose body comes yet.
    pub(crate) async fn open(&self, request: RequestBuilder) -> Result<Response, AttemptError> {
        *self.used.lock() = Some(Instant::now());
        let response = request
            .send()
            .await
            .map_err(|error| AttemptError::of_transport(&error))?;
        if !response.status().is_success() {
            let now = self.clock.now();
            return Err(AttemptError::of_status(
                response.status(),
                response.headers(),
                now,
            ));
        }
        Ok(response)
    }
}

/// The whole body of an answer.
pub(crate) async fn body(mut response: Response) -> Result<Bytes, AttemptError> {
    let mut body = BytesMut::new();
    loop {
        let chunk = response.chunk().await;
        match chunk.map_err(|error| AttemptError::of_transport(&error))? {
            Some(chunk) if body.len() + chunk.len() <= LARGEST => body.extend_from_slice(&chunk),
            Some(_) => return Err(AttemptError::Invalid),
            None => return Ok(body.freeze()),
        }
    }
}
