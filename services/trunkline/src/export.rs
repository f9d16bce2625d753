//! `trunkline export`: all that a platform keeps, as one file.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use bus::Bus;
use settings::Settings;
use store::Store;

use crate::Failure;
use crate::archive::{
    END, End, FORMAT, MANIFEST, Manifest, RoleTables, TABLES, database_failure, stores, witness,
};
use crate::cli::ExportArgs;
use crate::draft::Draft;
use crate::local;
use crate::person;
use crate::terminal::say;

/// As many rows are read at once.
const ROWS: u64 = 1_000;
/// As many objects are listed at once.
const PAGE: usize = 500;

/// Writes it. The platform is stopped: what changes meanwhile would be half in the file.
pub async fn run(args: ExportArgs) -> Result<(), Failure> {
    if let Some(who) = &args.person {
        return Box::pin(person::run(&args, who)).await;
    }
    let settings = local::settings(&args.place, 8080)?;
    let is_given = settings.secret_key.is_some();
    let settings = local::complete(settings, false)?.settings;
    nothing_waits(&settings).await?;
    let stores = stores(&settings, &args.place).await?;
    let mut draft = Draft::open(&args.file)?;
    let mut roles = BTreeMap::new();
    for (role, store) in &stores {
        roles.insert((*role).to_owned(), described(store).await?);
    }
    let manifest = Manifest {
        format: FORMAT,
        version: env!("CARGO_PKG_VERSION").to_owned(),
        engine: stores
            .first()
            .map_or("", |(_, store)| store.engine())
            .to_owned(),
        key: witness(&settings)?.into_iter().next().unwrap_or_default(),
        roles,
    };
    let text = serde_json::to_vec_pretty(&manifest).map_err(Failure::failed)?;
    draft.add(MANIFEST, &text)?;
    let mut end = End::default();
    for (role, store) in &stores {
        let Some(tables) = manifest.roles.get(*role) else {
            continue;
        };
        let rows = write_tables(&mut draft, role, store, tables).await?;
        end.rows += rows;
        say(format!("{role}: {rows} rows"));
    }
    end.objects = Box::pin(write_objects(&mut draft, &settings)).await?;
    say(format!("{} objects", end.objects));
    let text = serde_json::to_vec(&end).map_err(Failure::failed)?;
    draft.add(END, &text)?;
    draft.finish()?;
    say(format!(
        "written to {}; it holds personal data. Credentials in it stay sealed: whoever imports it sets TRUNKLINE_SECRET_KEY to the key of this platform{}",
        args.file.display(),
        match is_given {
            true => String::new(),
            false => format!(
                " (secret_key in {})",
                settings.data_dir.join("local.json").display()
            ),
        }
    ));
    Ok(())
}

/// Events that wait on the embedded bus, and webhooks in the spool, are in no table.
async fn nothing_waits(settings: &Settings) -> Result<(), Failure> {
    let spooled = files(&settings.data_dir.join("spool"), "event");
    let live = files(&settings.data_dir.join("live"), "live");
    let mut waiting = 0;
    if settings.amqp_url.is_none() {
        let config = bus::Config::Embedded {
            dir: settings.data_dir.join("bus"),
        };
        let bus = Bus::connect(&config).await;
        let bus = bus.map_err(|e| {
            let words = crate::with_source(&e);
            Failure::failed(format!("stop the platform first: {words}"))
        })?;
        let depths = bus.depths().await;
        bus.close().await;
        let depths = depths.map_err(|e| Failure::failed(crate::with_source(&e)))?;
        waiting = depths.iter().map(|depth| depth.ready).sum();
        let dead: u64 = depths.iter().map(|depth| depth.dead).sum();
        if dead > 0 {
            say(format!(
                "{dead} dead letters stay behind; `trunkline events dead` has them"
            ));
        }
    }
    if spooled == 0 && waiting == 0 && live == 0 {
        return Ok(());
    }
    Err(Failure::failed(format!(
        "{waiting} events, {spooled} webhooks and {live} recordings of streams are not handled yet; start the platform, wait until GET /api/operating/ shows empty queues, stop it, and export again"
    )))
}

/// How many files of a kind a folder has. What could not be read was set aside under another.
fn files(dir: &Path, kind: &str) -> usize {
    let is_one = |path: &Path| path.extension().is_some_and(|it| it == kind);
    fs::read_dir(dir).map_or(0, |files| {
        files.flatten().filter(|file| is_one(&file.path())).count()
    })
}

async fn described(store: &Store) -> Result<RoleTables, Failure> {
    let mut tx = store.begin().await.map_err(database_failure)?;
    let versions = tx.versions().await.map_err(database_failure)?;
    let tables = tx.tables().await.map_err(database_failure)?;
    let mut rows = BTreeMap::new();
    for table in &tables {
        let count = tx.count(table).await.map_err(database_failure)?;
        rows.insert(table.name.clone(), count);
    }
    tx.rollback().await.map_err(database_failure)?;
    Ok(RoleTables {
        versions,
        tables,
        rows,
    })
}

async fn write_tables(
    draft: &mut Draft,
    role: &str,
    store: &Store,
    described: &RoleTables,
) -> Result<u64, Failure> {
    let mut tx = store.begin().await.map_err(database_failure)?;
    let mut written = 0;
    for table in &described.tables {
        let mut offset = 0;
        loop {
            let rows = tx
                .rows(table, offset, ROWS)
                .await
                .map_err(database_failure)?;
            if rows.is_empty() {
                break;
            }
            let name = format!("{TABLES}{role}/{}/{offset:012}.jsonl", table.name);
            draft.add(&name, (rows.join("\n") + "\n").as_bytes())?;
            offset += rows.len() as u64;
        }
        let told = described.rows.get(&table.name).copied().unwrap_or_default();
        if offset != told {
            return Err(Failure::failed(format!(
                "{role}.{} changes while it is read; stop the platform first",
                table.name
            )));
        }
        written += offset;
    }
    tx.rollback().await.map_err(database_failure)?;
    Ok(written)
}

async fn write_objects(draft: &mut Draft, settings: &Settings) -> Result<u64, Failure> {
    let objects = scoring::object_store(settings);
    let failed = |e: &dyn std::error::Error| {
        Failure::failed(format!("the object store: {}", crate::with_source(e)))
    };
    let (mut after, mut written) = (String::new(), 0);
    loop {
        let page = objects
            .page("", &after, PAGE)
            .await
            .map_err(|e| failed(&e))?;
        for entry in &page.entries {
            // One that was deleted meanwhile is not there any more.
            let object = objects.get(&entry.key).await.map_err(|e| failed(&e))?;
            let Some(object) = object else { continue };
            draft.add_object(&entry.key, &object.content_type, &object.bytes)?;
            written += 1;
        }
        match page.next {
            Some(next) => after = next,
            None => return Ok(written),
        }
    }
}
