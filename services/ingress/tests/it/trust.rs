//! Whom the door believes.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::test_app::{
    ACCOUNT, ANSWER, BASE, CALLER, Form, JONES_ACCOUNT, JONES_NEW_TOKEN, JONES_TOKEN, NUMBER,
    OLD_TOKEN, OTHER, TOKEN, TestApp, call_form, encode, log, with,
};
use events::v1::TenantChanged;
use testkit::eventually;
use webhook::Params;
use webhook::signature::{Token, sign_form};

const PATH: &str = "/webhooks/twilio/call";

fn ringing() -> Form {
    call_form(&[("CallStatus", "ringing"), ("CallerName", "Ms Secret")])
}

fn sign(token: &str, url: &str, form: &Form) -> String {
    let params: Params = form.iter().cloned().collect();
    sign_form(&Token::new(token).unwrap(), url, &params)
}

pub async fn who_is_not_twilio_changes_nothing(app: Arc<TestApp>) {
    let (form, url) = (ringing(), format!("{BASE}{PATH}"));
    let good = sign(TOKEN, &url, &form);
    for (reason, answer) in [
        (
            "missing_header",
            app.send("POST", PATH, &[], encode(&form).into_bytes())
                .await,
        ),
        ("not_base64", app.post_as("???", PATH, &form, &[]).await),
        (
            "unknown",
            app.post_as(&sign("another-token", &url, &form), PATH, &form, &[])
                .await,
        ),
        (
            "unknown",
            app.post_as(&good, PATH, &with(&form, "From", "+15550101111"), &[])
                .await,
        ),
        (
            "scheme",
            app.post_as(
                &sign(TOKEN, &url.replace("https", "http"), &form),
                PATH,
                &form,
                &[],
            )
            .await,
        ),
        (
            "port",
            app.post_as(
                &sign(TOKEN, &url.replace(".example", ".example:8443"), &form),
                PATH,
                &form,
                &[],
            )
            .await,
        ),
        ("host", {
            let seen = [("X-Forwarded-Host", "proxy.example")];
            let signed = sign(TOKEN, &format!("https://proxy.example{PATH}"), &form);
            app.post_as(&signed, PATH, &form, &seen).await
        }),
        (
            "extra_parameter",
            app.post_as(&good, PATH, &with(&form, "Added", "on-the-way"), &[])
                .await,
        ),
        ("unknown_account", {
            let form = with(&form, "AccountSid", "no account");
            app.post_as(&sign(TOKEN, &url, &form), PATH, &form, &[])
                .await
        }),
    ] {
        assert_eq!(answer.status, 403, "{reason}: {answer:?}");
        assert!(
            answer.body.starts_with(r#"{"error":{"code":"forbidden""#),
            "{}",
            answer.body
        );
        let counted = app
            .counter(
                "webhooks_refused_total",
                &[
                    &format!("reason=\"{reason}\""),
                    "path=\"/webhooks/twilio/call\"",
                ],
            )
            .await;
        assert!(counted >= 1, "{reason}");
        let text = log().text();
        assert!(
            text.contains(&format!("reason=\"{reason}\"")),
            "{reason} is told in the log"
        );
    }
    let query = format!(
        "/webhooks/twilio/call/whisper/{}?number=%2B15550107777",
        crate::test_app::CALL
    );
    assert_eq!(app.post_as("x", &query, &form, &[]).await.status, 403);
    assert!(app.desk.heard().is_empty() && app.spooled().is_empty());
    let text = log().text();
    for value in [
        "Ms Secret",
        CALLER,
        "+15550101111",
        "15550107777",
        "on-the-way",
        TOKEN,
        good.as_str(),
    ] {
        assert!(!text.contains(value), "a value is in the log");
    }
}

/// What was signed is not known, so the signature cannot be checked; but whoever has not signed at all is told as ever.
pub async fn what_cannot_be_read_is_told_in_the_log(app: Arc<TestApp>) {
    let large = with(&ringing(), "Padding", &"x".repeat(64 * 1024));
    let many: Vec<_> = (0..501).map(|n| format!("P{n}=Ms+Hidden")).collect();
    let missing = ["reason=\"missing_header\""];
    for (reason, status, body) in [
        ("too_large", 413, encode(&large).into_bytes()),
        ("too_many_parameters", 400, many.join("&").into_bytes()),
        ("not_utf8", 400, b"CallerName=Ms+Hidden%FF".to_vec()),
    ] {
        let before = app.counter("webhooks_refused_total", &missing).await;
        let unsigned = app.send("POST", PATH, &[], body.clone()).await;
        assert_eq!(unsigned.status, 403, "{reason}: {unsigned:?}");
        let counted = app.counter("webhooks_refused_total", &missing).await;
        assert!(counted > before, "{reason}");

        let headers = [("X-Twilio-Signature", "x")];
        let signed = app.send("POST", PATH, &headers, body).await;
        assert_eq!(signed.status, status, "{reason}: {signed:?}");
        let told = format!("reason=\"{reason}\"");
        assert!(log().text().contains(&told), "{reason} is told in the log");
    }
    assert!(app.desk.heard().is_empty() && app.spooled().is_empty());
    assert!(!log().text().contains("Hidden"), "a value is in the log");
}

pub async fn two_tokens_count_while_rotating(app: Arc<TestApp>) {
    for token in [TOKEN, OLD_TOKEN] {
        let answer = app.post_signed(token, PATH, &ringing(), &[]).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, ANSWER));
    }
    app.desk.take(2).await;
}

/// An account that nobody knows is refused, until the tenants' role knows it.
pub async fn account_may_have_been_made_a_moment_ago(app: Arc<TestApp>) {
    let form = with(&with(&ringing(), "AccountSid", JONES_ACCOUNT), "To", OTHER);
    let answer = app.post_signed(JONES_TOKEN, PATH, &form, &[]).await;
    assert_eq!(answer.status, 403);
    assert!(app.desk.heard().is_empty());

    // Nobody tells of it: whoever asks for it finds it.
    app.desk.knows_jones.store(true, Ordering::Relaxed);
    eventually("the new account is known", async || {
        let answer = app.post_signed(JONES_TOKEN, PATH, &form, &[]).await;
        answer.status == 200 && answer.body == ANSWER
    })
    .await;
    app.desk.take(1).await;
    // Whoever signs for the platform with it is told whose it may be.
    let ours = ringing();
    // Not at once: so many were refused a moment ago that none is explained just now.
    eventually("it is told whose token it is", async || {
        let answer = app.post_signed(JONES_TOKEN, PATH, &ours, &[]).await;
        assert_eq!(answer.status, 403);
        log().text().contains("reason=\"other_account\"")
    })
    .await;
    // Its token proves nothing about others.
    let answer = app
        .post_signed(JONES_TOKEN, PATH, &with(&form, "To", NUMBER), &[])
        .await;
    assert_eq!(answer.status, 403);
    let answer = app
        .post_signed(JONES_TOKEN, PATH, &with(&form, "AccountSid", ACCOUNT), &[])
        .await;
    assert_eq!(answer.status, 403);
    assert!(app.desk.heard().is_empty());
    assert!(
        app.counter("webhooks_refused_total", &["reason=\"foreign_number\""])
            .await
            >= 1
    );
    // A token that was replaced is good for nothing but to tell why.
    let told = ["reason=\"rotated_token\""];
    let before = app.counter("webhooks_refused_total", &told).await;
    app.desk.jones_rotated.store(true, Ordering::Relaxed);
    app.publish(&TenantChanged {
        tenant_id: "jones".into(),
    })
    .await;
    eventually("the new token is known", async || {
        let answer = app.post_signed(JONES_NEW_TOKEN, PATH, &form, &[]).await;
        answer.status == 200
    })
    .await;
    eventually("it is told that the token was replaced", async || {
        let answer = app.post_signed(JONES_TOKEN, PATH, &form, &[]).await;
        assert_eq!(answer.status, 403);
        app.counter("webhooks_refused_total", &told).await > before
    })
    .await;
    assert!(!log().text().contains(JONES_TOKEN));
}
