//! A broker in trouble: it is there, and answers declarations with a fault of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use bus::{Bus, Config, Error};
use lapin::options::QueueDeclareOptions;
use lapin::types::FieldTable;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use crate::harness::{Seen, amqp_url, event, eventually, subscription};

/// Class and method of `queue.declare`, of `connection.close` and of its confirmation.
const QUEUE_DECLARE: [u8; 4] = [0, 50, 0, 10];
const CONNECTION_CLOSE: [u8; 4] = [0, 10, 0, 50];
const CONNECTION_CLOSE_OK: [u8; 4] = [0, 10, 0, 51];
const INTERNAL_ERROR: u16 = 541;

/// A way to the real broker on which the next declarations of queues are answered with `INTERNAL_ERROR`.
struct Troubled {
    url: String,
    left: Arc<AtomicUsize>,
}

impl Troubled {
    async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = amqp_url();
        let (before, rest) = server.rsplit_once('@').unwrap();
        let (address, vhost) = rest.split_once('/').unwrap_or((rest, "%2f"));
        let url = format!("{before}@{}/{vhost}", listener.local_addr().unwrap());
        let left = Arc::new(AtomicUsize::new(0));
        let (faults, address) = (left.clone(), address.to_owned());
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(pass(client, address.clone(), faults.clone()));
            }
        });
        Self { url, left }
    }

    fn config(&self) -> Config {
        crate::harness::amqp_config(&self.url)
    }

    fn fail(&self, times: usize) {
        self.left.store(times, Ordering::SeqCst);
    }

    fn is_over(&self) -> bool {
        self.left.load(Ordering::SeqCst) == 0
    }
}

/// Passes a connection on, until a declaration is to fail.
async fn pass(client: TcpStream, address: String, left: Arc<AtomicUsize>) -> std::io::Result<()> {
    let server = TcpStream::connect(address).await?;
    let (mut from_client, mut to_client) = client.into_split();
    let (mut from_server, mut to_server) = server.into_split();
    let faulted = Arc::new(tokio::sync::Notify::new());
    // By frames, so that the fault is not written into the middle of one.
    let (frames, mut passing) = mpsc::channel(16);
    let reading = tokio::spawn(async move {
        while let Ok(frame) = frame(&mut from_server).await {
            if frames.send(frame).await.is_err() {
                break;
            }
        }
    });
    let back = tokio::spawn({
        let faulted = faulted.clone();
        async move {
            loop {
                tokio::select! {
                    biased;
                    () = faulted.notified() => return to_client.write_all(&close()).await,
                    passed = passing.recv() => match passed {
                        Some(frame) => to_client.write_all(&frame).await?,
                        None => return Ok(()),
                    },
                }
            }
        }
    });
    let mut protocol = [0; 8];
    from_client.read_exact(&mut protocol).await?;
    to_server.write_all(&protocol).await?;
    while let Ok(frame) = frame(&mut from_client).await {
        let is_declaration = frame.get(7..11) == Some(&QUEUE_DECLARE[..]) && frame[0] == 1;
        let one_less = |left: usize| left.checked_sub(1);
        let order = Ordering::SeqCst;
        if is_declaration && left.fetch_update(order, order, one_less).is_ok() {
            faulted.notify_one();
            break;
        }
        to_server.write_all(&frame).await?;
    }
    // A broker closes the connection when the client has confirmed its end.
    while let Ok(frame) = frame(&mut from_client).await {
        if frame.get(7..11) == Some(&CONNECTION_CLOSE_OK[..]) {
            break;
        }
    }
    reading.abort();
    back.abort();
    Ok(())
}

/// A whole frame: type, channel, size, what it holds, and its end.
async fn frame(from: &mut (impl AsyncReadExt + Unpin)) -> std::io::Result<Vec<u8>> {
    let mut frame = vec![0; 7];
    from.read_exact(&mut frame).await?;
    let size = u32::from_be_bytes([frame[3], frame[4], frame[5], frame[6]]);
    frame.resize(7 + usize::try_from(size).unwrap() + 1, 0);
    from.read_exact(&mut frame[7..]).await?;
    Ok(frame)
}

/// The broker's `connection.close` when a declaration of its own fails.
fn close() -> Vec<u8> {
    let text = b"INTERNAL_ERROR - Cannot declare a queue on node";
    let mut method = CONNECTION_CLOSE.to_vec();
    method.extend(INTERNAL_ERROR.to_be_bytes());
    method.push(u8::try_from(text.len()).unwrap());
    method.extend(text);
    method.extend(QUEUE_DECLARE);
    let mut frame = vec![1, 0, 0];
    frame.extend(u32::try_from(method.len()).unwrap().to_be_bytes());
    frame.extend(method);
    frame.push(0xCE);
    frame
}

async fn ready(bus: &Bus) {
    let ready = tokio::time::timeout(Duration::from_secs(20), bus.ready()).await;
    assert!(ready.is_ok(), "the bus does not come back");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn internal_error_to_a_declaration_is_waited_out() {
    let broker = Troubled::start().await;
    // It is in trouble when the bus begins.
    broker.fail(2);
    let bus = Bus::connect(&broker.config()).await.unwrap();
    ready(&bus).await;
    assert!(broker.is_over());
    // A consumer begins all the same; the third fault meets the new session that declares again.
    let seen = Seen::new();
    broker.fail(3);
    bus.consume(subscription("calls.log", &["call.missed"]), seen.handler())
        .await
        .unwrap();
    eventually("the consumer works", async || {
        let published = bus.publish(&event("call.missed")).await;
        published.is_ok() && seen.count() > 0
    })
    .await;
    assert!(broker.is_over());
    // Whoever only declares hears of an outage, and the queue is there after it.
    broker.fail(1);
    let declared = bus.declare(&subscription("calls.late", &["late"])).await;
    let refused = declared.unwrap_err();
    assert!(matches!(refused, Error::Unavailable(_)), "{refused}");
    assert!(!refused.to_string().contains("another version"));
    eventually("the queue takes events", async || {
        bus.publish(&event("late")).await.is_ok()
    })
    .await;
    bus.delete_namespace().await.unwrap();
    bus.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_a_queue_that_differs_was_declared_by_another_version() {
    let url = amqp_url();
    let config = crate::harness::amqp_config(&url);
    let Config::Amqp { namespace, .. } = config.clone() else {
        unreachable!()
    };
    let bus = Bus::connect(&config).await.unwrap();
    ready(&bus).await;
    let properties = lapin::ConnectionProperties::default();
    let stranger = lapin::Connection::connect(&url, properties).await.unwrap();
    let channel = stranger.create_channel().await.unwrap();
    for (queue, exclusive) in [("calls.old", false), ("calls.locked", true)] {
        let options = QueueDeclareOptions {
            exclusive,
            durable: !exclusive,
            ..QueueDeclareOptions::default()
        };
        let name = format!("{namespace}.{queue}");
        let declared = channel.queue_declare(name.as_str().into(), options, FieldTable::default());
        declared.await.unwrap();
        let refused = bus.declare(&subscription(queue, &["old"])).await;
        let Err(Error::Config(why)) = refused else {
            panic!("{queue}: {refused:?}")
        };
        assert_eq!(why.contains("another version"), !exclusive, "{why}");
        assert!(why.contains(queue), "{why}");
    }
    // With it goes the queue that nobody else may delete.
    stranger.close(200, "done".into()).await.unwrap();
    bus.delete_namespace().await.unwrap();
    bus.close().await;
}
