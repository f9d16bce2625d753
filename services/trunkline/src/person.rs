//! `trunkline export FILE --person`: everything about one person, as one archive.

use std::collections::{BTreeMap, BTreeSet};

use encryption::Sealer;
use objects::Objects;
use phone::E164;
use serde::Serialize;
use serde_json::Value;
use settings::Settings;
use store::{Store, Table};

use crate::Failure;
use crate::archive::{TABLES, database_failure, stores};
use crate::cli::ExportArgs;
use crate::draft::Draft;
use crate::local;
use crate::person_rules::{Key, Keys, PERSONAL, Rule};
use crate::terminal::say;

/// The first entry: what was looked for.
const ABOUT: &str = "person.json";
/// As many keys stand in one question: SQLite takes 32,766 values, and a line of text has its limits.
const KEYS_AT_ONCE: usize = 500;
/// As many objects are listed at once.
const PAGE: usize = 500;

/// Who, and what there is.
#[derive(Serialize)]
struct About {
    version: &'static str,
    numbers: BTreeSet<String>,
    candidates: BTreeSet<String>,
    tenant: Option<String>,
    rows: BTreeMap<&'static str, usize>,
}

/// Rows by table, each line once.
type Rows = BTreeMap<&'static str, BTreeSet<String>>;

/// Writes it. The platform may run: what changes meanwhile is in the file as it was or as it is.
pub async fn run(args: &ExportArgs, who: &str) -> Result<(), Failure> {
    let settings = local::settings(&args.place, 8080)?;
    let settings = local::complete(settings, false)?.settings;
    let mut keys = keys(&settings, who)?;
    let stores: BTreeMap<&str, Store> = stores(&settings, &args.place).await?.into_iter().collect();
    refuse_own(&stores, &keys).await?;
    let tenant = args.tenant.as_deref();
    let mut rows = Rows::new();
    // What is found leads to more, until nothing new is found.
    loop {
        let before = keys.values().map(BTreeSet::len).sum::<usize>();
        for rule in PERSONAL {
            let found = found(&stores, rule, &keys, tenant).await?;
            for line in &found {
                learn(rule, line, &mut keys)?;
            }
            rows.entry(rule.table).or_default().extend(found);
        }
        if keys.values().map(BTreeSet::len).sum::<usize>() == before {
            break;
        }
    }
    let objects = scoring::object_store(&settings);
    results(&objects, &mut keys).await?;
    of_threads(&rows, &mut keys)?;
    let mut draft = Draft::open(&args.file)?;
    let of = |key| keys.get(&key).cloned().unwrap_or_default();
    let about = About {
        version: env!("CARGO_PKG_VERSION"),
        numbers: of(Key::Number),
        candidates: of(Key::Candidate),
        tenant: args.tenant.clone(),
        rows: rows
            .iter()
            .map(|(table, lines)| (*table, lines.len()))
            .collect(),
    };
    let text = serde_json::to_vec_pretty(&about).map_err(Failure::failed)?;
    draft.add(ABOUT, &text)?;
    for (table, lines) in rows.iter().filter(|(_, lines)| !lines.is_empty()) {
        let lines: String = lines.iter().map(|line| format!("{line}\n")).collect();
        let name = format!("{TABLES}{}.jsonl", table.replace('.', "/"));
        draft.add(&name, lines.as_bytes())?;
    }
    let mut written = 0;
    for key in of(Key::Object) {
        // Of a draft only the id is known, and of a file that is gone its key.
        let object = objects.get(&key).await.map_err(|e| store_failure(&e))?;
        if let Some(object) = object {
            draft.add_object(&key, &object.content_type, &object.bytes)?;
            written += 1;
        }
    }
    draft.finish()?;
    say(format!(
        "{} rows and {written} objects, written to {}; it holds personal data",
        rows.values().map(BTreeSet::len).sum::<usize>(),
        args.file.display(),
    ));
    Ok(())
}

/// What is known of the person to begin with.
fn keys(settings: &Settings, who: &str) -> Result<Keys, Failure> {
    let mut keys = Keys::new();
    if let Ok(number) = E164::parse(who) {
        know(&mut keys, Key::Number, number.as_str());
        let key = settings.secret_key.as_ref();
        let key = key.ok_or_else(|| Failure::Usage("TRUNKLINE_SECRET_KEY is unset".to_owned()))?;
        for pseudonym in Sealer::new(key).pseudonyms(number.as_str()) {
            know(&mut keys, Key::Pseudonym, &pseudonym);
        }
        return Ok(keys);
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if who.is_empty() || !who.chars().all(plain) {
        return Err(Failure::Usage(format!(
            "{who} is neither a number in E.164 (+15550109999) nor a candidate's id"
        )));
    }
    know(&mut keys, Key::Candidate, who);
    Ok(keys)
}

fn know(keys: &mut Keys, key: Key, value: &str) {
    if !value.is_empty() {
        keys.entry(key).or_default().insert(value.to_owned());
    }
}

/// A number of a business is no person's: every call of the business would be in the file.
async fn refuse_own(stores: &BTreeMap<&str, Store>, keys: &Keys) -> Result<(), Failure> {
    const NUMBERS: Rule = Rule {
        table: "tenants.numbers",
        found_by: &[("number", Key::Number)],
        leads_to: &[],
    };
    if found(stores, &NUMBERS, keys, None).await?.is_empty() {
        return Ok(());
    }
    Err(Failure::Usage(
        "this is a number of a business here, not of a person; `trunkline export FILE` alone has everything".to_owned(),
    ))
}

/// The rows of a table that belong to these keys.
async fn found(
    stores: &BTreeMap<&str, Store>,
    rule: &Rule,
    keys: &Keys,
    tenant: Option<&str>,
) -> Result<BTreeSet<String>, Failure> {
    let (role, name) = rule.table.split_once('.').unwrap_or_default();
    let Some(store) = stores.get(role) else {
        return Ok(BTreeSet::new());
    };
    let mut tx = store.read().await.map_err(database_failure)?;
    let tables = tx.tables().await.map_err(database_failure)?;
    let Some(table) = tables.iter().find(|table| table.name == name) else {
        return Err(Failure::failed(format!("there is no table {}", rule.table)));
    };
    let mut lines = BTreeSet::new();
    for (column, key) in rule.found_by {
        let values: Vec<String> = keys.get(key).into_iter().flatten().cloned().collect();
        for values in values.chunks(KEYS_AT_ONCE) {
            let rows = tx.rows_with(table, column, values).await;
            lines.extend(rows.map_err(database_failure)?);
        }
    }
    if let Some(tenant) = tenant.filter(|_| has_tenant(table)) {
        lines.retain(|line| is_of(line, tenant));
    }
    Ok(lines)
}

fn has_tenant(table: &Table) -> bool {
    table.columns.contains_key("tenant_id")
}

fn is_of(line: &str, tenant: &str) -> bool {
    let row: Option<Value> = serde_json::from_str(line).ok();
    row.is_some_and(|row| row["tenant_id"] == tenant)
}

/// The keys that a row leads to.
fn learn(rule: &Rule, line: &str, keys: &mut Keys) -> Result<(), Failure> {
    if rule.leads_to.is_empty() {
        return Ok(());
    }
    let row: Value = serde_json::from_str(line).map_err(Failure::failed)?;
    for (path, key) in rule.leads_to {
        if let Some(value) = within(&row, path).as_str() {
            know(keys, *key, value);
        }
    }
    Ok(())
}

/// The value at a path of a row; SQLite keeps JSON as text.
fn within(row: &Value, path: &str) -> Value {
    let mut value = row.clone();
    for name in path.split('/') {
        value = json(&value)[name].clone();
    }
    value
}

fn json(value: &Value) -> Value {
    let text = value.as_str().filter(|text| text.starts_with(['{', '[']));
    let read = text.and_then(|text| serde_json::from_str(text).ok());
    read.unwrap_or_else(|| value.clone())
}

/// What the messages of the person's threads carried, and what models drafted for them.
fn of_threads(rows: &Rows, keys: &mut Keys) -> Result<(), Failure> {
    let read = |table: &str| -> Result<Vec<Value>, Failure> {
        let lines = rows.get(table).into_iter().flatten();
        let rows = lines.map(|line| serde_json::from_str(line).map_err(Failure::failed));
        rows.collect()
    };
    let threads = read("dispatch.conversations")?;
    for thread in &threads {
        let id = thread["id"].as_str().unwrap_or_default();
        for nth in 1..=thread["revision"].as_i64().unwrap_or_default() {
            let draft = dispatch::draft_id(id, nth);
            know(keys, Key::Object, &format!("ai/reply/{draft}.json"));
        }
    }
    for message in read("dispatch.messages")? {
        let thread = threads
            .iter()
            .find(|thread| thread["id"] == message["conversation_id"]);
        let tenant = thread.and_then(|thread| thread["tenant_id"].as_str());
        let media = json(&message["media"]);
        let ids = media.as_array().into_iter().flatten();
        for id in ids.filter_map(|it| it["id"].as_str()) {
            let key = dispatch::media_key(tenant.unwrap_or_default(), id);
            know(keys, Key::Object, &key);
        }
    }
    Ok(())
}

/// What AI made of the person's interviews.
async fn results(objects: &Objects, keys: &mut Keys) -> Result<(), Failure> {
    let interviews = keys.get(&Key::Interview).cloned().unwrap_or_default();
    for prefix in interviews
        .iter()
        .flat_map(|id| scoring::result_prefixes(id))
    {
        let mut after = String::new();
        loop {
            let page = objects.page(&prefix, &after, PAGE).await;
            let page = page.map_err(|e| store_failure(&e))?;
            for entry in &page.entries {
                know(keys, Key::Object, &entry.key);
            }
            match page.next {
                Some(next) => after = next,
                None => break,
            }
        }
    }
    Ok(())
}

fn store_failure(error: &objects::Error) -> Failure {
    Failure::failed(format!("the object store: {}", crate::with_source(error)))
}
