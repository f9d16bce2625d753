//! `trunkline doctor`: is everything that the settings name there, and does it work?

mod ai;
mod apps;
mod broker;
mod kept;
mod report;
mod webhooks;

use clock::Clock;
use settings::{Secret, Settings};

use crate::Failure;
use crate::cli::{DoctorArgs, DoctorWhat};
use crate::local;
use crate::migrate;
use crate::signature;
use report::{PATIENCE, Report};

/// Checks everything and tells it, one line each.
pub async fn run(args: DoctorArgs) -> Result<(), Failure> {
    if let Some(DoctorWhat::Signature(what)) = &args.what {
        return signature::run(what, args.place.config());
    }
    let settings = local::settings(&args.place, args.port)?;
    let mut report = Report::default();
    report.ok("settings", "every setting can be read");
    data_dir(&settings, &mut report);
    database(&settings, &mut report).await;
    broker::check(&settings, &mut report).await;
    objects(&settings, &mut report).await;
    twilio(&settings, &mut report).await;
    public_address(&settings, &mut report).await;
    ai::check(&settings, &mut report).await;
    apps::check(&settings, &mut report).await;
    tables(&settings, &args, &mut report).await;
    if report.faults == 0 {
        Ok(())
    } else {
        Err(Failure::failed(format!(
            "{} of these need mending",
            report.faults
        )))
    }
}

/// What is kept, and what follows from it.
async fn tables(settings: &Settings, args: &DoctorArgs, report: &mut Report) {
    kept::server(settings, report).await;
    if !settings.runs_emulator() {
        webhooks::clock(settings, report).await;
    }
    let database = migrate::database(settings, &args.place);
    if !kept::migrations(&database, report).await {
        return;
    }
    // A key that a laptop has made up is in its folder.
    let mut settings = settings.clone();
    if settings.secret_key.is_none() {
        let local = local::Local::read(&settings.data_dir);
        settings.secret_key = local.map(|local| Secret::new(local.secret_key));
    }
    if let Some(inventory) = kept::key(&settings, &database, report).await {
        webhooks::check(&settings, &inventory, args.fix, report).await;
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

/// Stores an object, reads it back and deletes it: what a policy allows is known only then.
async fn objects(settings: &Settings, report: &mut Report) {
    let (place, mend) = match &settings.objects.s3 {
        None => (
            "the data folder (S3_BUCKET is unset)".to_owned(),
            "check that the folder can be written and has room",
        ),
        Some(s3) => (
            format!("the bucket {}", s3.bucket),
            "check S3_BUCKET, AWS_ENDPOINT_URL, AWS_REGION, the credentials, and that they may put, get and delete objects",
        ),
    };
    let objects = scoring::object_store(settings);
    match tokio::time::timeout(PATIENCE, Box::pin(objects.probe())).await {
        Ok(Ok(())) => report.ok(
            "objects",
            format!("one was stored in {place}, read back and deleted"),
        ),
        Ok(Err(e)) => report.fault("objects", format!("{}; {mend}", crate::with_source(&e))),
        Err(_) => report.fault(
            "objects",
            format!("{place} does not answer in time; {mend}"),
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
