//! `trunkline migrate`: every role's schema, up to date.

use role::RoleSpec;
use settings::{Environment, Settings};
use store::{Database, Store};

use crate::Failure;
use crate::cli::{MigrateArgs, Place};
use crate::roles::ROLES;
use crate::terminal::say;

/// Runs the migrations; the platform does the same when it starts.
pub async fn run(args: MigrateArgs) -> Result<(), Failure> {
    let settings = Settings::load(&Environment, Some(args.place.config()))?;
    update(&database(&settings, &args.place), ROLES).await
}

/// Brings the schemas of these roles up to date.
pub async fn update(database: &Database, roles: &[RoleSpec]) -> Result<(), Failure> {
    for role in roles {
        let Some(migrations) = role.migrations else {
            continue;
        };
        Store::open(database, role.name, migrations())
            .await
            .map_err(role::Error::from)?;
        say(format!("{}: up to date", role.name));
    }
    Ok(())
}

/// Where the roles' data is.
pub fn database(settings: &Settings, place: &Place) -> Database {
    match &settings.database_url {
        Some(url) => Database::Postgres {
            url: url.reveal().to_owned(),
            namespace: settings.namespace.clone(),
            pool_size: 1,
        },
        None => Database::Sqlite {
            dir: place.data_dir.join("db"),
        },
    }
}
