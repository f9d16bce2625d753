//! What a session opens, and what ends it.

use std::sync::Arc;

use api::operator::csrf_token;
use chrono::Duration;
use testkit::{ADMIN, SERVICE, eventually};

use crate::test_app::{PASSWORD, TestApp};

const LETTERS: &str = "/api/dead-letters/";

pub async fn session_opens_what_a_key_opens(app: Arc<TestApp>) {
    let owner = app.owner().await;
    assert_eq!(owner.get(LETTERS).await.status, 200);
    let viewer = app.operator("Vic", "viewer", "").await;
    assert_eq!(viewer.get(LETTERS).await.status, 403);
    let mut nobody = app.browser();
    nobody.cookie = "0".repeat(32);
    assert_eq!(nobody.get(LETTERS).await.status, 401);
    assert_eq!(app.browser().get(LETTERS).await.status, 401);
}

pub async fn session_needs_its_token_to_change_something(app: Arc<TestApp>) {
    let owner = app.owner().await;
    let path = "/api/dead-letters/none@queue/replay";
    assert_eq!(owner.ask("POST", path, &[]).await.status, 403);
    let wrong = [("X-CSRF-Token", "wrong")];
    assert_eq!(owner.ask("POST", path, &wrong).await.status, 403);
    let token = csrf_token(&owner.cookie);
    let right = [("X-CSRF-Token", token.as_str())];
    assert_eq!(owner.ask("POST", path, &right).await.status, 404);
}

pub async fn forged_form_changes_nothing(app: Arc<TestApp>) {
    let owner = app.owner().await;
    let fields = [
        ("name", "Mallory"),
        ("password", PASSWORD),
        ("role", "owner"),
    ];
    let forged = owner.send("/console/settings/operators", &fields).await;
    assert_eq!(forged.status, 403, "{forged:?}");
    let other = app.owner().await;
    let token = csrf_token(&other.cookie);
    let mut of_another = fields.to_vec();
    of_another.push(("csrf", &token));
    assert_eq!(
        owner
            .send("/console/settings/operators", &of_another)
            .await
            .status,
        403
    );
    let page = owner.get("/console/settings/operators").await;
    assert!(!page.body.contains("Mallory"), "{}", page.body);
    for path in [
        "/console/sign-out",
        "/console/calls/x/hang-up",
        "/console/operating/replay",
    ] {
        assert_eq!(owner.send(path, &[]).await.status, 403, "{path}");
    }
    assert_eq!(owner.get("/console/").await.status, 200);
}

pub async fn session_ends_when_idle(app: Arc<TestApp>) {
    let owner = app.owner().await;
    app.clock.advance(Duration::hours(7));
    assert_eq!(owner.get("/console/").await.status, 200);
    app.clock.advance(Duration::hours(7));
    assert_eq!(owner.get("/console/").await.status, 200);
    app.clock.advance(Duration::hours(9));
    let late = owner.get("/console/calls").await;
    assert_eq!(late.status, 303);
    assert_eq!(late.location, "/console/sign-in?next=%2Fconsole%2Fcalls");
    // In use or not, it ends after a week.
    let busy = app.owner().await;
    for _ in 0..27 {
        app.clock.advance(Duration::hours(6));
        assert_eq!(busy.get("/console/").await.status, 200);
    }
    app.clock.advance(Duration::hours(6));
    assert_eq!(busy.get("/console/").await.status, 303);
}

pub async fn session_ends_everywhere(app: Arc<TestApp>) {
    let one = app.operator("Ann", "owner", "").await;
    let mut two = app.browser();
    two.sign_in(&[("name", "ann"), ("password", PASSWORD)])
        .await;
    assert_eq!(two.get(LETTERS).await.status, 200);
    let out = one
        .submit("/console/sign-out", &[("everywhere", "yes")])
        .await;
    assert_eq!(out.location, "/console/sign-in?said=out");
    assert_eq!(one.get("/console/").await.status, 303);
    assert_eq!(two.get("/console/").await.status, 303);
    eventually("the other session is refused", async || {
        two.get(LETTERS).await.status == 401
    })
    .await;
}

pub async fn key_that_is_withdrawn_ends_its_sessions_and_one_that_is_made_does_not(
    app: Arc<TestApp>,
) {
    let key = "write-smith".to_owned();
    let mut browser = app.browser();
    browser.sign_in(&[("api_key", &key)]).await;
    // That it was made is told late: a person has signed in with it already.
    let changed = |made| {
        let hash = encryption::key_hash(&key);
        app.envelope(&events::v1::KeyChanged { hash, made })
    };
    let made = changed(true);
    app.bus().publish(&made).await.unwrap();
    let migrations = console::ROLE.migrations.unwrap();
    let store = app.store("console", migrations()).await;
    app.handled(&store, "console.keys", &made.id).await;
    assert_eq!(browser.get("/console/").await.status, 200);
    app.keys.withdraw(&key);
    app.bus().publish(&changed(false)).await.unwrap();
    eventually("the session is over", async || {
        browser.get("/console/").await.status == 303
    })
    .await;
}

pub async fn viewer_changes_nothing(app: Arc<TestApp>) {
    let viewer = app.operator("Vic", "viewer", "").await;
    let fields = [
        ("name", "Mallory"),
        ("password", PASSWORD),
        ("role", "owner"),
    ];
    let answer = viewer.submit("/console/settings/operators", &fields).await;
    assert_eq!(answer.status, 403);
    let answer = viewer
        .submit("/console/operating/replay", &[("id", "x")])
        .await;
    assert_eq!(answer.status, 403);
    for path in ["/console/calls/x/hang-up", "/console/calls/x/transfer"] {
        assert_eq!(
            viewer.submit(path, &[("to", "+1")]).await.status,
            403,
            "{path}"
        );
    }
    assert_eq!(viewer.get("/console/calls/x/listen").await.status, 403);
    let page = viewer.get("/console/settings/operators").await;
    assert!(!page.body.contains("Add an operator"), "{}", page.body);
    assert!(!page.body.contains("Audit log"), "{}", page.body);
}

pub async fn operator_of_a_tenant_sees_no_other_operators(app: Arc<TestApp>) {
    app.operator("Jo", "owner", "jones").await;
    let smith = app.operator("Sam", "owner", "smith").await;
    let page = smith.get("/console/settings/operators").await;
    assert!(page.body.contains("owner of smith"), "{}", page.body);
    assert!(!page.body.contains("owner of jones"), "{}", page.body);
    // What an owner of one tenant adds is of that tenant, whatever the form says.
    let fields = [
        ("name", "Lee"),
        ("password", PASSWORD),
        ("role", "viewer"),
        ("tenant", "jones"),
    ];
    assert_eq!(
        smith
            .submit("/console/settings/operators", &fields)
            .await
            .status,
        303
    );
    let page = smith.get("/console/settings/operators").await;
    assert!(page.body.contains("viewer of smith"), "{}", page.body);
    // Nor does the owner remove another tenant's.
    let owner = app.owner().await;
    let page = owner.get("/console/settings/operators").await;
    let jo = page.body.split("aria-label=\"Remove Jo\"").next().unwrap();
    let id = jo.rsplit("/console/settings/operators/").next().unwrap();
    let id = id.split('/').next().unwrap();
    let path = format!("/console/settings/operators/{id}/remove");
    assert_eq!(smith.submit(&path, &[]).await.status, 404);
    assert_eq!(owner.submit(&path, &[]).await.status, 303);
}

pub async fn role_that_asks_for_an_operator_is_believed_with_its_key_only(app: Arc<TestApp>) {
    let browser = app.browser();
    let named = |key| {
        [
            ("X-Service-Key", key),
            ("X-Operator", "Ann"),
            ("X-Operator-Scopes", "read write admin"),
        ]
    };
    assert_eq!(
        browser.ask("GET", LETTERS, &named(SERVICE)).await.status,
        200
    );
    assert_eq!(
        browser.ask("GET", LETTERS, &named("wrong")).await.status,
        401
    );
    assert_eq!(browser.ask("GET", LETTERS, &named(ADMIN)).await.status, 401);
    let unnamed = [("X-Service-Key", SERVICE)];
    assert_eq!(browser.ask("GET", LETTERS, &unnamed).await.status, 401);
    let less = [
        ("X-Service-Key", SERVICE),
        ("X-Operator", "Ann"),
        ("X-Operator-Scopes", "read"),
    ];
    assert_eq!(browser.ask("GET", LETTERS, &less).await.status, 403);
}
