//! What only RabbitMQ is asked: outages, and what others see on the wire.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use bus::{Bus, Config, Disposition, Error, Tapped};

use crate::harness::{Seen, amqp_config, event, events, eventually, subscription};
use crate::node::Node;

/// Publishes until told to stop, again and again what was not confirmed, as an outbox does.
fn publish_on(
    bus: &Bus,
    going: &Arc<AtomicBool>,
    confirmed: &Arc<Mutex<BTreeSet<String>>>,
) -> tokio::task::JoinHandle<()> {
    let (bus, going, confirmed) = (bus.clone(), going.clone(), confirmed.clone());
    tokio::spawn(async move {
        while going.load(Ordering::SeqCst) {
            let event = event("call.missed");
            match bus.publish(&event).await {
                Ok(()) => drop(confirmed.lock().unwrap().insert(event.id)),
                Err(Error::Unavailable(_)) => tokio::time::sleep(Duration::from_millis(20)).await,
                Err(error) => panic!("{error}"),
            }
        }
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn broker_killed_under_load_loses_nothing_that_it_confirmed() {
    let mut node = Node::new();
    node.start();
    let (bus, _) = node.connect().await;
    let seen = Seen::new();
    bus.consume(subscription("calls.log", &["call.missed"]), seen.handler())
        .await
        .unwrap();
    let answering = Seen::with({
        let bus = bus.clone();
        move |delivery| {
            let bus = bus.clone();
            async move {
                let _ = bus
                    .reply(&delivery.envelope.reply_to.unwrap(), &event("answer"))
                    .await;
                Disposition::Done
            }
        }
    });
    bus.consume(
        subscription("tenants.resolve", &["ask"]),
        answering.handler(),
    )
    .await
    .unwrap();
    // RabbitMQ 3.10 may leave the quorum queue that was declared last without a leader when it is killed
    // within that queue's first seconds. No client can help that; let it be a queue that nobody needs.
    bus.declare(&subscription("calls.last", &["last"]))
        .await
        .unwrap();
    let mut tap = bus.tap(&["call.*"]).await.unwrap();
    bus.request(event("ask"), Duration::from_secs(5))
        .await
        .unwrap();

    let (going, confirmed) = (
        Arc::new(AtomicBool::new(true)),
        Arc::new(Mutex::new(BTreeSet::new())),
    );
    let publishers: Vec<_> = (0..8)
        .map(|_| publish_on(&bus, &going, &confirmed))
        .collect();
    for outage in 1..=2 {
        let before = confirmed.lock().unwrap().len();
        eventually("work goes on", async || {
            confirmed.lock().unwrap().len() >= before + 300
        })
        .await;
        node.kill();
        eventually("the bus notices", async || !bus.is_ready()).await;
        let start = Instant::now();
        let refused = bus.publish(&event("call.missed")).await.unwrap_err();
        assert!(matches!(refused, Error::Unavailable(_)), "{refused}");
        assert!(
            start.elapsed() < Duration::from_secs(1),
            "it refuses soon: {:?}",
            start.elapsed()
        );
        assert!(matches!(
            bus.request(event("ask"), Duration::from_secs(5)).await,
            Err(Error::Unavailable(_))
        ));
        node.start();
        let back = tokio::time::timeout(Duration::from_secs(60), bus.ready()).await;
        assert!(back.is_ok(), "outage {outage}: the bus does not come back");
        // A queue may still be choosing its leader; whoever asked would ask again.
        eventually("questions are answered again", async || {
            bus.request(event("ask"), Duration::from_secs(5))
                .await
                .is_ok()
        })
        .await;
    }
    let before = confirmed.lock().unwrap().len();
    eventually("work goes on", async || {
        confirmed.lock().unwrap().len() >= before + 300
    })
    .await;
    going.store(false, Ordering::SeqCst);
    for publisher in publishers {
        publisher.await.unwrap();
    }
    eventually("all that was confirmed is handled", async || {
        let handled: BTreeSet<_> = seen.ids().into_iter().collect();
        confirmed
            .lock()
            .unwrap()
            .iter()
            .all(|id| handled.contains(id))
    })
    .await;
    let mut told = false;
    while let Ok(Some(tapped)) = tokio::time::timeout(Duration::from_secs(1), tap.next()).await {
        told |= matches!(tapped, Tapped::Missed(_));
    }
    assert!(told, "a tap is told that it missed something");
    bus.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bus_that_starts_before_its_broker_works_when_it_comes() {
    let mut node = Node::new();
    let start = Instant::now();
    let bus = Bus::connect(&node.config()).await.unwrap();
    assert!(start.elapsed() < Duration::from_secs(5));
    assert!(!bus.is_ready());
    let seen = Seen::new();
    let consumer = bus
        .consume(subscription("calls.log", &["call.missed"]), seen.handler())
        .await
        .unwrap();
    assert!(matches!(
        bus.publish(&event("call.missed")).await,
        Err(Error::Unavailable(_))
    ));
    node.start();
    tokio::time::timeout(Duration::from_secs(60), bus.ready())
        .await
        .unwrap();
    bus.publish(&event("call.missed")).await.unwrap();
    seen.eventually(1).await;
    consumer.stop().await;
    bus.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_url_is_refused_without_its_password() {
    for url in [
        "http://user:secret@host/",
        "amqp//user:secret@host",
        "amqp://user:secret@host:port/%2f",
    ] {
        let config = Config::Amqp {
            url: url.into(),
            namespace: "test".into(),
        };
        let refused = Bus::connect(&config).await.unwrap_err().to_string();
        assert!(
            refused.contains("AMQP_URL") && !refused.contains("secret"),
            "{refused}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn consumers_that_come_and_go_lose_nothing() {
    crate::harness::run(crate::harness::TestBus::amqp().await, async |test_bus| {
        let (bus, peer) = (test_bus.bus(), test_bus.peer().await);
        let handled = Arc::new(AtomicUsize::new(0));
        let seen = Seen::with({
            let handled = handled.clone();
            move |_| {
                let handled = handled.clone();
                async move {
                    tokio::task::yield_now().await;
                    handled.fetch_add(1, Ordering::SeqCst);
                    Disposition::Done
                }
            }
        });
        let subscription = subscription("calls.log", &["call.missed"]);
        bus.declare(&subscription).await.unwrap();
        let batch = events("call.missed", 500);
        for result in bus.publish_all(&batch).await {
            result.unwrap();
        }
        for round in 0..6 {
            let who = if round % 2 == 0 { &bus } else { &peer };
            let consumer = who
                .consume(subscription.clone(), seen.handler())
                .await
                .unwrap();
            let target = (seen.count() + 30).min(500);
            seen.eventually(target).await;
            if round % 3 == 2 {
                consumer.abort().await
            } else {
                consumer.stop().await
            }
        }
        bus.consume(subscription, seen.handler()).await.unwrap();
        eventually("every event is handled", async || {
            seen.ids().into_iter().collect::<BTreeSet<_>>().len() == 500
        })
        .await;
        assert!(bus.dead_letters(10).await.unwrap().is_empty());
    })
    .await;
}

/// A bus, its namespace, and a connection of another program to the same broker.
async fn beside_a_stranger() -> (Bus, String, lapin::Connection) {
    let url = crate::harness::amqp_url();
    let config = amqp_config(&url);
    let Config::Amqp { namespace, .. } = config.clone() else {
        unreachable!()
    };
    let bus = Bus::connect(&config).await.unwrap();
    bus.ready().await;
    let properties = lapin::ConnectionProperties::default();
    let connection = lapin::Connection::connect(&url, properties).await.unwrap();
    (bus, namespace, connection)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn others_read_cloudevents_on_the_wire() {
    use futures::StreamExt;
    use lapin::options::{BasicConsumeOptions, QueueBindOptions, QueueDeclareOptions};
    use lapin::types::FieldTable;

    let (bus, namespace, connection) = beside_a_stranger().await;
    let channel = connection.create_channel().await.unwrap();
    let options = QueueDeclareOptions {
        exclusive: true,
        ..QueueDeclareOptions::default()
    };
    let queue = format!("{namespace}.stranger");
    channel
        .queue_declare(queue.as_str().into(), options, FieldTable::default())
        .await
        .unwrap();
    let exchange = format!("{namespace}.events");
    channel
        .queue_bind(
            queue.as_str().into(),
            exchange.as_str().into(),
            "call.*".into(),
            QueueBindOptions::default(),
            FieldTable::default(),
        )
        .await
        .unwrap();
    let mut event = event("call.missed");
    event.traceparent = Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".into());
    bus.publish(&event).await.unwrap();
    let options = BasicConsumeOptions {
        no_ack: true,
        ..BasicConsumeOptions::default()
    };
    let mut deliveries = channel
        .basic_consume(
            queue.as_str().into(),
            "stranger".into(),
            options,
            FieldTable::default(),
        )
        .await
        .unwrap();
    let delivery = deliveries.next().await.unwrap().unwrap();
    let properties = &delivery.properties;
    assert_eq!(
        properties.content_type().as_ref().unwrap().as_str(),
        "application/protobuf"
    );
    assert_eq!(*properties.delivery_mode(), Some(2));
    assert_eq!(delivery.data, event.data.to_vec());
    let headers = properties.headers().as_ref().unwrap().inner();
    let text = |name: &str| match &headers[name] {
        lapin::types::AMQPValue::LongString(text) => {
            String::from_utf8_lossy(text.as_bytes()).into_owned()
        }
        other => panic!("{name} is {other:?}"),
    };
    assert_eq!(text("cloudEvents:specversion"), "1.0");
    assert_eq!(text("cloudEvents:id"), event.id);
    assert_eq!(text("cloudEvents:type"), "call.missed");
    assert_eq!(text("cloudEvents:source"), "trunkline/test");
    assert_eq!(text("cloudEvents:subject"), "CA1");
    assert_eq!(text("cloudEvents:tenant"), "smith");
    assert_eq!(Some(text("traceparent")), event.traceparent);
    bus.delete_namespace().await.unwrap();
    bus.close().await;
}

/// Whoever deletes a queue, as the bus advises when another version has declared it, must not take its bindings with it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn queue_that_was_deleted_comes_back_with_all_its_bindings() {
    let (bus, namespace, connection) = beside_a_stranger().await;
    let seen = Seen::new();
    let unbound = subscription("tenants.notify", &[]);
    bus.consume(unbound, seen.handler()).await.unwrap();
    // It is bound after its consumer has begun, which knows nothing of it.
    let bound = subscription("tenants.notify", &["call.missed"]);
    bus.declare(&bound).await.unwrap();
    bus.publish(&event("call.missed")).await.unwrap();
    seen.eventually(1).await;

    let channel = connection.create_channel().await.unwrap();
    let queue = format!("{namespace}.tenants.notify");
    let options = lapin::options::QueueDeleteOptions::default();
    channel
        .queue_delete(queue.as_str().into(), options)
        .await
        .unwrap();
    eventually("it hears of events again", async || {
        // The consumer's end may end the connection, too.
        let published = bus.publish(&event("call.missed")).await;
        published.is_ok() && seen.count() > 1
    })
    .await;
    bus.delete_namespace().await.unwrap();
    bus.close().await;
}

/// The confirm of a question is not listened to for a moment, since its reply mostly comes first; without one it still says
/// what became of the question.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn question_that_is_not_answered_hears_of_its_confirm() {
    let (bus, namespace, connection) = beside_a_stranger().await;
    let subscription = subscription("tenants.resolve", &["ask"]);
    bus.declare(&subscription).await.unwrap();
    // The first of its key is heard of at once, the second late, and the third has no time for that.
    for patience_ms in [300, 300, 30] {
        let patience = Duration::from_millis(patience_ms);
        let start = Instant::now();
        let silence = bus.request(event("ask"), patience).await.unwrap_err();
        // A busy broker may take longer to confirm than the third waits.
        let in_time = patience_ms == 30 && matches!(silence, Error::Unavailable(_));
        assert!(in_time || matches!(silence, Error::NoReply(_)), "{silence}");
        assert!(start.elapsed() >= patience - Duration::from_millis(10));
    }
    let channel = connection.create_channel().await.unwrap();
    let queue = format!("{namespace}.tenants.resolve");
    let options = lapin::options::QueueDeleteOptions::default();
    channel
        .queue_delete(queue.as_str().into(), options)
        .await
        .unwrap();
    let start = Instant::now();
    let patience = Duration::from_secs(5);
    let refused = bus.request(event("ask"), patience).await.unwrap_err();
    assert!(matches!(refused, Error::Unroutable(_)), "{refused}");
    assert!(start.elapsed() < patience, "long before its time is over");
    bus.delete_namespace().await.unwrap();
    bus.close().await;
}

/// A reply is not waited for until it is written, unless the bus closes: then it would go with the connection.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reply_that_is_given_while_the_bus_closes_arrives() {
    crate::harness::run(crate::harness::TestBus::amqp().await, async |test_bus| {
        let bus = test_bus.bus();
        for round in 0..10 {
            let peer = test_bus.peer().await;
            let seen = Seen::with({
                let peer = peer.clone();
                move |delivery| {
                    let peer = peer.clone();
                    async move {
                        // Before it closes, while it does, and well after it has begun to.
                        tokio::time::sleep(Duration::from_millis(5 * round)).await;
                        let to = delivery.envelope.reply_to.unwrap();
                        peer.reply(&to, &event("answer")).await.unwrap();
                        Disposition::Done
                    }
                }
            });
            peer.consume(subscription("tenants.resolve", &["ask"]), seen.handler())
                .await
                .unwrap();
            let asking = tokio::spawn({
                let bus = bus.clone();
                async move { bus.request(event("ask"), Duration::from_secs(5)).await }
            });
            seen.eventually(1).await;
            tokio::time::sleep(Duration::from_millis(20)).await;
            peer.close().await;
            let answer = asking.await.unwrap().unwrap();
            assert_eq!(answer.kind, "answer", "{round}");
        }
    })
    .await;
}

/// A body may be longer than a frame, and headers may not: the broker would end the connection.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn event_longer_than_a_frame_arrives_whole() {
    crate::harness::run(crate::harness::TestBus::amqp().await, async |test_bus| {
        let bus = test_bus.bus();
        let seen = Seen::answering(|delivery| match delivery.envelope.kind.as_str() {
            "call.missed" => Disposition::Done,
            _ => Disposition::Dead("\u{20ac}".repeat(20_000)),
        });
        bus.consume(subscription("calls.log", &["call.*"]), seen.handler())
            .await
            .unwrap();
        let mut long = event("call.missed");
        long.data = (0..300_000_u32)
            .map(|n| u8::try_from(n % 251).unwrap())
            .collect();
        bus.publish(&long).await.unwrap();
        seen.eventually(1).await;
        assert_eq!(seen.first().envelope, long);

        let unfit = event("call.missed").key("a".repeat(20_000));
        let refused = bus.publish(&unfit).await.unwrap_err();
        assert!(matches!(refused, Error::Config(_)), "{refused}");
        assert!(bus.is_ready(), "nothing of it has been sent");
        // The reason of a dead letter is cut rather than refused.
        bus.publish(&event("call.ended")).await.unwrap();
        eventually("it is dead", async || {
            let dead = bus.dead_letters(10).await.unwrap();
            dead.len() == 1 && dead[0].reason.starts_with('\u{20ac}')
        })
        .await;
        assert!(bus.is_ready());
    })
    .await;
}

/// As over HTTP, where a caller hangs up: everybody else would find the dead letters locked for as long as the
/// connection that served it lives.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_hangs_up_does_not_keep_the_dead_letters() {
    crate::harness::run(crate::harness::TestBus::amqp().await, async |test_bus| {
        let (bus, peer) = (test_bus.bus(), test_bus.peer().await);
        let seen = Seen::answering(|_| Disposition::Dead("it makes no sense".into()));
        bus.consume(subscription("calls.log", &["call.missed"]), seen.handler())
            .await
            .unwrap();
        let batch = events("call.missed", 300);
        for result in bus.publish_all(&batch).await {
            result.unwrap();
        }
        seen.eventually(300).await;
        eventually("all of them are dead", async || {
            bus.dead_letters(1000).await.unwrap().len() == 300
        })
        .await;
        // Somewhere between the first step and the last: none of these has time for all three hundred.
        for patience in [1, 2, 4, 8, 16] {
            let patience = Duration::from_millis(patience);
            let _ = tokio::time::timeout(patience, bus.replay("no such id")).await;
            let _ = tokio::time::timeout(patience, bus.dead_letters(1000)).await;
        }
        // What has begun may still be on its way to its end.
        eventually("another process sees them all", async || {
            let letters = peer.dead_letters(1000).await;
            letters.is_ok_and(|letters| letters.len() == 300)
        })
        .await;
    })
    .await;
}

/// The broker takes a delivery back that is not acked in its `consumer_timeout`, by closing the channel (406).
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn consumer_whose_delivery_is_not_acked_in_time_comes_back() {
    let mut node = Node::with_consumer_timeout(Duration::from_secs(1));
    node.start();
    let (bus, _) = node.connect().await;
    // The first delivery is never done with; what comes after it is.
    let stuck = Arc::new(AtomicUsize::new(0));
    let seen = Seen::with({
        let stuck = stuck.clone();
        move |_| {
            let first = stuck.fetch_add(1, Ordering::SeqCst) == 0;
            async move {
                if first {
                    std::future::pending::<()>().await;
                }
                Disposition::Done
            }
        }
    });
    let subscription = subscription("calls.log", &["call.missed"]);
    bus.consume(subscription, seen.handler()).await.unwrap();
    eventually("it is consumed", async || bus.unserved().is_empty()).await;
    let told = Arc::new(AtomicBool::new(false));
    let watching = tokio::spawn({
        let (bus, told) = (bus.clone(), told.clone());
        async move {
            while !told.load(Ordering::SeqCst) {
                let unserved = bus.unserved().contains(&"calls.log".to_owned());
                if unserved || !bus.is_ready() {
                    told.store(true, Ordering::SeqCst);
                }
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        }
    });
    let stays = event("call.missed");
    bus.publish(&stays).await.unwrap();
    // It comes again on another channel, though the first handler still has it.
    seen.eventually(2).await;
    assert_eq!(seen.ids(), [stays.id.clone(), stays.id]);
    assert!(told.load(Ordering::SeqCst), "readiness has told");
    let next = event("call.missed");
    bus.publish(&next).await.unwrap();
    seen.eventually(3).await;
    assert!(bus.is_ready());
    assert_eq!(bus.unserved(), Vec::<String>::new());
    watching.abort();
    // What hangs is not waited for.
    drop(bus);
}
