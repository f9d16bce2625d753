//! How many signed webhooks are too many.

use testkit::Mode;

use crate::test_app::{NUMBER, OTHER, call_form, run_with, with};

const PATH: &str = "/webhooks/twilio/call";

/// By number and by account, and not by address: all of these come from one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn webhooks_beyond_a_limit_are_told_when_to_come_again() {
    let few = [
        ("TRUNKLINE_LIMIT_NUMBER", "1"),
        ("TRUNKLINE_LIMIT_ADDRESS", "1"),
    ];
    run_with(Mode::Embedded, &few, |app| async move {
        let over = call_form(&[("CallStatus", "completed")]);
        let mut let_in = 0;
        let refused = loop {
            let answer = app.post(PATH, &over).await;
            if answer.status != 200 {
                break answer;
            }
            let_in += 1;
        };
        assert!(let_in >= 2, "two at once are let in");
        assert_eq!(refused.status, 429);
        assert_eq!(refused.retry_after.as_deref(), Some("1"));
        assert!(
            refused.body.contains("\"too_many_requests\""),
            "{}",
            refused.body
        );
        let other = with(&over, "To", OTHER);
        assert_eq!(app.post(PATH, &other).await.status, 200, "{NUMBER} only");
        let unsigned = app
            .post_as("???", PATH, &with(&over, "To", OTHER), &[])
            .await;
        assert_eq!(unsigned.status, 403);
        assert!(app.counter("requests_limited_total", &["number"]).await >= 1);
    })
    .await;
    run_with(
        Mode::Embedded,
        &[("TRUNKLINE_LIMIT_ACCOUNT", "1")],
        |app| async move {
            let over = call_form(&[("CallStatus", "completed")]);
            while app.post(PATH, &over).await.status == 200 {}
            let other = with(&over, "To", OTHER);
            let refused = app.post(PATH, &other).await;
            // A slow machine has given the account one more meanwhile.
            assert!([200, 429].contains(&refused.status), "{refused:?}");
            assert!(app.counter("requests_limited_total", &["account"]).await >= 1);
        },
    )
    .await;
}
