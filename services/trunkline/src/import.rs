//! `trunkline import`: what another platform kept, into empty tables of either engine.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read};

use store::{Store, Table, Tx};
use tar::{Archive, Entry};

use crate::Failure;
use crate::archive::{
    CONTENT_TYPE, END, End, FORMAT, MANIFEST, Manifest, OBJECTS, RoleTables, TABLES,
    database_failure, stores, witness,
};
use crate::cli::ImportArgs;
use crate::local;
use crate::terminal::say;

/// Reads it. A role's rows come in one transaction; after an interruption the same command goes on.
pub async fn run(args: ImportArgs) -> Result<(), Failure> {
    let settings = local::settings(&args.place, 8080)?;
    let settings = local::complete(settings, false)?.settings;
    let shown = args.file.display();
    let unreadable = |e: std::io::Error| Failure::Usage(format!("{shown} cannot be read: {e}"));
    let file = File::open(&args.file).map_err(unreadable)?;
    let mut archive = Archive::new(BufReader::new(file));
    let mut entries = archive.entries().map_err(unreadable)?;
    let first = entries.next().transpose().map_err(unreadable)?;
    let manifest = manifest(first)
        .ok_or_else(|| Failure::Usage(format!("{shown} is no file of `trunkline export`")))?;
    if !witness(&settings)?.contains(&manifest.key) {
        return Err(Failure::Usage(
            "the credentials in the file are sealed with another key; set TRUNKLINE_SECRET_KEY to the exported platform's (secret_key in its data folder's local.json, if it was made up), or to new,old"
                .to_owned(),
        ));
    }
    let stores = stores(&settings, &args.place).await?;
    let mut targets = BTreeMap::new();
    for (role, store) in stores {
        let Some(source) = manifest.roles.get(role) else {
            continue;
        };
        if let Some(target) = Target::look(role, store, source).await? {
            targets.insert(role.to_owned(), target);
        } else {
            say(format!("{role}: is here already"));
        }
    }
    let objects = scoring::object_store(&settings);
    let mut open: Option<Open> = None;
    // What came, whether it was here already or not.
    let (mut came, mut end) = (End::default(), None);
    for entry in entries {
        let mut entry = entry.map_err(unreadable)?;
        let path = entry
            .path()
            .map_err(unreadable)?
            .to_string_lossy()
            .into_owned();
        if let Some(key) = path.strip_prefix(OBJECTS) {
            close(open.take()).await?;
            let kind = content_type(&mut entry).map_err(unreadable)?;
            let size = entry.size();
            if entry.header().entry_type().is_gnu_sparse() {
                return Err(Failure::failed(format!(
                    "{path} was not written by `trunkline export`"
                )));
            }
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).map_err(unreadable)?;
            if bytes.len() as u64 != size {
                return Err(Failure::failed(format!(
                    "the file breaks off in {path}: copy it again"
                )));
            }
            let put = Box::pin(objects.put(key, bytes, &kind)).await;
            put.map_err(|e| {
                Failure::failed(format!("the object store: {}", crate::with_source(&e)))
            })?;
            came.objects += 1;
            continue;
        }
        if path == END {
            end = serde_json::from_reader(&mut entry).ok();
            continue;
        }
        let Some((role, table)) = place(&path) else {
            continue;
        };
        let mut text = String::new();
        entry.read_to_string(&mut text).map_err(unreadable)?;
        came.rows += text.lines().count() as u64;
        let Some(target) = targets.get(role) else {
            continue;
        };
        if open.as_ref().is_none_or(|open| open.role != role) {
            close(open.take()).await?;
            open = Some(Open {
                role: role.to_owned(),
                tx: target.store.begin().await.map_err(database_failure)?,
                rows: 0,
            });
        }
        let source = manifest.roles.get(role).map(|role| &role.tables);
        let (Some(from), Some(to), Some(open)) = (
            source.and_then(|tables| named(tables, table)),
            named(&target.tables, table),
            open.as_mut(),
        ) else {
            return Err(Failure::failed(format!(
                "there is no table {role}.{table} here"
            )));
        };
        for line in text.lines() {
            open.tx
                .add_row(from, to, line)
                .await
                .map_err(database_failure)?;
            open.rows += 1;
        }
    }
    close(open.take()).await?;
    say(format!("{} objects", came.objects));
    if end.as_ref() != Some(&came) {
        return Err(Failure::failed(format!(
            "{shown} is not whole: its last entry does not say what came; copy it again, and import once more"
        )));
    }
    for (role, target) in targets {
        let (Some(source), now) = (manifest.roles.get(&role), target.count().await?) else {
            continue;
        };
        if now != source.rows {
            return Err(Failure::failed(format!(
                "{role}: the file does not have every row; is it whole?"
            )));
        }
    }
    say("imported; point the numbers' webhooks at this platform, and start it");
    Ok(())
}

/// A role whose rows are being added.
struct Open {
    role: String,
    tx: Tx,
    rows: u64,
}

async fn close(open: Option<Open>) -> Result<(), Failure> {
    let Some(Open { role, tx, rows }) = open else {
        return Ok(());
    };
    tx.commit().await.map_err(database_failure)?;
    say(format!("{role}: {rows} rows"));
    Ok(())
}

/// Where a role's rows go.
struct Target {
    store: Store,
    tables: Vec<Table>,
}

impl Target {
    /// An empty one; none: it has all the rows that the file has.
    async fn look(role: &str, store: Store, source: &RoleTables) -> Result<Option<Self>, Failure> {
        let mut tx = store.begin().await.map_err(database_failure)?;
        let versions = tx.versions().await.map_err(database_failure)?;
        let tables = tx.tables().await.map_err(database_failure)?;
        tx.rollback().await.map_err(database_failure)?;
        if versions != source.versions {
            return Err(Failure::Usage(format!(
                "the schema of {role} is not the exported one; export and import with the same version of trunkline, and change versions before or after"
            )));
        }
        let target = Self { store, tables };
        let rows = target.count().await?;
        if rows == source.rows && rows.values().any(|count| *count > 0) {
            return Ok(None);
        }
        if let Some((table, count)) = rows.iter().find(|(_, count)| **count > 0) {
            return Err(Failure::Usage(format!(
                "{role}.{table} has {count} rows; import into empty tables: another database, TRUNKLINE_NAMESPACE or --data-dir"
            )));
        }
        Ok(Some(target))
    }

    async fn count(&self) -> Result<BTreeMap<String, u64>, Failure> {
        let mut tx = self.store.read().await.map_err(database_failure)?;
        let mut rows = BTreeMap::new();
        for table in &self.tables {
            let count = tx.count(table).await.map_err(database_failure)?;
            rows.insert(table.name.clone(), count);
        }
        Ok(rows)
    }
}

fn manifest<R: Read>(first: Option<Entry<'_, R>>) -> Option<Manifest> {
    let mut first = first?;
    if first.path().ok()?.to_str() != Some(MANIFEST) {
        return None;
    }
    let mut text = String::new();
    first.read_to_string(&mut text).ok()?;
    let manifest: Manifest = serde_json::from_str(&text).ok()?;
    (manifest.format == FORMAT).then_some(manifest)
}

fn content_type<R: Read>(entry: &mut Entry<'_, R>) -> std::io::Result<String> {
    let Some(extensions) = entry.pax_extensions()? else {
        return Ok(String::new());
    };
    let mut said = extensions.filter_map(Result::ok);
    let said = said.find(|extension| extension.key() == Ok(CONTENT_TYPE));
    Ok(said
        .and_then(|extension| extension.value().ok().map(str::to_owned))
        .unwrap_or_default())
}

/// The role and the table of an entry.
fn place(path: &str) -> Option<(&str, &str)> {
    let mut parts = path.strip_prefix(TABLES)?.split('/');
    Some((parts.next()?, parts.next()?))
}

fn named<'a>(tables: &'a [Table], name: &str) -> Option<&'a Table> {
    tables.iter().find(|table| table.name == name)
}
