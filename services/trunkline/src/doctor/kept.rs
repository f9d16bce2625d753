//! The roles' tables: migrations, the key that credentials are sealed with, the clock of the server.

use clock::Clock;
use encryption::Sealer;
use settings::Settings;
use store::{Database, Store};
use tenants::Inventory;

use super::report::{PATIENCE, Report};
use crate::roles::ROLES;

/// From here on clocks are told apart, in seconds; from there on signed links and quiet hours go wrong.
const NOTED_S: i64 = 2;
const WRONG_S: i64 = 30;

/// Tells how far a clock is away from ours.
pub fn clock(report: &mut Report, whose: &str, now: chrono::DateTime<chrono::Utc>) {
    let skew = (Clock::system().now() - now).num_seconds();
    let words = format!("this machine is {} s away from {whose}", skew.abs());
    match skew.abs() {
        s if s < NOTED_S => report.ok("clock", format!("agrees with {whose}")),
        s if s < WRONG_S => report.note("clock", format!("{words}; let NTP keep it")),
        _ => report.fault(
            "clock",
            format!("{words}; set it, and let NTP keep it: signed links and timers go by it"),
        ),
    }
}

/// How PostgreSQL is reached, and its clock.
pub async fn server(settings: &Settings, report: &mut Report) {
    let Some(url) = &settings.database_url else {
        return;
    };
    // That it does not answer is told elsewhere.
    if let Ok(Ok(facts)) = tokio::time::timeout(PATIENCE, Database::facts(url.reveal())).await {
        match facts.is_shared {
            true => report.ok(
                "pooling",
                "a proxy shares connections by transaction; session settings are set in each",
            ),
            false => report.ok(
                "pooling",
                "connections keep their session: PostgreSQL itself, or PgBouncer with pool_mode = session",
            ),
        }
        clock(report, "PostgreSQL", facts.now);
    }
}

/// Every role's schema beside this binary's migrations. Whether all of them are up to date.
pub async fn migrations(database: &Database, report: &mut Report) -> bool {
    let (mut pending, mut fresh) = (Vec::new(), true);
    for role in ROLES {
        let Some(migrations) = role.migrations else {
            continue;
        };
        let prepared = Store::prepare(database, role.name, migrations());
        let state = match prepared {
            Ok((_, schema)) => tokio::time::timeout(PATIENCE, schema.state()).await,
            Err(e) => Ok(Err(e)),
        };
        match state {
            Ok(Ok(state)) if state.unknown > 0 => {
                report.fault(
                    "migrations",
                    format!(
                        "{} has had {} migrations that this version does not know: a newer one was here; use that",
                        role.name, state.unknown
                    ),
                );
                fresh = false;
            }
            Ok(Ok(state)) if state.pending > 0 => pending.push(role.name),
            Ok(Ok(_)) => {}
            Ok(Err(e)) => {
                report.fault(
                    "migrations",
                    format!("{}: {}", role.name, crate::with_source(&e)),
                );
                fresh = false;
            }
            Err(_) => {
                report.fault("migrations", format!("{}: no answer in time", role.name));
                fresh = false;
            }
        }
    }
    if !pending.is_empty() {
        report.note(
            "migrations",
            format!(
                "{} wait for `trunkline migrate`; `trunkline up` does the same",
                pending.join(", ")
            ),
        );
    } else if fresh {
        report.ok("migrations", "every role's schema is up to date");
    }
    fresh && pending.is_empty()
}

/// Whether the key opens what is stored; gives what there is.
pub async fn key(
    settings: &Settings,
    database: &Database,
    report: &mut Report,
) -> Option<Inventory> {
    let key = settings.secret_key.as_ref()?;
    let opened = Store::open(database, tenants::ROLE.name, tenants::MIGRATIONS).await;
    let store = match opened {
        Ok(store) => store,
        Err(e) => {
            report.fault("secret key", crate::with_source(&e));
            return None;
        }
    };
    match tenants::inventory(&store, &Sealer::new(key)).await {
        Ok(inventory) => {
            match inventory.outdated {
                0 => report.ok("secret key", "opens every stored credential"),
                n => report.note(
                    "secret key",
                    format!("{n} tenants' credentials are sealed with an older key; run `trunkline reseal`"),
                ),
            }
            Some(inventory)
        }
        Err(e) => {
            report.fault(
                "secret key",
                format!("{}; set TRUNKLINE_SECRET_KEY to the one that this database was made with, or to new,old", crate::with_source(&e)),
            );
            None
        }
    }
}
