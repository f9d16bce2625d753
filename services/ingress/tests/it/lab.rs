//! The front door, Twilio in front of it and somebody who decides behind it.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bus::{Bus, Depth, Subscription};
use clock::Clock;
use events::Event;
use events::v1::DirectoryQuery;
use futures::FutureExt;
use ingress::Tempo;
use role::settings::Settings;
use role::{Parts, Platform};
use webhook::Params;
use webhook::signature::{Token, sign_form, sign_url};

use crate::desk::{AtDesk, Desk};
use crate::log::log;
use crate::proxy::Proxy;

pub const BASE: &str = "https://trunkline.example";
pub const ACCOUNT: &str = "AC00000000000000000000000000000001";
pub const JONES_ACCOUNT: &str = "AC00000000000000000000000000000002";
pub const TOKEN: &str = "11111111111111111111111111111111";
pub const OLD_TOKEN: &str = "22222222222222222222222222222222";
pub const JONES_TOKEN: &str = "33333333333333333333333333333333";
pub const CALLER: &str = "+15550109999";
/// smith's, which forwards.
pub const NUMBER: &str = "+15550100001";
/// jones's, which does not.
pub const OTHER: &str = "+15550200001";
pub const OWNER: &str = "+15550100002";
pub const CALL: &str = "CA00000000000000000000000000000001";
pub const MESSAGE: &str = "SM00000000000000000000000000000001";
pub const PATIENCE: Duration = Duration::from_secs(30);
/// Not what any XML writer would write, so that a change of a byte shows.
pub const ANSWER: &str =
    "<?xml version='1.0'?>\r\n<Response ><Say>H\u{e9}llo &amp; \u{2713}</Say>\t</Response>\n";

pub struct Lab {
    pub clock: Clock,
    pub desk: Arc<Desk>,
    pub proxy: Option<Proxy>,
    settings: Settings,
    tempo: Tempo,
    up: Mutex<Option<Up>>,
    client: reqwest::Client,
    _dir: tempfile::TempDir,
}

struct Up {
    platform: Platform,
    parts: Parts,
    desk_bus: Bus,
}

/// What Twilio gets.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub status: u16,
    pub kind: String,
    pub body: String,
}

/// Runs a case and cleans up after it, whether it passes or not.
pub async fn run<F: Future<Output = ()>>(mode: &str, case: fn(Arc<Lab>) -> F) {
    let lab = Arc::new(Lab::new(mode).await);
    lab.start().await;
    let outcome = AssertUnwindSafe(case(lab.clone())).catch_unwind().await;
    lab.close().await;
    if let Err(panic) = outcome {
        resume_unwind(panic);
    }
}

impl Lab {
    async fn new(mode: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let _ = rustls::crypto::ring::default_provider().install_default();
        log();
        let dir = tempfile::tempdir().unwrap();
        let nth = NEXT.fetch_add(1, Ordering::Relaxed);
        let mut env = BTreeMap::from([
            ("TRUNKLINE_SECRET_KEY", "a-secret-for-tests".to_owned()),
            ("TRUNKLINE_ADMIN_API_KEY", "the-admins-key".to_owned()),
            (
                "TRUNKLINE_NAMESPACE",
                format!("ingress{}_{nth}", std::process::id()),
            ),
            ("WEBHOOK_BASE_URL", BASE.to_owned()),
            ("TWILIO_ACCOUNT_SID", ACCOUNT.to_owned()),
            ("TWILIO_AUTH_TOKEN", format!("{TOKEN},{OLD_TOKEN}")),
        ]);
        let mut proxy = None;
        if mode == "distributed" {
            let url = variable("AMQP_URL", "amqp://guest:guest@127.0.0.1:5672/%2f");
            // amqp://WHO@HOST:PORT/VHOST
            let (who, place) = url.rsplit_once('@').unwrap();
            let (target, vhost) = place.split_once('/').unwrap_or((place, "%2f"));
            let wire = Proxy::open(target.to_owned()).await;
            env.insert("AMQP_URL", format!("{who}@127.0.0.1:{}/{vhost}", wire.port));
            proxy = Some(wire);
        }
        let env: BTreeMap<_, _> = env.into_iter().map(|(k, v)| (k.to_owned(), v)).collect();
        let mut settings = Settings::load(&env, None).unwrap();
        settings.port = 0;
        settings.data_dir = dir.path().to_owned();
        Self {
            clock: Clock::held("2026-11-21T10:00:00Z".parse().unwrap()),
            desk: Arc::default(),
            proxy,
            settings,
            // A caller who gets an answer gets it at once; those who get none should not hold the test up.
            tempo: Tempo {
                deadline: Duration::from_secs(2),
                pause: Duration::from_millis(20),
            },
            up: Mutex::default(),
            client: reqwest::Client::new(),
            _dir: dir,
        }
    }

    pub async fn start(&self) {
        let parts = Parts::open(self.settings.clone(), self.clock.clone())
            .await
            .unwrap();
        let desk_bus = parts.bus.clone();
        tokio::time::timeout(PATIENCE, desk_bus.ready())
            .await
            .expect("is RabbitMQ running? `make test` starts it; or set AMQP_URL");
        self.desk.sealer.get_or_init(|| parts.sealer.clone());
        for (queue, kinds) in [
            ("test.voice", vec!["twilio.voice.inbound", "twilio.whisper"]),
            (
                "test.callbacks",
                vec![
                    "twilio.dial.finished",
                    "twilio.call.status",
                    "twilio.sms.inbound",
                ],
            ),
            ("test.directory", vec![DirectoryQuery::TYPE]),
        ] {
            self.listen_on(&desk_bus, queue, &kinds).await;
        }
        let role = ingress::role_with(&parts, self.tempo).await.unwrap();
        let platform = Platform::start(parts.clone(), vec![role]).await.unwrap();
        let directory = parts.directory.clone();
        *self.up.lock().unwrap() = Some(Up {
            platform,
            parts,
            desk_bus,
        });
        // The first look makes the recorder; nothing is counted before.
        self.counter("none", &[]).await;
        eventually("the directory is known", async || {
            directory.entry(NUMBER).is_some()
        })
        .await;
    }

    async fn listen_on(&self, bus: &Bus, queue: &str, kinds: &[&str]) {
        let mut subscription = Subscription::new(queue, kinds.iter().copied());
        // One at a time: what is heard is heard in the order in which it came.
        subscription.prefetch = 1;
        let at_desk = AtDesk(self.desk.clone(), bus.clone());
        bus.consume(subscription, Arc::new(at_desk)).await.unwrap();
    }

    pub async fn listen(&self, queue: &str, kinds: &[&str]) {
        let bus = self.bus();
        self.listen_on(&bus, queue, kinds).await;
    }

    pub fn bus(&self) -> Bus {
        self.up.lock().unwrap().as_ref().unwrap().desk_bus.clone()
    }

    pub fn spool(&self) -> std::path::PathBuf {
        self.settings.data_dir.join("spool")
    }

    /// The names in the spool, sorted.
    pub fn spooled(&self) -> Vec<String> {
        let entries = std::fs::read_dir(self.spool()).unwrap();
        let mut names: Vec<_> = entries
            .map(|e| e.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    pub async fn stop(&self) {
        let up = self.up.lock().unwrap().take();
        if let Some(up) = up {
            up.platform.stop().await;
        }
    }

    async fn close(&self) {
        if let Some(proxy) = &self.proxy {
            proxy.mend();
        }
        let Some(up) = self.up.lock().unwrap().take() else {
            return;
        };
        let queues = up.parts.bus.depths().await.unwrap_or_default();
        up.platform.stop().await;
        clean(&self.settings, queues).await;
    }

    /// Sends a request as it is.
    pub async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Answer {
        let port = self.up.lock().unwrap().as_ref().unwrap().platform.port();
        let url = format!("http://127.0.0.1:{port}{path}");
        let mut request = self.client.request(method.parse().unwrap(), url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.body(body).send().await.unwrap();
        let status = response.status().as_u16();
        let kind = response
            .headers()
            .get("content-type")
            .map(|v| v.to_str().unwrap().to_owned());
        Answer {
            status,
            kind: kind.unwrap_or_default(),
            body: response.text().await.unwrap(),
        }
    }

    /// Posts a form that Twilio signed with this token.
    pub async fn post_signed(
        &self,
        token: &str,
        path: &str,
        form: &Form,
        headers: &[(&str, &str)],
    ) -> Answer {
        let params: Params = form.iter().cloned().collect();
        let signature = sign_form(
            &Token::new(token).unwrap(),
            &format!("{BASE}{path}"),
            &params,
        );
        self.post_as(&signature, path, form, headers).await
    }

    pub async fn post_as(
        &self,
        signature: &str,
        path: &str,
        form: &Form,
        headers: &[(&str, &str)],
    ) -> Answer {
        let mut all = vec![
            ("X-Twilio-Signature", signature),
            ("Content-Type", "application/x-www-form-urlencoded"),
        ];
        all.extend_from_slice(headers);
        self.send("POST", path, &all, encode(form).into_bytes())
            .await
    }

    /// Posts a form as Twilio does.
    pub async fn post(&self, path: &str, form: &Form) -> Answer {
        self.post_signed(TOKEN, path, form, &[]).await
    }

    /// Gets with everything in the query, as Twilio does.
    pub async fn get(&self, path: &str, form: &Form) -> Answer {
        let join = if path.contains('?') { '&' } else { '?' };
        let path = format!("{path}{join}{}", encode(form));
        let signature = sign_url(&Token::new(TOKEN).unwrap(), &format!("{BASE}{path}"));
        self.send(
            "GET",
            &path,
            &[("X-Twilio-Signature", &signature)],
            Vec::new(),
        )
        .await
    }

    /// The sum of a counter's lines that hold all these labels.
    pub async fn counter(&self, name: &str, labels: &[&str]) -> u64 {
        let text = self.send("GET", "/metrics", &[], Vec::new()).await.body;
        let lines = text
            .lines()
            .filter(|line| line.starts_with(&format!("{name}{{")));
        let ours = lines.filter(|line| labels.iter().all(|label| line.contains(label)));
        ours.filter_map(|line| line.rsplit(' ').next()?.parse::<u64>().ok())
            .sum()
    }
}

pub type Form = Vec<(String, String)>;

/// The parameters that every voice webhook has, and these.
pub fn call_form(more: &[(&str, &str)]) -> Form {
    let mut form = vec![
        ("CallSid", CALL),
        ("AccountSid", ACCOUNT),
        ("From", CALLER),
        ("To", NUMBER),
        ("Direction", "inbound"),
    ];
    form.extend_from_slice(more);
    // Twilio sends blanks, and what it has only just thought of.
    form.extend_from_slice(&[("CallerCity", ""), ("NewOfTwilio", "caf\u{e9} & more")]);
    form.into_iter()
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .collect()
}

pub fn text_form(more: &[(&str, &str)]) -> Form {
    let mut form = vec![("MessageSid", MESSAGE), ("AccountSid", ACCOUNT)];
    form.extend_from_slice(more);
    form.into_iter()
        .map(|(k, v)| (k.to_owned(), v.to_owned()))
        .collect()
}

/// A form with another value of one parameter.
pub fn with(form: &Form, name: &str, value: &str) -> Form {
    let mut form = form.clone();
    form.retain(|(k, _)| k != name);
    form.push((name.to_owned(), value.to_owned()));
    form
}

pub fn without(form: &Form, name: &str) -> Form {
    form.iter().filter(|(k, _)| k != name).cloned().collect()
}

pub fn encode(form: &Form) -> String {
    let text = |text: &str| {
        let escape = |byte: u8| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => {
                char::from(byte).to_string()
            }
            b' ' => "+".to_owned(),
            _ => format!("%{byte:02X}"),
        };
        text.bytes().map(escape).collect::<String>()
    };
    let pairs: Vec<_> = form
        .iter()
        .map(|(k, v)| format!("{}={}", text(k), text(v)))
        .collect();
    pairs.join("&")
}

/// Removes the queues that a platform had on the broker, when nobody works on them any more: a broker bears it badly
/// that queues go while their consumers stay.
async fn clean(settings: &Settings, queues: Vec<Depth>) {
    let (Some(url), Some(namespace)) = (&settings.amqp_url, &settings.namespace) else {
        return;
    };
    let config = bus::Config::Amqp {
        url: url.reveal().to_owned(),
        namespace: format!("trunkline.{namespace}"),
    };
    let bus = Bus::connect(&config).await.unwrap();
    for queue in queues {
        let subscription = Subscription::new(queue.queue, [""; 0]);
        bus.declare(&subscription).await.unwrap();
    }
    bus.delete_namespace().await.unwrap();
    bus.close().await;
}

/// Waits until something is so.
pub async fn eventually(what: &str, condition: impl AsyncFn() -> bool) {
    let start = Instant::now();
    while !condition().await {
        assert!(start.elapsed() < PATIENCE, "{what}: not in time");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn variable(name: &str, otherwise: &str) -> String {
    #[expect(clippy::disallowed_methods, reason = "a test has no other settings")]
    std::env::var(name).unwrap_or_else(|_| otherwise.to_owned())
}
