//! Decisions that assume nothing, and those that assume that they are new and share their commit: both come to the same.

use clock::Clock;
use diesel::QueryResult;
use futures::FutureExt;
use futures::future::{BoxFuture, join_all};
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
    if !inbox::enter(&mut tx, "c", event, now).await.unwrap() {
        tx.rollback().await.unwrap();
        let mut read = store.read().await.unwrap();
        return Some(inbox::handled(&mut read, "c", event).await.unwrap());
    }
    query(&mut tx, event).await.unwrap();
    let reply = inbox::Reply {
        consumer: "c".to_owned(),
        event_id: event.to_owned(),
        envelope: event.as_bytes().to_vec(),
    };
    inbox::conclude(&mut tx, vec![reply], vec![]).await.unwrap();
    tx.commit().await.unwrap();
    None
}

/// That the event is handled, with its id as the reply.
fn entry(event: &str) -> inbox::Entry {
    inbox::Entry {
        consumer: "c".to_owned(),
        event_id: event.to_owned(),
        handled_at: Clock::system().now().into(),
        reply: Some(event.as_bytes().to_vec()),
    }
}

/// Adds a note in a transaction that assumes that its event and the note are new. `None`: it assumes nothing.
async fn assume(store: &Store, event: &str) -> Option<bool> {
    let row = note(event, &Clock::system());
    let mut tx = store.begin_assuming().await.unwrap();
    if !tx.assumes() {
        tx.rollback().await.unwrap();
        return None;
    }
    insert_last(&mut tx, vec![row]).await.unwrap();
    Some(store.commit_assumed(tx, entry(event)).await.unwrap())
}

/// Handles an event with a frame that first assumes it to be new. `Some`: it was handled before.
async fn handle_assuming(store: &Store, event: &str) -> Option<Handled> {
    if assume(store, event).await == Some(true) {
        return None;
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

pub(crate) async fn event_that_comes_often_at_once_is_handled_once(engine: &str) {
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

#[derive(diesel::QueryableByName)]
struct Number {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    n: i64,
}

/// What a query says on PostgreSQL.
async fn number(store: &Store, query: &str) -> i64 {
    let query = diesel::sql_query(query);
    let mut tx = store.read().await.unwrap();
    let number = on!(&mut tx, c => query.get_result::<Number>(c).await).unwrap();
    number.n
}

/// How many statements on notes wait for another transaction.
async fn waiting_for_locks(store: &Store) -> i64 {
    let waiting = "SELECT count(*) AS n FROM pg_locks a JOIN pg_locks b ON a.pid = b.pid AND NOT a.granted \
                   WHERE b.relation = 'notes'::regclass";
    number(store, waiting).await
}

/// How many transactions have written the notes that are there.
async fn transactions_of_notes(store: &Store) -> i64 {
    number(store, "SELECT count(DISTINCT xmin::text) AS n FROM notes").await
}

/// Writes a note with a query, and the others last.
async fn write(store: &Store, first: Note, last: Vec<Note>) -> Result<(), Error> {
    let mut tx = store.begin().await?;
    on!(&mut tx, c => diesel::insert_into(notes::table).values(&first).execute(c).await)?;
    insert_last(&mut tx, last).await?;
    tx.commit().await
}

/// A store with the note `there`, and the ids of its notes.
async fn with_a_note(engine: &str) -> (TestApp, Store, Vec<String>) {
    let app = TestApp::new(engine);
    let store = app.open().await;
    let there = note("there", &Clock::system());
    insert(&store, &there).await.unwrap();
    (app, store, vec![there.id])
}

pub(crate) async fn failed_last_write_rolls_all_back(engine: &str) {
    let (app, store, mut kept) = with_a_note(engine).await;
    let note = |id: &str| note(id, &Clock::system());
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

pub(crate) async fn event_that_is_assumed_to_be_new_is_handled_once(engine: &str) {
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

pub(crate) async fn transactions_that_assume_share_a_commit(engine: &str) {
    let app = TestApp::new(engine);
    let store = app.open().await;
    let events: Vec<_> = (0..100).map(|n| format!("e{n:02}")).collect();
    if engine == "sqlite" {
        assert_eq!(assume(&store, &events[0]).await, None, "nothing is gained");
        return app.close().await;
    }
    // The first waits for a row, and the others gather meanwhile.
    let mut other = store.begin().await.unwrap();
    let row = note("first", &Clock::system());
    on!(&mut other, c => diesel::insert_into(notes::table).values(&row).execute(c).await).unwrap();
    let first = tokio::spawn({
        let store = store.clone();
        async move { assume(&store, "first").await }
    });
    while waiting_for_locks(&store).await == 0 {
        tokio::task::yield_now().await;
    }
    let mut others = Box::pin(join_all(events.iter().map(|it| assume(&store, it))));
    assert!(futures::poll!(&mut others).is_pending());
    other.rollback().await.unwrap();
    assert!(others.await.into_iter().all(|held| held == Some(true)));
    // Had it waited for too long, it would know nothing better.
    assert!(first.await.unwrap().is_some());
    let commits = transactions_of_notes(&store).await;
    assert!(commits < 50, "{commits} commits for 100 rows");
    app.close().await;
}

pub(crate) async fn wrong_assumption_rolls_all_back(engine: &str) {
    let (app, store, mut kept) = with_a_note(engine).await;
    let note = |id: &str| note(id, &Clock::system());
    for round in 0..ROUNDS {
        let id = |part: &str| format!("{round}{part}");
        for (last, holds) in [(id("new"), true), ("there".to_owned(), false)] {
            let mut tx = store.begin_assuming().await.unwrap();
            if !tx.assumes() {
                assert_eq!(engine, "sqlite");
                tx.rollback().await.unwrap();
                continue;
            }
            // It may look at what is there.
            let query = notes::table.find("there").select(notes::id);
            on!(&mut tx, c => query.first::<String>(c).await).unwrap();
            let rows = vec![note(&format!("{last}-beside")), note(&last)];
            insert_last(&mut tx, rows).await.unwrap();
            let held = store
                .commit_assumed(tx, entry(&format!("{round}{last}")))
                .await;
            assert_eq!(held.unwrap(), holds);
            if holds {
                kept.extend([id("new"), id("new-beside")]);
            }
        }
        // Neither what is not committed nor what is taken back leaves anything.
        let mut tx = store.begin_assuming().await.unwrap();
        if tx.assumes() {
            insert_last(&mut tx, vec![note("never")]).await.unwrap();
        }
        match round % 3 {
            0 => tx.rollback().await.unwrap(),
            1 => drop(tx),
            // Such a commit would lose what it assumes.
            _ => assert_eq!(tx.commit().await.is_ok(), engine == "sqlite"),
        }
        // What does not wait for the commit would be there whatever comes of it.
        let mut tx = store.begin_assuming().await.unwrap();
        if tx.assumes() {
            let row = note("never");
            let written =
                on!(&mut tx, c => diesel::insert_into(notes::table).values(&row).execute(c).await);
            assert!(written.is_err(), "its queries only read");
        }
    }
    kept.sort();
    let mut found: Vec<_> = all(&store).await.into_iter().map(|row| row.id).collect();
    found.sort();
    assert_eq!(found, kept);
    app.close().await;
}

pub(crate) async fn wrong_assumption_of_one_costs_the_others_nothing(engine: &str) {
    let (app, clock) = (TestApp::new(engine), Clock::system());
    let store = app.open().await;
    for round in 0..ROUNDS {
        let events: Vec<_> = (0..40).map(|n| format!("{round}e{n:02}")).collect();
        insert(&store, &note(&events[7], &clock)).await.unwrap();
        assert_eq!(handle_assuming(&store, &events[13]).await, None);
        let handled = join_all(events.iter().map(|it| handle_assuming(&store, it))).await;
        for (n, handled) in handled.into_iter().enumerate() {
            let reply = handled.map(|it| it.reply.unwrap());
            assert_eq!(reply, (n == 13).then(|| events[n].clone().into_bytes()));
        }
        assert_eq!(all(&store).await.len(), 40 * (round + 1));
    }
    app.close().await;
}

pub(crate) async fn group_waits_for_no_lock_for_long(engine: &str) {
    let app = TestApp::new(engine);
    let store = app.open().await;
    let row = note("taken", &Clock::system());
    let mut other = store.begin().await.unwrap();
    on!(&mut other, c => diesel::insert_into(notes::table).values(&row).execute(c).await).unwrap();
    if engine == "postgres" {
        // While the other goes on.
        assert_eq!(assume(&store, "taken").await, Some(false));
        assert_eq!(assume(&store, "free").await, Some(true));
    }
    other.commit().await.unwrap();
    assert!(all(&store).await.contains(&row));
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
