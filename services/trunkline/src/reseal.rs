//! `trunkline reseal`: stored credentials, sealed with the newest key.

use encryption::Sealer;
use store::Store;

use crate::Failure;
use crate::cli::MigrateArgs;
use crate::terminal::say;
use crate::{local, migrate};

/// Seals them; with `new,old` in `TRUNKLINE_SECRET_KEY` what the old one sealed needs it no more.
pub async fn run(args: MigrateArgs) -> Result<(), Failure> {
    let settings = local::settings(&args.place, 8080)?;
    let settings = local::complete(settings, false)?.settings;
    let key = settings.secret_key.as_ref().ok_or_else(|| {
        Failure::Usage("TRUNKLINE_SECRET_KEY is unset; set it to new,old".to_owned())
    })?;
    let database = migrate::database(&settings, &args.place);
    let store = Store::open(&database, tenants::ROLE.name, tenants::MIGRATIONS)
        .await
        .map_err(role::Error::from)?;
    let resealed = tenants::reseal(&store, &Sealer::new(key))
        .await
        .map_err(|e| Failure::failed(crate::with_source(&e)))?;
    say(format!("credentials of {resealed} tenants are sealed anew"));
    Ok(())
}
