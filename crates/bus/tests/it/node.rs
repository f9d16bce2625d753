//! A RabbitMQ of one's own, to be killed.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use bus::{Bus, Config};

use crate::harness::{amqp_config, eventually};

/// A node in a folder, on ports of its own, gone with the test.
pub struct Node {
    dir: tempfile::TempDir,
    name: String,
    port: u16,
    dist_port: u16,
    process: Option<Child>,
}

impl Node {
    pub fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        for (file, text) in [
            (
                "rabbitmq.conf",
                "loopback_users.guest = true\ndisk_free_limit.absolute = 50MB\n",
            ),
            ("env.conf", ""),
            ("plugins", "[].\n"),
            ("advanced.config", "[].\n"),
        ] {
            std::fs::write(dir.path().join(file), text).unwrap();
        }
        let name = format!("bus-test-{:08x}@localhost", rand::random::<u32>());
        Self {
            dir,
            name,
            port: free_port(),
            dist_port: free_port(),
            process: None,
        }
    }

    /// One that closes the channel of a delivery that is not acked in this time, and looks as often.
    pub fn with_consumer_timeout(timeout: Duration) -> Self {
        let (node, ms) = (Self::new(), timeout.as_millis());
        let config = format!(
            "[{{rabbit, [{{consumer_timeout, {ms}}}, {{channel_tick_interval, {ms}}}]}}].\n"
        );
        std::fs::write(node.dir.path().join("advanced.config"), config).unwrap();
        node
    }

    pub fn config(&self) -> Config {
        amqp_config(&format!("amqp://guest:guest@127.0.0.1:{}/%2f", self.port))
    }

    /// Starts it, or starts it again on what the last one left.
    pub fn start(&mut self) {
        let path = |file: &str| self.dir.path().join(file);
        let _ = std::fs::remove_file(path("pid"));
        let log = std::fs::File::options()
            .create(true)
            .append(true)
            .open(path("out.log"))
            .unwrap();
        let started = Command::new(server())
            .env("HOME", self.dir.path())
            .env("RABBITMQ_NODENAME", &self.name)
            .env("RABBITMQ_NODE_IP_ADDRESS", "127.0.0.1")
            .env("RABBITMQ_NODE_PORT", self.port.to_string())
            .env("RABBITMQ_DIST_PORT", self.dist_port.to_string())
            .env("ERL_EPMD_ADDRESS", "127.0.0.1")
            .env(
                "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS",
                "-kernel inet_dist_use_interface {127,0,0,1}",
            )
            .env("RABBITMQ_MNESIA_BASE", path("data"))
            .env("RABBITMQ_LOG_BASE", path("log"))
            .env("RABBITMQ_CONFIG_FILE", path("rabbitmq.conf"))
            .env("RABBITMQ_ADVANCED_CONFIG_FILE", path("advanced.config"))
            .env("RABBITMQ_CONF_ENV_FILE", path("env.conf"))
            .env("RABBITMQ_ENABLED_PLUGINS_FILE", path("plugins"))
            .env("RABBITMQ_PID_FILE", path("pid"))
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn();
        self.process =
            Some(started.expect("rabbitmq-server is needed for this test: install RabbitMQ"));
    }

    /// Waits for the node and connects to it.
    pub async fn connect(&self) -> (Bus, Config) {
        let config = self.config();
        let bus = Bus::connect(&config).await.unwrap();
        let ready = tokio::time::timeout(Duration::from_secs(60), bus.ready()).await;
        assert!(ready.is_ok(), "the node does not come up: {}", self.log());
        // Its pid is written down a little later.
        eventually("the node has a pid", async || self.pid().is_some()).await;
        (bus, config)
    }

    /// `kill -9`, nothing flushed, nobody told.
    pub fn kill(&mut self) {
        if let Some(pid) = self.pid() {
            let _ = Command::new("kill").args(["-9", &pid.to_string()]).status();
            let _ = std::fs::remove_file(self.dir.path().join("pid"));
        }
        if let Some(mut process) = self.process.take() {
            // The script around it, if it is another process.
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    fn pid(&self) -> Option<u32> {
        std::fs::read_to_string(self.dir.path().join("pid"))
            .ok()?
            .trim()
            .parse()
            .ok()
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("out.log")).unwrap_or_default()
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The script itself: the one in `/usr/sbin` of some systems changes the user and loses the environment.
fn server() -> PathBuf {
    let inside = Path::new("/usr/lib/rabbitmq/bin/rabbitmq-server");
    if inside.exists() {
        inside.to_owned()
    } else {
        PathBuf::from("rabbitmq-server")
    }
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}
