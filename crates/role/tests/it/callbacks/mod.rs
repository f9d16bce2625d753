//! The role of docs/tutorial-role.md, word for word, built and run.

mod app;
mod db;
mod http;

use std::sync::Arc;

use clock::Clock;
use events::Envelope;
use events::v1::{Call, CallMissed};
use role::{Error, Parts, Role, RoleSpec};
use serde_json::Value;
use testkit::{ADMIN, Mode, TestPlatform, eventually};

pub const ROLE: RoleSpec = RoleSpec {
    name: "callbacks",
    routes: &[http::ROUTES],
    migrations: Some(|| db::MIGRATIONS),
    start: |parts| Box::pin(start(parts)),
};

async fn start(parts: &Parts) -> Result<Role, Error> {
    let mut role = Role::new(ROLE.name, parts);
    let (store, _) = role.with_store(db::MIGRATIONS).await?;
    role.decides(app::NoteMissedCall)?;
    role.serves(http::ROUTES, http::State { store });
    Ok(role)
}

const PAGE: &str = include_str!("../../../../../docs/tutorial-role.md");
const SOURCES: &[&str] = &[
    include_str!("mod.rs"),
    include_str!("app.rs"),
    include_str!("db.rs"),
    include_str!("http.rs"),
    include_str!("migrations/postgres/20261129000001_callbacks/up.sql"),
];

pub struct TestApp {
    platform: TestPlatform,
}

testkit::has_platform!(TestApp);

pub async fn run<F: Future<Output = ()>>(mode: Mode, case: fn(Arc<TestApp>) -> F) {
    let clock = Clock::held("2026-11-29T10:00:00Z".parse().unwrap());
    let platform = TestPlatform::new("callbacks", mode, clock, &[]).await;
    let parts = platform.open().await;
    platform.keys.serve(&parts.bus).await;
    let role = ROLE.start(&parts).await.unwrap();
    platform.start(vec![role]).await;
    testkit::run(TestApp { platform }, case).await;
}

impl TestApp {
    /// A call of a tenant is missed.
    async fn missed(&self, tenant: &str, sid: &str) -> Envelope {
        let call = Call {
            call_sid: sid.to_owned(),
            tenant_id: tenant.to_owned(),
            from: "+15550190001".to_owned(),
            ..Call::default()
        };
        let event = CallMissed {
            call: Some(call),
            ..CallMissed::default()
        };
        let event = self.platform.envelope(&event).tenant(tenant);
        self.bus().publish(&event).await.unwrap();
        event
    }

    async fn listed(&self, key: &str) -> Vec<String> {
        let headers = [("X-API-Key", key)];
        let (status, list) = self.send("GET", "/callbacks/", &headers, None).await;
        assert_eq!(status, 200, "{list}");
        let items = list["items"].as_array().unwrap().iter();
        let sid = |it: &Value| it["call_sid"].as_str().unwrap().to_owned();
        items.map(sid).collect()
    }
}

pub async fn missed_call_is_listed_once(app: Arc<TestApp>) {
    let event = app.missed("smith", "CA1").await;
    app.bus().publish(&event).await.unwrap();
    app.missed("smith", "CA2").await;
    eventually("both are listed", async || {
        app.listed(ADMIN).await.len() == 2
    })
    .await;
    let store = app.store(ROLE.name, db::MIGRATIONS).await;
    app.handled(&store, "callbacks.note-missed-call", &event.id)
        .await;
    let mut listed = app.listed(ADMIN).await;
    listed.sort();
    assert_eq!(listed, ["CA1", "CA2"]);
}

pub async fn tenant_does_not_see_anothers(app: Arc<TestApp>) {
    app.keys.give("smiths-key", "smith", &["read"]);
    app.missed("smith", "CA1").await;
    app.missed("jones", "CA2").await;
    eventually("both are listed", async || {
        app.listed(ADMIN).await.len() == 2
    })
    .await;
    assert_eq!(app.listed("smiths-key").await, ["CA1"]);
}

/// Every fence of the page that is code or SQL is in these files, to the letter.
#[test]
fn code_of_the_tutorial_is_what_is_built() {
    let mut fences = 0;
    for language in ["rust", "sql"] {
        let begin = format!("```{language}\n");
        for rest in PAGE.split(&begin).skip(1) {
            let (code, _) = rest.split_once("```").unwrap();
            let found = SOURCES.iter().any(|source| source.contains(code));
            assert!(
                found,
                "docs/tutorial-role.md shows what is not in crates/role/tests/it/callbacks:\n{code}"
            );
            fences += 1;
        }
    }
    assert!(fences >= 5, "only {fences} fences");
}
