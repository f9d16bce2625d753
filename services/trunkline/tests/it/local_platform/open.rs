//! How a platform comes up.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use serde_json::Value;
use testkit::Proxy;
use tokio::sync::SemaphorePermit;

use super::process::{Output, Process, run};
use super::twilio::{ACCOUNT, TOKEN, Twilio};
use super::wait::free_port;
use super::{
    ADMIN, Backends, Front, LocalPlatform, Mode, NO_SETTINGS, ROLES, SECRET_KEY, SERVICE_KEY,
};

/// Our own crates tell all; what others would tell is theirs.
const LOG: &str = "info,trunkline=debug,role=debug,bus=debug,store=debug,twilio_api=debug,\
                   tenants=debug,calls=debug,dispatch=debug,egress=debug,ingress=debug,\
                   interviews=debug,streams=debug,recordings=debug,\
                    console=debug,scoring=debug,ai=debug,objects=debug";

/// How many times faster than real time calls go: most are over within a second.
const SPEED: &str = "30";

/// What a case wants of its platform.
pub struct Plan {
    mode: Mode,
    /// The apply file; none: nothing is applied.
    world: Option<String>,
    /// Whether the wires to broker and database can be cut.
    wires: bool,
    /// Whether all roles go through the wire to the broker, and not ingress alone.
    whole_bus: bool,
    rough: bool,
    /// Whether one address leads to all processes.
    fronted: bool,
    speed: &'static str,
    /// What the roles run first, in place of what was built for the test.
    binary: Option<PathBuf>,
    /// How long the whole case may take.
    pub(super) limit: Duration,
    /// What every process is told beside what it is told anyway.
    env: Vec<(String, String)>,
}

impl Plan {
    /// Without anything special.
    pub fn new(mode: Mode, world: &str) -> Self {
        Self {
            mode,
            world: Some(world.to_owned()),
            wires: false,
            whole_bus: false,
            rough: false,
            fronted: false,
            speed: SPEED,
            binary: None,
            limit: super::LIMIT,
            env: Vec::new(),
        }
    }

    /// With wires that can be cut.
    pub fn wires(mut self) -> Self {
        self.wires = true;
        self
    }

    /// With every role's way to the broker by the wire.
    pub fn whole_bus(mut self) -> Self {
        self.whole_bus = true;
        self
    }

    /// With more settings.
    pub fn env(mut self, more: impl IntoIterator<Item = (&'static str, String)>) -> Self {
        let more = more.into_iter();
        self.env
            .extend(more.map(|(name, value)| (name.to_owned(), value)));
        self
    }

    /// With roles that begin as another binary, the version before for one.
    pub fn binary(mut self, binary: Option<PathBuf>) -> Self {
        self.binary = binary;
        self
    }

    /// With calls that go so many times faster than real time: on a stream the platform's own time counts.
    pub fn speed(mut self, speed: &'static str) -> Self {
        self.speed = speed;
        self
    }

    /// With one address for all processes, as a reverse proxy gives them: a stream's socket and its webhooks are on the same.
    pub fn fronted(mut self) -> Self {
        self.fronted = true;
        self
    }

    /// A case that takes longer than others.
    pub fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// Webhooks of the emulator may fail.
    pub fn rough(mut self) -> Self {
        self.rough = true;
        self
    }
}

impl LocalPlatform {
    /// Everything but the processes' start.
    pub(super) async fn new(plan: Plan, turn: SemaphorePermit<'static>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let names: &[&str] = match plan.mode {
            Mode::Embedded => &["up"],
            Mode::Split => &ROLES,
        };
        let ports: BTreeMap<String, u16> = names
            .iter()
            .map(|name| ((*name).to_owned(), free_port()))
            .collect();
        let emulator = free_port();
        let backends = (plan.mode == Mode::Split).then(Backends::new);
        let (mut bus_wire, mut database_wire) = (None, None);
        let mut env = Vec::new();
        let mut ingress_amqp = None;
        if let Some(backends) = &backends {
            let (mut amqp, mut database) =
                (backends.amqp_url.clone(), backends.database_url.clone());
            if plan.wires {
                let wire = Proxy::to(&amqp);
                ingress_amqp = Some(wire.url());
                if plan.whole_bus {
                    amqp = wire.url();
                }
                bus_wire = Some(wire);
                let wire = Proxy::to(&database);
                database = wire.url();
                database_wire = Some(wire);
            }
            env.extend([
                ("AMQP_URL".to_owned(), amqp),
                ("DATABASE_URL".to_owned(), database),
                ("TRUNKLINE_NAMESPACE".to_owned(), backends.namespace.clone()),
                ("TRUNKLINE_DATABASE_POOL".to_owned(), "4".to_owned()),
            ]);
        }
        let front = match plan.mode {
            Mode::Split if plan.fronted => {
                Some(Front::open(ports["ingress"], ports["streams"]).await)
            }
            _ => None,
        };
        let platform = Self {
            front,
            mode: plan.mode,
            twilio: Twilio::new(emulator_process(dir.path(), emulator, plan.speed), emulator),
            dir,
            processes: Mutex::default(),
            ports: Mutex::new(ports.clone()),
            backends,
            bus_wire,
            database_wire,
            expected: Mutex::default(),
            secrets: Mutex::default(),
            rough: plan.rough,
            http: super::wait::client(),
            turn: Mutex::new(Some(turn)),
        };
        env.extend(platform.settings());
        env.extend(plan.env.iter().cloned());
        if let Some(world) = &plan.world {
            std::fs::write(platform.dir.path().join("world.yaml"), world).unwrap();
        }
        for (name, port) in &ports {
            let mut env = env.clone();
            if name == "ingress"
                && let Some(url) = &ingress_amqp
            {
                env.retain(|(name, _)| name != "AMQP_URL");
                env.push(("AMQP_URL".to_owned(), url.clone()));
            }
            // Where there is no S3, those who make files and those who serve them share a folder.
            let folder = match name.as_str() {
                "scoring" | "ingress" | "recordings" | "streams" => "files",
                name => name,
            };
            let data = platform.dir.path().join("data").join(folder);
            let mut args = vec![
                "up".to_owned(),
                "--port".to_owned(),
                port.to_string(),
                "--data-dir".to_owned(),
                data.display().to_string(),
                "--config".to_owned(),
                NO_SETTINGS.to_owned(),
            ];
            if platform.mode == Mode::Split {
                args.extend(["--role".to_owned(), name.clone()]);
            }
            let process = Process::new(name, platform.dir.path(), &args, &env);
            let process = process.of(plan.binary.as_deref());
            platform
                .processes
                .lock()
                .unwrap()
                .insert(name.clone(), process);
        }
        platform
    }

    /// What every process of the platform is told.
    pub fn settings(&self) -> Vec<(String, String)> {
        let ingress = self.front_door();
        [
            ("RUST_LOG", LOG),
            ("TRUNKLINE_EMULATOR", "off"),
            ("TWILIO_ACCOUNT_SID", ACCOUNT),
            ("TWILIO_AUTH_TOKEN", TOKEN),
            ("TWILIO_API_BASE_URL", &self.twilio.base),
            ("WEBHOOK_BASE_URL", &ingress),
            ("TRUNKLINE_ADMIN_API_KEY", ADMIN),
            ("INTERNAL_SERVICE_KEY", SERVICE_KEY),
            ("TRUNKLINE_SECRET_KEY", SECRET_KEY),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec()
    }

    /// Starts everything, applies the world, and gives the emulator its numbers.
    pub(super) async fn start(&self) {
        self.twilio.process.lock().unwrap().start();
        for process in self.processes.lock().unwrap().values_mut() {
            process.start();
        }
        self.twilio.is_up().await;
        self.are_ready().await;
        let world = self.dir.path().join("world.yaml");
        if let Ok(text) = std::fs::read_to_string(&world) {
            let applied = self.apply(&world.display().to_string()).await;
            assert_eq!(applied.code, Some(0), "{applied:?}");
            let world: Value = serde_yaml_ng::from_str(&text).unwrap();
            let ingress = self.front_door();
            for tenant in world["tenants"].as_array().unwrap() {
                for number in tenant["numbers"].as_array().into_iter().flatten() {
                    let number = number["number"].as_str().unwrap();
                    self.twilio.buy(number, &ingress).await;
                }
            }
        }
    }

    /// Waits until every process can do its work.
    pub async fn are_ready(&self) {
        for role in ROLES.iter() {
            self.is_ready(role).await;
        }
    }

    /// `trunkline apply -f FILE`.
    pub async fn apply(&self, file: &str) -> Output {
        let url = self.url_of("tenants");
        let args = ["apply", "-f", file, "--url", &url, "--api-key", ADMIN];
        run(&args, &[], Duration::from_secs(180)).await
    }
}

fn emulator_process(dir: &std::path::Path, port: u16, speed: &str) -> Process {
    let seed: u32 = rand::random();
    let args = [
        "emulator",
        "--port",
        &port.to_string(),
        "--account-sid",
        ACCOUNT,
        "--auth-token",
        TOKEN,
        "--speed",
        speed,
        "--seed",
        &seed.to_string(),
    ]
    .map(str::to_owned);
    Process::new("emulator", dir, &args, &[])
}
