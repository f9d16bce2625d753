//! The tables, where HTTP does not show what holds.

use std::sync::Arc;

use flow::Progress;
use interviews::door::{
    SpeechRow, call_bind, flow_put, flow_version, interview_lock_by_call, last_evaluated,
    speech_ask, speech_find, speech_put,
};
use serde_json::json;
use store::types::Json;

use crate::fixtures::{PERSON, at, ended, pending};
use crate::test_app::TestApp;

pub async fn two_who_store_a_flow_at_once_make_two_versions(app: Arc<TestApp>) {
    let put = async |nth: u32| {
        let mut tx = app.store.begin().await.unwrap();
        let definition = Json(json!({ "nth": nth }));
        let stored = flow_put(&mut tx, ("smith", "x"), "coach", &definition, at(0), None).await;
        let (version, is_new) = stored.unwrap();
        tx.commit().await.unwrap();
        assert!(is_new);
        (version, definition)
    };
    let stored = tokio::join!(put(1), put(2), put(3));
    let mut versions = Vec::new();
    for (version, definition) in [stored.0, stored.1, stored.2] {
        let mut tx = app.store.read().await.unwrap();
        let row = flow_version(&mut tx, "smith", "x", version).await.unwrap();
        assert_eq!(row.unwrap().definition, definition);
        versions.push(version);
    }
    versions.sort_unstable();
    assert_eq!(versions, [1, 2, 3]);
    // One that was made before these and comes after them.
    let mut tx = app.store.begin().await.unwrap();
    let late = Json(json!({ "nth": "late" }));
    let stored = flow_put(&mut tx, ("smith", "x"), "coach", &late, at(-1), None).await;
    assert_eq!(stored.unwrap(), (3, false));
    tx.rollback().await.unwrap();
}

pub async fn call_belongs_to_one_interview(app: Arc<TestApp>) {
    app.keep(&pending("one", "smith")).await;
    app.keep(&pending("two", "smith")).await;
    let mut tx = app.store.begin().await.unwrap();
    assert!(call_bind(&mut tx, "CA1", "one", 1).await.unwrap());
    assert!(call_bind(&mut tx, "CA1", "one", 1).await.unwrap());
    assert!(!call_bind(&mut tx, "CA1", "two", 1).await.unwrap());
    assert!(!call_bind(&mut tx, "CA1", "one", 2).await.unwrap());
    assert!(call_bind(&mut tx, "CA2", "one", 2).await.unwrap());
    for (call, owner) in [("CA1", Some("one")), ("CA2", Some("one")), ("CA3", None)] {
        let found = interview_lock_by_call(&mut tx, call).await.unwrap();
        assert_eq!(found.as_ref().map(|it| it.id.as_str()), owner, "{call}");
    }
}

pub async fn speech_that_is_ready_stays_ready(app: Arc<TestApp>) {
    let mut tx = app.store.begin().await.unwrap();
    let row = |state: &str, file: &str| SpeechRow {
        key: "k".into(),
        state: state.into(),
        file: file.into(),
        at: at(0).into(),
    };
    for (put, file, holds) in [
        ("asked", "", "asked"),
        ("failed", "", "failed"),
        ("ready", "k.mp3", "ready"),
        ("asked", "", "ready"),
        ("failed", "", "ready"),
    ] {
        speech_put(&mut tx, &row(put, file)).await.unwrap();
        let keys = ["k".to_owned(), "unknown".to_owned()];
        let found = speech_find(&mut tx, &keys).await.unwrap();
        let found: Vec<_> = found.iter().map(|it| it.state.as_str()).collect();
        assert_eq!(found, [holds], "after {put}");
    }
    let found = speech_find(&mut tx, &["k".to_owned()]).await.unwrap();
    assert_eq!(found[0].file, "k.mp3");
}

/// Several calls want the same line at the same moment, in whichever processes: one of them has it made.
pub async fn line_that_several_want_at_once_is_ordered_once(app: Arc<TestApp>) {
    let row = |minute: i64| SpeechRow {
        key: "k".into(),
        state: "asked".into(),
        file: String::new(),
        at: at(minute).into(),
    };
    let ask = async |minute: i64, seen: Option<SpeechRow>| {
        let mut tx = app.store.begin().await.unwrap();
        let asked = speech_ask(&mut tx, &row(minute), seen.as_ref()).await;
        let asked = asked.unwrap();
        tx.commit().await.unwrap();
        usize::from(asked)
    };
    let (a, b, c) = tokio::join!(ask(0, None), ask(0, None), ask(0, None));
    assert_eq!(a + b + c, 1);
    // Nobody has made it for long: it is ordered again, once.
    let seen = || Some(row(0));
    let (a, b, c) = tokio::join!(ask(20, seen()), ask(20, seen()), ask(20, seen()));
    assert_eq!(a + b + c, 1);
    assert_eq!(ask(21, None).await + ask(21, seen()).await, 0);
}

pub async fn last_feedback_is_of_the_same_kind_and_person(app: Arc<TestApp>) {
    let coach = |id: &str, minute: i64| {
        let mut row = ended(id, "smith", &Progress::default());
        row.kind = "coach".into();
        row.result = Some(Json(json!({})));
        row.evaluated_at = Some(at(minute).into());
        row
    };
    let mut others = vec![coach("old", 1), coach("new", 5), coach("later", 9)];
    others[2].result = None;
    let mut screener = coach("screener", 8);
    screener.kind = "screener".into();
    let mut stranger = coach("stranger", 8);
    stranger.person = "+15550108888".into();
    let mut jones = coach("jones", 8);
    jones.tenant_id = "jones".into();
    others.extend([screener, stranger, jones]);
    for row in &others {
        app.keep(row).await;
    }
    let mut tx = app.store.read().await.unwrap();
    let found = last_evaluated(&mut tx, ("smith", PERSON), "coach").await;
    assert_eq!(found.unwrap().unwrap().id, "new");
    let none = last_evaluated(&mut tx, ("smith", "+15550107777"), "coach").await;
    assert!(none.unwrap().is_none());
}
