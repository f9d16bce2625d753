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
