//! One suite, both engines. PostgreSQL is taken from `DATABASE_URL`, else from the standard local port.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that fails says where"
)]

mod group_commit;
mod pgbouncer;
mod place;

use std::sync::atomic::{AtomicU32, Ordering};

use chrono::Duration;
use clock::Clock;
use diesel_migrations::embed_migrations;
use store::prelude::*;
use store::types::{Json, Time};
use store::{Database, Error, Migrations, Store, Tx, inbox, on, outbox};

mod schema {
    diesel::table! {
        use diesel::sql_types::{BigInt, Bool, Nullable, Text};
        use store::types::{JsonText, Ts};

        notes (id) {
            id -> Text,
            body -> JsonText,
            at -> Ts,
            seen -> Bool,
            count -> BigInt,
            author -> Nullable<Text>,
        }
    }
}

use group_commit::{
    connection_of_a_wrong_assumption_is_used_again, event_that_comes_often_at_once_is_handled_once,
    event_that_is_assumed_to_be_new_is_handled_once, failed_last_write_rolls_all_back,
    group_waits_for_no_lock_for_long, transactions_that_assume_share_a_commit,
    unprepared_last_write_precedes_the_commit, wrong_assumption_of_one_costs_the_others_nothing,
    wrong_assumption_rolls_all_back,
};
use schema::notes;

#[derive(Debug, Clone, PartialEq, Queryable, Insertable, AsChangeset)]
#[diesel(table_name = notes, treat_none_as_default_value = false)]
struct Note {
    id: String,
    body: Json,
    at: Time,
    seen: bool,
    count: i64,
    author: Option<String>,
}

const MIGRATIONS: Migrations = Migrations {
    postgres: embed_migrations!("tests/it/migrations/postgres"),
    sqlite: embed_migrations!("tests/it/migrations/sqlite"),
};

struct TestApp {
    database: Database,
    dir: tempfile::TempDir,
}

impl TestApp {
    fn new(engine: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let dir = tempfile::tempdir().unwrap();
        let database = match engine {
            "sqlite" => Database::Sqlite {
                dir: dir.path().to_owned(),
            },
            _ => Database::Postgres {
                #[expect(clippy::disallowed_methods, reason = "a test has no other settings")]
                url: std::env::var("DATABASE_URL")
                    .unwrap_or_else(|_| "postgres://postgres@127.0.0.1:5432/postgres".into()),
                namespace: Some(format!(
                    "t{}_{}",
                    std::process::id(),
                    NEXT.fetch_add(1, Ordering::Relaxed)
                )),
                pool_size: 4,
            },
        };
        Self { database, dir }
    }

    async fn open(&self) -> Store {
        Store::open(&self.database, "notes", MIGRATIONS)
            .await
            .expect("is PostgreSQL running? `make test` starts it; or set DATABASE_URL")
    }

    /// The file of a role on SQLite.
    fn file(&self, role: &str) -> String {
        self.dir
            .path()
            .join(format!("{role}.db"))
            .display()
            .to_string()
    }

    async fn close(self) {
        self.database.drop_schemas(&["notes"]).await.unwrap();
    }
}

fn note(id: &str, clock: &Clock) -> Note {
    Note {
        id: id.into(),
        body: Json(serde_json::json!({"text": "héllo ✓", "n": [1, 2.5, null]})),
        at: clock.now().into(),
        seen: false,
        count: 1 << 40,
        author: None,
    }
}

async fn insert(store: &Store, row: &Note) -> Result<(), Error> {
    let mut tx = store.begin().await?;
    on!(&mut tx, c => diesel::insert_into(notes::table).values(row).execute(c).await)?;
    tx.commit().await
}

async fn all(store: &Store) -> Vec<Note> {
    let mut tx = store.read().await.unwrap();
    on!(&mut tx, c => notes::table.order(notes::id).load::<Note>(c).await).unwrap()
}

async fn values_come_back_as_they_went(engine: &str) {
    let (app, clock) = (TestApp::new(engine), Clock::system());
    let store = app.open().await;
    let row = note("a", &clock);
    insert(&store, &row).await.unwrap();
    assert_eq!(all(&store).await, std::slice::from_ref(&row));
    assert!(insert(&store, &row).await.unwrap_err().is_duplicate());
    store.ping().await.unwrap();
    app.close().await;
}

async fn transaction_without_commit_leaves_nothing(engine: &str) {
    let (app, clock) = (TestApp::new(engine), Clock::system());
    let store = app.open().await;
    for round in 0..10 {
        let mut tx = store.begin().await.unwrap();
        let row = note(&format!("r{round}"), &clock);
        on!(&mut tx, c => diesel::insert_into(notes::table).values(&row).execute(c).await).unwrap();
        if round % 2 == 0 {
            drop(tx);
        } else {
            tx.rollback().await.unwrap();
        }
    }
    insert(&store, &note("kept", &clock)).await.unwrap();
    assert_eq!(all(&store).await.len(), 1);
    app.close().await;
}

async fn writers_wait_for_each_other(engine: &str) {
    let (app, clock) = (TestApp::new(engine), Clock::system());
    let store = app.open().await;
    insert(
        &store,
        &Note {
            count: 0,
            ..note("n", &clock)
        },
    )
    .await
    .unwrap();
    let tasks: Vec<_> = (0..16)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                for _ in 0..5 {
                    let mut tx = store.begin().await.unwrap();
                    on!(&mut tx, c => diesel::update(notes::table)
                        .set(notes::count.eq(notes::count + 1))
                        .execute(c)
                        .await)
                    .unwrap();
                    tx.commit().await.unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!(all(&store).await[0].count, 80);
    app.close().await;
}

async fn event_is_entered_once(engine: &str) {
    let (app, clock) = (TestApp::new(engine), Clock::system());
    let store = app.open().await;
    let enter = async |tx: &mut Tx, consumer: &str| {
        let entered = inbox::enter(tx, consumer, "e1", clock.now()).await;
        entered.unwrap()
    };
    let mut tx = store.begin().await.unwrap();
    assert!(enter(&mut tx, "c").await);
    let reply = inbox::Reply {
        consumer: "c".to_owned(),
        event_id: "e1".to_owned(),
        envelope: b"reply".to_vec(),
    };
    inbox::conclude(&mut tx, vec![reply], vec![]).await.unwrap();
    tx.commit().await.unwrap();

    let mut tx = store.begin().await.unwrap();
    assert!(!enter(&mut tx, "c").await);
    let again = inbox::handled(&mut tx, "c", "e1").await.unwrap();
    assert_eq!(again.reply.as_deref(), Some(&b"reply"[..]));
    assert!(enter(&mut tx, "other").await);
    tx.rollback().await.unwrap();

    let mut tx = store.begin().await.unwrap();
    let until = clock.now() + Duration::seconds(1);
    assert_eq!(inbox::forget(&mut tx, until).await.unwrap(), 1);
    assert!(enter(&mut tx, "c").await);
    tx.commit().await.unwrap();
    app.close().await;
}

async fn due_events_are_claimed_once(engine: &str) {
    let (app, clock) = (TestApp::new(engine), Clock::system());
    let store = app.open().await;
    let now = clock.now();
    let rows: Vec<_> = (0..60)
        .map(|i| outbox::Row {
            id: format!("e{i:02}"),
            due_at: (now + Duration::seconds(i64::from(i >= 50) * 3600)).into(),
            envelope: vec![1, 2, 3],
        })
        .collect();
    let mut tx = store.begin().await.unwrap();
    outbox::put(&mut tx, &rows).await.unwrap();
    outbox::put(&mut tx, &rows[..1]).await.unwrap();
    tx.commit().await.unwrap();

    let takers: Vec<_> = (0..6)
        .map(|_| {
            let store = store.clone();
            tokio::spawn(async move {
                let mut taken = Vec::new();
                loop {
                    let mut tx = store.begin().await.unwrap();
                    let lease = now + Duration::seconds(30);
                    let rows = outbox::claim(&mut tx, now, lease, 7).await.unwrap();
                    tx.commit().await.unwrap();
                    if rows.is_empty() {
                        return taken;
                    }
                    taken.extend(rows.into_iter().map(|r| r.id));
                }
            })
        })
        .collect();
    let mut taken = Vec::new();
    for taker in takers {
        taken.extend(taker.await.unwrap());
    }
    taken.sort();
    assert_eq!(
        taken,
        (0..50).map(|i| format!("e{i:02}")).collect::<Vec<_>>()
    );

    let mut tx = store.begin().await.unwrap();
    outbox::done(&mut tx, &taken).await.unwrap();
    assert_eq!(outbox::len(&mut tx).await.unwrap(), 10);
    assert_eq!(
        outbox::next_due(&mut tx).await.unwrap(),
        Some(now + Duration::seconds(3600))
    );
    tx.commit().await.unwrap();
    app.close().await;
}

async fn opening_again_keeps_everything(engine: &str) {
    let (app, clock) = (TestApp::new(engine), Clock::system());
    let (one, two) = (app.open().await, app.open().await);
    insert(&one, &note("a", &clock)).await.unwrap();
    assert_eq!(all(&two).await.len(), 1);
    drop((one, two));
    assert_eq!(all(&app.open().await).await.len(), 1);
    app.close().await;
}

macro_rules! suite {
    ($($case:ident),* $(,)?) => {
        mod sqlite { $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)] async fn $case() { super::$case("sqlite").await })* }
        mod postgres { $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)] async fn $case() { super::$case("postgres").await })* }
    };
}

suite!(
    values_come_back_as_they_went,
    transaction_without_commit_leaves_nothing,
    writers_wait_for_each_other,
    event_is_entered_once,
    event_that_comes_often_at_once_is_handled_once,
    failed_last_write_rolls_all_back,
    unprepared_last_write_precedes_the_commit,
    event_that_is_assumed_to_be_new_is_handled_once,
    transactions_that_assume_share_a_commit,
    wrong_assumption_rolls_all_back,
    wrong_assumption_of_one_costs_the_others_nothing,
    group_waits_for_no_lock_for_long,
    connection_of_a_wrong_assumption_is_used_again,
    due_events_are_claimed_once,
    opening_again_keeps_everything,
);

#[tokio::test]
async fn password_never_shows_in_an_error() {
    let database = Database::Postgres {
        url: "postgres://me:hunter2@127.0.0.1:99999/x".into(),
        namespace: None,
        pool_size: 1,
    };
    let error = Store::open(&database, "notes", MIGRATIONS)
        .await
        .err()
        .unwrap();
    assert!(!format!("{error} {error:?}").contains("hunter2"));
}
