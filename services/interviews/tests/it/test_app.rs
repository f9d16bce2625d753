//! The role on a platform of its own: the test is its users at one end, and tenants at the other.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clock::Clock;
use events::v1::{
    CallPlace, DirectoryQuery, InterviewDial, ResolveQuery, SpeechSynthesize, TenantFound,
    TenantQuery,
};
use events::{Envelope, Event};
use interviews::door::{InterviewRow, MIGRATIONS, interview_insert};
use reqwest::header::HeaderMap;
use serde_json::Value;
use store::Store;
use testkit::{ADMIN, EventRecorder, Mode, TestPlatform};

use crate::fixtures;

pub struct TestApp {
    platform: TestPlatform,
    pub store: Store,
    /// Whether smith is the only tenant.
    pub alone: Arc<AtomicBool>,
}

impl Deref for TestApp {
    type Target = TestPlatform;

    fn deref(&self) -> &TestPlatform {
        &self.platform
    }
}

pub async fn run<F: Future<Output = ()>>(mode: Mode, case: fn(Arc<TestApp>) -> F) {
    let platform = TestPlatform::new("interviews", mode, Clock::held(fixtures::at(0)), &[]).await;
    let parts = platform.open().await;
    let heard = [InterviewDial::TYPE, CallPlace::TYPE, SpeechSynthesize::TYPE];
    platform.recorder.listen(&parts.bus, &heard).await;
    let asked = [DirectoryQuery::TYPE, ResolveQuery::TYPE, TenantQuery::TYPE];
    let alone = Arc::new(AtomicBool::new(false));
    let is_alone = alone.clone();
    Arc::new(EventRecorder::default())
        .listen_and_answer("test.tenants", &parts.bus, &asked, move |question| {
            tenants(question, is_alone.load(Ordering::Relaxed))
        })
        .await;
    platform.keys.give_each(&["smith", "jones", "silent"]);
    platform.keys.serve(&parts.bus).await;
    let role = interviews::ROLE.start(&parts).await.unwrap();
    platform.start(vec![role]).await;
    let store = platform.store("interviews", MIGRATIONS).await;
    testkit::run(
        TestApp {
            platform,
            store,
            alone,
        },
        case,
    )
    .await;
}

/// What tenants answers.
fn tenants(question: &Envelope, alone: bool) -> Option<Envelope> {
    let clock = Clock::system();
    if let Ok(query) = question.decode::<TenantQuery>() {
        let known = ["smith", "jones", "silent"].contains(&query.tenant_id.as_str());
        let tenant_id = match query.tenant_id.as_str() {
            "" if alone => "smith".to_owned(),
            named if known => named.to_owned(),
            _ => String::new(),
        };
        return Some(Envelope::new(
            "trunkline/test",
            &clock,
            &TenantFound {
                tenant_id,
                ..TenantFound::default()
            },
        ));
    }
    let Ok(query) = question.decode::<ResolveQuery>() else {
        let directory = fixtures::directory();
        return Some(Envelope::new("trunkline/test", &clock, &directory));
    };
    let resolved = fixtures::resolved(&query.number);
    Some(Envelope::new("trunkline/test", &clock, &resolved))
}

impl TestApp {
    /// Puts an interview into the database.
    pub async fn keep(&self, row: &InterviewRow) {
        let mut tx = self.store.begin().await.unwrap();
        assert!(interview_insert(&mut tx, row).await.unwrap());
        tx.commit().await.unwrap();
    }

    /// The first order to call for an interview, as soon as it is heard.
    pub async fn dial(&self, interview: &str) -> (Envelope, InterviewDial) {
        let find = || {
            let heard = self.recorder.heard::<InterviewDial>();
            heard.into_iter().find(|it| it.1.interview_id == interview)
        };
        testkit::eventually("the order to call is heard", async || find().is_some()).await;
        find().unwrap()
    }

    /// What a requester with this key sees.
    pub async fn get_as(&self, key: &str, path: &str) -> (u16, Value) {
        self.call("GET", path, key, None).await
    }

    /// What the admin is told after a POST.
    pub async fn post_as(&self, key: &str, path: &str, body: Value) -> (u16, Value) {
        self.call("POST", path, key, Some(body)).await
    }

    /// What smith is told after a POST.
    pub async fn smith(&self, path: &str, body: Value) -> (u16, Value) {
        self.post_as("write-smith", path, body).await
    }

    /// What smith is told when the request has this `Idempotency-Key`.
    pub async fn smith_once(&self, once: &str, path: &str, body: Value) -> (u16, Value) {
        let headers = [("Idempotency-Key", once)];
        let base = self.base();
        self.call_at(&base, "POST", path, "write-smith", Some(body), &headers)
            .await
    }

    /// The id of what a requester with this key makes.
    pub async fn made_by(&self, key: &str, path: &str, body: Value) -> String {
        let (status, body) = self.post_as(key, path, body).await;
        assert_eq!(status, 201, "{path}: {body}");
        body["id"].as_str().unwrap().to_owned()
    }

    /// The id of what smith makes.
    pub async fn made(&self, path: &str, body: Value) -> String {
        self.made_by("write-smith", path, body).await
    }

    /// A page as a browser gets it.
    pub async fn page(&self, path: &str) -> (HeaderMap, String) {
        let url = format!("{}{path}", self.base());
        let request = testkit::client().get(url).header("X-API-Key", ADMIN);
        let response = request.send().await.unwrap();
        assert_eq!(response.status(), 200, "{path}");
        let headers = response.headers().clone();
        (headers, response.text().await.unwrap())
    }
}
