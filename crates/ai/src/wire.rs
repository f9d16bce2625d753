use std::time::Duration;

use bytes::{Bytes, BytesMut};
use clock::Clock;
use reqwest::header::{HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{RequestBuilder, Response};
use url::Url;

use crate::attempt::AttemptError;
use crate::{Provider, Secret, Setup};

/// More than an hour of telephone speech; nobody answers more.
pub(crate) const LARGEST: usize = 32 << 20;

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
        })
    }

    /// A POST to the base URL with these segments after it, whatever characters they hold.
    pub(crate) fn post(&self, segments: &[&str]) -> RequestBuilder {
        let mut url = self.base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(segments);
        }
        let request = self.http.post(url);
        match &self.key {
            Some((name, value)) => request.header(name, value),
            None => request,
        }
    }

    /// The body of a successful answer.
    pub(crate) async fn send(&self, request: RequestBuilder) -> Result<Bytes, AttemptError> {
        body(self.open(request).await?).await
    }

    /// A successful answer, whose body comes yet.
    pub(crate) async fn open(&self, request: RequestBuilder) -> Result<Response, AttemptError> {
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
