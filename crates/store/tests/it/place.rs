//! Where SQLite's work is done, and what becomes of work that is given up or fails.

use std::pin::pin;
use std::sync::mpsc;
use std::time::Duration;

use clock::Clock;
use diesel::SqliteConnection;
use diesel::connection::{Connection, SimpleConnection};
use futures::poll;
use store::{Store, Tx, on};
use tokio::runtime::Builder;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::timeout;

use crate::schema::notes;
use crate::{TestApp, all, insert, note};

/// Runs a case on one thread beside which one more may block.
fn on_two_threads(case: impl Future<Output = ()>) {
    let mut runtime = Builder::new_current_thread();
    runtime.enable_all().max_blocking_threads(1);
    runtime.build().unwrap().block_on(case);
}

/// Keeps the one thread that may block busy until it is told.
fn occupy() -> (mpsc::Sender<()>, JoinHandle<Result<(), mpsc::RecvError>>) {
    let (release, released) = mpsc::channel();
    (release, spawn_blocking(move || released.recv()))
}

/// A role's store whose writing connection is open.
async fn opened(app: &TestApp) -> Store {
    let store = app.open().await;
    insert(&store, &note("a", &Clock::system())).await.unwrap();
    store
}

async fn written(store: &Store, id: &str) -> Tx {
    let row = note(id, &Clock::system());
    let writing = async {
        let mut tx = store.begin().await.unwrap();
        on!(&mut tx, c => diesel::insert_into(notes::table).values(&row).execute(c).await).unwrap();
        tx
    };
    let written = timeout(Duration::from_secs(20), writing).await;
    written.expect("a statement waits for another thread")
}

#[test]
fn statement_runs_where_it_is_awaited_and_commit_does_not() {
    on_two_threads(async {
        let app = TestApp::new("sqlite");
        let store = opened(&app).await;

        let (release, busy) = occupy();
        let mut commit = pin!(written(&store, "b").await.commit());
        assert!(poll!(&mut commit).is_pending());
        release.send(()).unwrap();
        commit.await.unwrap();
        busy.await.unwrap().unwrap();
        assert_eq!(all(&store).await.len(), 2);
    });
}

#[test]
fn commit_that_nobody_awaits_any_more_is_done_before_the_next_transaction() {
    on_two_threads(async {
        let app = TestApp::new("sqlite");
        let store = opened(&app).await;

        let (release, busy) = occupy();
        {
            let mut commit = pin!(written(&store, "b").await.commit());
            assert!(poll!(&mut commit).is_pending());
        }
        let mut next = pin!(store.begin());
        assert!(poll!(&mut next).is_pending(), "two transactions at once");
        release.send(()).unwrap();
        next.await.unwrap().rollback().await.unwrap();
        busy.await.unwrap().unwrap();
        assert_eq!(all(&store).await.len(), 2);
    });
}

/// Takes a while on any machine.
const SLOW: &str = "WITH RECURSIVE up(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM up LIMIT 1000000) SELECT max(n) FROM up";

#[test]
fn transaction_that_turns_out_to_be_long_goes_on_aside() {
    on_two_threads(async {
        let app = TestApp::new("sqlite");
        let store = app.open().await;
        for is_known_to_be_long in [false, true] {
            let mut tx = match is_known_to_be_long {
                false => {
                    let mut tx = written(&store, "a").await;
                    on!(&mut tx, c => diesel::sql_query(SLOW).execute(c).await).unwrap();
                    tx
                }
                true => store.begin_long().await.unwrap(),
            };
            let (release, busy) = occupy();
            {
                let mut next = pin!(async {
                    on!(&mut tx, c => diesel::sql_query("SELECT 1").execute(c).await)
                });
                assert!(poll!(&mut next).is_pending());
                release.send(()).unwrap();
                next.await.unwrap();
            }
            busy.await.unwrap().unwrap();
            tx.rollback().await.unwrap();
        }
        // The next one is short again.
        let (release, busy) = occupy();
        let tx = written(&store, "b").await;
        release.send(()).unwrap();
        busy.await.unwrap().unwrap();
        tx.commit().await.unwrap();
    });
}

#[tokio::test]
async fn reading_that_is_given_up_leaves_its_connection_to_the_next() {
    let app = TestApp::new("sqlite");
    let store = app.open().await;
    for _ in 0..8 {
        let mut read = store.read().await.unwrap();
        {
            let mut slow =
                pin!(async { on!(&mut read, c => diesel::sql_query(SLOW).execute(c).await) });
            assert!(poll!(&mut slow).is_pending());
        }
        drop(read);
        store.ping().await.unwrap();
    }
}

#[test]
fn transaction_waits_for_another_process_and_its_thread_does_not() {
    on_two_threads(async {
        let app = TestApp::new("sqlite");
        let store = opened(&app).await;
        let mut other = SqliteConnection::establish(&app.file("notes")).unwrap();
        other.batch_execute("BEGIN IMMEDIATE").unwrap();

        let mut begin = pin!(store.begin());
        assert!(poll!(&mut begin).is_pending());
        other.batch_execute("ROLLBACK").unwrap();
        begin.await.unwrap().rollback().await.unwrap();
    });
}

#[tokio::test]
async fn commit_that_fails_takes_all_back_and_the_next_transaction_is_not_touched() {
    let app = TestApp::new("sqlite");
    let store = app.open().await;
    let mut tx = written(&store, "a").await;
    for statement in [
        "CREATE TABLE parents (id INTEGER PRIMARY KEY)",
        "CREATE TABLE children (parent INTEGER REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED)",
        "INSERT INTO children VALUES (1)",
    ] {
        on!(&mut tx, c => diesel::sql_query(statement).execute(c).await).unwrap();
    }
    tx.commit().await.unwrap_err();
    insert(&store, &note("b", &Clock::system())).await.unwrap();
    let left = all(&store).await;
    assert_eq!(left.len(), 1);
    assert_eq!(left[0].id, "b");
}
