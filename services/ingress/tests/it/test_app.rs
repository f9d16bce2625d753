//! The front door, Twilio in front of it and a decider behind it.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use clock::Clock;
use events::v1::TenantChanged;
use ingress::Timings;
use role::Parts;
use testkit::{Log, Mode, Proxy, TestPlatform, eventually};
use webhook::Params;
use webhook::signature::{Token, sign_form, sign_url};

use crate::desk::Desk;

pub const BASE: &str = "https://trunkline.example";
pub const ACCOUNT: &str = "AC00000000000000000000000000000001";
pub const JONES_ACCOUNT: &str = "AC00000000000000000000000000000002";
pub const TOKEN: &str = "11111111111111111111111111111111";
pub const OLD_TOKEN: &str = "22222222222222222222222222222222";
pub const JONES_TOKEN: &str = "33333333333333333333333333333333";
pub const JONES_NEW_TOKEN: &str = "44444444444444444444444444444444";
pub const CALLER: &str = "+15550109999";
/// smith's, which forwards.
pub const NUMBER: &str = "+15550100001";
/// jones's, which does not.
pub const OTHER: &str = "+15550200001";
pub const OWNER: &str = "+15550100002";
pub const CALL: &str = "CA00000000000000000000000000000001";
pub const MESSAGE: &str = "SM00000000000000000000000000000001";
/// Not what any XML writer would write, so that a change of a byte shows.
pub const ANSWER: &str =
    "<?xml version='1.0'?>\r\n<Response ><Say>H\u{e9}llo &amp; \u{2713}</Say>\t</Response>\n";

/// A caller who gets an answer gets it at once; those who get none should not hold the test up.
const TIMINGS: Timings = Timings {
    speedup: 2,
    pause: Duration::from_millis(20),
};

pub struct TestApp {
    platform: TestPlatform,
    pub desk: Arc<Desk>,
    /// The way to the broker, where there is one.
    pub wire: Option<Proxy>,
}

impl Deref for TestApp {
    type Target = TestPlatform;

    fn deref(&self) -> &TestPlatform {
        &self.platform
    }
}

/// What Twilio gets.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    pub status: u16,
    pub kind: String,
    pub retry_after: Option<String>,
    pub body: String,
}

pub async fn run<F: Future<Output = ()>>(mode: Mode, case: fn(Arc<TestApp>) -> F) {
    run_with(mode, &[], case).await;
}

/// With other settings.
pub async fn run_with<F: Future<Output = ()>>(
    mode: Mode,
    settings: &[(&str, &str)],
    case: impl FnOnce(Arc<TestApp>) -> F,
) {
    log();
    let wire = (mode == Mode::Distributed).then(|| Proxy::to(&testkit::amqp_url()));
    let url = wire.as_ref().map(Proxy::url);
    let tokens = format!("{TOKEN},{OLD_TOKEN}");
    let mut more = vec![
        ("WEBHOOK_BASE_URL", BASE),
        ("TWILIO_ACCOUNT_SID", ACCOUNT),
        ("TWILIO_AUTH_TOKEN", &tokens),
    ];
    more.extend_from_slice(settings);
    more.extend(url.as_deref().map(|url| ("AMQP_URL", url)));
    let clock = Clock::held("2026-11-21T10:00:00Z".parse().unwrap());
    let platform = TestPlatform::new("ingress", mode, clock, &more).await;
    let desk = Arc::default();
    let app = TestApp {
        platform,
        desk,
        wire,
    };
    app.up().await;
    testkit::run(app, case).await;
}

/// What this process logs.
pub fn log() -> &'static Log {
    Log::of("info,ingress=trace,role=debug,bus=debug")
}

impl TestApp {
    /// Opens the door, on what was left there.
    pub async fn up(&self) {
        let parts = self.open().await;
        self.desk.serve(&parts).await;
        self.begin(&parts).await;
        eventually("the directory is known", async || {
            parts.directory.entry(NUMBER).is_some()
        })
        .await;
    }

    /// Opens the door with nobody behind it.
    pub async fn up_alone(&self) {
        let parts = self.open().await;
        self.begin(&parts).await;
    }

    async fn begin(&self, parts: &Parts) {
        let role = ingress::role_with_timings(parts, TIMINGS).await.unwrap();
        self.start(vec![role]).await;
        // The first look makes the recorder; nothing is counted before.
        self.counter("none", &[]).await;
    }

    /// jones's account is made, and ingress is told of it.
    pub async fn learns_of_jones(&self) {
        self.desk.knows_jones.store(true, Ordering::Relaxed);
        let changed = TenantChanged {
            tenant_id: "jones".into(),
        };
        let directory = self.parts().directory;
        eventually("jones is known", async || {
            self.publish(&changed).await;
            directory.account(JONES_ACCOUNT).is_some()
        })
        .await;
    }

    /// Where the directory is kept.
    pub fn directory_file(&self) -> std::path::PathBuf {
        self.settings().data_dir.join("directory.sealed")
    }

    /// The desk hears of more.
    pub async fn listen(&self, queue: &str, kinds: &[&str]) {
        self.desk.listen(&self.bus(), queue, kinds).await;
    }

    /// Cuts the wire to the broker, and waits until that is noticed.
    pub async fn cut(&self) {
        self.wire.as_ref().unwrap().cut();
        let bus = self.bus();
        eventually("the bus notices", async || !bus.is_ready()).await;
    }

    pub fn mend(&self) {
        self.wire.as_ref().unwrap().mend();
    }

    pub fn spool(&self) -> std::path::PathBuf {
        self.settings().data_dir.join("spool")
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

    /// Sends a request as it is.
    pub async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Answer {
        let url = format!("{}{path}", self.base());
        let mut request = testkit::client().request(method.parse().unwrap(), url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = request.body(body).send().await.unwrap();
        let status = response.status().as_u16();
        let header = |name: &str| {
            let value = response.headers().get(name)?;
            Some(value.to_str().unwrap().to_owned())
        };
        Answer {
            status,
            kind: header("content-type").unwrap_or_default(),
            retry_after: header("retry-after"),
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
