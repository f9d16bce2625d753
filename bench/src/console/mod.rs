//! The console on the platform in one process, with 10,000 calls and 1,000 threads: how soon pages come, what they weigh, how soon an
//! event is on the wire and on the page.

mod browser;
mod storm;

use std::fmt::{self, Write};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tokio::time::timeout;

use crate::aims::Aim;
use crate::database::fill_sqlite;
use crate::events::Events;
use crate::load::{Connection, Latencies};
use crate::local_platform::{API_KEY, LocalPlatform, Setup};
use crate::section::{Figures, Section};
use crate::seed::{self, Engine};
use crate::twilio::{FORWARD_TO, NUMBER, Requests, call_sid, caller};
use crate::{Options, say};
use browser::Browser;
use storm::storm;

const CALLS: usize = 10_000;
const THREADS: usize = 1_000;
/// How often each page is opened.
const ROUNDS: usize = 40;
/// How often a browser draws each.
const DRAWN: usize = 6;
/// Calls whose event is waited for.
const EVENTS: u64 = 100;
/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Series of requests that no other part has.
const SERIES: u32 = 20;

/// The part `console`.
pub const SECTION: Section = Section {
    part: "console",
    write,
    aims: &[
        Aim::at_most(
            30.0,
            " ms",
            "console",
            "first_p99_ms",
            "console, 10,000 calls and 1,000 threads: first byte of the slowest page, p99",
        ),
        Aim::at_most(
            300.0,
            " ms",
            "console",
            "drawn_ms",
            "the same: the slowest page fully drawn in Chromium, median",
        ),
        Aim::at_most(
            120.0,
            " kB",
            "console",
            "weight_kb",
            "script and style of a page",
        ),
        Aim::at_most(
            200.0,
            " ms",
            "console",
            "event_p99_ms",
            "from a webhook to its event on /events, p99",
        ),
        Aim::at_most(
            200.0,
            " ms",
            "console",
            "live_ms",
            "from a webhook to the page that shows it in Chromium, median",
        ),
        Aim::at_least(
            1_000.0,
            "/s",
            "console",
            "storm_per_s",
            "events that pass in a second while a page follows them",
        ),
        Aim::at_most(
            200.0,
            " ms",
            "console",
            "stall_ms",
            "the same: the longest that the page does not answer",
        ),
    ],
};

/// Measures.
pub async fn measure(options: &Options) -> Result<Value> {
    let setup = Setup {
        name: "console",
        settings: Vec::new(),
        document: json!({"tenants": [{
            "id": "bench", "name": "Bench", "timezone": "UTC", "forward_to": FORWARD_TO,
            "numbers": [{"number": NUMBER, "voice": "forward", "sms": "conversation"}],
        }]}),
    };
    let site = LocalPlatform::start(options, &setup).await?;
    let figures = figures(&site).await;
    site.stop().await;
    figures
}

async fn figures(site: &LocalPlatform) -> Result<Value> {
    let comes = Requests::voice(site.port);
    site.settle(&comes, SERIES).await?;
    fill_sqlite(&site.data("db/calls.db"), &seed::calls(CALLS))?;
    let threads = seed::conversations(Engine::Sqlite, "", THREADS);
    fill_sqlite(&site.data("db/dispatch.db"), &threads)?;
    let visitor = Visitor::sign_in(site).await?;
    let paths = paths();
    let mut pages = Vec::new();
    for (name, path) in &paths {
        pages.push(visitor.page(name, path).await?);
    }
    let weight = visitor.weight().await?;
    say("bench: console, events");
    let events = events(site, &comes).await?;
    let slowest = |figure: &str| {
        let all = pages.iter().filter_map(|page| page[figure].as_f64());
        all.fold(0.0, f64::max)
    };
    let mut figures = json!({
        "first_p99_ms": slowest("first_p99_ms"), "whole_p99_ms": slowest("whole_p99_ms"),
        "weight_kb": weight as f64 / 1_000.0,
        "event_p50_ms": events.ms(0.50), "event_p99_ms": events.ms(0.99),
        "pages": pages,
    });
    match Browser::start().await {
        Ok(mut browser) => {
            say("bench: console, in Chromium");
            let seen = drawn(&visitor, &browser, &paths, &comes).await;
            say("bench: console, a thousand events a second");
            // The list of calls is open.
            let storm = storm(site, &browser, &comes, SERIES + 3).await;
            browser.stop().await;
            let ((drawn, live), storm) = (seen?, storm?);
            figures["storm_per_s"] = json!(storm.per_s);
            figures["stall_ms"] = json!(storm.stall_ms);
            figures["drawn_ms"] = json!(drawn.values().copied().fold(0.0, f64::max));
            figures["live_ms"] = json!(live);
            for page in figures["pages"].as_array_mut().into_iter().flatten() {
                let name = page["name"].as_str().unwrap_or_default();
                page["drawn_ms"] = json!(drawn.get(name));
            }
        }
        // The browser is no part of what is measured without one.
        Err(error) => say(&format!("bench: console, no browser: {error:#}")),
    }
    Ok(figures)
}

fn paths() -> Vec<(&'static str, String)> {
    let fixed = [
        ("overview", "/console/"),
        ("calls", "/console/calls"),
        ("conversations", "/console/conversations"),
        ("interviews", "/console/interviews"),
        ("numbers", "/console/numbers"),
        ("analytics", "/console/analytics"),
        ("operating", "/console/operating"),
    ];
    let mut paths: Vec<_> = fixed.map(|(name, path)| (name, path.to_owned())).into();
    let call = format!("/console/calls/{}", seed::call_sid(17));
    let thread = format!("/console/conversations/{}", seed::thread_id(17));
    paths.extend([("a call", call), ("a thread", thread)]);
    paths
}

/// An operator who is signed in.
struct Visitor {
    http: reqwest::Client,
    base: String,
    cookie: String,
}

impl Visitor {
    async fn sign_in(site: &LocalPlatform) -> Result<Self> {
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        let base = format!("http://127.0.0.1:{}", site.port);
        let answer = http
            .post(format!("{base}/console/sign-in"))
            .form(&[("api_key", API_KEY)])
            .send()
            .await?;
        let cookie = answer.headers().get("set-cookie");
        let cookie = cookie.and_then(|it| it.to_str().ok()?.split(';').next());
        let cookie = cookie
            .with_context(|| format!("the console does not let us in: {}", answer.status()))?
            .to_owned();
        Ok(Self { http, base, cookie })
    }

    fn get(&self, path: &str) -> reqwest::RequestBuilder {
        let url = format!("{}{path}", self.base);
        self.http.get(url).header("Cookie", &self.cookie)
    }

    /// A page's first byte and its last, again and again.
    async fn page(&self, name: &str, path: &str) -> Result<Value> {
        let (mut first, mut whole) = (Vec::new(), Vec::new());
        let mut bytes = 0;
        for round in 0..=ROUNDS {
            let start = Instant::now();
            let answer = self.get(path).send().await?;
            let came = start.elapsed();
            ensure!(
                answer.status().is_success(),
                "{path} is answered with {}",
                answer.status()
            );
            bytes = answer.bytes().await?.len();
            // The first round warms up.
            if round > 0 {
                first.push(came);
                whole.push(start.elapsed());
            }
        }
        let (first, whole) = (Latencies::new(first), Latencies::new(whole));
        Ok(json!({
            "name": name, "bytes": bytes,
            "first_p50_ms": first.ms(0.50), "first_p99_ms": first.ms(0.99),
            "whole_p50_ms": whole.ms(0.50), "whole_p99_ms": whole.ms(0.99),
        }))
    }

    /// Bytes of all script and style that any page names, as they are sent.
    async fn weight(&self) -> Result<usize> {
        let mut assets = Vec::new();
        for (_, path) in paths() {
            let page = self.get(&path).send().await?.text().await?;
            assets.extend(named(&page));
        }
        let phone = self.get("/console/phone").send().await?.text().await?;
        assets.extend(named(&phone));
        assets.sort_unstable();
        assets.dedup();
        ensure!(!assets.is_empty(), "no page names script or style");
        let mut weight = 0;
        for asset in assets {
            let answer = self.get(&asset).send().await?.error_for_status()?;
            weight += answer.bytes().await?.len();
        }
        Ok(weight)
    }
}

/// Script and style that a page names.
fn named(page: &str) -> Vec<String> {
    let links = page.split(['"', '\'']);
    let links = links.filter(|it| it.starts_with("/console/assets/") || it.starts_with("/assets/"));
    let links = links.filter(|it| it.contains(".js") || it.contains(".css"));
    links.map(str::to_owned).collect()
}

/// From a webhook to its event at a reader.
async fn events(site: &LocalPlatform, comes: &Requests) -> Result<Latencies> {
    let mut events = Events::follow(site, "call.#").await?;
    let mut connection = Connection::open(comes).await?;
    let mut took = Vec::new();
    for n in 0..EVENTS {
        let sid = call_sid(SERIES + 1, n);
        let start = Instant::now();
        connection.ask(&comes.bytes(SERIES + 1, n)).await?;
        let came = timeout(PATIENCE, async {
            loop {
                let (at, event) = events.next().await?;
                if event.to_string().contains(&sid) {
                    return Ok::<_, anyhow::Error>(at);
                }
            }
        });
        let came = came.await.context("a call's event did not come")??;
        took.push(came - start);
    }
    Ok(Latencies::new(took))
}

type Drawn = std::collections::BTreeMap<&'static str, f64>;

/// When each page is fully drawn, and how long after a webhook the list of calls shows the call; medians in milliseconds.
async fn drawn(
    visitor: &Visitor,
    browser: &Browser,
    paths: &[(&'static str, String)],
    comes: &Requests,
) -> Result<(Drawn, f64)> {
    browser
        .open(&format!("{}/console/sign-in", visitor.base))
        .await?;
    browser.set_cookie(&visitor.cookie).await?;
    let mut drawn = Drawn::new();
    for (name, path) in paths {
        let mut took = Vec::new();
        for _ in 0..DRAWN {
            browser.open(&format!("{}{path}", visitor.base)).await?;
            took.push(browser.drawn().await?);
        }
        drawn.insert(name, Latencies::new(took).ms(0.50));
    }
    browser
        .open(&format!("{}/console/calls", visitor.base))
        .await?;
    browser
        .until("document.body.dataset.following === 'yes'", PATIENCE)
        .await?;
    let mut connection = Connection::open(comes).await?;
    let mut took = Vec::new();
    for n in 900..900 + DRAWN as u64 {
        // The page rests between two looks; so do we.
        tokio::time::sleep(Duration::from_millis(600)).await;
        let number = caller(n);
        let digits = number.get(number.len() - 4..).unwrap_or_default();
        browser.watch(&format!("document.querySelector('#content').textContent.replace(/\\D/g, '').includes('{digits}')")).await?;
        let start = Instant::now();
        connection.ask(&comes.bytes(SERIES + 2, n)).await?;
        browser.watched(PATIENCE).await?;
        took.push(start.elapsed());
    }
    Ok((drawn, Latencies::new(took).ms(0.50)))
}

fn write(figures: &Figures<'_>, text: &mut String) -> fmt::Result {
    text.write_str("\n| page of the console | kB | first byte p50 ms | p99 ms | last byte p99 ms | drawn ms |\n| --- | ---: | ---: | ---: | ---: | ---: |\n")?;
    for page in figures.list("pages") {
        let drawn = match page.has("drawn_ms") {
            true => format!("{:.0}", page.get("drawn_ms")),
            false => "no browser".to_owned(),
        };
        writeln!(
            text,
            "| {} | {:.1} | {:.1} | {:.1} | {:.1} | {drawn} |",
            page.word("name"),
            page.get("bytes") / 1_000.0,
            page.get("first_p50_ms"),
            page.get("first_p99_ms"),
            page.get("whole_p99_ms")
        )?;
    }
    if figures.has("stall_ms") {
        writeln!(
            text,
            "\nWhile {:.0} events a second pass, the page that follows them does not answer for {:.0} ms at the longest.",
            figures.get("storm_per_s"),
            figures.get("stall_ms")
        )?;
    }
    writeln!(
        text,
        "\nScript and style: {:.1} kB. From a webhook to its event at a reader: p50 {:.1} ms, p99 {:.1} ms.",
        figures.get("weight_kb"),
        figures.get("event_p50_ms"),
        figures.get("event_p99_ms")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn script_and_style_of_a_page_are_found() {
        let page = r#"<link href="/console/assets/console.css?1"><script src="/console/assets/console.js"></script><a href="/console/calls">"#;
        assert_eq!(
            named(page),
            [
                "/console/assets/console.css?1",
                "/console/assets/console.js"
            ]
        );
    }
}
