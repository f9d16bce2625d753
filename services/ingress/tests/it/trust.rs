//! Whom the door believes.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::lab::{
    ACCOUNT, ANSWER, BASE, CALLER, Form, JONES_ACCOUNT, JONES_NEW_TOKEN, JONES_TOKEN, Lab, NUMBER,
    OLD_TOKEN, OTHER, TOKEN, call_form, encode, log, with,
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

pub async fn who_is_not_twilio_changes_nothing(lab: Arc<Lab>) {
    let (form, url) = (ringing(), format!("{BASE}{PATH}"));
    let good = sign(TOKEN, &url, &form);
    for (reason, answer) in [
        (
            "missing_header",
            lab.send("POST", PATH, &[], encode(&form).into_bytes())
                .await,
        ),
        ("not_base64", lab.post_as("???", PATH, &form, &[]).await),
        (
            "unknown",
            lab.post_as(&sign("another-token", &url, &form), PATH, &form, &[])
                .await,
        ),
        (
            "unknown",
            lab.post_as(&good, PATH, &with(&form, "From", "+15550101111"), &[])
                .await,
        ),
        (
            "scheme",
            lab.post_as(
                &sign(TOKEN, &url.replace("https", "http"), &form),
                PATH,
                &form,
                &[],
            )
            .await,
        ),
        (
            "port",
            lab.post_as(
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
            lab.post_as(&signed, PATH, &form, &seen).await
        }),
        (
            "extra_parameter",
            lab.post_as(&good, PATH, &with(&form, "Added", "on-the-way"), &[])
                .await,
        ),
        ("unknown_account", {
            let form = with(&form, "AccountSid", "no account");
            lab.post_as(&sign(TOKEN, &url, &form), PATH, &form, &[])
                .await
        }),
    ] {
        assert_eq!(answer.status, 403, "{reason}: {answer:?}");
        assert!(
            answer.body.starts_with(r#"{"error":{"code":"forbidden""#),
            "{}",
            answer.body
        );
        let counted = lab
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
        crate::lab::CALL
    );
    assert_eq!(lab.post_as("x", &query, &form, &[]).await.status, 403);
    assert!(lab.desk.heard().is_empty() && lab.spooled().is_empty());
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
pub async fn what_cannot_be_read_is_told_in_the_log(lab: Arc<Lab>) {
    let large = with(&ringing(), "Padding", &"x".repeat(64 * 1024));
    let many: Vec<_> = (0..501).map(|n| format!("P{n}=Ms+Hidden")).collect();
    let missing = ["reason=\"missing_header\""];
    for (reason, status, body) in [
        ("too_large", 413, encode(&large).into_bytes()),
        ("too_many_parameters", 400, many.join("&").into_bytes()),
        ("not_utf8", 400, b"CallerName=Ms+Hidden%FF".to_vec()),
    ] {
        let before = lab.counter("webhooks_refused_total", &missing).await;
        let unsigned = lab.send("POST", PATH, &[], body.clone()).await;
        assert_eq!(unsigned.status, 403, "{reason}: {unsigned:?}");
        let counted = lab.counter("webhooks_refused_total", &missing).await;
        assert!(counted > before, "{reason}");

        let headers = [("X-Twilio-Signature", "x")];
        let signed = lab.send("POST", PATH, &headers, body).await;
        assert_eq!(signed.status, status, "{reason}: {signed:?}");
        let told = format!("reason=\"{reason}\"");
        assert!(log().text().contains(&told), "{reason} is told in the log");
    }
    assert!(lab.desk.heard().is_empty() && lab.spooled().is_empty());
    assert!(!log().text().contains("Hidden"), "a value is in the log");
}

pub async fn two_tokens_count_while_rotating(lab: Arc<Lab>) {
    for token in [TOKEN, OLD_TOKEN] {
        let answer = lab.post_signed(token, PATH, &ringing(), &[]).await;
        assert_eq!((answer.status, answer.body.as_str()), (200, ANSWER));
    }
    lab.desk.take(2).await;
}

/// An account that nobody knows is refused, until somebody knows it.
pub async fn an_account_may_have_been_made_a_moment_ago(lab: Arc<Lab>) {
    let form = with(&with(&ringing(), "AccountSid", JONES_ACCOUNT), "To", OTHER);
    let answer = lab.post_signed(JONES_TOKEN, PATH, &form, &[]).await;
    assert_eq!(answer.status, 403);
    assert!(lab.desk.heard().is_empty());

    // Nobody tells of it: whoever asks for it finds it.
    lab.desk.knows_jones.store(true, Ordering::Relaxed);
    eventually("the new account is known", async || {
        let answer = lab.post_signed(JONES_TOKEN, PATH, &form, &[]).await;
        answer.status == 200 && answer.body == ANSWER
    })
    .await;
    lab.desk.take(1).await;
    // Whoever signs for the platform with it is told whose it may be.
    let ours = ringing();
    let answer = lab.post_signed(JONES_TOKEN, PATH, &ours, &[]).await;
    assert_eq!(answer.status, 403);
    assert!(log().text().contains("reason=\"other_account\""));
    // Its token proves nothing about others.
    let answer = lab
        .post_signed(JONES_TOKEN, PATH, &with(&form, "To", NUMBER), &[])
        .await;
    assert_eq!(answer.status, 403);
    let answer = lab
        .post_signed(JONES_TOKEN, PATH, &with(&form, "AccountSid", ACCOUNT), &[])
        .await;
    assert_eq!(answer.status, 403);
    assert!(lab.desk.heard().is_empty());
    assert!(
        lab.counter("webhooks_refused_total", &["reason=\"foreign_number\""])
            .await
            >= 1
    );
    // A token that was replaced is good for nothing but to tell why.
    let told = ["reason=\"rotated_token\""];
    let before = lab.counter("webhooks_refused_total", &told).await;
    lab.desk.jones_rotated.store(true, Ordering::Relaxed);
    lab.publish(&TenantChanged {
        tenant_id: "jones".into(),
    })
    .await;
    eventually("the new token is known", async || {
        let answer = lab.post_signed(JONES_NEW_TOKEN, PATH, &form, &[]).await;
        answer.status == 200
    })
    .await;
    let answer = lab.post_signed(JONES_TOKEN, PATH, &form, &[]).await;
    assert_eq!(answer.status, 403);
    assert!(lab.counter("webhooks_refused_total", &told).await > before);
    assert!(!log().text().contains(JONES_TOKEN));
}
