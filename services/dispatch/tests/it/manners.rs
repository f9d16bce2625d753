//! What the law and manners ask of texts: who it is, how to stop it, when not to disturb, and whom to leave alone.

use std::sync::Arc;

use chrono::TimeDelta;
use events::v1::{OwnTexts, QuietHours, SmsInbound, own_texts};
use serde_json::{Value, json};

use crate::fixtures::{CALLER, at, drafted, missed, text, text_to, thread_id};
use crate::test_app::TestApp;

/// A customer in New York.
const NEW_YORKER: &str = "+12125550123";

fn path(customer: &str, rest: &str) -> String {
    format!("/conversations/{}{rest}", thread_id("smith", 0, customer))
}

/// The AI's answer to all that was written: `words`.
async fn answered(app: &TestApp, count: usize, minute: i64, words: &str) {
    app.rest().await;
    app.clock.advance(TimeDelta::seconds(3635));
    let id = app.drafts(count).await.last().unwrap().draft_id.clone();
    app.is_due().await;
    app.publish(at(minute), &drafted(&id, "ask", "", words))
        .await;
    app.rest().await;
}

fn last(thread: &Value) -> &Value {
    thread["messages"].as_array().unwrap().last().unwrap()
}

pub async fn first_text_says_whose_it_is_and_how_to_opt_out(app: Arc<TestApp>) {
    app.publish(at(0), &text("SM1", CALLER, "my tap drips"))
        .await;
    answered(&app, 1, 2, "Where is it?").await;
    app.publish(at(3), &text("SM2", CALLER, "in the kitchen"))
        .await;
    answered(&app, 2, 5, "Since when?").await;
    let bodies = async || {
        let sends = app.sends().await.into_iter();
        sends.map(|(_, it)| it.body).collect::<Vec<_>>()
    };
    assert_eq!(
        bodies().await,
        [
            "Smith Plumbing: Where is it? Reply STOP to opt out.",
            "Since when?"
        ]
    );
    // A business's own words for a missed call may have forgotten both.
    let mut event = missed("CA1", NEW_YORKER);
    let text_back = event.tenant.as_mut().unwrap().text_back.as_mut().unwrap();
    text_back.template = "Sorry! How can we help?".into();
    app.publish(at(9), &event).await;
    assert_eq!(
        bodies().await[2],
        "Smith Plumbing: Sorry! How can we help? Reply STOP to opt out."
    );
}

pub async fn texts_go_through_the_messaging_service(app: Arc<TestApp>) {
    let mut event = missed("CA1", CALLER);
    let service = "MG00000000000000000000000000000001";
    event.tenant.as_mut().unwrap().messaging_service_sid = service.into();
    app.publish(at(0), &event).await;
    app.rest().await;
    let body = json!({"body": "Ann here."});
    assert_eq!(app.post(&path(CALLER, "/messages"), body).await.0, 201);
    let sends = app.sends().await;
    let by: Vec<_> = sends
        .iter()
        .map(|(_, it)| (it.messaging_service_sid.as_str(), it.from.as_str()))
        .collect();
    assert_eq!(by, [(service, "+15550100001"), (service, "+15550100001")]);
}

pub async fn keyword_is_answered_in_the_tenants_words_unless_twilio_has(app: Arc<TestApp>) {
    let abroad = |sid: &str, body: &str, opt_out_type: &str| {
        let mut event = text_to("smith", sid, "+447700900123", body);
        let text = event.text.as_mut().unwrap();
        text.to = "+447700900000".into();
        text.opt_out_type = opt_out_type.into();
        event.tenant.as_mut().unwrap().texts = Some(OwnTexts {
            help: "{business_name}: call 020 7946 0000. STOP ends this.".into(),
            start: "Welcome back to {business_name}. STOP ends this.".into(),
            ..OwnTexts::default()
        });
        event
    };
    for (n, body) in ["HELP", "STOP", "START"].into_iter().enumerate() {
        let event = abroad(&format!("SM{n}"), body, body);
        app.publish(at(i64::try_from(n).unwrap()), &event).await;
        app.rest().await;
    }
    assert_eq!(app.sends().await.len(), 0, "Twilio has answered");
    assert_eq!(app.changes().await, [true, false]);
    for (n, body) in [(5, "HELP"), (6, "STOP"), (7, "START")] {
        app.publish(at(n), &abroad(&format!("SM{n}"), body, ""))
            .await;
        app.rest().await;
    }
    let bodies: Vec<_> = app
        .sends()
        .await
        .into_iter()
        .map(|(_, it)| it.body)
        .collect();
    assert_eq!(
        bodies,
        [
            "Smith Plumbing: call 020 7946 0000. STOP ends this.",
            "Welcome back to Smith Plumbing. STOP ends this."
        ]
    );
}

fn quiet(mut event: SmsInbound) -> SmsInbound {
    event.tenant.as_mut().unwrap().quiet_hours = Some(QuietHours {
        from_minute: 660,
        to_minute: 1_200,
    });
    event
}

/// It is 8:06 in the morning at the business, and 11:06 in New York.
pub async fn what_is_no_answer_waits_for_the_end_of_quiet_hours(app: Arc<TestApp>) {
    for customer in [NEW_YORKER, CALLER] {
        app.publish(
            at(0),
            &quiet(text(&format!("SM{customer}"), customer, "my tap drips")),
        )
        .await;
    }
    app.rest().await;
    let say = async |customer: &str, words: &str| {
        let answer = app
            .post(&path(customer, "/messages"), json!({"body": words}))
            .await;
        assert_eq!(answer.0, 201);
        app.rest().await;
        app.get(&path(customer, "")).await
    };
    let thread = say(NEW_YORKER, "On it.").await;
    assert_eq!(
        last(&thread)["reason"],
        json!(null),
        "an answer waits for nothing"
    );
    let (_, send) = app.sends().await.pop().unwrap();
    assert_eq!(send.answers_until.parse(), Ok(at(120)));
    assert_eq!(send.quiet_hours.unwrap().from_minute, 660);
    assert_eq!(send.timezone, "America/Los_Angeles");

    app.clock.advance(TimeDelta::minutes(130));
    let thread = say(NEW_YORKER, "By the way...").await;
    assert_eq!(
        (&last(&thread)["status"], &last(&thread)["reason"]),
        (&json!("queued"), &json!("quiet_hours"))
    );
    // The other number tells no area: the business's own clock counts, where it is not quiet yet.
    let thread = say(CALLER, "By the way...").await;
    assert_eq!(last(&thread)["reason"], json!(null));
}

pub async fn safety_is_told_in_the_tenants_words(app: Arc<TestApp>) {
    let mut event = text("SM1", CALLER, "I think I smell gas in the kitchen");
    event.tenant.as_mut().unwrap().texts = Some(OwnTexts {
        safety: vec![own_texts::Safety {
            danger: "gas".into(),
            text: "{business_name}: out of the house now, then call 0800 111 999.".into(),
        }],
        ..OwnTexts::default()
    });
    app.publish(at(0), &event).await;
    let (_, safety) = app.sends().await.pop().unwrap();
    assert_eq!(
        safety.body,
        "Smith Plumbing: out of the house now, then call 0800 111 999. Reply STOP to opt out."
    );
    assert!(!safety.expires_at.is_empty());
}

pub async fn blocked_customer_is_kept_and_nothing_follows(app: Arc<TestApp>) {
    app.publish(at(0), &text("SM1", CALLER, "buy my stuff now"))
        .await;
    app.rest().await;
    let write = async |rest: &str| {
        app.call("POST", &path(CALLER, rest), "write-smith", None)
            .await
            .0
    };
    assert_eq!(write("/block").await, 204);
    let read_only = app
        .call("POST", &path(CALLER, "/block"), "read-smith", None)
        .await
        .0;
    assert_eq!(read_only, 403);
    assert_eq!(
        app.call("POST", &path(CALLER, "/read"), "write-smith", None)
            .await
            .0,
        204
    );
    app.publish(at(1), &text("SM2", CALLER, "I smell gas, really"))
        .await;
    app.rest().await;
    app.publish(at(2), &missed("CA1", CALLER)).await;
    let thread = app.thread().await;
    assert_eq!(
        (&thread["blocked"], &thread["unread"], &thread["urgency"]),
        (&json!(true), &json!(0), &json!("normal"))
    );
    assert!(thread["reply_due_at"].is_null());
    assert_eq!(thread["messages"].as_array().unwrap().len(), 2);
    let entries = thread["entries"].as_array().unwrap();
    let call = entries.iter().find(|it| it["kind"] == "call").unwrap();
    assert_eq!(call["detail"]["text_back"], "blocked");
    // A STOP counts all the same.
    app.publish(at(3), &text("SM3", CALLER, "STOP")).await;
    assert_eq!(app.changes().await, [true]);
    assert_eq!(app.sends().await.len(), 0);
    assert_eq!(write("/unblock").await, 204);
    app.publish(at(4), &text("SM4", CALLER, "START")).await;
    app.rest().await;
    app.publish(at(5), &text("SM5", CALLER, "my tap drips for real"))
        .await;
    assert!(app.thread().await["reply_due_at"].is_string());
}

pub async fn short_code_and_other_channels_are_left_to_a_person(app: Arc<TestApp>) {
    for (n, from) in ["72975", "whatsapp:+15550109999"].into_iter().enumerate() {
        let sid = format!("SM{n}");
        app.publish(at(0), &text(&sid, from, "Is anybody there today?"))
            .await;
        app.rest().await;
        let thread = app.get(&path(from, "")).await;
        assert_eq!(
            (&thread["attention"], &thread["reply_due_at"]),
            (&json!("not_a_phone_number"), &json!(null))
        );
        let (code, answer) = app
            .post(&path(from, "/messages"), json!({"body": "Yes."}))
            .await;
        assert_eq!(
            (code, &answer["error"]["code"]),
            (409, &json!("not_a_phone_number"))
        );
    }
    assert_eq!(app.sends().await.len(), 0);
}
