//! Talking to a platform that runs.

use reqwest::{Method, RequestBuilder, Response};
use serde_json::Value;

use crate::Failure;
use crate::cli::Target;
use crate::local;

/// The platform's API, with a key.
pub struct Client {
    http: reqwest::Client,
    url: String,
    key: String,
}

impl Client {
    /// For a target on the command line.
    pub fn new(target: &Target) -> Result<Self, Failure> {
        Ok(Self::with(&local::url(target), local::api_key(target)?))
    }

    /// With everything given.
    pub fn with(url: &str, key: String) -> Self {
        Self {
            http: reqwest::Client::new(),
            url: url.trim_end_matches('/').to_owned(),
            key,
        }
    }

    fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.http
            .request(method, format!("{}{path}", self.url))
            .header("X-API-Key", &self.key)
    }

    /// GET.
    pub async fn get(&self, path: &str) -> Result<Value, Failure> {
        self.send(self.request(Method::GET, path)).await
    }

    /// GET of what may not be there, or not yet (404, 409).
    pub async fn find(&self, path: &str) -> Result<Option<Value>, Failure> {
        let request = self.request(Method::GET, path);
        let response = request.send().await.map_err(|e| self.unreachable(&e))?;
        match response.status().as_u16() {
            404 | 409 => Ok(None),
            _ => Self::read(response).await.map(Some),
        }
    }

    /// POST with JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value, Failure> {
        self.send(self.request(Method::POST, path).json(body)).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Result<Value, Failure> {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// GET of something that goes on.
    pub async fn stream(&self, path: &str) -> Result<Response, Failure> {
        let response = self
            .request(Method::GET, path)
            .send()
            .await
            .map_err(|e| self.unreachable(&e))?;
        if response.status().is_success() {
            Ok(response)
        } else {
            Err(refusal(response).await)
        }
    }

    async fn send(&self, request: RequestBuilder) -> Result<Value, Failure> {
        let response = request.send().await.map_err(|e| self.unreachable(&e))?;
        Self::read(response).await
    }

    async fn read(response: Response) -> Result<Value, Failure> {
        if !response.status().is_success() {
            return Err(refusal(response).await);
        }
        response
            .json()
            .await
            .map_err(|e| Failure::failed(format!("the answer is not JSON: {e}")))
    }

    fn unreachable(&self, error: &reqwest::Error) -> Failure {
        Failure::failed(format!(
            "no platform answers at {} ({}); start one with `trunkline up`, or name another with --url",
            self.url,
            crate::with_source(error)
        ))
    }
}

/// The platform's own words, in the shape that they come in.
async fn refusal(response: Response) -> Failure {
    let status = response.status();
    let body: Value = response.json().await.unwrap_or_default();
    let message = body["error"]["message"]
        .as_str()
        .unwrap_or("no reason given");
    let mut words = format!("refused ({}): {message}", status.as_u16());
    if let Some(faults) = body["error"]["details"]["errors"].as_array() {
        for fault in faults {
            let line = fault.as_str().map_or_else(
                || {
                    format!(
                        "{}: {}",
                        fault["path"].as_str().unwrap_or(""),
                        fault["message"].as_str().unwrap_or("")
                    )
                },
                str::to_owned,
            );
            words.push_str(&format!("\n  {line}"));
        }
    }
    if status.as_u16() == 422 {
        Failure::Usage(words)
    } else {
        Failure::Failed(words)
    }
}
