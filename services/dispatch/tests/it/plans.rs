//! How threads and messages are found: by an index, however many there are. PostgreSQL plans by what the tables hold, so it is given
//! 100,000 threads and counts its own scans; SQLite plans by the schema alone, and says how.

use std::sync::{Arc, Mutex, PoisonError};

use diesel::connection::{Instrumentation, InstrumentationEvent, set_default_instrumentation};
use diesel::sql_types::{BigInt, Text};
use diesel::{QueryableByName, sql_query};
use dispatch::test_support;
use store::{Store, Tx, on};
use test_support::{Filter, Window};
use testkit::Mode;

use crate::test_app::TestApp;

const TENANTS: usize = 20;
/// A page of the inbox.
const PAGE: i64 = 50;
/// A thread among them.
const THREAD: &str = "thread-4242";

/// Every way in which lists and threads are opened: its name, and what opens it.
async fn each(tx: &mut Tx, mut look: impl AsyncFnMut(&mut Tx, &str)) {
    let tenant = || Filter {
        tenant: Some("tenant-7".to_owned()),
        ..Filter::default()
    };
    let long_ago = "2025-01-01T00:00:00Z".parse().unwrap();
    let filters = [
        ("all", Filter::default()),
        ("tenant", tenant()),
        (
            "status",
            Filter {
                status: Some("completed".to_owned()),
                ..tenant()
            },
        ),
        (
            "answering",
            Filter {
                answering: Some("human".to_owned()),
                ..tenant()
            },
        ),
        (
            "urgency",
            Filter {
                urgency: Some("emergency".to_owned()),
                ..tenant()
            },
        ),
        (
            "unread",
            Filter {
                unread: Some(true),
                ..tenant()
            },
        ),
        (
            "next page",
            Filter {
                after: Some((long_ago, THREAD.to_owned())),
                ..tenant()
            },
        ),
    ];
    for (name, filter) in filters {
        look(tx, name).await;
        test_support::conversation_list(tx, &filter, PAGE)
            .await
            .unwrap();
    }
    look(tx, "thread").await;
    test_support::conversation_find(tx, THREAD).await.unwrap();
    let latest = Window {
        before: None,
        limit: PAGE,
    };
    look(tx, "messages").await;
    test_support::message_list(tx, THREAD, &latest)
        .await
        .unwrap();
    let before = Window {
        before: Some((long_ago, "message-7".to_owned())),
        ..latest
    };
    look(tx, "messages before").await;
    test_support::message_list(tx, THREAD, &before)
        .await
        .unwrap();
    look(tx, "").await;
}

pub async fn threads_and_messages_are_found_by_an_index_among_100_000(app: Arc<TestApp>) {
    match app.mode() {
        Mode::Embedded => planned().await,
        Mode::Distributed => scanned(app.own_store()).await,
    }
}

/// SQL that makes the rows, in PostgreSQL.
fn rows() -> [String; 3] {
    let threads = format!(
        "INSERT INTO conversations (id, tenant_id, customer, number, account_sid, status, answering, urgency, created_at, updated_at, is_unread)
         SELECT 'thread-' || n, 'tenant-' || n % {TENANTS}, '+1415' || lpad(n::text, 7, '0'), '+14155550100', 'AC1',
                CASE WHEN n % 9 = 0 THEN 'completed' ELSE 'active' END, CASE WHEN n % 7 = 0 THEN 'human' ELSE 'ai' END,
                CASE WHEN n % 500 = 0 THEN 'emergency' ELSE 'normal' END, now(), now() - n * interval '1 minute', n % 5 = 0
         FROM generate_series(1, 100000) AS numbers (n)"
    );
    let messages = "INSERT INTO messages (id, conversation_id, direction, sender, body, media, status, created_at)
         SELECT 'message-' || n, 'thread-' || n, 'inbound', 'customer', 'My tap drips.', '[]', 'received', now()
         FROM generate_series(1, 100000) AS numbers (n)";
    [
        threads,
        messages.to_owned(),
        "ANALYZE conversations, messages".to_owned(),
    ]
}

#[derive(QueryableByName)]
struct Scans {
    #[diesel(sql_type = BigInt)]
    scans: i64,
}

/// Whole tables that this transaction has read so far, of those that grow.
async fn scans(tx: &mut Tx) -> i64 {
    let sql = "SELECT coalesce(sum(seq_scan), 0)::bigint AS scans FROM pg_stat_xact_user_tables
               WHERE schemaname = current_schema() AND relname IN ('conversations', 'messages', 'deliveries')";
    let found: Result<Scans, store::Error> =
        async { Ok(on!(tx, c => sql_query(sql).get_result::<Scans>(c).await)?) }.await;
    found.unwrap().scans
}

async fn run(tx: &mut Tx, sql: &str) {
    let done: Result<usize, store::Error> =
        async { Ok(on!(tx, c => sql_query(sql).execute(c).await)?) }.await;
    done.unwrap();
}

/// PostgreSQL counts the tables that it reads from one end to the other.
async fn scanned(store: &Store) {
    let mut tx = store.begin().await.unwrap();
    for sql in rows() {
        run(&mut tx, &sql).await;
    }
    let mut before = (String::new(), scans(&mut tx).await);
    each(&mut tx, async |tx, name| {
        let now = scans(tx).await;
        assert_eq!(now, before.1, "{} reads a whole table", before.0);
        before = (name.to_owned(), now);
    })
    .await;
    // The counter counts.
    run(
        &mut tx,
        "SELECT count(*) FROM messages WHERE body = 'nobody wrote this'",
    )
    .await;
    assert!(scans(&mut tx).await > before.1);
    tx.rollback().await.unwrap();
}

/// What is asked of databases of this test.
static ASKED: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Keeps the queries of the connections to dispatch's own file.
#[derive(Default)]
struct Watcher {
    is_ours: bool,
}

fn watcher() -> Option<Box<dyn Instrumentation>> {
    Some(Box::new(Watcher::default()))
}

impl Instrumentation for Watcher {
    fn on_connection_event(&mut self, event: InstrumentationEvent<'_>) {
        match event {
            InstrumentationEvent::StartEstablishConnection { url, .. } => {
                self.is_ours = url.ends_with(PLANNED);
            }
            InstrumentationEvent::StartQuery { query, .. } if self.is_ours => {
                let mut asked = ASKED.lock().unwrap_or_else(PoisonError::into_inner);
                asked.push(query.to_string());
            }
            _ => {}
        }
    }
}

/// A file that no other test has.
const PLANNED: &str = "planned.db";

#[derive(QueryableByName)]
struct Step {
    #[diesel(sql_type = Text)]
    detail: String,
}

/// SQLite tells its plan of each query that was asked.
async fn planned() {
    set_default_instrumentation(watcher).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let database = store::Database::Sqlite {
        dir: dir.path().to_owned(),
    };
    let store = Store::open(&database, "planned", test_support::MIGRATIONS)
        .await
        .unwrap();
    let mut tx = store.begin().await.unwrap();
    let mut queries = Vec::new();
    each(&mut tx, async |_, name| {
        let mut asked = ASKED.lock().unwrap_or_else(PoisonError::into_inner);
        let of_before = std::mem::take(&mut *asked);
        queries.push((name.to_owned(), of_before));
    })
    .await;
    // What was asked before the first look made the tables.
    for (at, (_, asked)) in queries.iter().enumerate().skip(1) {
        let name = &queries[at - 1].0;
        assert!(!asked.is_empty(), "nothing was asked for {name}");
        for query in asked {
            let sql = query.split(" -- binds").next().unwrap();
            let sql = format!("EXPLAIN QUERY PLAN {sql}");
            let plan: Result<Vec<Step>, store::Error> =
                async { Ok(on!(&mut tx, c => sql_query(&sql).load::<Step>(c).await)?) }.await;
            for Step { detail } in plan.unwrap() {
                let reads_all = detail.starts_with("SCAN") && !detail.contains("USING INDEX");
                assert!(!reads_all, "{name}: {detail}: {query}");
                assert!(!detail.contains("TEMP B-TREE"), "{name} sorts: {detail}");
            }
        }
    }
    tx.rollback().await.unwrap();
}
