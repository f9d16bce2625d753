//! `trunkline doctor`: is everything that the settings name there, and does it work?

mod ai;

use std::time::Duration;

use bus::Bus;
use clock::Clock;
use role::settings::Settings;

use crate::Failure;
use crate::cli::{DoctorArgs, DoctorWhat};
use crate::local;
use crate::signature;
use crate::terminal::{Colour, paint, say};

const PATIENCE: Duration = Duration::from_secs(8);

/// Checks everything and tells it, one line each.
pub async fn run(args: DoctorArgs) -> Result<(), Failure> {
    if let Some(DoctorWhat::Signature(what)) = &args.what {
        return signature::run(what, &args.place.config);
    }
    let settings = local::settings(&args.place, args.port)?;
    let mut report = Report::default();
    report.ok("settings", "every setting can be read");
    data_dir(&settings, &mut report);
    database(&settings, &mut report).await;
    broker(&settings, &mut report).await;
    objects(&settings, &mut report).await;
    twilio(&settings, &mut report).await;
    public_address(&settings, &mut report).await;
    ai::check(&settings, &mut report).await;
    if report.faults == 0 {
        Ok(())
    } else {
        Err(Failure::failed(format!(
            "{} of these need mending",
            report.faults
        )))
    }
}

#[derive(Default)]
struct Report {
    faults: usize,
}

impl Report {
    fn ok(&mut self, part: &str, what: impl std::fmt::Display) {
        say(format!(
            "{}  {part:<15} {what}",
            paint(Colour::Green, "ok   ")
        ));
    }

    fn note(&mut self, part: &str, what: impl std::fmt::Display) {
        say(format!(
            "{}  {part:<15} {what}",
            paint(Colour::Yellow, "note ")
        ));
    }

    fn fault(&mut self, part: &str, what: impl std::fmt::Display) {
        self.faults += 1;
        say(format!(
            "{}  {part:<15} {what}",
            paint(Colour::Red, "fault")
        ));
    }
}

fn data_dir(settings: &Settings, report: &mut Report) {
    let dir = &settings.data_dir;
    let probe = dir.join(".doctor");
    match std::fs::create_dir_all(dir).and_then(|()| std::fs::write(&probe, b"")) {
        Ok(()) => {
            let _ = std::fs::remove_file(probe);
            report.ok("data folder", format!("{} can be written", dir.display()));
        }
        Err(e) => report.fault(
            "data folder",
            format!(
                "{} cannot be written: {e}; choose another with --data-dir",
                dir.display()
            ),
        ),
    }
}

async fn database(settings: &Settings, report: &mut Report) {
    let Some(url) = &settings.database_url else {
        return report.ok(
            "database",
            "SQLite in the data folder (DATABASE_URL is unset)",
        );
    };
    let probe = store::Database::ping(url.reveal());
    match tokio::time::timeout(PATIENCE, probe).await {
        Ok(Ok(())) => report.ok("database", "PostgreSQL answers"),
        Ok(Err(e)) => report.fault(
            "database",
            format!("{}; check DATABASE_URL", crate::with_source(&e)),
        ),
        Err(_) => report.fault(
            "database",
            "PostgreSQL does not answer in time; check DATABASE_URL and the network",
        ),
    }
}

async fn broker(settings: &Settings, report: &mut Report) {
    let Some(url) = &settings.amqp_url else {
        return report.ok("bus", "embedded in the data folder (AMQP_URL is unset)");
    };
    let config = bus::Config::Amqp {
        url: url.reveal().to_owned(),
        namespace: "trunkline.doctor".to_owned(),
    };
    match tokio::time::timeout(PATIENCE, Bus::connect(&config)).await {
        Ok(Ok(bus)) => {
            let ready = tokio::time::timeout(PATIENCE, bus.ready()).await.is_ok();
            let _ = bus.delete_namespace().await;
            bus.close().await;
            if ready {
                report.ok("bus", "RabbitMQ answers");
            } else {
                report.fault(
                    "bus",
                    "RabbitMQ does not answer; check AMQP_URL and that the broker runs",
                );
            }
        }
        Ok(Err(e)) => report.fault("bus", format!("{}; check AMQP_URL", crate::with_source(&e))),
        Err(_) => report.fault(
            "bus",
            "RabbitMQ does not answer in time; check AMQP_URL and the network",
        ),
    }
}

async fn objects(settings: &Settings, report: &mut Report) {
    let Some(s3) = &settings.objects.s3 else {
        return report.ok("objects", "in the data folder (S3_BUCKET is unset)");
    };
    let objects = scoring::object_store(settings);
    match tokio::time::timeout(PATIENCE, Box::pin(objects.ready())).await {
        Ok(Ok(())) => report.ok(
            "objects",
            format!("the bucket {} is there and lets us in", s3.bucket),
        ),
        Ok(Err(e)) => report.fault(
            "objects",
            format!(
                "{}; check S3_BUCKET, AWS_ENDPOINT_URL, AWS_REGION and the credentials",
                crate::with_source(&e)
            ),
        ),
        Err(_) => report.fault(
            "objects",
            "S3 does not answer in time; check AWS_ENDPOINT_URL and the network",
        ),
    }
}

async fn twilio(settings: &Settings, report: &mut Report) {
    if settings.runs_emulator() {
        return report.ok(
            "twilio",
            "the emulator stands in (no Twilio credentials are set)",
        );
    }
    let Some(account) = &settings.account else {
        return report.fault(
            "twilio",
            "no account: set TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN, or TRUNKLINE_EMULATOR=on",
        );
    };
    if account.tokens.len() > 1 {
        report.note(
            "twilio",
            "two auth tokens are accepted; drop the old one when the rotation is over",
        );
    }
    let base = settings.twilio_api_url();
    let token = account.tokens.first().map_or("", |t| t.reveal());
    let client = match twilio_api::Client::new(base, &account.sid, token) {
        Ok(client) => client,
        Err(e) => return report.fault("twilio", crate::with_source(&e)),
    };
    match tokio::time::timeout(PATIENCE, client.accounts().fetch()).await {
        Ok(Ok(_)) => report.ok(
            "twilio",
            format!("account {} answers at {base}", account.sid),
        ),
        Ok(Err(e)) => report.fault(
            "twilio",
            format!(
                "{}; check TWILIO_ACCOUNT_SID and TWILIO_AUTH_TOKEN",
                crate::with_source(&e)
            ),
        ),
        Err(_) => report.fault("twilio", format!("{base} does not answer in time")),
    }
}

async fn public_address(settings: &Settings, report: &mut Report) {
    let url = settings.public_url();
    if settings.webhook_base_url.is_none() {
        if !settings.runs_emulator() {
            report.note(
                "public address",
                "WEBHOOK_BASE_URL is unset, so Twilio cannot reach this machine",
            );
        }
        return;
    }
    if url.starts_with("http://") && !url.contains("localhost") && !url.contains("127.0.0.1") {
        report.note(
            "public address",
            "is http: Twilio keeps the port in its signatures then, and anyone can read along",
        );
    }
    let clock = Clock::system();
    let started = clock.now();
    let probe = reqwest::Client::new()
        .get(format!("{url}/health/live"))
        .timeout(PATIENCE)
        .send()
        .await;
    match probe {
        Ok(answer) if answer.status().is_success() => {
            report.ok(
                "public address",
                format!(
                    "{url} answers in {} ms",
                    (clock.now() - started).num_milliseconds()
                ),
            );
        }
        Ok(answer) => report.note(
            "public address",
            format!(
                "{url}/health/live answers {}; is that this platform?",
                answer.status().as_u16()
            ),
        ),
        Err(_) => report.note(
            "public address",
            format!("{url} does not answer from here; is the platform up?"),
        ),
    }
}
