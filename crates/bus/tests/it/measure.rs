//! Figures, not promises: `cargo test -p bus --test it measure -- --ignored --nocapture --test-threads 1`.

use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bus::{Bus, Settle};
use bytes::Bytes;
use events::Envelope;
use futures::StreamExt;
use futures::stream::FuturesUnordered;

use crate::harness::{Seen, Stage, amqp_url, event, run, subscription};

const QUESTIONS: usize = 2000;

fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

fn kibibyte(kind: &str) -> Envelope {
    Envelope {
        data: Bytes::from(vec![7; 1024]),
        ..event(kind)
    }
}

fn percentiles(what: &str, mut times: Vec<Duration>, total: Duration) {
    times.sort();
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].as_secs_f64() * 1e3;
    say(&format!(
        "{what}: p50 {:.2} ms, p99 {:.2} ms, {:.0} /s",
        at(0.5),
        at(0.99),
        times.len() as f64 / total.as_secs_f64()
    ));
}

/// Runs a call `count` times, `width` at a time, after a few for warming up.
async fn time<F>(what: &str, count: usize, width: usize, call: impl Fn() -> F)
where
    F: Future<Output = ()>,
{
    for _ in 0..100 {
        call().await;
    }
    let timed = || async {
        let start = Instant::now();
        call().await;
        start.elapsed()
    };
    let (start, mut times) = (Instant::now(), Vec::with_capacity(count));
    let mut flying = FuturesUnordered::new();
    while times.len() < count {
        while flying.len() < width && times.len() + flying.len() < count {
            flying.push(timed());
        }
        times.extend(flying.next().await);
    }
    percentiles(
        &format!("{what}, {width} at a time"),
        times,
        start.elapsed(),
    );
}

fn answering(bus: &Bus) -> Seen {
    let bus = bus.clone();
    Seen::with(move |delivery| {
        let bus = bus.clone();
        async move {
            let to = delivery.envelope.reply_to.clone().unwrap();
            let answer = Envelope {
                kind: "answer".into(),
                reply_to: None,
                ..delivery.envelope
            };
            let _ = bus.reply(&to, &answer).await;
            Settle::Done
        }
    })
}

fn republishing(bus: &Bus) -> Seen {
    let bus = bus.clone();
    Seen::with(move |delivery| {
        let bus = bus.clone();
        async move {
            bus.publish(&Envelope {
                kind: "inner".into(),
                ..delivery.envelope
            })
            .await
            .unwrap();
            Settle::Done
        }
    })
}

async fn measure(stage: Arc<Stage>, name: &str) {
    let (ingress, tenants, calls) = (stage.bus(), stage.peer().await, stage.peer().await);
    let (answer, republish) = (answering(&calls), republishing(&tenants));
    calls
        .consume(
            subscription("calls.decide", &["ask", "inner"]),
            answer.handler(),
        )
        .await
        .unwrap();
    tenants
        .consume(
            subscription("tenants.resolve", &["outer"]),
            republish.handler(),
        )
        .await
        .unwrap();
    ingress
        .declare(&subscription("calls.log", &["call.*"]))
        .await
        .unwrap();
    let ask = |kind: &'static str| {
        let ingress = ingress.clone();
        move || {
            let ingress = ingress.clone();
            async move {
                drop(
                    ingress
                        .request(kibibyte(kind), Duration::from_secs(5))
                        .await
                        .unwrap(),
                )
            }
        }
    };
    for width in [1, 16] {
        time(
            &format!("{name} request, one hop"),
            QUESTIONS,
            width,
            ask("ask"),
        )
        .await;
        time(
            &format!("{name} request, republished"),
            QUESTIONS,
            width,
            ask("outer"),
        )
        .await;
    }
    let publish = || {
        let ingress = ingress.clone();
        async move { ingress.publish(&kibibyte("call.missed")).await.unwrap() }
    };
    for width in [1, 256] {
        time(&format!("{name} publish"), QUESTIONS * 2, width, publish).await;
    }
    let seen = Seen::new();
    let start = Instant::now();
    let waiting = QUESTIONS * 4 + 200;
    ingress
        .consume(subscription("calls.log", &["call.*"]), seen.handler())
        .await
        .unwrap();
    seen.eventually(waiting).await;
    say(&format!(
        "{name} consume: {:.0} /s",
        waiting as f64 / start.elapsed().as_secs_f64()
    ));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "figures"]
async fn figures_of_the_embedded_bus() {
    run(Stage::embedded().await, async |stage| {
        measure(stage, "embedded").await
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "figures"]
async fn figures_of_rabbitmq() {
    run(Stage::amqp().await, async |stage| {
        measure(stage, "rabbitmq").await
    })
    .await;
}

/// What lapin alone needs for a transient question by direct reply-to: the yardstick.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "figures"]
async fn figures_of_bare_lapin() {
    use std::collections::HashMap;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicU64, Ordering};

    use lapin::options::{BasicConsumeOptions, BasicPublishOptions, QueueDeclareOptions};
    use lapin::types::FieldTable;
    use lapin::{BasicProperties, Connection, ConnectionProperties};
    use tokio::sync::oneshot;

    let no_ack = BasicConsumeOptions {
        no_ack: true,
        ..BasicConsumeOptions::default()
    };
    let connect = || async {
        Connection::connect(&amqp_url(), ConnectionProperties::default())
            .await
            .unwrap()
    };
    let (client, server) = (connect().await, connect().await);
    let queue = format!("test-bare-{:x}", rand::random::<u64>());
    let serving = server.create_channel().await.unwrap();
    let options = QueueDeclareOptions {
        exclusive: true,
        ..QueueDeclareOptions::default()
    };
    serving
        .queue_declare(queue.as_str().into(), options, FieldTable::default())
        .await
        .unwrap();
    let mut questions = serving
        .basic_consume(
            queue.as_str().into(),
            "q".into(),
            no_ack,
            FieldTable::default(),
        )
        .await
        .unwrap();
    tokio::spawn(async move {
        while let Some(Ok(question)) = questions.next().await {
            let to = question.properties.reply_to().clone().unwrap();
            let correlation = question.properties.correlation_id().clone().unwrap();
            let properties = BasicProperties::default().with_correlation_id(correlation);
            let options = BasicPublishOptions::default();
            serving
                .basic_publish("".into(), to, options, &question.data, properties)
                .await
                .unwrap();
        }
    });
    let asking = client.create_channel().await.unwrap();
    let mut replies = asking
        .basic_consume(
            "amq.rabbitmq.reply-to".into(),
            "r".into(),
            no_ack,
            FieldTable::default(),
        )
        .await
        .unwrap();
    let slots: Arc<Mutex<HashMap<String, oneshot::Sender<()>>>> = Arc::default();
    let waiting = slots.clone();
    tokio::spawn(async move {
        while let Some(Ok(reply)) = replies.next().await {
            let correlation = reply.properties.correlation_id().clone().unwrap();
            let slot = waiting
                .lock()
                .unwrap()
                .remove(correlation.as_str())
                .unwrap();
            slot.send(()).unwrap();
        }
    });
    let next = AtomicU64::new(0);
    let body = vec![7; 1024];
    let ask = || async {
        let correlation = next.fetch_add(1, Ordering::Relaxed).to_string();
        let (slot, reply) = oneshot::channel();
        slots.lock().unwrap().insert(correlation.clone(), slot);
        let properties = BasicProperties::default()
            .with_reply_to("amq.rabbitmq.reply-to".into())
            .with_correlation_id(correlation.as_str().into());
        let options = BasicPublishOptions::default();
        asking
            .basic_publish("".into(), queue.as_str().into(), options, &body, properties)
            .await
            .unwrap();
        reply.await.unwrap();
    };
    for width in [1, 16] {
        time("bare lapin", QUESTIONS, width, ask).await;
    }
    client.close(200, "done".into()).await.unwrap();
    server.close(200, "done".into()).await.unwrap();
}
