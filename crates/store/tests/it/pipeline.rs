//! What is sent with the first query and with the commit: the same as one after the other, only sooner. PostgreSQL
//! connections send the more at once the more they have prepared, so each case goes round a few times.

use clock::Clock;
use store::prelude::*;
use store::{Error, Store, inbox, on, write_last};

use crate::schema::notes;
use crate::{Note, TestApp, all, insert, note};

const ROUNDS: usize = 4;

/// Handles an event as a decider's frame does: it counts the note up. `None`: handled before, with this reply.
async fn handle(store: &Store, event: &str) -> Option<Option<Vec<u8>>> {
    let mut tx = store.begin().await.unwrap();
    let now = Clock::system().now();
    let mut fresh = inbox::enter_first(&mut tx, "c", event, now).await.unwrap();
    if fresh {
        let counted = on!(&mut tx, c => diesel::update(notes::table)
            .set(notes::count.eq(notes::count + 1))
            .execute(c)
            .await);
        fresh = inbox::is_fresh(&mut tx).await.unwrap();
        assert_eq!(counted.is_ok(), fresh);
    }
    if !fresh {
        tx.rollback().await.unwrap();
        let mut read = store.read().await.unwrap();
        let handled = inbox::handled(&mut read, "c", event).await.unwrap();
        return Some(handled.reply);
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
        let handlers: Vec<_> = (0..6)
            .map(|_| {
                let (store, event) = (store.clone(), event.clone());
                tokio::spawn(async move { handle(&store, &event).await })
            })
            .collect();
        let mut first = 0;
        for handler in handlers {
            match handler.await.unwrap() {
                None => first += 1,
                Some(reply) => assert_eq!(reply.as_deref(), Some(event.as_bytes())),
            }
        }
        assert_eq!(first, 1, "{event}");
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
        // Whoever does not ask cannot commit it either, where it was left to the first query.
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
    write_last!(&mut tx, for row in last => diesel::insert_into(notes::table).values(row))?;
    tx.commit().await
}

pub(crate) async fn what_fails_at_the_end_takes_all_with_it(engine: &str) {
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

pub(crate) async fn what_is_prepared_anew_is_in_time_for_the_commit(engine: &str) {
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

/// Handles an event as a decider's frame does that assumes it to be new: it adds a note. `None`: handled before, with this
/// reply.
async fn handle_assuming(store: &Store, event: &str) -> Option<Option<Vec<u8>>> {
    let now = Clock::system().now();
    let mut tx = store.begin_assuming().await.unwrap();
    if tx.assumes() {
        let row = note(event, &Clock::system());
        write_last!(&mut tx, for row in [row] => diesel::insert_into(notes::table).values(row))
            .unwrap();
        let reply = Some(event.as_bytes().to_vec());
        inbox::enter_last(&mut tx, "c", event, now, reply);
        inbox::conclude(&mut tx, vec![], vec![]).await.unwrap();
        if tx.commit_assumed().await.unwrap() {
            return None;
        }
    } else {
        tx.rollback().await.unwrap();
    }
    handle_slowly(store, event).await
}

/// The same without assuming anything.
async fn handle_slowly(store: &Store, event: &str) -> Option<Option<Vec<u8>>> {
    let now = Clock::system().now();
    let mut tx = store.begin().await.unwrap();
    let mut fresh = inbox::enter_first(&mut tx, "c", event, now).await.unwrap();
    if fresh {
        let row = note(event, &Clock::system());
        let added = on!(&mut tx, c => diesel::insert_into(notes::table)
            .values(row)
            .on_conflict(notes::id)
            .do_nothing()
            .execute(c)
            .await);
        fresh = inbox::is_fresh(&mut tx).await.unwrap();
        assert_eq!(added.is_ok(), fresh);
    }
    if !fresh {
        tx.rollback().await.unwrap();
        let mut read = store.read().await.unwrap();
        return Some(inbox::handled(&mut read, "c", event).await.unwrap().reply);
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

pub(crate) async fn event_that_is_assumed_to_be_new_is_entered_once(engine: &str) {
    let (app, clock) = (TestApp::new(engine), Clock::system());
    let store = app.open().await;
    for round in 0..4 * ROUNDS {
        let event = format!("e{round:02}");
        // In every other round the row is there, and only the event is new.
        if round % 2 == 1 {
            insert(&store, &note(&event, &clock)).await.unwrap();
        }
        let handlers: Vec<_> = (0..6)
            .map(|n| {
                let (store, event) = (store.clone(), event.clone());
                tokio::spawn(async move {
                    match n % 3 {
                        0 => handle_slowly(&store, &event).await,
                        _ => handle_assuming(&store, &event).await,
                    }
                })
            })
            .collect();
        let mut first = 0;
        for handler in handlers {
            match handler.await.unwrap() {
                None => first += 1,
                Some(reply) => assert_eq!(reply.as_deref(), Some(event.as_bytes())),
            }
        }
        assert_eq!(first, 1, "{event}");
    }
    assert_eq!(all(&store).await.len(), 4 * ROUNDS);
    app.close().await;
}

pub(crate) async fn wrong_assumption_takes_all_with_it(engine: &str) {
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
            write_last!(&mut tx, for row in [row] => diesel::insert_into(notes::table).values(row))
                .unwrap();
            assert_eq!(tx.commit_assumed().await.unwrap(), holds);
            if holds {
                kept.extend([id("new-query"), id("new")]);
            }
        }
        // Neither what was never begun nor what was taken back leaves anything.
        let mut tx = store.begin_assuming().await.unwrap();
        if tx.assumes() {
            let row = note("never");
            write_last!(&mut tx, for row in [row] => diesel::insert_into(notes::table).values(row))
                .unwrap();
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
