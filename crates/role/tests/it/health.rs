//! Whether a process is ready.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use clock::Clock;
use events::v1::{CallSettle, NumberReleased};
use role::Role;
use serde_json::{Value, json};
use testkit::{ADMIN, Mode, PATIENCE, Proxy, TestPlatform, amqp_url, database_url, eventually};

use crate::sample;
use crate::test_app::TestApp;

const ALIVE: &str = "/health/live";
const READY: [&str; 3] = ["/health/ready", "/health", "/health/"];

pub async fn part_that_is_not_well_makes_it_unavailable(app: Arc<TestApp>) {
    let parts = |cache: &str| json!({"bus": "ok", "sample.database": "ok", "sample.cache": cache});
    for path in READY {
        let expected = json!({"ready": true, "status": "ok", "parts": parts("ok")});
        assert_eq!(app.send("GET", path, &[], None).await, (200, expected));
    }
    app.flag.store(false, Ordering::Relaxed);
    for path in READY {
        let expected =
            json!({"ready": false, "status": "unavailable", "parts": parts("not ready")});
        assert_eq!(app.send("GET", path, &[], None).await, (503, expected));
    }
    let version = env!("CARGO_PKG_VERSION");
    assert_eq!(
        app.send("GET", ALIVE, &[], None).await,
        (
            200,
            json!({"status": "ok", "version": version, "commit": ""})
        )
    );
    let (_, text) = app.send("GET", "/metrics", &[], None).await;
    let build = format!("trunkline_build_info{{version=\"{version}\",commit=\"\"}} 1");
    assert!(text.as_str().unwrap().contains(&build), "{text}");
    app.flag.store(true, Ordering::Relaxed);
    app.parts().stopping.cancel();
    let (status, report) = app.send("GET", READY[0], &[], None).await;
    assert_eq!((status, &report["status"]), (503, &json!("stopping")));
}

/// Without a broker a role that works without one stays in rotation, others do not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn role_that_stays_in_rotation_is_only_degraded_without_a_bus() {
    for (stays, status, word) in [(true, 200, "degraded"), (false, 503, "unavailable")] {
        let wire = Proxy::closed(&amqp_url());
        let (clock, url) = (Clock::system(), wire.url());
        let platform =
            TestPlatform::new("role", Mode::Embedded, clock, &[("AMQP_URL", &url)]).await;
        let parts = platform.open_now().await;
        let mut role = Role::new("sample", &parts);
        if stays {
            role.stays_in_rotation();
        }
        platform.start(vec![role]).await;
        let answer = platform.send("GET", READY[0], &[], None).await;
        let ready = Value::Bool(status == 200);
        let expected = json!({"ready": ready, "status": word, "parts": {"bus": "not connected"}});
        assert_eq!(answer, (status, expected), "{word}");
        let answer = platform.call("GET", "/events", "some-key", None).await;
        assert_eq!(
            (answer.0, &answer.1["error"]["code"]),
            (503, &json!("unavailable"))
        );
        platform.close().await;
    }
}

/// A broker that comes later: the process serves, says what it waits for, and handles what comes then.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bus_that_is_away_at_the_start_is_waited_for() {
    let wire = Proxy::closed(&amqp_url());
    let app = TestApp::new(Mode::Embedded, &[("AMQP_URL", &wire.url())]).await;
    let case = async |app: Arc<TestApp>| {
        let parts = app.start_now().await;
        assert_eq!(app.send("GET", ALIVE, &[], None).await.0, 200);
        let (status, report) = app.send("GET", READY[0], &[], None).await;
        let expected =
            json!({"bus": "not connected", "sample.database": "ok", "sample.cache": "ok"});
        assert_eq!((status, &report["parts"]), (503, &expected));
        let early = parts.bus.publish(&app.order("e0", "plain")).await;
        assert!(
            matches!(early, Err(bus::Error::Unavailable(_))),
            "{early:?}"
        );

        wire.open();
        eventually("it is ready", async || {
            app.send("GET", READY[0], &[], None).await.0 == 200
        })
        .await;
        let (_, bought) = app.ask("e1", "plain").await;
        assert_eq!((bought.number_id.as_str(), app.notes().await), ("e1", 1));
        let queues = parts.bus.depths().await.unwrap();
        let queues: Vec<_> = queues.iter().map(|depth| depth.queue.as_str()).collect();
        assert_eq!(queues, ["sample.obedient", "sample.persistent"]);
    };
    testkit::run(app, case).await;
}

/// Twilio's webhooks that are in hand get their answers, and so do those that come meanwhile. A page that listens to events
/// does not delay the stop.
pub async fn port_is_open_until_the_requests_in_hand_have_their_answers(app: Arc<TestApp>) {
    app.flag.store(false, Ordering::Relaxed);
    let base = app.base();
    let get = |path: &str| reqwest::get(format!("{base}{path}"));
    let client = reqwest::Client::new();
    let feed = client.get(format!("{base}/events"));
    let mut feed = feed.header("X-API-Key", ADMIN).send().await.unwrap();
    let held = tokio::spawn(get("/waits"));
    app.recorder.wait_for::<CallSettle>(1).await;
    let stopped = {
        let app = app.clone();
        tokio::spawn(async move { app.stop().await })
    };
    eventually("it says that it stops", async || {
        let ready = get("/health/ready").await.unwrap().text().await.unwrap();
        ready.contains("stopping")
    })
    .await;
    // The feed ends, and the port is open all the same.
    while feed.chunk().await.unwrap().is_some() {}
    assert_eq!(get("/health/live").await.unwrap().status(), 200);
    assert!(!held.is_finished() && !stopped.is_finished());
    app.flag.store(true, Ordering::Relaxed);
    assert_eq!(held.await.unwrap().unwrap().status(), 200);
    tokio::time::timeout(PATIENCE, stopped)
        .await
        .unwrap()
        .unwrap();
    assert!(get("/health/live").await.is_err());
}

/// A broker that never comes does not keep the process from stopping.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn platform_that_waits_for_the_bus_can_be_stopped() {
    let wire = Proxy::closed(&amqp_url());
    let app = TestApp::new(Mode::Embedded, &[("AMQP_URL", &wire.url())]).await;
    let parts = app.start_now().await;
    tokio::time::timeout(PATIENCE, app.stop()).await.unwrap();
    assert!(parts.stopping.is_cancelled());
    app.close().await;
}

/// The same for the database.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn database_that_is_away_at_the_start_is_waited_for() {
    let wire = Proxy::closed(&database_url());
    let app = TestApp::new(Mode::Embedded, &[("DATABASE_URL", &wire.url())]).await;
    let case = async |app: Arc<TestApp>| {
        let parts = app.start_now().await;
        assert_eq!(app.send("GET", ALIVE, &[], None).await.0, 200);
        let (status, report) = app.send("GET", READY[0], &[], None).await;
        let expected = json!({
            "bus": "connected, but events are not handled yet",
            "sample.database": "does not answer",
            "sample.cache": "ok",
        });
        assert_eq!((status, &report["parts"]), (503, &expected));

        wire.open();
        eventually("it is ready", async || {
            app.send("GET", READY[0], &[], None).await.0 == 200
        })
        .await;
        app.recorder.listen(&parts.bus, &["number.released"]).await;
        let (_, bought) = app.ask("e1", "plain").await;
        assert_eq!((bought.number_id.as_str(), app.notes().await), ("e1", 1));
        // The way out waited as well.
        app.outbox_is_empty().await;
        app.recorder.wait_for::<NumberReleased>(1).await;
    };
    testkit::run(app, case).await;
}

/// A server that answers and refuses is an error at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn database_that_refuses_is_not_waited_for() {
    let url = format!("{}-that-is-not-there", database_url());
    let platform = TestPlatform::new(
        "role",
        Mode::Embedded,
        Clock::system(),
        &[("DATABASE_URL", &url)],
    )
    .await;
    let parts = platform.open_now().await;
    let refused = Role::new("sample", &parts)
        .with_store(sample::MIGRATIONS)
        .await;
    let Err(role::Error::Store(store::Error::Config(words))) = refused else {
        panic!("it was let in");
    };
    assert!(words.contains("does not exist"), "{words}");
}
