//! The console on a platform of its own, where no other role runs, and a browser without script.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use clock::Clock;
use reqwest::header::{LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;
use reqwest::{Client, Response};
use testkit::{ADMIN, Log, Mode, TestPlatform};

use crate::roles::Roles;

pub struct TestApp {
    platform: TestPlatform,
    roles: Option<Roles>,
}

testkit::has_platform!(TestApp);

/// What a browser gets.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub location: String,
    pub cookie: Option<String>,
    pub policy: String,
    pub body: String,
}

/// A browser, with the cookie of its session.
#[derive(Clone)]
pub struct Browser {
    client: Client,
    base: String,
    pub cookie: String,
}

pub fn log() -> &'static Log {
    Log::of("info,console=trace,role=debug,bus=debug")
}

pub fn start_of_time() -> DateTime<Utc> {
    DateTime::from_timestamp(1_800_000_000, 0).unwrap()
}

pub async fn run<F: Future<Output = ()>>(mode: Mode, case: fn(Arc<TestApp>) -> F) {
    run_with(mode, None, case).await;
}

/// Before roles that answer as the case says.
pub async fn run_before_roles<F: Future<Output = ()>>(mode: Mode, case: fn(Arc<TestApp>) -> F) {
    run_with(mode, Some(Roles::start()), case).await;
}

async fn run_with<F: Future<Output = ()>>(
    mode: Mode,
    roles: Option<Roles>,
    case: fn(Arc<TestApp>) -> F,
) {
    log();
    let url = roles
        .as_ref()
        .map(|it| ("TRUNKLINE_API_URL", it.url.as_str()));
    let more: Vec<_> = url.into_iter().collect();
    let platform = TestPlatform::new("console", mode, Clock::held(start_of_time()), &more).await;
    let parts = platform.open().await;
    platform.keys.give_each(&["smith", "jones"]);
    platform.keys.serve(&parts.bus).await;
    platform
        .start(vec![console::ROLE.start(&parts).await.unwrap()])
        .await;
    testkit::run(TestApp { platform, roles }, case).await;
}

impl TestApp {
    /// What answers in the place of the roles.
    pub fn roles(&self) -> &Roles {
        self.roles.as_ref().unwrap()
    }

    /// A browser that nobody has signed in with.
    pub fn browser(&self) -> Browser {
        let client = Client::builder().redirect(Policy::none());
        // A server that stops waits for idle connections.
        let client = client.pool_max_idle_per_host(0);
        Browser {
            client: client.build().unwrap(),
            base: self.base(),
            cookie: String::new(),
        }
    }

    /// The path of a fresh link.
    pub async fn link(&self) -> String {
        let (status, made) = self.call("POST", "/console/links", ADMIN, None).await;
        assert_eq!(status, 201, "{made}");
        made["path"].as_str().unwrap().to_owned()
    }

    /// An owner of the whole platform.
    pub async fn owner(&self) -> Browser {
        let mut browser = self.browser();
        browser.sign_in(&[("api_key", ADMIN)]).await;
        assert!(!browser.cookie.is_empty());
        browser
    }

    /// Adds an operator and signs in as that one.
    pub async fn operator(&self, name: &str, role: &str, tenant: &str) -> Browser {
        let fields = [
            ("name", name),
            ("password", PASSWORD),
            ("role", role),
            ("tenant", tenant),
        ];
        let added = self
            .owner()
            .await
            .submit("/console/settings/operators", &fields)
            .await;
        assert_eq!(added.status, 303, "{added:?}");
        let mut browser = self.browser();
        browser
            .sign_in(&[("name", name), ("password", PASSWORD)])
            .await;
        assert!(!browser.cookie.is_empty());
        browser
    }
}

pub const PASSWORD: &str = "correct horse battery";

impl Browser {
    fn request(&self, method: &str, path: &str) -> reqwest::RequestBuilder {
        let url = format!("{}{path}", self.base);
        let request = self.client.request(method.parse().unwrap(), url);
        match self.cookie.is_empty() {
            true => request,
            false => request.header("cookie", format!("trunkline_session={}", self.cookie)),
        }
    }

    /// Opens a page.
    pub async fn get(&self, path: &str) -> Answer {
        answer(self.request("GET", path).send().await.unwrap()).await
    }

    /// Sends a form of a page that stands at the same address.
    pub async fn submit(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let page = self.get("/console/settings/operators").await;
        let csrf = page.body.split("data-csrf=\"").nth(1).unwrap_or_default();
        let csrf = csrf.split('"').next().unwrap();
        let mut fields = fields.to_vec();
        fields.push(("csrf", csrf));
        self.send(path, &fields).await
    }

    /// Sends these fields and no others.
    pub async fn send(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let request = self.request("POST", path).form(fields);
        answer(request.send().await.unwrap()).await
    }

    /// Asks with more headers.
    pub async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = self.request(method, path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        answer(request.send().await.unwrap()).await
    }

    /// Follows events, from the last that was seen.
    pub async fn follow(&self, path: &str, last: Option<&str>) -> Feed {
        let mut request = self.request("GET", path);
        if let Some(last) = last {
            request = request.header("Last-Event-ID", last);
        }
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200);
        Feed {
            response,
            text: String::new(),
        }
    }

    /// Fills the sign-in in.
    pub async fn sign_in(&mut self, fields: &[(&str, &str)]) -> Answer {
        let answer = self.send("/console/sign-in", fields).await;
        self.keep(&answer);
        answer
    }

    /// Keeps the cookie that came.
    pub fn keep(&mut self, answer: &Answer) {
        if let Some(cookie) = &answer.cookie {
            let pair = cookie.split(';').next().unwrap();
            self.cookie = pair.split_once('=').unwrap().1.to_owned();
        }
    }
}

/// Server-sent events as they come.
pub struct Feed {
    response: Response,
    pub text: String,
}

impl Feed {
    /// Reads until this has come.
    pub async fn until(&mut self, wanted: &str) {
        while !self.text.contains(wanted) {
            let chunk = tokio::time::timeout(testkit::PATIENCE, self.response.chunk()).await;
            let chunk = chunk.unwrap_or_else(|_| panic!("{wanted} does not come: {}", self.text));
            self.text
                .push_str(&String::from_utf8_lossy(&chunk.unwrap().unwrap()));
        }
    }
}

async fn answer(response: Response) -> Answer {
    let header = |name: &str| {
        let value = response.headers().get(name);
        value.map(|value| value.to_str().unwrap().to_owned())
    };
    Answer {
        status: response.status().as_u16(),
        location: header(LOCATION.as_str()).unwrap_or_default(),
        cookie: header(SET_COOKIE.as_str()),
        policy: header("content-security-policy").unwrap_or_default(),
        body: response.text().await.unwrap(),
    }
}
