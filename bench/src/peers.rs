//! The peers: the same job in Express and in FastAPI with Twilio's own SDKs, and the whole routing of a call in Node; installed
//! into `target/bench`.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use lapin::options::QueueDeleteOptions;
use lapin::{Connection, ConnectionProperties};

use crate::database::Database;
use crate::process::{Server, free_ports};
use crate::{Options, say, twilio};

/// A peer that is ready to be loaded.
pub struct Peer {
    /// Its processes.
    pub server: Server,
    /// Its port on 127.0.0.1.
    pub port: u16,
    queues: Vec<String>,
    database: Option<Database>,
}

impl Peer {
    /// Ends it and deletes its queues, so that its messages are no weight for the next one, and its database.
    pub async fn stop(self, options: &Options) -> Result<()> {
        self.server.stop().await;
        if self.queues.is_empty() {
            return Ok(());
        }
        let connection =
            Connection::connect(&options.amqp_url, ConnectionProperties::default()).await?;
        let channel = connection.create_channel().await?;
        for queue in &self.queues {
            channel
                .queue_delete(queue.as_str().into(), QueueDeleteOptions::default())
                .await?;
        }
        connection.close(200, "done".into()).await?;
        match &self.database {
            Some(database) => database.drop().await,
            None => Ok(()),
        }
    }
}

/// Node, Express, the official SDK, amqplib.
pub async fn express(options: &Options) -> Result<Peer> {
    let mut node = node(options, "express")?;
    start(options, "express", &mut node, None).await
}

/// The whole routing of a call in Node: Express, two consumers, `pg`.
pub async fn routing(options: &Options) -> Result<Peer> {
    let mut node = node(options, "node")?;
    let database = Database::create(&options.database_url, "node").await?;
    node.env("DATABASE_URL", &database.url);
    start(options, "node", &mut node, Some(database)).await
}

/// A peer in Node, installed, ready to be started.
fn node(options: &Options, name: &str) -> Result<Command> {
    let home = installed(options, name, "package.json", |home| {
        let mut npm = Command::new("npm");
        npm.args([
            "install",
            "--no-package-lock",
            "--no-audit",
            "--no-fund",
            "--omit=dev",
        ]);
        run(npm.current_dir(home))
    })?;
    let mut node = Command::new("node");
    node.arg("server.js").env("NODE_ENV", "production");
    node.current_dir(home);
    Ok(node)
}

/// Python, FastAPI on uvicorn with uvloop, the official SDK, aio-pika.
pub async fn fastapi(options: &Options) -> Result<Peer> {
    let mut uvicorn = uvicorn(options, "fastapi")?;
    uvicorn.args(["--http", "httptools"]);
    start(options, "fastapi", &mut uvicorn, None).await
}

/// Media Streams through Pipecat's serializer for Twilio, on the same server.
pub async fn pipecat(options: &Options) -> Result<Peer> {
    let mut uvicorn = uvicorn(options, "pipecat")?;
    start(options, "pipecat", &mut uvicorn, None).await
}

/// A peer in Python, installed, ready to be started.
fn uvicorn(options: &Options, name: &str) -> Result<Command> {
    let home = installed(options, name, "requirements.txt", |home| {
        run(Command::new("python3")
            .args(["-m", "venv", "venv"])
            .current_dir(home))?;
        let mut pip = Command::new(home.join("venv/bin/pip"));
        pip.args([
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "-r",
            "requirements.txt",
        ]);
        run(pip.current_dir(home))
    })?;
    let mut uvicorn = Command::new(home.join("venv/bin/uvicorn"));
    uvicorn.args(["server:app", "--host", "127.0.0.1", "--loop", "uvloop"]);
    uvicorn.args(["--no-access-log", "--log-level", "warning"]);
    uvicorn.current_dir(home);
    Ok(uvicorn)
}

/// Copies the peer's sources beside its libraries, and installs those when their list is new.
fn installed(
    options: &Options,
    name: &str,
    list: &str,
    install: impl FnOnce(&Path) -> Result<()>,
) -> Result<std::path::PathBuf> {
    fs::create_dir_all(options.out.join(name))?;
    let home = fs::canonicalize(options.out.join(name))?;
    let sources = options.peers.join(name);
    for entry in
        fs::read_dir(&sources).with_context(|| format!("{} cannot be read", sources.display()))?
    {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            fs::copy(entry.path(), home.join(entry.file_name()))?;
        }
    }
    let (wanted, stamp) = (fs::read_to_string(home.join(list))?, home.join("installed"));
    if fs::read_to_string(&stamp).ok().as_deref() != Some(wanted.as_str()) {
        say(&format!(
            "bench: installing the libraries of {name} into {}",
            home.display()
        ));
        install(&home).with_context(|| format!("the libraries of {name}"))?;
        fs::write(stamp, wanted)?;
    }
    Ok(home)
}

fn run(command: &mut Command) -> Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let output = command
        .stdin(Stdio::null())
        .output()
        .with_context(|| format!("{program} cannot be run; is it installed?"))?;
    let said = String::from_utf8_lossy(&output.stderr);
    ensure!(
        output.status.success(),
        "{program} failed: {}",
        said.trim_end()
    );
    Ok(())
}

async fn start(
    options: &Options,
    name: &str,
    command: &mut Command,
    database: Option<Database>,
) -> Result<Peer> {
    let (port, queue) = (
        free_ports()?,
        format!("bench.{name}.{}", std::process::id()),
    );
    // As many processes as processors, as both would be run.
    let workers = std::thread::available_parallelism()?.to_string();
    if ["fastapi", "pipecat"].contains(&name) {
        command.args(["--port", &port.to_string(), "--workers", &workers]);
    }
    command
        .env("PORT", port.to_string())
        .env("WORKERS", workers)
        .env("AMQP_URL", &options.amqp_url)
        .env("QUEUE", &queue)
        .env("TWILIO_AUTH_TOKEN", twilio::AUTH_TOKEN)
        .env("NUMBER", twilio::NUMBER)
        .env("FORWARD_TO", twilio::FORWARD_TO);
    let mut server = Server::start(name, command, &options.out.join("logs"))?;
    // Python reads a lot before it listens.
    server.ready(port, Duration::from_secs(60)).await?;
    let queues = match database {
        // It has nothing to do with the broker.
        _ if name == "pipecat" => Vec::new(),
        Some(_) => ["tenants", "calls", "events"]
            .map(|it| format!("{queue}.{it}"))
            .into(),
        None => vec![queue],
    };
    Ok(Peer {
        server,
        port,
        queues,
        database,
    })
}
