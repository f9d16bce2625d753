//! Trunkline, one process per role, over RabbitMQ and PostgreSQL.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::database::Database;
use crate::local_platform::settle;
use crate::process::{Server, free_ports};
use crate::{Options, twilio};

const API_KEY: &str = "bench-admin-key-0000000000000000";
/// Where the loaded role listens comes first; the others only serve `apply` and `/health`.
const ROLES: [&str; 3] = ["ingress", "tenants", "calls"];

/// The running roles, their database and their folder; all of it is removed at the end.
pub struct Platform {
    servers: Vec<Server>,
    ports: [u16; 3],
    settings: Vec<(&'static str, String)>,
    database: Database,
    home: PathBuf,
    binary: PathBuf,
    logs: PathBuf,
}

impl Platform {
    /// Starts the three roles and creates a tenant with a number.
    pub async fn start(options: &Options) -> Result<Self> {
        Self::named(options, "routing", &[]).await
    }

    /// One more beside another, under its own name and with settings of its own.
    pub async fn named(
        options: &Options,
        name: &str,
        own: &[(&'static str, &str)],
    ) -> Result<Self> {
        let binary = fs::canonicalize(&options.trunkline)
            .with_context(|| format!("{} is not built", options.trunkline.display()))?;
        let home = options
            .out
            .join(format!("run-{name}-{}", std::process::id()));
        fs::create_dir_all(&home)?;
        let home = fs::canonicalize(home)?;
        let database = Database::create(&options.database_url, name).await?;
        let ports = [free_ports()?, free_ports()?, free_ports()?];
        let mut settings = vec![
            ("AMQP_URL", options.amqp_url.clone()),
            ("DATABASE_URL", database.url.clone()),
            ("TWILIO_ACCOUNT_SID", twilio::ACCOUNT_SID.to_owned()),
            ("TWILIO_AUTH_TOKEN", twilio::AUTH_TOKEN.to_owned()),
            ("WEBHOOK_BASE_URL", format!("http://127.0.0.1:{}", ports[0])),
            (
                "INTERNAL_SERVICE_KEY",
                "bench-service-key-00000000000000".to_owned(),
            ),
            (
                "TRUNKLINE_SECRET_KEY",
                "bench-secret-key-000000000000000".to_owned(),
            ),
            ("TRUNKLINE_ADMIN_API_KEY", API_KEY.to_owned()),
            ("TRUNKLINE_EMULATOR", "off".to_owned()),
            (
                "TRUNKLINE_NAMESPACE",
                format!("bench_{name}_{}", std::process::id()),
            ),
            ("RUST_LOG", "warn".to_owned()),
        ];
        settings.extend(own.iter().map(|(name, it)| (*name, (*it).to_owned())));
        let logs = match name {
            "routing" => options.out.join("logs"),
            other => options.out.join("logs").join(other),
        };
        fs::create_dir_all(&logs)?;
        let mut platform = Self {
            servers: Vec::new(),
            ports,
            settings,
            database,
            home,
            binary,
            logs,
        };
        // The front door last: it asks the others what it needs to know.
        for i in [1, 2, 0] {
            platform.start_role(i).await?;
        }
        platform.servers.rotate_right(1);
        platform.apply()?;
        settle(&twilio::Requests::voice(platform.port()), 0).await?;
        Ok(platform)
    }

    /// The port of ingress.
    pub fn port(&self) -> u16 {
        self.ports[0]
    }

    /// The processes whose work counts.
    pub fn servers(&self) -> Vec<&Server> {
        self.servers.iter().collect()
    }

    /// Ends all roles but ingress. Their queues stay and take what ingress publishes.
    pub async fn only_ingress(&mut self) -> Result<()> {
        for server in self.servers.drain(1..) {
            server.stop().await;
        }
        Ok(())
    }

    /// Ends the rest, drops the database and removes the folder.
    pub async fn stop(mut self) -> Result<()> {
        for server in self.servers.drain(..) {
            server.stop().await;
        }
        fs::remove_dir_all(&self.home)?;
        self.database.drop().await
    }

    async fn start_role(&mut self, i: usize) -> Result<()> {
        let (role, port) = (ROLES[i], self.ports[i]);
        let mut command = self.command();
        command.args([
            "up",
            "--role",
            role,
            "--port",
            &port.to_string(),
            "--data-dir",
        ]);
        command.arg(self.home.join(role));
        let mut server = Server::start(role, &mut command, &self.logs)?;
        server.ready(port, Duration::from_secs(30)).await?;
        self.servers.push(server);
        Ok(())
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.binary);
        // Nothing of the user's own settings counts.
        command
            .env_clear()
            .envs(self.settings.iter().map(|(k, v)| (*k, v)))
            .current_dir(&self.home);
        command
    }

    /// Creates so many tenants more, each with an account of its own and two tokens, and without a number.
    pub fn apply_accounts(&self, count: usize) -> Result<()> {
        let mut tenants = String::from("tenants:\n");
        for n in 0..count {
            let (sid, old, new) = (n + 1_000, 2 * n, 2 * n + 1);
            tenants += &format!(
                "- id: more-{n}\n  name: More {n}\n  timezone: UTC\n  twilio:\n    account_sid: ACb{sid:031x}\n    \
                 auth_tokens: [\"c{new:031x}\", \"c{old:031x}\"]\n",
            );
        }
        self.apply_document("more.yaml", &tenants)
    }

    fn apply(&self) -> Result<()> {
        let tenant = format!(
            "tenants:\n- id: bench\n  name: Bench\n  timezone: UTC\n  forward_to: \"{}\"\n  dial_timeout_s: {}\n  \
             numbers:\n  - {{number: \"{}\", primary: true, voice: forward, sms: conversation}}\n",
            twilio::FORWARD_TO,
            twilio::RINGS_S,
            twilio::NUMBER
        );
        self.apply_document("bench.yaml", &tenant)
    }

    fn apply_document(&self, name: &str, document: &str) -> Result<()> {
        let file = self.home.join(name);
        fs::write(&file, document)?;
        let url = format!("http://127.0.0.1:{}", self.ports[1]);
        let output = self
            .command()
            .args(["apply", "--url", &url, "--api-key", API_KEY, "-f"])
            .arg(&file)
            .output()?;
        let said = String::from_utf8_lossy(&output.stderr);
        ensure!(
            output.status.success(),
            "trunkline apply failed: {}",
            said.trim_end()
        );
        Ok(())
    }
}
