//! What our reply path costs over the bare thing: a request and its reply through RabbitMQ, one at a
//! time, with lapin alone.

use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use futures::StreamExt;
use lapin::options::{
    BasicAckOptions, BasicConsumeOptions, BasicPublishOptions, QueueDeclareOptions,
    QueueDeleteOptions,
};
use lapin::types::{AMQPValue, FieldTable, LongString};
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties, Consumer};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::load::{self, Latencies};
use crate::platform::Platform;
use crate::{Options, twilio};

const SLICES: u32 = 5;
const SLICE: Duration = Duration::from_secs(2);
/// About what a webhook's event weighs.
const BODY: [u8; 1024] = [7; 1024];

/// The bare exchange and ours, over the same broker in turns.
pub struct Comparison {
    bare: Latencies,
    ours: Latencies,
}

impl Comparison {
    /// For the report.
    pub fn json(&self) -> Value {
        json!({
            "bare_p50_ms": self.bare.ms(0.50), "bare_p99_ms": self.bare.ms(0.99),
            "ours_p50_ms": self.ours.ms(0.50), "ours_p99_ms": self.ours.ms(0.99),
            "p50_ratio": self.ours.ms(0.50) / self.bare.ms(0.50),
            "p99_ratio": self.ours.ms(0.99) / self.bare.ms(0.99),
            "bare_requests": self.bare.len(), "ours_requests": self.ours.len(),
        })
    }
}

/// Slices of each in turn, so that a busy moment of the machine meets both.
pub async fn compare(options: &Options, platform: &Platform) -> Result<Comparison> {
    let mut bare = Bare::open(&options.amqp_url).await.context("bare lapin")?;
    let requests = twilio::Requests::voice(platform.port());
    let mut connection = load::Connection::open(&requests).await?;
    let (mut bare_times, mut our_times) = (Vec::new(), Vec::new());
    let mut n = 0;
    for slice in 0..=SLICES {
        // The first slice is the warm-up.
        let length = if slice == 0 { SLICE / 2 } else { SLICE };
        let until = Instant::now() + length;
        while Instant::now() < until {
            let start = Instant::now();
            bare.ask().await?;
            bare_times.push(start.elapsed());
        }
        let until = Instant::now() + length;
        while Instant::now() < until {
            n += 1;
            let bytes = requests.bytes(4, n);
            let start = Instant::now();
            connection.ask(&bytes).await?;
            our_times.push(start.elapsed());
        }
        if slice == 0 {
            bare_times.clear();
            our_times.clear();
        }
    }
    bare.close().await?;
    Ok(Comparison {
        bare: Latencies::new(bare_times),
        ours: Latencies::new(our_times),
    })
}

/// Direct reply-to over a quorum queue: the question is persistent, the reply is not.
struct Bare {
    connection: Connection,
    channel: Channel,
    replies: Consumer,
    queue: String,
    answering: JoinHandle<Result<()>>,
}

impl Bare {
    async fn open(url: &str) -> Result<Self> {
        let queue = format!("bench.reply.{}", std::process::id());
        let server = Connection::connect(url, ConnectionProperties::default()).await?;
        let answering = tokio::spawn(answer(server, queue.clone()));
        let connection = Connection::connect(url, ConnectionProperties::default()).await?;
        let channel = connection.create_channel().await?;
        declare(&channel, &queue).await?;
        let replies = channel
            .basic_consume(
                "amq.rabbitmq.reply-to".into(),
                "".into(),
                BasicConsumeOptions {
                    no_ack: true,
                    ..Default::default()
                },
                FieldTable::default(),
            )
            .await?;
        Ok(Self {
            connection,
            channel,
            replies,
            queue,
            answering,
        })
    }

    async fn ask(&mut self) -> Result<()> {
        let properties = BasicProperties::default()
            .with_delivery_mode(2)
            .with_reply_to("amq.rabbitmq.reply-to".into());
        let queue = self.queue.as_str().into();
        self.channel
            .basic_publish(
                "".into(),
                queue,
                BasicPublishOptions::default(),
                &BODY,
                properties,
            )
            .await?;
        timeout(Duration::from_secs(20), self.replies.next())
            .await
            .context("no reply within 20 s")?
            .context("the channel closed")??;
        Ok(())
    }

    async fn close(self) -> Result<()> {
        self.channel
            .queue_delete(self.queue.as_str().into(), QueueDeleteOptions::default())
            .await?;
        self.answering.abort();
        self.connection.close(200, "done".into()).await?;
        Ok(())
    }
}

async fn answer(connection: Connection, queue: String) -> Result<()> {
    let channel = connection.create_channel().await?;
    declare(&channel, &queue).await?;
    let mut questions = channel
        .basic_consume(
            queue.as_str().into(),
            "".into(),
            BasicConsumeOptions::default(),
            FieldTable::default(),
        )
        .await?;
    while let Some(question) = questions.next().await {
        let question = question?;
        let address = question.properties.reply_to().clone().unwrap_or_default();
        let options = BasicPublishOptions::default();
        channel
            .basic_publish(
                "".into(),
                address,
                options,
                &BODY,
                BasicProperties::default(),
            )
            .await?;
        question.ack(BasicAckOptions::default()).await?;
    }
    Ok(())
}

async fn declare(channel: &Channel, queue: &str) -> Result<()> {
    let mut arguments = FieldTable::default();
    arguments.insert(
        "x-queue-type".into(),
        AMQPValue::LongString(LongString::from("quorum")),
    );
    let options = QueueDeclareOptions {
        durable: true,
        ..Default::default()
    };
    channel
        .queue_declare(queue.into(), options, arguments)
        .await?;
    Ok(())
}
