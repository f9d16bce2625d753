//! A platform of the platform: its processes, the emulator, and everything that a test does to them.

mod backends;
mod failure;
mod finish;
mod front;
mod hook;
mod open;
mod process;
mod processes;
mod provider;
/// The binary's own list.
#[path = "../../../src/roles.rs"]
mod roles;
mod rotation;
mod source;
mod twilio;
mod wait;

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, resume_unwind};
use std::sync::{LazyLock, Mutex};
use std::time::Duration;

use futures::FutureExt;
use reqwest::Method;
use role::RoleSpec;
use serde_json::Value;
use testkit::Proxy;
use tokio::sync::{Semaphore, SemaphorePermit};

pub use backends::{Backends, tables};
pub use front::Front;
pub use hook::{Answer, Hook, sid};
pub use open::Plan;
pub use process::{Output, Process, run};
pub use provider::{KEY, Manner, Provider, Work};
pub use rotation::Rotation;
pub use source::Source;
pub use twilio::{ACCOUNT, LONG, TOKEN, Twilio, behaves, hangs_up, picks_up, stays};
pub use wait::{PATIENCE, client, eventually, free_port, so, within};

pub const ADMIN: &str = "tk_e2e_the_first_key_of_the_admin";
pub const SERVICE_KEY: &str = "sk_e2e_the_key_between_roles";
pub const SECRET_KEY: &str = "e2e_the_secret_that_seals_credentials";
/// A settings file with nothing in it, so that none is read that happens to be where the tests run.
pub const NO_SETTINGS: &str = "/dev/null";

/// The names of the roles that the binary has.
pub static ROLES: LazyLock<Vec<&str>> =
    LazyLock::new(|| roles::ROLES.iter().map(|role| role.name).collect());

/// How long a whole case may take.
const LIMIT: Duration = Duration::from_secs(900);
/// How many sites there are at once: each has up to eleven processes, with their connections to the servers.
static SITES: Semaphore = Semaphore::const_new(5);
/// How many of them are at work, and do not only wait for what takes the platform a minute.
static AT_WORK: Semaphore = Semaphore::const_new(3);

/// How the platform runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// One process, SQLite, the embedded bus.
    Embedded,
    /// A process for each role, PostgreSQL, RabbitMQ.
    Split,
}

/// A running platform.
pub struct LocalPlatform {
    pub mode: Mode,
    pub dir: tempfile::TempDir,
    pub twilio: Twilio,
    /// By role; all roles of an embedded platform are in `up`.
    processes: Mutex<BTreeMap<String, Process>>,
    ports: Mutex<BTreeMap<String, u16>>,
    pub backends: Option<Backends>,
    /// Before ingress and streams.
    pub front: Option<Front>,
    /// Between ingress, or every role, and the broker.
    pub bus_wire: Option<Proxy>,
    /// Between all roles and the database.
    pub database_wire: Option<Proxy>,
    /// How many texts each caller must have in the end.
    expected: Mutex<BTreeMap<String, usize>>,
    /// What no log may show, beside what every platform has.
    secrets: Mutex<Vec<String>>,
    /// Whether webhooks of the emulator may have failed.
    rough: bool,
    http: reqwest::Client,
    /// Among the sites that are at work.
    turn: Mutex<Option<SemaphorePermit<'static>>>,
}

/// A file as it was served.
pub struct File {
    pub status: u16,
    pub kind: String,
    pub range: String,
    pub bytes: Vec<u8>,
}

/// Requests are made from here on; a second time changes nothing.
pub fn install_tls() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

/// Plays a case on a platform of its own, and looks afterwards whether everything ended well.
pub async fn play(plan: Plan, case: impl AsyncFnOnce(&LocalPlatform)) {
    let _site = SITES.acquire().await.unwrap();
    let turn = AT_WORK.acquire().await.unwrap();
    install_tls();
    failure::remember_places();
    let limit = plan.limit;
    let platform = LocalPlatform::new(plan, turn).await;
    let whole = async {
        platform.start().await;
        case(&platform).await;
        platform.check_the_end().await;
    };
    let whole = Box::pin(tokio::time::timeout(limit, whole));
    let outcome = AssertUnwindSafe(whole).catch_unwind().await;
    let reason = match &outcome {
        Ok(Ok(())) => None,
        Ok(Err(_)) => Some("the case takes too long".to_owned()),
        Err(panic) => Some(failure::reason(panic.as_ref())),
    };
    if reason.is_some() {
        platform.show();
    }
    let removed = AssertUnwindSafe(platform.remove()).catch_unwind().await;
    if let Some(reason) = reason {
        failure::tell(&reason);
    }
    match outcome {
        Err(panic) => resume_unwind(panic),
        Ok(in_time) => in_time.expect("the case takes too long"),
    }
    // What went wrong in the case itself is told before what went wrong in cleaning up.
    removed.unwrap_or_else(|panic| resume_unwind(panic));
}

impl LocalPlatform {
    /// Where a role answers.
    pub fn url_of(&self, role: &str) -> String {
        let ports = self.ports.lock().unwrap();
        let port = ports.get(role).or_else(|| ports.get("up"));
        format!(
            "http://127.0.0.1:{}",
            port.expect("a role of this platform")
        )
    }

    /// Where Twilio finds the platform.
    pub fn front_door(&self) -> String {
        match &self.front {
            Some(front) => front.url(),
            None => self.url_of("ingress"),
        }
    }

    /// Where each process answers, by its name.
    pub fn urls(&self) -> Vec<(String, String)> {
        let url =
            |(name, port): (&String, &u16)| (name.clone(), format!("http://127.0.0.1:{port}"));
        self.ports.lock().unwrap().iter().map(url).collect()
    }

    /// The process that a role lives in.
    fn home<'a>(&self, role: &'a str) -> &'a str {
        if self.mode == Mode::Embedded {
            "up"
        } else {
            role
        }
    }

    /// A request with a key, and its answer.
    pub async fn ask(
        &self,
        method: Method,
        path: &str,
        key: &str,
        body: Option<Value>,
    ) -> (u16, Value) {
        let request = self
            .http
            .request(method, format!("{}{path}", self.url_of(owner(path))));
        let request = if key.is_empty() {
            request
        } else {
            request.header("X-API-Key", key)
        };
        let request = match &body {
            Some(body) => request.json(body),
            None => request,
        };
        let response = request.send().await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        (
            status,
            serde_json::from_str(&text).unwrap_or(Value::String(text)),
        )
    }

    /// A file, or the part of it that a range names.
    pub async fn file(&self, path: &str, key: Option<&str>, range: Option<&str>) -> File {
        let url = format!("{}{path}", self.url_of(owner(path)));
        let mut request = self.http.get(url);
        if let Some(key) = key {
            request = request.header("X-API-Key", key);
        }
        if let Some(range) = range {
            request = request.header("Range", range);
        }
        let answer = request.send().await.unwrap();
        let header = |name: &str| {
            let value = answer.headers().get(name);
            value.map_or("", |value| value.to_str().unwrap()).to_owned()
        };
        File {
            status: answer.status().as_u16(),
            kind: header("content-type"),
            range: header("content-range"),
            bytes: answer.bytes().await.unwrap().to_vec(),
        }
    }

    /// What the admin sees; none when there is no such thing, or not now.
    pub async fn find(&self, path: &str) -> Option<Value> {
        let url = format!("{}{path}", self.url_of(owner(path)));
        let response = self.http.get(url).header("X-API-Key", ADMIN).send().await;
        let response = response.ok().filter(|r| r.status().is_success())?;
        response.json().await.ok()
    }

    /// What the admin sees.
    pub async fn get(&self, path: &str) -> Value {
        let (status, body) = self.ask(Method::GET, path, ADMIN, None).await;
        assert_eq!(status, 200, "{path}: {body}");
        body
    }

    /// As the admin.
    pub async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        self.ask(Method::POST, path, ADMIN, Some(body)).await
    }

    /// A counter of the process that a role lives in, over all its labels that contain `labels`.
    pub async fn counter(&self, role: &str, name: &str, labels: &str) -> u64 {
        let url = format!("{}/metrics", self.url_of(role));
        let Ok(response) = self.http.get(url).send().await else {
            return 0;
        };
        let text = response.text().await.unwrap_or_default();
        let line = |line: &str| {
            let rest = line.strip_prefix(name)?;
            let (names, value) = rest.rsplit_once(' ')?;
            let whole = names.is_empty() || names.starts_with('{');
            (whole && names.contains(labels)).then(|| value.parse::<u64>().ok())?
        };
        text.lines().filter_map(line).sum()
    }

    /// A webhook by hand.
    pub fn hook(&self, path: &str) -> Hook {
        Hook::new(&self.url_of("ingress"), path)
    }

    /// Says that a caller must have so many texts by the end, and waits until they have.
    pub async fn texted(&self, caller: &str, count: usize) -> Vec<Value> {
        self.texted_within(PATIENCE, caller, count).await
    }

    /// The same where the platform itself waits long.
    pub async fn texted_within(&self, limit: Duration, caller: &str, count: usize) -> Vec<Value> {
        self.expect(caller, count);
        within(limit, &format!("{count} texts"), async || {
            let texts = self.twilio.texts_to(caller).await;
            assert!(texts.len() <= count, "too many texts: {texts:#?}");
            (texts.len() == count).then_some(texts)
        })
        .await
    }

    fn expect(&self, caller: &str, count: usize) {
        let mut expected = self.expected.lock().unwrap();
        expected.insert(caller.to_owned(), count);
    }

    /// Waits until the platform knows how a call went.
    pub async fn settled(&self, sid: &str) -> Value {
        self.settled_within(PATIENCE, sid).await
    }

    /// The same where the platform itself waits long.
    pub async fn settled_within(&self, limit: Duration, sid: &str) -> Value {
        within(limit, "the call is settled", async || {
            let call = self.find(&format!("/calls/{sid}")).await?;
            call["outcome"].is_string().then_some(call)
        })
        .await
    }

    /// Waits until the platform knows that a call is over.
    pub async fn ended(&self, sid: &str) -> Value {
        self.ended_within(PATIENCE, sid).await
    }

    /// The same where the platform itself waits long.
    pub async fn ended_within(&self, limit: Duration, sid: &str) -> Value {
        within(limit, "the call has ended", async || {
            let call = self.find(&format!("/calls/{sid}")).await?;
            call["ended_at"].is_string().then_some(call)
        })
        .await
    }

    /// A gauge of the process that a role lives in.
    pub async fn gauge(&self, role: &str, name: &str) -> Option<f64> {
        let url = format!("{}/metrics", self.url_of(role));
        let text = self.http.get(url).send().await.ok()?.text().await.ok()?;
        let mut lines = text.lines().filter_map(|line| line.strip_prefix(name));
        lines.find_map(|rest| rest.trim().parse().ok())
    }

    /// Says that what is left of the case is waiting for the platform's own times: another site may go to work.
    pub fn rests(&self) {
        drop(self.turn.lock().unwrap().take());
    }

    /// Whatever else must not be in a log.
    pub fn secret(&self, secret: &str) {
        self.secrets.lock().unwrap().push(secret.to_owned());
    }
}

/// The role that serves a path: of the routes that fit, the one with the most fixed words.
fn owner(path: &str) -> &'static str {
    let path = path.split('?').next().unwrap_or(path);
    let fits = |pattern: &str| {
        let (pattern, path) = (pattern.trim_end_matches('/'), path.trim_end_matches('/'));
        let mut fixed = 0;
        let mut words = path.split('/');
        for part in pattern.split('/') {
            let word = words.next()?;
            if !part.starts_with('{') {
                (part == word).then_some(())?;
                fixed += 1;
            }
        }
        words.next().is_none().then_some(fixed)
    };
    let found = roles::ROLES
        .iter()
        .flat_map(RoleSpec::tables)
        .flat_map(|(role, routes)| {
            routes
                .iter()
                .filter_map(move |route| Some((fits(route.path)?, role)))
        })
        .max_by_key(|(fixed, _)| *fixed);
    // What no role has a route for may be asked of any: the answer is the frame's.
    found.map_or("tenants", |(_, role)| role)
}
