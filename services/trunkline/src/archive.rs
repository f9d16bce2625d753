//! What `export` writes and `import` reads: a tar file with a manifest, every role's tables as lines of JSON, and the
//! objects.

use std::collections::BTreeMap;

use encryption::Sealer;
use serde::{Deserialize, Serialize};
use settings::Settings;
use store::{Store, Table};

use crate::Failure;
use crate::cli::Place;
use crate::migrate;
use crate::roles::ROLES;

/// The layout. Another one has another number.
pub const FORMAT: u32 = 2;
/// The first entry.
pub const MANIFEST: &str = "manifest.json";
/// The last entry: without it the file is cut.
pub const END: &str = "end.json";
/// Where tables are: `db/ROLE/TABLE/NUMBER.jsonl`.
pub const TABLES: &str = "db/";
/// Where objects are, by their keys.
pub const OBJECTS: &str = "objects/";
/// What an object's entry says beside its bytes.
pub const CONTENT_TYPE: &str = "SCHILY.xattr.user.content_type";
/// What stands for the key that credentials are sealed with.
const WITNESS: &str = "export";

/// What is in the file.
#[derive(Debug, Serialize, Deserialize)]
pub struct Manifest {
    /// [`FORMAT`].
    pub format: u32,
    /// Of the binary that wrote it.
    pub version: String,
    /// `sqlite` or `postgres`.
    pub engine: String,
    /// What the key makes of a word that we know: whether another key is the same can be told, and no more.
    pub key: String,
    /// By role.
    pub roles: BTreeMap<String, RoleTables>,
}

/// A role's schema and how much is in it.
#[derive(Debug, Serialize, Deserialize)]
pub struct RoleTables {
    /// The migrations that it has had.
    pub versions: Vec<String>,
    /// Each after those that it refers to.
    pub tables: Vec<Table>,
    /// By table.
    pub rows: BTreeMap<String, u64>,
}

/// How much is in the file before its end.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// Of all tables.
    pub rows: u64,
    /// Objects.
    pub objects: u64,
}

/// What stands for the platform's key.
pub fn witness(settings: &Settings) -> Result<Vec<String>, Failure> {
    let key = settings.secret_key.as_ref();
    let key = key.ok_or_else(|| Failure::Usage("TRUNKLINE_SECRET_KEY is unset".to_owned()))?;
    Ok(Sealer::new(key).pseudonyms(WITNESS))
}

/// The stores of all roles that have one, their schemas up to date.
pub async fn stores(
    settings: &Settings,
    place: &Place,
) -> Result<Vec<(&'static str, Store)>, Failure> {
    let database = migrate::database(settings, place);
    let mut stores = Vec::new();
    for role in ROLES {
        let Some(migrations) = role.migrations else {
            continue;
        };
        let store = Store::open(&database, role.name, migrations())
            .await
            .map_err(role::Error::from)?;
        stores.push((role.name, store));
    }
    Ok(stores)
}

/// An error of the database, for people.
pub fn database_failure(error: store::Error) -> Failure {
    role::Error::from(error).into()
}
