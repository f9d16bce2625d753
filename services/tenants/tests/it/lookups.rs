//! Whose number is this? What is kept in memory, here and at the edge, follows each change.

use std::sync::Arc;

use clock::Clock;
use events::v1::{
    Directory, DirectoryQuery, NumberChanged, ResolveQuery, Resolved, TenantChanged, TenantFound,
    TenantQuery,
};
use serde_json::json;
use settings::Secret;
use testkit::{ADMIN, Mode, eventually};

use crate::fixtures::{ACCOUNT, OTHER_ACCOUNT, world};
use crate::test_app::{TestApp, log, run_at};

async fn resolve(app: &TestApp, number: &str) -> Resolved {
    app.ask(&ResolveQuery {
        number: number.to_owned(),
    })
    .await
}

pub async fn change_is_seen_at_once(app: Arc<TestApp>) {
    assert_eq!(resolve(&app, "+15550100001").await, Resolved::default());
    app.world().await;
    let found = resolve(&app, "+15550100001").await;
    assert!(found.active);
    for name in ["One", "Two", "Three"] {
        app.put("/api/tenants/smith", json!({ "name": name })).await;
        assert_eq!(
            resolve(&app, "+15550100001").await.tenant.unwrap().name,
            name
        );
    }
    app.suspend("smith").await;
    let found = resolve(&app, "+15550100001").await;
    assert_eq!((found.active, found.tenant.is_some()), (false, true));
}

pub async fn tenant_query_answers_the_named_one_or_the_only_one(app: Arc<TestApp>) {
    let find = async |id: &str| {
        let query = TenantQuery {
            tenant_id: id.to_owned(),
        };
        let found: TenantFound = app.ask(&query).await;
        found.tenant_id
    };
    assert_eq!(find("").await, "", "there is none yet");
    let one = |id: &str| json!({ "tenants": [{ "id": id, "name": id }] });
    app.apply(one("smith")).await;
    assert_eq!(find("").await, "smith");
    app.apply(one("jones")).await;
    assert_eq!(find("").await, "", "there are two");
    assert_eq!(
        (find("jones").await, find("nobody").await),
        ("jones".into(), String::new())
    );
}

pub async fn change_of_another_replica_is_seen(app: Arc<TestApp>) {
    app.world().await;
    let other = app.replica().await;
    // Both have it in memory by now.
    for _ in 0..40 {
        assert_eq!(
            resolve(&app, "+15550100001").await.tenant.unwrap().name,
            "Smith Plumbing"
        );
    }
    let body = Some(json!({ "name": "Renamed" }));
    let path = "/api/tenants/smith";
    let (status, _) = app.call_at(&other, "PUT", path, ADMIN, body, &[]).await;
    assert_eq!(status, 200);
    // Much sooner than an entry grows old.
    eventually("every replica sees it", async || {
        for _ in 0..20 {
            if resolve(&app, "+15550100001").await.tenant.unwrap().name != "Renamed" {
                return false;
            }
        }
        true
    })
    .await;
}

pub async fn edge_gets_its_directory(app: Arc<TestApp>) {
    app.world().await;
    let directory: Directory = app.ask(&DirectoryQuery::default()).await;
    let account = &directory.accounts[0];
    assert_eq!(
        (
            directory.accounts.len(),
            account.account_sid.as_str(),
            account.tenant_id.as_str()
        ),
        (1, OTHER_ACCOUNT, "jones")
    );
    let tokens: Vec<Secret> = account
        .sealed_tokens
        .iter()
        .map(|t| app.parts.sealer.open(t).unwrap())
        .collect();
    assert_eq!(
        tokens.iter().map(Secret::reveal).collect::<Vec<_>>(),
        ["a-token-of-jones", "an-older-token"]
    );
    let mut entries: Vec<_> = directory
        .entries
        .iter()
        .map(|e| {
            (
                e.number.as_str(),
                e.tenant_id.as_str(),
                e.account_sid.as_str(),
                e.dialable,
            )
        })
        .collect();
    entries.sort_unstable();
    assert_eq!(
        entries,
        [
            ("+15550100001", "smith", ACCOUNT, true),
            ("+15550100003", "smith", ACCOUNT, false),
            ("+15550100011", "jones", OTHER_ACCOUNT, false),
        ]
    );
    let of_smith = directory.entries.iter().filter(|e| e.tenant_id == "smith");
    assert!(
        of_smith.clone().count() == 2 && of_smith.clone().all(|e| e.language == "es-MX"),
        "the edge speaks the tenant's language where nobody decides"
    );
    app.suspend("smith").await;
    let directory: Directory = app.ask(&DirectoryQuery::default()).await;
    assert!(directory.entries.iter().all(|e| !e.dialable));
    // The directory of this process follows.
    let known = &app.parts.directory;
    eventually("the directory is fresh", async || {
        known.entry("+15550100001").is_some_and(|e| !e.dialable)
            && known.account(OTHER_ACCOUNT).is_some()
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_database_an_old_answer_is_used() {
    let clock = Clock::held(Clock::system().now());
    run_at(Mode::Distributed, clock, |app: Arc<TestApp>| async move {
        app.world().await;
        // The role hears of its own changes too, and forgets once more.
        app.recorder.wait_for::<NumberChanged>(3).await;
        app.recorder.wait_for::<TenantChanged>(2).await;
        for _ in 0..50 {
            assert!(resolve(&app, "+15550100001").await.active);
        }
        app.parts.database.drop_schemas(&["tenants"]).await.unwrap();
        // Fresh: the database is not asked. Old: it is, in vain.
        assert!(resolve(&app, "+15550100001").await.active);
        app.parts.clock.advance(chrono::Duration::seconds(31));
        assert!(resolve(&app, "+15550100001").await.active);
        assert!(log().text().contains("old look-ups are used"));
    })
    .await;
}

pub async fn directory_comes_in_pages(app: Arc<TestApp>) {
    let numbers: Vec<_> = (0..25)
        .map(|n| json!({ "number": format!("+155501101{n:02}") }))
        .collect();
    let mut document = world();
    document["tenants"][0]["numbers"] = json!(numbers);
    app.apply(document).await;
    let page = async |after: &str| -> Directory {
        let after = after.to_owned();
        app.ask(&DirectoryQuery { limit: 10, after }).await
    };
    let first = page("").await;
    assert_eq!((first.entries.len(), first.accounts.len()), (10, 1));
    let second = page(&first.next).await;
    assert_eq!((second.entries.len(), second.accounts.len()), (10, 0));
    let third = page(&second.next).await;
    assert_eq!((third.entries.len(), third.next.as_str()), (6, ""));
    let mut paged: Vec<String> = [first, second, third]
        .into_iter()
        .flat_map(|it| it.entries)
        .map(|it| it.number)
        .collect();
    paged.sort_unstable();
    // Whoever asks for no page gets all of it.
    let whole: Directory = app.ask(&DirectoryQuery::default()).await;
    assert_eq!(whole.next, "");
    let mut all: Vec<String> = whole.entries.into_iter().map(|it| it.number).collect();
    all.sort_unstable();
    assert_eq!(paged, all);
}
