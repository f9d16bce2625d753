//! Requests to the platform's own API.

use reqwest::Client;
use serde_json::Value;

use crate::{ADMIN, TestPlatform};

/// A request to an address, and its answer: the status, and the body as JSON, or as a string if it is none.
pub async fn send(
    client: &Client,
    method: &str,
    url: &str,
    headers: &[(&str, &str)],
    body: Option<&str>,
) -> (u16, Value) {
    let mut request = client.request(method.parse().unwrap(), url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    if let Some(body) = body {
        request = request.body(body.to_owned());
    }
    let response = request.send().await.unwrap();
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    (status, body)
}

impl TestPlatform {
    /// A request as it is, and its answer.
    pub async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&str>,
    ) -> (u16, Value) {
        let url = format!("{}{path}", self.base());
        send(&self.client, method, &url, headers, body).await
    }

    /// A request with an API key, none if it is empty, and JSON.
    pub async fn call(
        &self,
        method: &str,
        path: &str,
        key: &str,
        body: Option<Value>,
    ) -> (u16, Value) {
        self.call_at(&self.base(), method, path, key, body, &[])
            .await
    }

    /// The same to a replica, and with more headers.
    pub async fn call_at(
        &self,
        base: &str,
        method: &str,
        path: &str,
        key: &str,
        body: Option<Value>,
        headers: &[(&str, &str)],
    ) -> (u16, Value) {
        let body = body.map(|body| body.to_string());
        let mut all = headers.to_vec();
        if !key.is_empty() {
            all.push(("X-API-Key", key));
        }
        if body.is_some() {
            all.push(("Content-Type", "application/json"));
        }
        let url = format!("{base}{path}");
        send(&self.client, method, &url, &all, body.as_deref()).await
    }

    /// What the admin sees.
    ///
    /// # Panics
    /// When the caller is not shown it.
    pub async fn get(&self, path: &str) -> Value {
        let (status, body) = self.call("GET", path, ADMIN, None).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// What the admin is told after a POST.
    pub async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        self.call("POST", path, ADMIN, Some(body)).await
    }

    /// The same with an Idempotency-Key.
    pub async fn post_once(&self, path: &str, key: &str, body: Value) -> (u16, Value) {
        let headers = [("Idempotency-Key", key)];
        self.call_at(&self.base(), "POST", path, ADMIN, Some(body), &headers)
            .await
    }

    /// What the admin is told after a PUT.
    pub async fn put(&self, path: &str, body: Value) -> (u16, Value) {
        self.call("PUT", path, ADMIN, Some(body)).await
    }
}
