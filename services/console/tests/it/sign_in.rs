//! Who gets in.

use std::sync::Arc;

use testkit::ADMIN;

use crate::test_app::{PASSWORD, TestApp};

pub async fn link_signs_in_once(app: Arc<TestApp>) {
    let link = app.link().await;
    let mut browser = app.browser();
    let first = browser.get(&link).await;
    assert_eq!((first.status, first.location.as_str()), (303, "/console/"));
    let cookie = first.cookie.clone().unwrap();
    for part in ["HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    browser.keep(&first);
    assert_eq!(browser.get("/console/").await.status, 200);
    let second = app.browser().get(&link).await;
    assert_eq!((second.status, second.cookie), (403, None));
    assert!(second.body.contains("used before"), "{}", second.body);
    let late = app.link().await;
    app.clock.advance(chrono::Duration::hours(25));
    assert_eq!(app.browser().get(&late).await.status, 403);
}

pub async fn link_is_refused_where_there_are_operators(app: Arc<TestApp>) {
    app.operator("Ann", "owner", "").await;
    let (status, body) = app.call("POST", "/console/links", ADMIN, None).await;
    assert_eq!(
        (status, &body["error"]["code"]),
        (409, &"has_operators".into())
    );
    let (status, _) = app
        .call("POST", "/console/links", "write-smith", None)
        .await;
    assert_ne!(status, 201);
}

pub async fn key_signs_in_for_its_tenant(app: Arc<TestApp>) {
    let mut browser = app.browser();
    let wrong = browser.sign_in(&[("api_key", "tk_nobody")]).await;
    assert_eq!((wrong.status, wrong.cookie.is_none()), (401, true));
    let key = "write-smith".to_owned();
    let right = browser.sign_in(&[("api_key", &key)]).await;
    assert_eq!(right.status, 303, "{right:?}");
    let page = browser.get("/console/settings/operators").await;
    assert!(page.body.contains("data-tenant=\"smith\""), "{}", page.body);
}

pub async fn name_and_password_sign_in(app: Arc<TestApp>) {
    let browser = app.operator("Ann", "operator", "smith").await;
    let page = browser.get("/console/").await;
    assert!(page.body.contains("Ann"), "{}", page.body);
    assert!(page.body.contains("data-tenant=\"smith\""), "{}", page.body);
    // Upper and lower case are the same in names, not in passwords.
    let mut other = app.browser();
    assert_eq!(
        other
            .sign_in(&[("name", "ANN"), ("password", PASSWORD)])
            .await
            .status,
        303
    );
    let shouted = PASSWORD.to_uppercase();
    assert_eq!(
        other
            .sign_in(&[("name", "Ann"), ("password", &shouted)])
            .await
            .status,
        401
    );
}

pub async fn wrong_password_is_refused_and_limited(app: Arc<TestApp>) {
    app.operator("Ann", "owner", "").await;
    let mut browser = app.browser();
    let wrong = [("name", "Ann"), ("password", "something else")];
    for _ in 0..8 {
        let answer = browser.sign_in(&wrong).await;
        assert_eq!((answer.status, answer.cookie.is_none()), (401, true));
    }
    let right = [("name", "Ann"), ("password", PASSWORD)];
    assert_eq!(browser.sign_in(&right).await.status, 429);
    app.clock.advance(chrono::Duration::minutes(6));
    assert_eq!(browser.sign_in(&right).await.status, 303);
}

pub async fn sign_in_leads_where_one_wanted_to_go(app: Arc<TestApp>) {
    let mut browser = app.browser();
    let asked = browser.get("/console/calls?outcome=missed").await;
    assert_eq!(asked.status, 303);
    let form = browser.get(&asked.location).await;
    assert!(
        form.body
            .contains("value=\"/console/calls?outcome=missed\""),
        "{}",
        form.body
    );
    let fields = [
        ("api_key", ADMIN),
        ("next", "/console/calls?outcome=missed"),
    ];
    let answer = browser.sign_in(&fields).await;
    assert_eq!(answer.location, "/console/calls?outcome=missed");
    let fields = [("api_key", ADMIN), ("next", "//evil.example/")];
    assert_eq!(browser.sign_in(&fields).await.location, "/console/");
    assert_eq!(browser.get("/").await.location, "/console/");
    assert_eq!(app.browser().get("/").await.location, "/console/sign-in");
}

pub async fn sign_in_of_another_site_is_refused(app: Arc<TestApp>) {
    let headers = [
        ("sec-fetch-site", "cross-site"),
        ("content-type", "application/x-www-form-urlencoded"),
    ];
    let answer = app
        .browser()
        .ask("POST", "/console/sign-in", &headers)
        .await;
    assert_eq!((answer.status, answer.cookie), (403, None));
}
