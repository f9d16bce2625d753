//! The servers under load: started in a process group of their own, watched through `/proc`, ended.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};

/// A process of ours and all that it starts.
pub struct Server {
    name: String,
    child: Child,
    log: String,
}

/// What the processes of some servers have used.
#[derive(Debug, Default, Clone, Copy)]
pub struct Usage {
    /// Time on a processor, in the program and in the kernel for it.
    pub cpu: Duration,
    /// Resident memory now, in bytes.
    pub rss: u64,
}

impl Server {
    /// Starts a command with its output in `logs/NAME.log`.
    pub fn start(name: &str, command: &mut Command, logs: &Path) -> Result<Self> {
        let path = logs.join(format!("{name}.log"));
        let log =
            File::create(&path).with_context(|| format!("{} cannot be written", path.display()))?;
        let child = command
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log)
            .process_group(0)
            .spawn()
            .with_context(|| format!("{name} cannot be started"))?;
        Ok(Self {
            name: name.to_owned(),
            child,
            log: path.display().to_string(),
        })
    }

    /// Waits until it answers `/health/ready` with 200.
    pub async fn ready(&mut self, port: u16, patience: Duration) -> Result<()> {
        let start = Instant::now();
        while !answers_ready(port).await {
            if let Some(status) = self.child.try_wait()? {
                bail!(
                    "{} ended ({status}) before it was ready, see {}",
                    self.name,
                    self.log
                );
            }
            if start.elapsed() > patience {
                bail!(
                    "{} was not ready within {patience:?}, see {}",
                    self.name,
                    self.log
                );
            }
            sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    }

    /// Asks it to end, and ends it when it does not within 5 s.
    pub async fn stop(mut self) {
        self.signal("TERM");
        for _ in 0..100 {
            if !matches!(self.child.try_wait(), Ok(None)) {
                break;
            }
            sleep(Duration::from_millis(50)).await;
        }
        // The rest is in drop().
    }

    fn signal(&self, name: &str) {
        let group = format!("-{}", self.child.id());
        let mut kill = Command::new("kill");
        kill.args([
            OsStr::new("-s"),
            name.as_ref(),
            "--".as_ref(),
            group.as_ref(),
        ]);
        // A group that is gone is what was wanted.
        let _ = kill.stderr(Stdio::null()).status();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.signal("KILL");
        // Reaps it; it has been killed.
        let _ = self.child.wait();
    }
}

/// Whether `/health/ready` on this port answers 200.
async fn answers_ready(port: u16) -> bool {
    let ask = async {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
        let request = format!(
            "GET /health/ready HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: close\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await?;
        let mut head = [0; 12];
        stream.read_exact(&mut head).await?;
        Ok::<_, std::io::Error>(head.ends_with(b" 200"))
    };
    matches!(timeout(Duration::from_secs(1), ask).await, Ok(Ok(true)))
}

/// A port that nobody listens on, with the one after it.
pub fn free_ports() -> Result<u16> {
    for _ in 0..50 {
        let port = std::net::TcpListener::bind(("127.0.0.1", 0))?
            .local_addr()?
            .port();
        if port < u16::MAX && std::net::TcpListener::bind(("127.0.0.1", port + 1)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no two free ports side by side")
}

/// What all processes in the groups of these servers have used together.
pub fn usage(servers: &[&Server]) -> Result<Usage> {
    let groups: Vec<u32> = servers.iter().map(|s| s.child.id()).collect();
    let mut usage = Usage::default();
    for entry in fs::read_dir("/proc").context("/proc cannot be read: the benchmarks need Linux")? {
        let stat = entry?.path().join("stat");
        // A process may end while we look.
        if let Some((group, used)) = fs::read_to_string(stat)
            .ok()
            .as_deref()
            .and_then(parse_stat)
            && groups.contains(&group)
        {
            usage.cpu += used.cpu;
            usage.rss += used.rss;
        }
    }
    Ok(usage)
}

/// Process group and usage from one line of `/proc/PID/stat`.
fn parse_stat(stat: &str) -> Option<(u32, Usage)> {
    // The unit of times is 1/100 s and the page 4 KiB on every Linux that Trunkline is built for.
    const TICK: Duration = Duration::from_millis(10);
    const PAGE: u64 = 4096;
    // The name, in parentheses, may hold anything.
    let (_, rest) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let number = |i: usize| fields.get(i)?.parse::<u64>().ok();
    let ticks = u32::try_from(number(11)? + number(12)?).ok()?;
    let usage = Usage {
        cpu: TICK * ticks,
        rss: number(21)? * PAGE,
    };
    Some((u32::try_from(number(2)?).ok()?, usage))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stat_line_is_read_whatever_the_name() {
        let line = "42 (a) b (c) S 1 40 40 0 -1 4194560 900 0 1 0 150 50 7 7 20 0 3 0 100 12345678 2560 184467 1 1";
        let (group, usage) = parse_stat(line).unwrap();
        assert_eq!(group, 40);
        assert_eq!(usage.cpu, Duration::from_secs(2));
        assert_eq!(usage.rss, 10 * 1_048_576);
        assert!(parse_stat("nonsense").is_none());
    }

    #[test]
    fn a_child_is_watched_and_ended() {
        let logs = std::env::temp_dir();
        let server = Server::start("bench-sleep", Command::new("sleep").arg("60"), &logs).unwrap();
        let id = server.child.id();
        assert!(usage(&[&server]).unwrap().rss > 0);
        drop(server);
        assert!(!Path::new(&format!("/proc/{id}")).exists());
    }
}
