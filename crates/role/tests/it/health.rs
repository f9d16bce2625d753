//! Whether a process is ready.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use clock::Clock;
use role::settings::Settings;
use role::{Parts, Platform, Role};
use serde_json::{Value, json};

use crate::lab::{ADMIN, Lab, send};

const ALIVE: &str = "/health/live";
const READY: [&str; 3] = ["/health/ready", "/health", "/health/"];

pub async fn a_part_that_is_not_well_makes_it_unavailable(lab: Arc<Lab>) {
    let parts = |cache: &str| json!({"bus": "ok", "sample.database": "ok", "sample.cache": cache});
    for path in READY {
        let expected = json!({"ready": true, "status": "ok", "parts": parts("ok")});
        assert_eq!(lab.send("GET", path, &[], None).await, (200, expected));
    }
    lab.flag.store(false, Ordering::Relaxed);
    for path in READY {
        let expected =
            json!({"ready": false, "status": "unavailable", "parts": parts("not ready")});
        assert_eq!(lab.send("GET", path, &[], None).await, (503, expected));
    }
    assert_eq!(
        lab.send("GET", ALIVE, &[], None).await,
        (200, json!({"status": "ok"}))
    );
    lab.flag.store(true, Ordering::Relaxed);
    lab.parts().stopping.cancel();
    let (status, report) = lab.send("GET", READY[0], &[], None).await;
    assert_eq!((status, &report["status"]), (503, &json!("stopping")));
}

/// A broker that nobody runs: the front door stays in rotation, others do not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_front_door_is_only_degraded_without_a_bus() {
    for (name, status, word) in [
        ("ingress", 200, "degraded"),
        ("console", 503, "unavailable"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        // A port that was free a moment ago, and to which nobody listens.
        let port = std::net::TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let env = BTreeMap::from([
            (
                "TRUNKLINE_SECRET_KEY".to_owned(),
                "a-secret-for-tests".to_owned(),
            ),
            ("TRUNKLINE_ADMIN_API_KEY".to_owned(), ADMIN.to_owned()),
            (
                "AMQP_URL".to_owned(),
                format!("amqp://guest:guest@127.0.0.1:{port}/%2f"),
            ),
        ]);
        let mut settings = Settings::load(&env, None).unwrap();
        settings.port = 0;
        settings.data_dir = dir.path().to_owned();
        let parts = Parts::open(settings, Clock::system()).await.unwrap();
        let role = Role::new(name, &parts);
        let platform = Platform::start(parts, vec![role]).await.unwrap();
        let client = reqwest::Client::new();
        let answer = send(&client, platform.port(), "GET", READY[0], &[], None).await;
        let ready = Value::Bool(status == 200);
        let expected = json!({"ready": ready, "status": word, "parts": {"bus": "not connected"}});
        assert_eq!(answer, (status, expected), "{name}");
        let key = [("X-API-Key", "some-key")];
        let answer = send(&client, platform.port(), "GET", "/events", &key, None).await;
        assert_eq!(
            (answer.0, &answer.1["error"]["code"]),
            (503, &json!("unavailable"))
        );
        platform.stop().await;
    }
}
