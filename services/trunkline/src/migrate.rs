//! `trunkline migrate`: every role's schema, up to date.

use role::settings::{Environment, Settings};
use store::{Database, Store};

use crate::Failure;
use crate::cli::MigrateArgs;
use crate::roles::ROLES;
use crate::terminal::say;

/// Runs the migrations; the platform does the same when it starts.
pub async fn run(args: MigrateArgs) -> Result<(), Failure> {
    let settings = Settings::load(&Environment, Some(&args.place.config))?;
    let database = match settings.database_url {
        Some(url) => Database::Postgres {
            url: url.reveal().to_owned(),
            namespace: settings.namespace,
            pool_size: 1,
        },
        None => Database::Sqlite {
            dir: args.place.data_dir.join("db"),
        },
    };
    for role in ROLES {
        let Some(migrations) = role.migrations else {
            continue;
        };
        Store::open(&database, role.name, migrations())
            .await
            .map_err(role::Error::from)?;
        say(format!("{}: up to date", role.name));
    }
    Ok(())
}
