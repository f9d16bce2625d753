//! The load: HTTP/1.1 over kept-alive connections, one request at a time on each.
//!
//! Two runs per server. Under full load every connection asks again at once: that gives requests per
//! second, and per second of the server's processor time. At a paced rate, the same for every server,
//! requests fall due by the clock and a late answer makes the next ones late too: latencies count
//! from when a request was due, so a stall is not hidden by the requests it held up.

use std::cell::{Cell, RefCell};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};
use futures::future::join_all;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, sleep_until, timeout};

use crate::process::{self, Server};
use crate::twilio::Requests;

/// How long and how hard.
pub struct Plan {
    /// Connections, each with one request at a time.
    pub connections: usize,
    /// Full load that is not counted.
    pub warm_up: Duration,
    /// Full load that is.
    pub full: Duration,
    /// Paced load.
    pub paced: Duration,
    /// Requests per second of the paced load.
    pub paced_rate: u64,
}

/// What one server did.
pub struct Figures {
    /// Right answers per second under full load.
    pub rate: f64,
    /// Right answers per second of processor time.
    pub per_cpu_second: f64,
    /// Answers at the paced rate, sorted.
    pub paced: Latencies,
    /// Answers under full load, sorted.
    pub full: Latencies,
    /// The most memory the processes held together, in bytes.
    pub peak_rss: u64,
}

impl Figures {
    /// For the report.
    pub fn json(&self) -> Value {
        json!({
            "requests_per_s": self.rate,
            "requests_per_cpu_s": self.per_cpu_second,
            "p50_ms": self.paced.ms(0.50),
            "p99_ms": self.paced.ms(0.99),
            "full_load_p50_ms": self.full.ms(0.50),
            "full_load_p99_ms": self.full.ms(0.99),
            "peak_rss_mib": mib(self.peak_rss),
            "requests": self.full.0.len() + self.paced.0.len(),
        })
    }
}

/// Bytes as MiB.
pub fn mib(bytes: u64) -> f64 {
    bytes as f64 / 1_048_576.0
}

/// Durations, sorted.
pub struct Latencies(Vec<Duration>);

impl Latencies {
    /// Sorts them.
    pub fn new(mut all: Vec<Duration>) -> Self {
        all.sort_unstable();
        Self(all)
    }

    /// The quantile `q`, in milliseconds; 0 when there is none.
    pub fn ms(&self, q: f64) -> f64 {
        let rank = (self.0.len() as f64 * q).ceil() as usize;
        let at = self.0.get(rank.saturating_sub(1));
        at.map_or(0.0, |d| d.as_secs_f64() * 1_000.0)
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

/// Loads a server: warm-up, full load, paced load.
pub async fn measure(requests: &Requests, servers: &[&Server], plan: &Plan) -> Result<Figures> {
    full_load(requests, 1, plan.connections, plan.warm_up)
        .await
        .context("warm-up")?;
    let peak = Cell::new(0);
    let watch = async {
        loop {
            let rss = process::usage(servers).map_or(0, |usage| usage.rss);
            peak.set(peak.get().max(rss));
            sleep(Duration::from_millis(250)).await;
        }
    };
    let work = async {
        let (before, start) = (process::usage(servers)?, Instant::now());
        let full = full_load(requests, 2, plan.connections, plan.full).await?;
        let (elapsed, after) = (start.elapsed(), process::usage(servers)?);
        sleep(Duration::from_secs(1)).await;
        let paced = paced_load(requests, plan).await?;
        let cpu = after.cpu.saturating_sub(before.cpu);
        ensure!(
            !cpu.is_zero(),
            "the server used no processor time: is it the one that answered?"
        );
        Ok(Figures {
            rate: full.len() as f64 / elapsed.as_secs_f64(),
            per_cpu_second: full.len() as f64 / cpu.as_secs_f64(),
            paced,
            full,
            peak_rss: 0,
        })
    };
    let figures: Result<Figures> = tokio::select! {
        figures = work => figures,
        () = watch => bail!("the watch ended"),
    };
    Ok(Figures {
        peak_rss: peak.get(),
        ..figures?
    })
}

/// Every connection asks again as soon as it is answered.
async fn full_load(
    requests: &Requests,
    series: u32,
    connections: usize,
    length: Duration,
) -> Result<Latencies> {
    let (next, taken) = (Cell::new(0), RefCell::new(Vec::new()));
    let until = Instant::now() + length;
    let worker = async || -> Result<()> {
        let mut connection = Connection::open(requests).await?;
        while Instant::now() < until {
            let bytes = requests.bytes(series, next.replace(next.get() + 1));
            let start = Instant::now();
            connection.ask(&bytes).await?;
            taken.borrow_mut().push(start.elapsed());
        }
        Ok(())
    };
    let workers = (0..connections).map(|_| worker());
    for done in join_all(workers).await {
        done?;
    }
    Ok(Latencies::new(taken.into_inner()))
}

/// Requests fall due at a steady rate; the latency of one counts from then.
async fn paced_load(requests: &Requests, plan: &Plan) -> Result<Latencies> {
    let total = plan.paced_rate * plan.paced.as_secs();
    let gap = Duration::from_secs(1) / u32::try_from(plan.paced_rate)?;
    let (next, taken) = (Cell::new(0), RefCell::new(Vec::new()));
    let start = Instant::now();
    let worker = async || -> Result<()> {
        let mut connection = Connection::open(requests).await?;
        loop {
            let n = next.replace(next.get() + 1);
            if n >= total {
                return Ok(());
            }
            let bytes = requests.bytes(3, n);
            let due = start + gap * u32::try_from(n)?;
            let from = if Instant::now() < due {
                sleep_until(due.into()).await;
                // The timer's own grain is not the server's.
                Instant::now()
            } else {
                due
            };
            connection.ask(&bytes).await?;
            taken.borrow_mut().push(from.elapsed());
        }
    };
    let workers = (0..plan.connections).map(|_| worker());
    for done in join_all(workers).await {
        done?;
    }
    Ok(Latencies::new(taken.into_inner()))
}

/// One kept-alive connection.
pub struct Connection {
    stream: TcpStream,
    expect: &'static str,
    answer: Vec<u8>,
}

impl Connection {
    /// Connects.
    pub async fn open(requests: &Requests) -> Result<Self> {
        let stream = TcpStream::connect(("127.0.0.1", requests.port)).await?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            expect: requests.expect,
            answer: Vec::with_capacity(4096),
        })
    }

    /// Sends one request and waits for the whole of the right answer; anything else is an error, since
    /// a server that answers wrongly is not to be compared.
    pub async fn ask(&mut self, request: &[u8]) -> Result<()> {
        timeout(Duration::from_secs(20), self.exchange(request))
            .await
            .context("no answer within 20 s")?
    }

    async fn exchange(&mut self, request: &[u8]) -> Result<()> {
        self.stream.write_all(request).await?;
        self.answer.clear();
        loop {
            let read = self.stream.read_buf(&mut self.answer).await?;
            if let Some(body) = body(&self.answer)? {
                let right = self.answer.starts_with(b"HTTP/1.1 200")
                    && String::from_utf8_lossy(&self.answer[body..]).contains(self.expect);
                ensure!(
                    right,
                    "the answer is not 200 with {}: {}",
                    self.expect,
                    String::from_utf8_lossy(&self.answer)
                );
                return Ok(());
            }
            ensure!(read > 0, "the server closed the connection");
        }
    }
}

/// Where the body starts, once all of it is there.
fn body(answer: &[u8]) -> Result<Option<usize>> {
    let Some(head) = answer.windows(4).position(|w| w == b"\r\n\r\n") else {
        return Ok(None);
    };
    let headers = String::from_utf8_lossy(&answer[..head]).to_ascii_lowercase();
    let value = |name: &str| {
        let mut lines = headers.lines().filter_map(|line| line.split_once(':'));
        lines
            .find(|(key, _)| *key == name)
            .map(|(_, value)| value.trim())
    };
    let body = head + 4;
    let complete = match (value("content-length"), value("transfer-encoding")) {
        (Some(length), _) => answer.len() >= body + length.parse::<usize>()?,
        (None, Some("chunked")) => answer.ends_with(b"0\r\n\r\n"),
        _ => bail!("an answer of unknown length: {headers}"),
    };
    Ok(complete.then_some(body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_by_rank() {
        let all = Latencies::new((1..=100).rev().map(Duration::from_millis).collect());
        assert_eq!(all.ms(0.50), 50.0);
        assert_eq!(all.ms(0.99), 99.0);
        assert_eq!(Latencies::new(Vec::new()).ms(0.99), 0.0);
    }

    #[test]
    fn an_answer_is_complete_when_its_length_is_there() {
        assert_eq!(body(b"HTTP/1.1 200 OK\r\nContent-Le").unwrap(), None);
        assert_eq!(
            body(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab").unwrap(),
            None
        );
        assert_eq!(
            body(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc").unwrap(),
            Some(38)
        );
        assert!(
            body(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n")
                .unwrap()
                .is_some()
        );
        assert!(body(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }
}
