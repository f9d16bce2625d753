//! What is sent with the first query and with the commit: the same as one after the other, only sooner. PostgreSQL
//! connections send the more at once the more they have prepared, so each case goes round a few times.

use clock::Clock;
use diesel::QueryResult;
use futures::FutureExt;
use futures::future::BoxFuture;
use store::inbox::Handled;
use store::prelude::*;
use store::{Error, Store, Tx, inbox, on, write_last};

use crate::schema::notes;
use crate::{Note, TestApp, all, insert, note};

const ROUNDS: usize = 4;

/// The one query of a decider, on an event.
type Query = for<'a> fn(&'a mut Tx, &'a str) -> BoxFuture<'a, QueryResult<usize>>;

/// Counts up every note.
fn count_up<'a>(tx: &'a mut Tx, _: &'a str) -> BoxFuture<'a, QueryResult<usize>> {
    async move {
        on!(tx, c => diesel::update(notes::table)
            .set(notes::count.eq(notes::count + 1))
            .execute(c)
            .await)
    }
    .boxed()
}

/// Adds a note with the event's id, unless there is one.
fn add_note<'a>(tx: &'a mut Tx, event: &'a str) -> BoxFuture<'a, QueryResult<usize>> {
    async move {
        on!(tx, c => diesel::insert_into(notes::table)
            .values(note(event, &Clock::system()))
            .on_conflict(notes::id)
            .do_nothing()
            .execute(c)
            .await)
    }
    .boxed()
}

/// Inserts notes with the commit.
async fn insert_last(tx: &mut Tx, rows: Vec<Note>) -> QueryResult<()> {
    write_last!(tx, for row in rows => diesel::insert_into(notes::table).values(row))
}

/// Handles an event as a decider's frame does that assumes nothing. `Some`: it was handled before.
async fn handle(store: &Store, event: &str, query: Query) -> Option<Handled> {
    let mut tx = store.begin().await.unwrap();
    let now = Clock::system().now();
    let mut fresh = inbox::enter_first(&mut tx, "c", event, now).await.unwrap();
    if fresh {
        let decided = query(&mut tx, event).await;
        fresh = inbox::is_fresh(&mut tx).await.unwrap();
        assert_eq!(decided.is_ok(), fresh);
    }
    if !fresh {
        tx.rollback().await.unwrap();
        let mut read = store.read().await.unwrap();
        return Some(inbox::handled(&mut read, "c", event).await.unwrap());
    }
    let reply = inbox::Reply {
        consumer: "c".to_owned(),
        event_id: event.to_owned(),
        envelope: event.as_bytes().to_vec(),
    };
    inbox::conclude(&mut tx, vec![reply], vec![]).await.unwrap();
    tx.commit().await.unwrap();
    None
}

/// The same, adding a note, with a frame that first assumes the event to be new.
async fn handle_assuming(store: &Store, event: &str) -> Option<Handled> {
    let now = Clock::system().now();
    let mut tx = store.begin_assuming().await.unwrap();
    if tx.assumes() {
        let row = note(event, &Clock::system());
        insert_last(&mut tx, vec![row]).await.unwrap();
        let reply = Some(event.as_bytes().to_vec());
        inbox::enter_last(&mut tx, "c", event, now, reply);
        inbox::conclude(&mut tx, vec![], vec![]).await.unwrap();
        if tx.commit_assumed().await.unwrap() {
            return None;
        }
    } else {
        tx.rollback().await.unwrap();
    }
    handle(store, event, add_note).await
}

/// Six handlers get the same event at once: one of them handles it, the others find the reply.
async fn one_of_six_handles<F>(
    store: &Store,
    event: &str,
    handler: impl Fn(usize, Store, String) -> F,
) where
    F: Future<Output = Option<Handled>> + Send + 'static,
{
    let handlers: Vec<_> = (0..6)
        .map(|n| tokio::spawn(handler(n, store.clone(), event.to_owned())))
        .collect();
    let mut first = 0;
    for handler in handlers {
        match handler.await.unwrap() {
            None => first += 1,
            Some(Handled { reply }) => assert_eq!(reply.as_deref(), Some(event.as_bytes())),
        }
    }
    assert_eq!(first, 1, "{event}");
}

pub(crate) async fn event_is_entered_once_with_the_first_query(engine: &str) {
    let (app, clock) = (TestApp::new(engine), Clock::system());
    let store = app.open().await;
    let counter = Note {
        count: 0,
        ..note("n", &clock)
    };
    insert(&store, &counter).await.unwrap();
    for round in 0..ROUNDS {
        let event = format!("e{round}");
        one_of_six_handles(&store, &event, |_, store, event| async move {
            handle(&store, &event, count_up).await
        })
        .await;
    }
    assert_eq!(
        all(&store).await[0].count,
        i64::try_from(ROUNDS).unwrap(),
        "each event counts once"
    );
    app.close().await;
}

pub(crate) async fn event_is_entered_once_without_a_query(engine: &str) {
    let app = TestApp::new(engine);
    let store = app.open().await;
    let now = Clock::system().now();
    for round in 0..ROUNDS {
        let event = format!("e{round}");
        let mut tx = store.begin().await.unwrap();
        assert!(inbox::enter_first(&mut tx, "c", &event, now).await.unwrap());
        assert!(inbox::is_fresh(&mut tx).await.unwrap());
        tx.commit().await.unwrap();

        let mut tx = store.begin().await.unwrap();
        let fresh = inbox::enter_first(&mut tx, "c", &event, now).await.unwrap()
            && inbox::is_fresh(&mut tx).await.unwrap();
        assert!(!fresh);
        tx.rollback().await.unwrap();
        // Nor does a commit succeed that does not ask, where the mark was left to the first query.
        let mut tx = store.begin().await.unwrap();
        if inbox::enter_first(&mut tx, "c", &event, now).await.unwrap() {
            assert!(tx.commit().await.is_err());
        }
    }
    app.close().await;
}

/// Writes a note with a query, and the others with the commit.
async fn write(store: &Store, first: Note, last: Vec<Note>) -> Result<(), Error> {
    let mut tx = store.begin().await?;
    on!(&mut tx, c => diesel::insert_into(notes::table).values(&first).execute(c).await)?;
    insert_last(&mut tx, last).await?;
    tx.commit().await
}

pub(crate) async fn failed_last_write_rolls_all_back(engine: &str) {
    let (app, clock) = (TestApp::new(engine), Clock::system());
    let store = app.open().await;
    let note = |id: &str| note(id, &clock);
    insert(&store, &note("there")).await.unwrap();
    let mut kept = vec!["there".to_owned()];
    for round in 0..ROUNDS {
        let id = |part: &str| format!("{round}{part}");
        let last = vec![note(&id("b")), note(&id("c"))];
        write(&store, note(&id("a")), last).await.unwrap();
        kept.extend([id("a"), id("b"), id("c")]);

        let last = vec![note(&id("e")), note("there"), note(&id("f"))];
        let failed = write(&store, note(&id("d")), last).await;
        assert!(failed.unwrap_err().is_duplicate());
    }
    kept.sort();
    let found: Vec<_> = all(&store).await.into_iter().map(|row| row.id).collect();
    assert_eq!(found, kept);
    app.close().await;
}

pub(crate) async fn unprepared_last_write_precedes_the_commit(engine: &str) {
    let (app, clock) = (TestApp::new(engine), Clock::system());
    let store = app.open().await;
    insert(&store, &note("n", &clock)).await.unwrap();
    for count in 0..8 {
        let mut tx = store.begin().await.unwrap();
        // An update without `cached` is prepared each time.
        write_last!(&mut tx, for n in [count, count + 1] =>
            diesel::update(notes::table.find("n")).set(notes::count.eq(n)))
        .unwrap();
        tx.commit().await.unwrap();
        assert_eq!(all(&store).await[0].count, count + 1);
    }
    app.close().await;
}

pub(crate) async fn event_that_is_assumed_to_be_new_is_entered_once(engine: &str) {
    let (app, clock) = (TestApp::new(engine), Clock::system());
    let store = app.open().await;
    for round in 0..4 * ROUNDS {
        let event = format!("e{round:02}");
        // In every other round the row is there, and only the event is new.
        if round % 2 == 1 {
            insert(&store, &note(&event, &clock)).await.unwrap();
        }
        one_of_six_handles(&store, &event, |n, store, event| async move {
            match n % 3 {
                0 => handle(&store, &event, add_note).await,
                _ => handle_assuming(&store, &event).await,
            }
        })
        .await;
    }
    assert_eq!(all(&store).await.len(), 4 * ROUNDS);
    app.close().await;
}

pub(crate) async fn wrong_assumption_rolls_all_back(engine: &str) {
    let (app, clock) = (TestApp::new(engine), Clock::system());
    let store = app.open().await;
    let note = |id: &str| note(id, &clock);
    insert(&store, &note("there")).await.unwrap();
    let mut kept = vec!["there".to_owned()];
    for round in 0..ROUNDS {
        for (last, holds) in [("new", true), ("there", false)] {
            let mut tx = store.begin_assuming().await.unwrap();
            if !tx.assumes() {
                assert_eq!(engine, "sqlite");
                tx.rollback().await.unwrap();
                continue;
            }
            let id = |part: &str| match part {
                "there" => part.to_owned(),
                part => format!("{round}{part}"),
            };
            // A query of its own belongs to the transaction as well.
            let (query, row) = (note(&id(&format!("{last}-query"))), note(&id(last)));
            on!(&mut tx, c => diesel::insert_into(notes::table).values(&query).execute(c).await)
                .unwrap();
            insert_last(&mut tx, vec![row]).await.unwrap();
            assert_eq!(tx.commit_assumed().await.unwrap(), holds);
            if holds {
                kept.extend([id("new-query"), id("new")]);
            }
        }
        // Neither what was never begun nor what was taken back leaves anything.
        let mut tx = store.begin_assuming().await.unwrap();
        if tx.assumes() {
            insert_last(&mut tx, vec![note("never")]).await.unwrap();
        }
        match round % 2 {
            0 => tx.rollback().await.unwrap(),
            _ => drop(tx),
        }
    }
    kept.sort();
    let mut found: Vec<_> = all(&store).await.into_iter().map(|row| row.id).collect();
    found.sort();
    assert_eq!(found, kept);
    app.close().await;
}

pub(crate) async fn connection_of_a_wrong_assumption_is_used_again(engine: &str) {
    let app = TestApp::new(engine);
    let store = app.open().await;
    let server = async || {
        if engine == "sqlite" {
            return 0;
        }
        let mut tx = store.read().await.unwrap();
        let pid = diesel::dsl::sql::<diesel::sql_types::Integer>("pg_backend_pid()");
        on!(&mut tx, c => diesel::select(pid).get_result::<i32>(c).await).unwrap()
    };
    let before = server().await;
    for round in 0..ROUNDS {
        let handled = handle_assuming(&store, "e").await;
        assert_eq!(handled.is_some(), round > 0, "{round}");
    }
    assert_eq!(server().await, before, "none was closed");
    assert_eq!(all(&store).await.len(), 1);
    app.close().await;
}
