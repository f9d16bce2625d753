//! The load: HTTP/1.1 over kept-alive connections, one request at a time on each.
//!
//! Two loads for each server. Under full load every connection asks again at once: that gives requests per
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

/// A server under load.
pub struct Contender<'a> {
    /// What it is asked.
    pub requests: Requests,
    /// The processes whose work counts.
    pub servers: Vec<&'a Server>,
}

/// How often the turn comes to each.
const TURNS: u32 = 4;
/// What one has begun is over before the next one's turn.
const PAUSE: Duration = Duration::from_millis(500);
/// Series of requests that no turn has.
const WARM_UP: u32 = 1;

/// Loads servers in turns: a machine that gets faster or slower meanwhile does so for all of them. First all warm up,
/// then they have their turns under full load, then at the paced rate.
pub async fn in_turns(contenders: &[Contender<'_>], plan: &Plan) -> Result<Vec<Figures>> {
    let mut tallies: Vec<Tally> = contenders.iter().map(|_| Tally::default()).collect();
    for Contender { requests, .. } in contenders {
        full_load(requests, WARM_UP, plan.connections, plan.warm_up)
            .await
            .context("warm-up")?;
    }
    for turn in 0..TURNS {
        for (contender, tally) in contenders.iter().zip(&mut tallies) {
            sleep(PAUSE).await;
            tally.full_load(contender, plan, turn).await?;
        }
    }
    for turn in 0..TURNS {
        for (contender, tally) in contenders.iter().zip(&mut tallies) {
            sleep(PAUSE).await;
            tally.paced_load(contender, plan, turn).await?;
        }
    }
    tallies.into_iter().map(Tally::figures).collect()
}

/// What one server did in its turns.
#[derive(Default)]
struct Tally {
    full: Vec<Duration>,
    elapsed: Duration,
    cpu: Duration,
    paced: Vec<Duration>,
    peak_rss: u64,
}

impl Tally {
    async fn full_load(&mut self, to: &Contender<'_>, plan: &Plan, turn: u32) -> Result<()> {
        let (before, start) = (process::usage(&to.servers)?, Instant::now());
        let (series, length) = (100 + turn, plan.full / TURNS);
        let work = full_load(&to.requests, series, plan.connections, length);
        let (full, rss) = watched(&to.servers, work).await?;
        self.elapsed += start.elapsed();
        self.cpu += process::usage(&to.servers)?.cpu.saturating_sub(before.cpu);
        self.full.extend(full.0);
        self.peak_rss = self.peak_rss.max(rss);
        Ok(())
    }

    async fn paced_load(&mut self, to: &Contender<'_>, plan: &Plan, turn: u32) -> Result<()> {
        let work = paced_load(&to.requests, 200 + turn, plan);
        let (paced, rss) = watched(&to.servers, work).await?;
        self.paced.extend(paced.0);
        self.peak_rss = self.peak_rss.max(rss);
        Ok(())
    }

    fn figures(self) -> Result<Figures> {
        ensure!(
            !self.cpu.is_zero(),
            "the server used no processor time: is it the one that answered?"
        );
        Ok(Figures {
            rate: self.full.len() as f64 / self.elapsed.as_secs_f64(),
            per_cpu_second: self.full.len() as f64 / self.cpu.as_secs_f64(),
            paced: Latencies::new(self.paced),
            full: Latencies::new(self.full),
            peak_rss: self.peak_rss,
        })
    }
}

/// Does the work, and watches how much memory the processes hold meanwhile.
async fn watched<T>(
    servers: &[&Server],
    work: impl Future<Output = Result<T>>,
) -> Result<(T, u64)> {
    let peak = Cell::new(0);
    let watch = async {
        loop {
            let rss = process::usage(servers).map_or(0, |usage| usage.rss);
            peak.set(peak.get().max(rss));
            sleep(Duration::from_millis(250)).await;
        }
    };
    tokio::select! {
        done = work => Ok((done?, peak.get())),
        () = watch => bail!("the watch ended"),
    }
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

/// The paced load of one turn.
async fn paced_load(requests: &Requests, series: u32, plan: &Plan) -> Result<Latencies> {
    let length = plan.paced / TURNS;
    at_rate(requests, series, plan.connections, plan.paced_rate, length).await
}

/// Requests fall due at a steady rate, in each second so many; the latency of one counts from then.
pub async fn at_rate(
    requests: &Requests,
    series: u32,
    connections: usize,
    rate: u64,
    length: Duration,
) -> Result<Latencies> {
    let total = rate * u64::try_from(length.as_millis())? / 1_000;
    let gap = Duration::from_secs(1) / u32::try_from(rate)?;
    let (next, taken) = (Cell::new(0), RefCell::new(Vec::new()));
    let start = Instant::now();
    let worker = async || -> Result<()> {
        let mut connection = Connection::open(requests).await?;
        loop {
            let n = next.replace(next.get() + 1);
            if n >= total {
                return Ok(());
            }
            let bytes = requests.bytes(series, n);
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
    let workers = (0..connections).map(|_| worker());
    for done in join_all(workers).await {
        done?;
    }
    Ok(Latencies::new(taken.into_inner()))
}

/// One kept-alive connection.
pub struct Connection {
    stream: TcpStream,
    expect: &'static str,
    status: &'static str,
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
            status: requests.status,
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

    /// The last answer, head and body.
    pub fn answered(&self) -> String {
        String::from_utf8_lossy(&self.answer).into_owned()
    }

    async fn exchange(&mut self, request: &[u8]) -> Result<()> {
        self.stream.write_all(request).await?;
        self.answer.clear();
        loop {
            let read = self.stream.read_buf(&mut self.answer).await?;
            if let Some(body) = body(&self.answer)? {
                let right = self.answer.starts_with(self.status.as_bytes())
                    && String::from_utf8_lossy(&self.answer[body..]).contains(self.expect);
                ensure!(
                    right,
                    "the answer is not {} with {}: {}",
                    self.status,
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
