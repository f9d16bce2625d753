//! A process of the platform, which ends with the test whatever happens.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use super::wait::within;

/// How long an orderly end may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// The binary with its arguments and environment, running or not.
pub struct Process {
    pub name: String,
    args: Vec<String>,
    env: Vec<(String, String)>,
    log: PathBuf,
    /// In place of the binary that was built for the test.
    binary: Option<PathBuf>,
    child: Option<Child>,
}

impl Process {
    /// Not started yet; its log is a file in `dir`.
    pub fn new(name: &str, dir: &Path, args: &[String], env: &[(String, String)]) -> Self {
        Self {
            name: name.to_owned(),
            args: args.to_vec(),
            env: env.to_vec(),
            log: dir.join(format!("{name}.log")),
            binary: None,
            child: None,
        }
    }

    /// Of another binary, the version before for one.
    pub fn of(mut self, binary: Option<&Path>) -> Self {
        self.binary = binary.map(Path::to_owned);
        self
    }

    /// Another one with the same settings, at another port and on another data folder. Not started yet.
    pub fn replica(&self, name: &str, dir: &Path, port: u16, data: &Path) -> Self {
        let mut args = self.args.clone();
        for (option, value) in [
            ("--port", port.to_string()),
            ("--data-dir", data.display().to_string()),
        ] {
            let at = args.iter().position(|arg| arg == option);
            args[at.expect("an option of every process") + 1] = value;
        }
        Self::new(name, dir, &args, &self.env)
    }

    /// Starts it; a log that is there goes on.
    pub fn start(&mut self) {
        assert!(self.child.is_none(), "{} runs already", self.name);
        let open = || {
            let file = File::options().create(true).append(true).open(&self.log);
            Stdio::from(file.expect("a log can be written"))
        };
        let child = command(self.binary.as_deref(), &self.args, &self.env)
            .stdout(open())
            .stderr(open())
            .spawn();
        self.child = Some(child.expect("the binary was built for this test"));
    }

    /// `kill -9`: nothing flushed, nobody told.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// A signal to the process.
    pub fn signal(&self, signal: &str) {
        let child = self.child.as_ref();
        let child = child.unwrap_or_else(|| panic!("{} does not run", self.name));
        let pid = child.id().to_string();
        let sent = Command::new("kill")
            .args([&format!("-{signal}"), &pid])
            .status();
        assert!(sent.expect("there is a kill").success());
    }

    /// SIGTERM, and how it ended.
    pub async fn stop(&mut self) -> ExitStatus {
        self.signal("TERM");
        let mut child = self.child.take().expect("it runs");
        let child = std::sync::Mutex::new(&mut child);
        let ended = within(PATIENCE, "an end after SIGTERM", async || {
            child.lock().unwrap().try_wait().unwrap()
        });
        ended.await
    }

    /// Its threads, as the system tells of them (proc(5)).
    pub fn threads(&self) -> Vec<Thread> {
        let pid = self.child.as_ref().expect("it runs").id();
        let tasks = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap();
        // A thread may end meanwhile.
        let stats =
            tasks.filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("stat")).ok());
        stats.map(|stat| Thread::read(&stat)).collect()
    }

    /// How it ended, if it did by itself.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.as_mut()?.try_wait().unwrap()
    }

    /// What it has written so far, on either channel.
    pub fn log(&self) -> String {
        let bytes = std::fs::read(&self.log).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// A thread of a process.
#[derive(Debug)]
pub struct Thread {
    /// At most 15 characters of it.
    pub name: String,
    /// The higher, the less urgent.
    pub nice: i64,
}

impl Thread {
    /// Reads `PID (NAME) STATE ..`, where the nice value is the seventeenth behind the name.
    fn read(stat: &str) -> Self {
        let (head, rest) = stat.rsplit_once(')').unwrap();
        let (_, name) = head.split_once('(').unwrap();
        let nice = rest.split_whitespace().nth(16).unwrap();
        Self {
            name: name.to_owned(),
            nice: nice.parse().unwrap(),
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The binary, with nothing of the test's own environment: the one that was built for this test, or another.
fn command(binary: Option<&Path>, args: &[String], env: &[(String, String)]) -> Command {
    let other = binary.map(|it| it.as_os_str().to_owned());
    let other = other.or_else(|| std::env::var_os("TRUNKLINE_TEST_BINARY"));
    let mut command = Command::new(other.unwrap_or_else(|| env!("CARGO_BIN_EXE_trunkline").into()));
    command
        .args(args)
        .env_clear()
        .env("RUST_BACKTRACE", "1")
        .envs(env.iter().cloned())
        .stdin(Stdio::null());
    command
}

/// How a command ended, and what it said.
#[derive(Debug)]
pub struct Output {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

/// Runs a command of the binary to its end.
pub async fn run(args: &[&str], env: &[(String, String)], limit: Duration) -> Output {
    let args: Vec<String> = args.iter().map(|&arg| arg.to_owned()).collect();
    let mut command = tokio::process::Command::from(command(None, &args, env));
    let output = command.kill_on_drop(true).output();
    let output = tokio::time::timeout(limit, output).await;
    let output = output.unwrap_or_else(|_| panic!("trunkline {args:?} did not end in {limit:?}"));
    let output = output.expect("the binary was built for this test");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Output {
        code: output.status.code(),
        out: text(&output.stdout),
        err: text(&output.stderr),
    }
}
