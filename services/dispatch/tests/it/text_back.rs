//! Missed calls and the texts that answer them.

use std::sync::Arc;

use clock::Clock;
use events::v1::directory::Entry;
use events::v1::{CallMissed, Directory, DirectoryQuery, TextBack};
use events::{Envelope, Event};
use testkit::{EventRecorder, eventually};

use crate::fixtures::{ACCOUNT, CALLER, FORWARD, at, missed, missed_at, number, text, thread_id};
use crate::test_app::{TestApp, log};

/// What the tenant of a call has said of texts back.
fn text_back(missed: &mut CallMissed) -> &mut TextBack {
    let tenant = missed.tenant.as_mut().unwrap();
    tenant.text_back.as_mut().unwrap()
}

pub async fn missed_call_is_answered_with_one_text(app: Arc<TestApp>) {
    let mut event = missed("CA1", CALLER);
    app.publish_as("e1", at(0), &event).await;
    app.publish_as("e1", at(0), &event).await;
    app.publish(at(0), &event).await;
    event.reason = "abandoned".into();
    app.publish(at(500), &event).await;

    let sends = app.sends().await;
    assert_eq!(sends.len(), 1, "{sends:?}");
    let (envelope, send) = &sends[0];
    assert_eq!(envelope.id, send.message_id);
    assert_eq!(send.message_id, role::derive_id(&["text_back", "CA1"]));
    assert_eq!(envelope.key.as_deref(), Some("CA1"));
    assert_eq!(envelope.tenant.as_deref(), Some("smith"));
    assert_eq!(envelope.source, "trunkline/dispatch");
    assert_eq!(
        (
            send.from.as_str(),
            send.to.as_str(),
            send.account_sid.as_str(),
            send.purpose.as_str()
        ),
        ("+15550100001", CALLER, ACCOUNT, "text_back")
    );
    assert_eq!(
        send.body,
        "Hi! Sorry we missed your call at Smith Plumbing. How can we help? Reply STOP to opt out."
    );
    assert_eq!(send.conversation_id, thread_id("smith", 0, CALLER));
    assert_eq!(send.call_id, "call-CA1");
    // The first or the last of the four may have been decided first.
    let expires: Vec<String> = [0, 500]
        .map(|m| {
            (at(m) + chrono::TimeDelta::days(1))
                .format("%Y-%m-%dT%H:%M:%S%.6fZ")
                .to_string()
        })
        .into();
    assert!(expires.contains(&send.expires_at), "{}", send.expires_at);
}

pub async fn caller_is_texted_once_in_a_while(app: Arc<TestApp>) {
    app.publish(at(60), &missed("CA1", CALLER)).await;
    assert_eq!(app.sends().await.len(), 1);
    // Another number of the business, another call: the window is half an hour, before and after.
    for (call, minute) in [("CA2", 60), ("CA3", 89), ("CA4", 31), ("CA5", 61)] {
        app.publish(at(minute), &missed_at("smith", 1, call, CALLER))
            .await;
    }
    assert_eq!(app.sends().await.len(), 1);
    // Another caller, another business: each its own text.
    app.publish(at(60), &missed("CA6", "+15550109998")).await;
    app.publish(at(60), &missed_at("jones", 0, "CA7", CALLER))
        .await;
    assert_eq!(app.sends().await.len(), 3);
    // After the window; and, heard late, before it.
    app.publish(at(90), &missed_at("smith", 1, "CA8", CALLER))
        .await;
    app.publish(at(30), &missed("CA9", CALLER)).await;
    assert_eq!(app.sends().await.len(), 5);
    // Between two texts, whichever was the last to be sent.
    app.publish(at(75), &missed("CA10", CALLER)).await;
    // The tenant's own window.
    let mut event = missed("CA11", CALLER);
    text_back(&mut event).window_s = 7200;
    app.publish(at(130), &event).await;
    assert_eq!(app.sends().await.len(), 5);
}

pub async fn each_reason_to_stay_silent(app: Arc<TestApp>) {
    // The first look begins the count.
    app.get("/metrics").await;
    let mut nth = 0;
    let mut next = |from: &str| {
        nth += 1;
        missed(&format!("CA{nth}"), from)
    };
    let mut disabled = next(CALLER);
    text_back(&mut disabled).enabled = false;
    let mut unset = next(CALLER);
    unset.tenant.as_mut().unwrap().text_back = None;
    let mut events = vec![disabled, unset];
    for nobody in [
        "anonymous",
        "",
        "client:alice",
        "40404",
        "+266696687",
        "sip:a@example.com",
    ] {
        events.push(next(nobody));
    }
    events.push(next(&number("smith", 0)));
    events.push(next(FORWARD));
    let mut elsewhere = next(CALLER);
    elsewhere.call.as_mut().unwrap().to = "sip:desk@example.com".into();
    elsewhere.tenant.as_mut().unwrap().number = None;
    events.push(elsewhere);
    for event in &events {
        app.publish(at(0), event).await;
    }
    app.publish(at(0), &text("SM1", "+15550109998", "STOP"))
        .await;
    app.rest().await;
    app.publish(at(1), &next("+15550109998")).await;
    assert_eq!(app.sends().await.len(), 0);

    app.publish(at(1), &missed("CA90", "+15550109997")).await;
    app.rest().await;
    app.publish(at(2), &missed("CA90", "+15550109997")).await;
    app.publish(at(2), &missed("CA91", "+15550109997")).await;
    assert_eq!(app.sends().await.len(), 1);

    let metrics = app.get("/metrics").await;
    let metrics = metrics.as_str().unwrap();
    for outcome in [
        "sent",
        "disabled",
        "not_a_number",
        "own_number",
        "no_sender",
        "opted_out",
        "answered",
        "recent",
    ] {
        let line = format!("dispatch_text_backs_total{{outcome=\"{outcome}\"}}");
        assert!(metrics.contains(&line), "{outcome}");
    }
}

/// Two businesses of this platform would text each other for ever.
pub async fn number_of_another_tenant_is_not_texted(app: Arc<TestApp>) {
    let theirs = number("jones", 0);
    let directory = Directory {
        entries: vec![Entry {
            number: theirs.clone(),
            tenant_id: "jones".into(),
            ..Entry::default()
        }],
        ..Directory::default()
    };
    let answer = move |_: &Envelope| {
        let clock = Clock::system();
        Some(Envelope::new("trunkline/test", &clock, &directory))
    };
    Arc::new(EventRecorder::default())
        .listen_and_answer("test.tenants", &app.bus(), &[DirectoryQuery::TYPE], answer)
        .await;
    let known = app.parts().directory;
    eventually("the directory is loaded", async || known.is_loaded()).await;
    app.publish(at(0), &missed("CA1", &theirs)).await;
    app.publish(at(1), &missed("CA2", CALLER)).await;
    let sends = app.sends().await;
    assert_eq!(sends.len(), 1);
    assert_eq!(sends[0].1.to, CALLER);
}

pub async fn what_a_text_costs_stands_in_the_log(app: Arc<TestApp>) {
    // They say whose they are and how to opt out, so that nothing is added.
    let cyrillic = format!("Smith Plumbing STOP {}", "ж".repeat(135));
    // No other case has these callers and these words: all cases share one log.
    for (caller, shown, words, cost) in [
        (
            "+15550107771",
            "+1•••••7771",
            "Smith Plumbing, by Marmalade Ltd, missed your call. STOP ends this.",
            "encoding=Gsm7 segments=1",
        ),
        (
            "+15550107772",
            "+1•••••7772",
            cyrillic.as_str(),
            // One in 70 units, several in 67 each.
            "encoding=Ucs2 segments=3",
        ),
    ] {
        let call = format!("CA{}", Clock::system().id());
        let mut event = missed(&call, caller);
        text_back(&mut event).template = words.into();
        app.publish(at(0), &event).await;
        let sends = app.sends().await;
        let send = sends.iter().find(|(_, send)| send.to == caller);
        assert_eq!(send.map(|(_, send)| send.body.as_str()), Some(words));

        let text = log().text();
        let of_this_call = format!("call.sid=\"{call}\"");
        let mut lines = text.lines().filter(|line| line.contains(&of_this_call));
        let line = lines.find(|line| line.contains("text back"));
        let line = line.unwrap_or_else(|| panic!("nothing is told of {call}"));
        for told in [shown, cost] {
            assert!(line.contains(told), "{told}: {line}");
        }
        for hidden in [caller.trim_start_matches('+'), words] {
            assert!(!text.contains(hidden), "{hidden} is in the log");
        }
    }
}

pub async fn stop_silences_and_start_wakes(app: Arc<TestApp>) {
    app.publish(at(0), &text("SM1", CALLER, " Stop\n")).await;
    assert_eq!(app.changes().await, [true]);
    app.publish(at(1), &missed("CA1", CALLER)).await;
    assert_eq!(app.sends().await.len(), 0);
    assert_eq!(app.thread().await["opted_out"], true);

    app.publish(at(2), &text("SM2", CALLER, "START")).await;
    assert_eq!(app.changes().await, [true, false]);
    app.publish(at(3), &missed("CA2", CALLER)).await;
    assert_eq!(app.sends().await.len(), 1);
    assert_eq!(app.thread().await["opted_out"], false);
    // The wish is for one business.
    app.publish(at(4), &text("SM3", CALLER, "STOP")).await;
    app.rest().await;
    app.publish(at(5), &missed_at("jones", 0, "CA3", CALLER))
        .await;
    assert_eq!(app.sends().await.len(), 2);
}
