//! The way from the client to the server inside this process: a request is handed over, without a socket.

use std::fmt;

use aws_sdk_s3::config::http::{HttpRequest, HttpResponse};
use aws_sdk_s3::primitives::SdkBody;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use http::header::HOST;
use s3s::Body;
use s3s::service::S3Service;

/// Where the client believes the server to be.
pub(crate) const ENDPOINT: &str = "http://objects.internal";
const AUTHORITY: &str = "objects.internal";

/// Hands requests to a server in this process.
#[derive(Clone)]
pub(crate) struct InProcess(pub S3Service);

impl fmt::Debug for InProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("InProcess")
    }
}

impl HttpClient for InProcess {
    fn http_connector(
        &self,
        _: &HttpConnectorSettings,
        _: &RuntimeComponents,
    ) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for InProcess {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let service = self.0.clone();
        HttpConnectorFuture::new(async move {
            let failed = |e: Box<dyn std::error::Error + Send + Sync>| ConnectorError::io(e);
            let request = request
                .try_into_http1x()
                .map_err(|e| ConnectorError::user(e.into()))?;
            let (mut head, body) = request.into_parts();
            // The signature covers it; over a socket the transport would add it.
            head.headers
                .entry(HOST)
                .or_insert(http::HeaderValue::from_static(AUTHORITY));
            let answer = service
                .call(http::Request::from_parts(head, Body::http_body(body)))
                .await
                .map_err(|e| failed(format!("{e:?}").into()))?;
            let answer = answer.map(SdkBody::from_body_1_x);
            HttpResponse::try_from(answer).map_err(|e| failed(e.into()))
        })
    }
}
