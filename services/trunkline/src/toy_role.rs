//! The recipe for a role, in `docs/architecture.md`, followed with a role that no release has. What it promises to follow from the
//! list of roles follows.

use std::collections::BTreeMap;

use actix_web::web::{self, Data, Json};
use api::{Access, ApiError, Method, Route, Scope};
use diesel_migrations::embed_migrations;
use role::{Error, Parts, Platform, Role, RoleSpec};
use serde_json::{Value, json};
use settings::Settings;
use store::{Database, Migrations, Store};
use tempfile::TempDir;
use testkit::{ADMIN, SERVICE, client, send};

use crate::deployment::role_list;
use crate::documentation::tables;
use crate::migrate::update;
use crate::roles::ROLES;
use crate::up::{chosen, start_roles};

/// Keeps the names of guests.
const GUESTBOOK: RoleSpec = RoleSpec {
    name: "guestbook",
    routes: &[ROUTES],
    migrations: Some(|| MIGRATIONS),
    start: |parts| Box::pin(start(parts)),
};

const MIGRATIONS: Migrations = Migrations {
    postgres: embed_migrations!("tests/guestbook/migrations/postgres"),
    sqlite: embed_migrations!("tests/guestbook/migrations/sqlite"),
};

const ROUTES: &[Route] = &[Route::new(
    Method::Get,
    "/guestbook/",
    Access::Key(Scope::Read),
    "The tables that the guestbook is kept in",
    || web::to(list),
)];

async fn start(parts: &Parts) -> Result<Role, Error> {
    let mut role = Role::new(GUESTBOOK.name, parts);
    let (store, _) = role.with_store(MIGRATIONS).await?;
    role.serves(ROUTES, store);
    Ok(role)
}

async fn list(store: Data<Store>) -> Result<Json<Vec<String>>, ApiError> {
    let tables = store.read().await?.tables().await?;
    Ok(Json(tables.into_iter().map(|table| table.name).collect()))
}

/// The one list, with the role added.
fn all_roles() -> Vec<RoleSpec> {
    [ROLES, &[GUESTBOOK]].concat()
}

/// A process with the roles that `--role` names, all of them when it names none.
async fn up(dir: &TempDir, named: &[&str]) -> Platform {
    let environment = [
        ("TRUNKLINE_ADMIN_API_KEY", ADMIN),
        ("INTERNAL_SERVICE_KEY", SERVICE),
        ("TRUNKLINE_SECRET_KEY", "a-secret-for-tests"),
    ];
    let environment: BTreeMap<_, _> = environment
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
    let mut settings = Settings::load(&environment, None).unwrap();
    settings.port = 0;
    settings.data_dir = dir.path().to_owned();
    let named: Vec<String> = named.iter().map(|name| (*name).to_owned()).collect();
    let all = all_roles();
    let roles = chosen(&named, &all).unwrap();
    start_roles(settings, &roles, &all).await.unwrap()
}

/// What a process answers.
async fn get(platform: &Platform, path: &str, headers: &[(&str, &str)]) -> (u16, Value) {
    let url = format!("http://127.0.0.1:{}{path}", platform.port());
    send(&client(), "GET", &url, headers, None).await
}

const KEY: &[(&str, &str)] = &[("X-API-Key", ADMIN)];

/// Its route answers whom its row says, from a schema that has its tables.
async fn is_served(platform: &Platform) {
    let (status, refusal) = get(platform, "/guestbook/", &[]).await;
    assert_eq!(status, 401, "{refusal}");
    let (status, listed) = get(platform, "/guestbook/", KEY).await;
    assert_eq!(status, 200, "{listed}");
    let tables = listed.as_array().unwrap();
    assert!(tables.contains(&json!("guests")), "{listed}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn role_added_to_the_list_is_served_beside_the_others() {
    let dir = tempfile::tempdir().unwrap();
    let platform = up(&dir, &[]).await;
    is_served(&platform).await;
    platform.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn role_added_to_the_list_runs_alone_and_is_described_by_every_process() {
    let dir = tempfile::tempdir().unwrap();
    let alone = up(&dir, &[GUESTBOOK.name]).await;
    is_served(&alone).await;
    let (_, document) = get(&alone, "/api/openapi.json", &[]).await;
    alone.stop().await;
    let another = up(&dir, &["ingress"]).await;
    assert_eq!(get(&another, "/guestbook/", KEY).await.0, 404);
    let (_, same) = get(&another, "/api/openapi.json", &[]).await;
    another.stop().await;
    let operation = &document["paths"]["/guestbook/"]["get"];
    assert_eq!(operation["summary"], ROUTES[0].summary);
    assert_eq!(operation["x-trunkline-role"], GUESTBOOK.name);
    assert!(document == same, "each describes the routes of all");
}

#[tokio::test]
async fn role_added_to_the_list_is_migrated_with_the_others() {
    let dir = tempfile::tempdir().unwrap();
    let database = Database::Sqlite {
        dir: dir.path().to_owned(),
    };
    let pending = async || {
        let (_, schema) = Store::prepare(&database, GUESTBOOK.name, MIGRATIONS).unwrap();
        schema.state().await.unwrap().pending
    };
    assert_ne!(pending().await, 0);
    update(&database, &all_roles()).await.unwrap();
    assert_eq!(pending().await, 0);
}

#[test]
fn role_added_to_the_list_is_deployed_with_its_schema_and_its_paths() {
    let read = |roles: &[RoleSpec]| serde_json::from_str::<Value>(&role_list(roles)).unwrap();
    let deployed = read(&all_roles());
    let ours = |list: &Value, field: &str| -> (Vec<Value>, Vec<Value>) {
        let rows = list.as_array().unwrap().iter().cloned();
        rows.partition(|row| row[field] == GUESTBOOK.name)
    };
    let (roles, other_roles) = ours(&deployed["roles"], "name");
    let (paths, other_paths) = ours(&deployed["paths"], "role");
    assert_eq!(roles, [json!({ "name": "guestbook", "schema": true })]);
    let path = json!({ "path": "/guestbook", "role": "guestbook" });
    assert_eq!(paths, [path]);
    let others = json!({ "roles": other_roles, "paths": other_paths });
    assert_eq!(others, read(ROLES), "the others stay where they were");
}

/// The tests that hold `docs/privacy.md` and the rules of `trunkline export --person` against the tables see it.
#[tokio::test]
async fn role_added_to_the_list_owes_the_documentation_its_tables() {
    assert!(tables(&all_roles()).await.contains("guestbook.guests"));
}
