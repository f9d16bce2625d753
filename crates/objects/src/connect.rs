//! The client, whichever server it speaks to.

use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    BehaviorVersion, Builder, Region, RequestChecksumCalculation, ResponseChecksumValidation,
};
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};

use crate::embedded::{ENDPOINT, InProcess};
use crate::fs_store::FsStore;
use crate::{Config, Credentials, Error, server};

/// The embedded store's bucket.
pub(crate) const BUCKET: &str = "trunkline";
/// Opens the store. Nothing is asked of a remote one yet.
pub(crate) async fn connect(config: &Config) -> Result<Client, Error> {
    let common = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .force_path_style(true)
        // Only where S3 demands them: many that are not Amazon's do not know the newer checksums.
        .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
    let config = match config {
        Config::Embedded { dir } => {
            let dir = dir.clone();
            let store = tokio::task::spawn_blocking(move || {
                let store = FsStore::open(&dir)?;
                store.make_bucket(BUCKET)?;
                Ok::<_, std::io::Error>(store)
            });
            let store = store
                .await
                .map_err(std::io::Error::other)
                .flatten()
                .map_err(|e| Error::Away(format!("the folder cannot be used: {e}")))?;
            let (id, secret) = (made_up(), made_up());
            let server = server::service(store, &id, &secret);
            common
                .region(Region::new("local"))
                .endpoint_url(ENDPOINT)
                .credentials_provider(aws_sdk_s3::config::Credentials::new(
                    id, secret, None, None, "made up",
                ))
                .http_client(InProcess(server))
                .retry_config(RetryConfig::disabled())
        }
        Config::S3 {
            region,
            endpoint,
            credentials,
            ..
        } => remote(common, region, endpoint.as_deref(), credentials),
    };
    Ok(Client::from_conf(config.build()))
}

fn remote(
    common: Builder,
    region: &str,
    endpoint: Option<&str>,
    credentials: &Credentials,
) -> Builder {
    let https = aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .build_https();
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(Duration::from_secs(3))
        .operation_attempt_timeout(Duration::from_secs(20))
        .operation_timeout(Duration::from_secs(45))
        .build();
    let config = common
        .region(Region::new(region.to_owned()))
        .credentials_provider(aws_sdk_s3::config::Credentials::new(
            &credentials.access_key_id,
            &credentials.secret_access_key,
            credentials.session_token.clone(),
            None,
            "settings",
        ))
        .http_client(https)
        .timeout_config(timeouts)
        .retry_config(RetryConfig::standard().with_max_attempts(3));
    match endpoint {
        Some(endpoint) => config.endpoint_url(endpoint),
        None => config.force_path_style(false),
    }
}

fn made_up() -> String {
    hex::encode(rand::random::<[u8; 16]>())
}
