//! How fast a recording gets from Twilio into the store, beside a plain copy from the same server to the same store; what the platform holds
//! meanwhile; and a burst of many small ones.

mod servers;
mod shown;

use std::fs;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use futures::{StreamExt, stream};
use objects::{Config, Credentials, Objects};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::load::{Latencies, mib};
use crate::local_platform::Setup;
use crate::process;
use crate::twilio::{ACCOUNT_SID, AUTH_TOKEN, FORWARD_TO, NUMBER, Signed, signed};
use crate::{Options, say};
use servers::{serve_files, serve_store};
pub use shown::SECTION;

const BUCKET: &str = "bench";
const USER: &str = "bench";
const SECRET: &str = "bench-secret";
/// The large file.
const LARGE: u64 = 1 << 30;
/// The ones that are timed against a plain copy, and how often.
const MEDIUM: u64 = 256 << 20;
const TURNS: usize = 3;
/// Each of the burst: four seconds of two channels.
const SMALL: u64 = 128 << 10;
/// Webhooks that are asked at the same time.
const CONCURRENCY: usize = 32;
/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(300);
/// How long the wait for the platform between two looks is.
const LOOK: Duration = Duration::from_millis(10);

/// Measures.
pub async fn measure(options: &Options) -> Result<Value> {
    let store = options
        .out
        .join(format!("archive-s3-{}", std::process::id()));
    let s3 = serve_store(&store, USER, SECRET)?;
    let (twilio, serving) = serve_files()?;
    let site = LocalPlatform::start(options, &s3, &twilio).await?;
    let figures = figures(options, &site, &twilio).await;
    site.platform.stop().await;
    serving.stop(false).await;
    fs::remove_dir_all(&store)?;
    figures
}

async fn figures(options: &Options, site: &LocalPlatform, twilio: &str) -> Result<Value> {
    let (mut ours, mut plain) = (Vec::new(), Vec::new());
    for turn in 0..TURNS {
        say(&format!("bench: archive, turn {} of {TURNS}", turn + 1));
        plain.push(plain_copy(site, twilio).await?);
        ours.push(site.archive(&format!("b{turn}"), MEDIUM).await?.0);
    }
    let rate = |times: &mut Vec<Duration>| {
        times.sort_unstable();
        mib(MEDIUM) / times[TURNS / 2].as_secs_f64()
    };
    let (ours, plain) = (rate(&mut ours), rate(&mut plain));
    say("bench: archive, a large file");
    let (took, grown) = site.archive("large", LARGE).await?;
    say(&format!("bench: archive, {} at once", options.recordings));
    let burst = site.burst(options.recordings).await?;
    Ok(json!({
        "plain_mib_per_s": plain,
        "ours_mib_per_s": ours,
        "share": ours / plain,
        "large_s": took.as_secs_f64(),
        "large_grown_mib": mib(grown),
        "recordings": options.recordings,
        "burst_s": burst.took.as_secs_f64(),
        "burst_stored": burst.stored,
        "burst_unstored": options.recordings.abs_diff(burst.stored),
        "webhook_p50_ms": burst.webhooks.ms(0.50),
        "webhook_p99_ms": burst.webhooks.ms(0.99),
    }))
}

/// From the same server into the same store, by the same two clients, without a look at what passes.
async fn plain_copy(site: &LocalPlatform, twilio: &str) -> Result<Duration> {
    let start = Instant::now();
    let url = format!(
        "{twilio}/2010-04-01/Accounts/{ACCOUNT_SID}/Recordings/{}.wav",
        sid("RE", "plain", MEDIUM)
    );
    let response = site.http.get(url).basic_auth(ACCOUNT_SID, Some(AUTH_TOKEN));
    let mut response = response.send().await?.error_for_status()?;
    let mut upload = site.objects.upload("plain/copy.wav", "audio/wav").await?;
    while let Some(bytes) = response.chunk().await? {
        upload.write(&bytes).await?;
    }
    upload.finish().await?;
    Ok(start.elapsed())
}

/// What came of many at once.
struct Burst {
    took: Duration,
    stored: usize,
    webhooks: Latencies,
}

/// The platform in one process, and its store.
struct LocalPlatform {
    platform: crate::local_platform::LocalPlatform,
    http: reqwest::Client,
    objects: Objects,
}

impl LocalPlatform {
    async fn start(options: &Options, s3: &str, twilio: &str) -> Result<Self> {
        let objects = Objects::open(Config::S3 {
            bucket: BUCKET.to_owned(),
            region: "us-east-1".to_owned(),
            endpoint: Some(s3.to_owned()),
            credentials: Credentials {
                access_key_id: USER.to_owned(),
                secret_access_key: SECRET.to_owned(),
                session_token: None,
            },
        });
        objects.make_bucket().await?;
        let settings = [
            // Recordings are at a Twilio that has nothing else.
            ("TWILIO_API_BASE_URL", twilio),
            ("S3_BUCKET", BUCKET),
            ("AWS_ENDPOINT_URL", s3),
            ("AWS_REGION", "us-east-1"),
            ("AWS_ACCESS_KEY_ID", USER),
            ("AWS_SECRET_ACCESS_KEY", SECRET),
        ];
        let setup = Setup {
            name: "archive",
            settings: settings.map(|(name, it)| (name, it.to_owned())).into(),
            document: tenant(),
        };
        Ok(Self {
            platform: crate::local_platform::LocalPlatform::start(options, &setup).await?,
            http: reqwest::Client::builder().no_proxy().build()?,
            objects,
        })
    }

    /// A call comes in whose recording has this size; how long it takes from Twilio's callback until it is stored, and by how much the
    /// platform has grown meanwhile.
    async fn archive(&self, name: &str, size: u64) -> Result<(Duration, u64)> {
        let call = self.call(name, size).await?;
        let idle = process::usage(&[&self.platform.server])?.rss;
        let start = Instant::now();
        self.told(name, size).await?;
        let mut peak = idle;
        loop {
            peak = peak.max(process::usage(&[&self.platform.server])?.rss);
            let stored = self.recordings(&call).await?;
            if stored.iter().any(|it| it["status"] == "completed") {
                return Ok((start.elapsed(), peak.saturating_sub(idle)));
            }
            ensure!(
                start.elapsed() < PATIENCE,
                "a recording of {size} bytes is not stored: {stored:?}"
            );
            sleep(LOOK).await;
        }
    }

    async fn burst(&self, count: usize) -> Result<Burst> {
        let name = |n: usize| format!("s{n}");
        let calls = stream::iter(0..count).map(|n| async move { self.call(&name(n), SMALL).await });
        let calls: Vec<Result<String>> = calls.buffer_unordered(CONCURRENCY).collect().await;
        calls.into_iter().collect::<Result<Vec<_>>>()?;
        let before = self.stored().await?;
        let start = Instant::now();
        let told = stream::iter(0..count).map(|n| async move { self.told(&name(n), SMALL).await });
        let told: Vec<Result<Duration>> = told.buffer_unordered(CONCURRENCY).collect().await;
        let webhooks = Latencies::new(told.into_iter().collect::<Result<Vec<_>>>()?);
        loop {
            let stored = self.stored().await? - before;
            if stored >= count || start.elapsed() > PATIENCE {
                return Ok(Burst {
                    took: start.elapsed(),
                    stored,
                    webhooks,
                });
            }
            sleep(LOOK * 20).await;
        }
    }

    /// Files in the store.
    async fn stored(&self) -> Result<usize> {
        let all = self.objects.list("recordings/").await?;
        Ok(all.iter().filter(|it| it.key.ends_with(".wav")).count())
    }

    async fn call(&self, name: &str, size: u64) -> Result<String> {
        let call = sid("CA", name, size);
        self.ask(&signed(self.platform.port, &Signed::Voice { call: &call }))
            .await?;
        let start = Instant::now();
        // Until it is known, a recording of it would have to wait.
        while self.get(&format!("/calls/{call}")).await?.is_none() {
            ensure!(start.elapsed() < PATIENCE, "a call is not known");
            sleep(LOOK).await;
        }
        Ok(call)
    }

    /// Twilio tells that the recording can be fetched; how long the platform takes to answer.
    async fn told(&self, name: &str, size: u64) -> Result<Duration> {
        let (call, recording) = (sid("CA", name, size), sid("RE", name, size));
        let request = signed(
            self.platform.port,
            &Signed::Recorded {
                call: &call,
                recording: &recording,
            },
        );
        let start = Instant::now();
        self.ask(&request).await?;
        Ok(start.elapsed())
    }

    async fn ask(&self, (url, signature, body): &(String, String, String)) -> Result<()> {
        let request = self.http.post(url).header("X-Twilio-Signature", signature);
        let form = "application/x-www-form-urlencoded";
        let request = request.header("Content-Type", form).body(body.clone());
        request.send().await?.error_for_status()?;
        Ok(())
    }

    async fn recordings(&self, call: &str) -> Result<Vec<Value>> {
        let call = self.get(&format!("/calls/{call}")).await?;
        let found = call.and_then(|call| call["recordings"].as_array().cloned());
        Ok(found.unwrap_or_default())
    }

    async fn get(&self, path: &str) -> Result<Option<Value>> {
        let answer = self.platform.request(path).send().await?;
        if answer.status() == reqwest::StatusCode::NOT_FOUND {
            return Ok(None);
        }
        Ok(Some(answer.error_for_status()?.json().await?))
    }
}

/// A SID that tells a size and a name, for the server that has the files.
fn sid(kind: &str, name: &str, size: u64) -> String {
    let name: String = name.bytes().map(|byte| format!("{byte:02x}")).collect();
    format!("{kind}{size:012x}{name:0>20}")
}

/// The apply file.
fn tenant() -> Value {
    json!({
        "tenants": [{
            "id": "bench-archive", "name": "Bench", "forward_to": FORWARD_TO,
            "recording": {"enabled": true, "format": "wav", "consent_notice": false},
            "numbers": [{"number": NUMBER, "voice": "forward", "sms": "none"}],
        }],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sid_is_one_and_tells_its_size() {
        let sid = sid("RE", "large", LARGE);
        assert_eq!(sid.len(), 34);
        assert_eq!(u64::from_str_radix(&sid[2..14], 16), Ok(LARGE));
        assert_eq!(servers::header(LARGE).len(), 44);
    }
}
