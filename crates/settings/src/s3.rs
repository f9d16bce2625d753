//! Where recordings and audio are.

use objects::{Config, Credentials};

use super::{Secret, Settings};
use crate::reader::Reader;

/// The object store: S3 when a bucket is set, else the data folder.
#[derive(Debug, Clone, Default)]
pub struct ObjectSettings {
    /// A bucket of an S3; none: the data folder.
    pub s3: Option<S3Settings>,
}

/// A bucket, and who may use it.
#[derive(Debug, Clone)]
pub struct S3Settings {
    /// Its name.
    pub bucket: String,
    /// Where it is; `us-east-1` when the endpoint is not Amazon's and nothing else was said.
    pub region: String,
    /// Another S3 than Amazon's, without a slash at its end.
    pub endpoint: Option<String>,
    /// The access key's id.
    pub access_key_id: String,
    /// Its secret.
    pub secret_access_key: Secret,
    /// Of temporary credentials.
    pub session_token: Option<Secret>,
}

impl Settings {
    /// Where objects are, as those who open the store want it.
    pub fn object_store(&self) -> Config {
        let Some(s3) = &self.objects.s3 else {
            return Config::Embedded {
                dir: self.data_dir.join("objects"),
            };
        };
        Config::S3 {
            bucket: s3.bucket.clone(),
            region: s3.region.clone(),
            endpoint: s3.endpoint.clone(),
            credentials: Credentials {
                access_key_id: s3.access_key_id.clone(),
                secret_access_key: s3.secret_access_key.reveal().to_owned(),
                session_token: s3.session_token.as_ref().map(|t| t.reveal().to_owned()),
            },
        }
    }
}

impl Reader<'_> {
    /// `AWS_*` may be set for other programs: without a bucket nobody looks at them.
    pub fn objects(&mut self) -> ObjectSettings {
        let Some(bucket) = self.get("S3_BUCKET") else {
            return ObjectSettings::default();
        };
        let plain =
            |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.');
        if !(3..=63).contains(&bucket.len()) || !bucket.chars().all(plain) {
            self.fault(
                "S3_BUCKET",
                "is not a bucket's name: 3 to 63 of a-z, 0-9, - and .",
            );
        }
        let access_key_id = self.beside_the_bucket("AWS_ACCESS_KEY_ID");
        let secret_access_key = self.beside_the_bucket("AWS_SECRET_ACCESS_KEY");
        let endpoint = self.address("AWS_ENDPOINT_URL");
        let region = match (self.get("AWS_REGION"), &endpoint) {
            (Some(region), _) => region,
            (None, Some(_)) => "us-east-1".to_owned(),
            (None, None) => {
                self.fault(
                    "AWS_REGION",
                    "is missing beside S3_BUCKET; write us-east-1, or whichever the bucket is in",
                );
                String::new()
            }
        };
        ObjectSettings {
            s3: Some(S3Settings {
                bucket,
                region,
                endpoint,
                access_key_id,
                secret_access_key: Secret::new(secret_access_key),
                session_token: self.get("AWS_SESSION_TOKEN").map(Secret::new),
            }),
        }
    }

    fn beside_the_bucket(&mut self, name: &str) -> String {
        self.get(name).unwrap_or_else(|| {
            self.fault(name, "is missing beside S3_BUCKET");
            String::new()
        })
    }
}
