//! The list of calls while very much happens: how many events pass in a second, and how long the page does not answer meanwhile.

use std::cell::Cell;
use std::time::Duration;

use anyhow::{Context, Result};

use super::browser::Browser;
use crate::events::Events;
use crate::load::at_rate;
use crate::local_platform::LocalPlatform;
use crate::twilio::Requests;

/// Calls that come in in a second: three events each, at least.
const CALLS_PER_S: u64 = 350;
const LASTS: Duration = Duration::from_secs(10);
const CONNECTIONS: usize = 8;

/// From now on the page measures the longest time in which it could not do what was due.
const WATCH: &str = "
    window.longest = 0;
    let last = performance.now();
    setInterval(() => {
        const now = performance.now();
        window.longest = Math.max(window.longest, now - last);
        last = now;
    }, 10);
    return true;";

/// What was seen.
pub struct Seen {
    /// Events that passed.
    pub per_s: f64,
    /// The longest that the page did not answer.
    pub stall_ms: f64,
}

/// Has calls come in while a page that follows them is open.
pub async fn storm(
    site: &LocalPlatform,
    browser: &Browser,
    comes: &Requests,
    series: u32,
) -> Result<Seen> {
    browser.run(WATCH).await?;
    let mut events = Events::follow(site, "#").await?;
    let passed = Cell::new(0u32);
    let count = async {
        loop {
            events.next().await?;
            passed.set(passed.get() + 1);
        }
    };
    tokio::select! {
        load = at_rate(comes, series, CONNECTIONS, CALLS_PER_S, LASTS) => { load?; }
        ended = count => return ended,
    }
    let longest = browser.run("return window.longest").await?;
    Ok(Seen {
        per_s: f64::from(passed.get()) / LASTS.as_secs_f64(),
        stall_ms: longest.as_f64().context("the page measures nothing")?,
    })
}
