//! What only the embedded bus is asked.

use std::time::Duration;

use bus::{Bus, Config, Error};
use bytes::Bytes;
use events::ReplyTo;

use crate::harness::{Seen, TestBus, event, events, ids, run, subscription};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reply_to_nobody_is_known() {
    run(TestBus::embedded().await, async |test_bus| {
        let to = ReplyTo {
            address: "long gone".into(),
            correlation: "7".into(),
        };
        let abandoned = test_bus
            .bus()
            .reply(&to, &event("answer"))
            .await
            .unwrap_err();
        assert!(matches!(abandoned, Error::ReplyAbandoned));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn long_queue_keeps_its_order_from_disk() {
    run(TestBus::embedded().await, async |test_bus| {
        let bus = test_bus.bus();
        let mut subscription = subscription("calls.log", &["call.missed"]);
        subscription.prefetch = 1;
        bus.declare(&subscription).await.unwrap();
        // More than the window in memory holds: 400 bodies of 64 KiB.
        let mut batch = events("call.missed", 400);
        for event in &mut batch {
            event.data = Bytes::from(vec![7; 64 << 10]);
        }
        for result in bus.publish_all(&batch).await {
            result.unwrap();
        }
        let seen = Seen::new();
        bus.consume(subscription, seen.handler()).await.unwrap();
        seen.eventually(400).await;
        assert_eq!(seen.ids(), ids(&batch));
        assert_eq!(seen.first().envelope, batch[0]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn closed_bus_refuses() {
    run(TestBus::embedded().await, async |test_bus| {
        let bus = test_bus.bus();
        bus.declare(&subscription("calls.log", &["call.missed"]))
            .await
            .unwrap();
        let mut tap = bus.tap(&["#"]).await.unwrap();
        bus.close().await;
        assert!(!bus.is_ready());
        assert!(matches!(
            bus.publish(&event("call.missed")).await,
            Err(Error::Unavailable(_))
        ));
        assert_eq!(tap.next().await, None);
        test_bus.restart().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dropped_bus_frees_its_folder() {
    let dir = tempfile::tempdir().unwrap();
    let config = Config::Embedded {
        dir: dir.path().to_owned(),
    };
    let bus = Bus::connect(&config).await.unwrap();
    let seen = Seen::new();
    bus.consume(subscription("calls.log", &["call.missed"]), seen.handler())
        .await
        .unwrap();
    bus.publish(&event("call.missed")).await.unwrap();
    seen.eventually(1).await;
    drop(bus);
    crate::harness::eventually("the folder is free", async || {
        match Bus::connect(&config).await {
            Ok(bus) => {
                bus.close().await;
                true
            }
            Err(_) => false,
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn request_needs_no_longer_than_its_reply() {
    run(TestBus::embedded().await, async |test_bus| {
        let bus = test_bus.bus();
        bus.declare(&subscription("calls.log", &["ask"]))
            .await
            .unwrap();
        let silence = bus.request(event("ask"), Duration::ZERO).await.unwrap_err();
        // Nothing is known after no time at all, and it is said so.
        assert!(
            matches!(silence, Error::Unavailable(_) | Error::NoReply(_)),
            "{silence}"
        );
    })
    .await;
}
