//! Texts: the webhook at 200 a second, threads and the inbox among 100,000 conversations on both engines, and how soon a missed call
//! is texted back meanwhile; and how long a text takes while thousands of another tenant's wait for their pace.

use std::fmt::{self, Write};
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use futures::StreamExt;
use futures::stream;
use serde_json::{Value, json};
use tokio::time::{sleep, sleep_until};

use crate::aims::Aim;
use crate::crowd;
use crate::database::{Database, fill_sqlite};
use crate::load::{self, Connection, Latencies};
use crate::local_platform::{LocalPlatform, Setup};
use crate::section::{Figures, Section};
use crate::seed::{self, Engine};
use crate::twilio::{FORWARD_TO, NUMBER, Requests, caller};
use crate::{Options, say};

/// Texts a second, on so many connections, for so long.
const RATE: u64 = 200;
const CONNECTIONS: usize = 32;
const LENGTH: Duration = Duration::from_secs(8);
/// Texts a second beside the missed calls.
const BESIDE: u64 = 100;
/// Missed calls, and how far apart they fall due.
const MISSED: u64 = 60;
const GAP: Duration = Duration::from_millis(100);
/// How long a text-back may take before it counts as lost.
const PATIENCE: Duration = Duration::from_secs(15);
/// How often each list is opened.
const LOOKS: usize = 300;
const WARM_UP: usize = 20;
/// Series of requests that no other part has.
const SERIES: u32 = 10;

/// The part `texts`.
pub const SECTION: Section = Section {
    part: "texts",
    write,
    aims: &[
        Aim::at_most(
            50.0,
            " ms",
            "texts",
            "sqlite_webhook_p99_ms",
            "texts at 200 a second on SQLite, p99 of the webhook",
        ),
        Aim::at_most(
            50.0,
            " ms",
            "texts",
            "postgres_webhook_p99_ms",
            "the same on PostgreSQL and RabbitMQ",
        ),
        Aim::at_most(
            20.0,
            " ms",
            "texts",
            "sqlite_inbox_p99_ms",
            "the inbox of 100,000 conversations on SQLite, p99",
        ),
        Aim::at_most(
            20.0,
            " ms",
            "texts",
            "postgres_inbox_p99_ms",
            "the same on PostgreSQL",
        ),
        Aim::at_most(
            20.0,
            " ms",
            "texts",
            "sqlite_thread_p99_ms",
            "a thread among 100,000 on SQLite, p99",
        ),
        Aim::at_most(
            20.0,
            " ms",
            "texts",
            "postgres_thread_p99_ms",
            "the same on PostgreSQL",
        ),
        Aim::at_most(
            5_000.0,
            " ms",
            "texts",
            "sqlite_back_p99_ms",
            "a text-back under load on SQLite, from the webhook to Twilio, p99",
        ),
        Aim::at_most(
            5_000.0,
            " ms",
            "texts",
            "postgres_back_p99_ms",
            "the same on PostgreSQL and RabbitMQ",
        ),
        Aim::at_most(
            1_000.0,
            " ms",
            "texts",
            "sqlite_neighbour_p99_ms",
            "a text while 10,000 of another tenant's wait, on SQLite, from the request to Twilio, p99",
        ),
        Aim::at_most(
            1_000.0,
            " ms",
            "texts",
            "postgres_neighbour_p99_ms",
            "the same on PostgreSQL and RabbitMQ",
        ),
        Aim::at_most(
            0.0,
            "",
            "texts",
            "unsettled",
            "missed calls that were not texted, or more than once",
        ),
    ],
};

/// Measures on both.
pub async fn measure(options: &Options) -> Result<Value> {
    let mut figures = json!({"threads": options.threads});
    let mut unsettled = 0.0;
    for engine in [Engine::Sqlite, Engine::Postgres] {
        let name = engine.name();
        say(&format!("bench: texts, {name}"));
        let found = on(options, engine).await;
        let found = found.with_context(|| format!("texts on {name}"))?;
        unsettled += found["unsettled"].as_f64().unwrap_or_default();
        for (figure, value) in found.as_object().into_iter().flatten() {
            figures[format!("{name}_{figure}")] = value.clone();
        }
    }
    figures["unsettled"] = json!(unsettled);
    Ok(figures)
}

async fn on(options: &Options, engine: Engine) -> Result<Value> {
    let database = match engine {
        Engine::Sqlite => None,
        Engine::Postgres => Some(Database::create(&options.database_url, "texts").await?),
    };
    let settings = database.as_ref().map(|database| {
        let namespace = format!("bench_texts_{}", std::process::id());
        vec![
            ("DATABASE_URL", database.url.clone()),
            ("AMQP_URL", options.amqp_url.clone()),
            ("TRUNKLINE_NAMESPACE", namespace),
            (
                "TRUNKLINE_SECRET_KEY",
                "bench-secret-key-000000000000000".to_owned(),
            ),
            (
                "INTERNAL_SERVICE_KEY",
                "bench-service-key-00000000000000".to_owned(),
            ),
        ]
    });
    let setup = Setup {
        name: engine.name(),
        settings: settings.unwrap_or_default(),
        document: json!({"tenants": [{
            "id": "bench", "name": "Bench", "timezone": "UTC", "forward_to": FORWARD_TO, "human_window_s": 86_400,
            "numbers": [{"number": NUMBER, "voice": "forward", "sms": "conversation"}],
        }, {
            "id": "next", "name": "Next door", "timezone": "UTC", "forward_to": FORWARD_TO, "human_window_s": 86_400,
            "numbers": [{"number": crowd::NUMBER, "voice": "forward", "sms": "conversation"}],
        }]}),
    };
    let site = LocalPlatform::start(options, &setup).await?;
    let figures = figures(options, &site, database.as_ref()).await;
    site.stop().await;
    if let Some(database) = database {
        database.drop().await?;
    }
    figures
}

async fn figures(
    options: &Options,
    site: &LocalPlatform,
    database: Option<&Database>,
) -> Result<Value> {
    site.settle(&Requests::voice(site.port), SERIES).await?;
    let start = Instant::now();
    match database {
        None => {
            let sql = seed::conversations(Engine::Sqlite, "", options.threads)
                + &seed::neighbours(Engine::Sqlite, "", crowd::NUMBER, crowd::NEIGHBOURS);
            fill_sqlite(&site.data("db/dispatch.db"), &sql)?;
        }
        Some(database) => {
            let schema = format!("bench_texts_{}_dispatch", std::process::id());
            let sql = seed::conversations(Engine::Postgres, &schema, options.threads)
                + &seed::neighbours(Engine::Postgres, &schema, crowd::NUMBER, crowd::NEIGHBOURS);
            database.run(&sql).await?;
        }
    }
    say(&format!(
        "bench: texts, {} conversations in {:.0} s",
        options.threads,
        start.elapsed().as_secs_f64()
    ));
    let inbox = looks(site, |_| "/conversations/?limit=50".to_owned()).await?;
    let narrowed = "/conversations/?limit=50&tenant=bench&status=active&answering=ai";
    let narrowed = looks(site, |_| narrowed.to_owned()).await?;
    let thread = looks(site, |n| {
        let id = (n * 7_919) % options.threads;
        format!("/conversations/{}", seed::thread_id(id))
    })
    .await?;
    let texts = Requests::text(site.port);
    let webhook = load::at_rate(&texts, SERIES, CONNECTIONS, RATE, LENGTH).await?;
    let length = GAP * u32::try_from(MISSED)?;
    let beside = load::at_rate(&texts, SERIES + 1, CONNECTIONS, BESIDE, length);
    let (beside, backs) = tokio::join!(beside, text_backs(site));
    let (back, unsettled) = backs?;
    let (neighbour, crowd) = crowd::measure(site, options.threads).await?;
    Ok(json!({
        "webhook_p50_ms": webhook.ms(0.50), "webhook_p99_ms": webhook.ms(0.99), "texts": webhook.len(),
        "inbox_p50_ms": inbox.ms(0.50), "inbox_p99_ms": inbox.ms(0.99),
        "narrowed_p50_ms": narrowed.ms(0.50), "narrowed_p99_ms": narrowed.ms(0.99),
        "thread_p50_ms": thread.ms(0.50), "thread_p99_ms": thread.ms(0.99),
        "back_p50_ms": back.ms(0.50), "back_p99_ms": back.ms(0.99), "backs": back.len(),
        "beside_p99_ms": beside?.ms(0.99), "unsettled": unsettled, "crowd": crowd,
        "neighbour_p50_ms": neighbour.ms(0.50), "neighbour_p99_ms": neighbour.ms(0.99),
    }))
}

/// Opens something again and again.
async fn looks(site: &LocalPlatform, path: impl Fn(usize) -> String) -> Result<Latencies> {
    let mut took = Vec::with_capacity(LOOKS);
    for n in 0..WARM_UP + LOOKS {
        let path = path(n);
        let start = Instant::now();
        let found = site.get(&path).await?;
        if n >= WARM_UP {
            took.push(start.elapsed());
        }
        anyhow::ensure!(
            found["items"].as_array().is_none_or(|it| it.len() == 50),
            "{path} does not answer a full page"
        );
    }
    Ok(Latencies::new(took))
}

/// Calls that nobody takes: from the webhook that says so to the text at Twilio; and how many were not texted once.
async fn text_backs(site: &LocalPlatform) -> Result<(Latencies, usize)> {
    let start = tokio::time::Instant::now();
    let calls = stream::iter(0..MISSED).map(async |n| {
        sleep_until(start + GAP * u32::try_from(n)?).await;
        text_back(site, n).await
    });
    let mut calls = std::pin::pin!(calls.buffer_unordered(CONNECTIONS));
    let (mut took, mut unsettled) = (Vec::new(), 0);
    while let Some(call) = calls.next().await {
        match call? {
            Some(after) => took.push(after),
            None => unsettled += 1,
        }
    }
    // One that comes twice comes late.
    sleep(Duration::from_millis(500)).await;
    let once = |n: &u64| site.carrier.texted(&missed(*n)).is_some_and(|it| it.1 == 1);
    let settled = (0..MISSED).filter(once).count();
    let never = usize::try_from(MISSED)? - settled;
    Ok((Latencies::new(took), unsettled.max(never)))
}

/// Who calls, by the number of the request: nobody who texts.
const fn request(n: u64) -> u64 {
    500_000 + n
}

fn missed(n: u64) -> String {
    caller(request(n))
}

async fn text_back(site: &LocalPlatform, n: u64) -> Result<Option<Duration>> {
    let series = SERIES + 2;
    let comes = Requests::voice(site.port);
    let mut connection = Connection::open(&comes).await?;
    connection.ask(&comes.bytes(series, request(n))).await?;
    let ends = Requests::unanswered(site.port);
    let mut connection = Connection::open(&ends).await?;
    let start = Instant::now();
    connection.ask(&ends.bytes(series, request(n))).await?;
    while start.elapsed() < PATIENCE {
        if let Some((at, _)) = site.carrier.texted(&missed(n)) {
            return Ok(Some(at.saturating_duration_since(start)));
        }
        sleep(Duration::from_millis(20)).await;
    }
    Ok(None)
}

fn write(figures: &Figures<'_>, text: &mut String) -> fmt::Result {
    writeln!(
        text,
        "\n| texts and threads, {:.0} conversations | SQLite p50 ms | p99 ms | PostgreSQL p50 ms | p99 ms |\n| --- | ---: | ---: | ---: | ---: |",
        figures.get("threads")
    )?;
    for (what, name) in [
        ("webhook of a text, 200 a second", "webhook"),
        ("inbox, 50 of them", "inbox"),
        (
            "inbox narrowed to a tenant, status and who answers",
            "narrowed",
        ),
        ("a thread", "thread"),
        (
            "text-back to Twilio, 10 missed calls and 100 texts a second",
            "back",
        ),
        (
            "text to Twilio while 10,000 of another tenant's wait for their pace",
            "neighbour",
        ),
    ] {
        let figure = |engine: &str, q: &str| figures.get(&format!("{engine}_{name}_{q}_ms"));
        writeln!(
            text,
            "| {what} | {:.1} | {:.1} | {:.1} | {:.1} |",
            figure("sqlite", "p50"),
            figure("sqlite", "p99"),
            figure("postgres", "p50"),
            figure("postgres", "p99")
        )?;
    }
    Ok(())
}
