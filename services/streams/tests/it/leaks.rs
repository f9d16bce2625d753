//! Sessions that are opened and dropped leave nothing behind: no file, no task, no memory.

use std::process::Stdio;
use std::sync::Arc;

use futures::future::join_all;
use testkit::{Mode, eventually};

use crate::phone::Phone;
use crate::test_app::{RECORDED, TestApp};

/// Set where a process has nothing to do but this test: what it has can be counted.
const ALONE: &str = "TRUNKLINE_TEST_ALONE";
/// How many sessions; `make leaks` has all of the ten thousand.
const SESSIONS: &str = "TRUNKLINE_TEST_SESSIONS";
/// Without that: one handle or task that each of them leaves is seen.
const SOME: usize = 150;
/// So many are open at the same time.
const WAVE: usize = 50;
/// What the allocator may keep, in bytes: pages that it has not given back, whatever was opened in between.
const KEPT_MEMORY: usize = 64 << 20;

/// What a process has.
#[derive(Debug, Clone, Copy)]
struct Has {
    handles: usize,
    tasks: usize,
    memory: usize,
}

impl Has {
    fn now() -> Self {
        let memory = std::fs::read_to_string("/proc/self/statm").unwrap();
        let pages: usize = memory.split(' ').nth(1).unwrap().parse().unwrap();
        Self {
            handles: std::fs::read_dir("/proc/self/fd").unwrap().count(),
            tasks: tokio::runtime::Handle::current()
                .metrics()
                .num_alive_tasks(),
            memory: pages * 4_096,
        }
    }
}

pub async fn sessions_opened_and_dropped_leave_nothing_behind(app: Arc<TestApp>) {
    if std::env::var_os(ALONE).is_none() {
        return in_a_process_of_its_own(app.mode()).await;
    }
    let told = std::env::var_os(SESSIONS);
    let sessions = told.map_or(SOME, |text| text.to_str().unwrap().parse().unwrap());
    // Pools and caches are as large as they get.
    for round in 0..2 {
        wave(&app, &format!("CAfirst{round}x")).await;
    }
    let before = Has::now();
    for round in 0..sessions.div_ceil(WAVE) {
        wave(&app, &format!("CA{round}x")).await;
    }
    eventually("handles and tasks are as many as before", async || {
        let now = Has::now();
        now.handles <= before.handles && now.tasks <= before.tasks
    })
    .await;
    let after = Has::now();
    assert!(
        after.memory <= before.memory + KEPT_MEMORY,
        "{before:?} {after:?}"
    );
}

/// Other tests of this process open files of their own meanwhile.
async fn in_a_process_of_its_own(mode: Mode) {
    let set = match mode {
        Mode::Embedded => "embedded",
        Mode::Distributed => "distributed",
    };
    let case = format!("{set}::sessions_opened_and_dropped_leave_nothing_behind");
    let child = tokio::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &case, "--test-threads=1", "--nocapture"])
        .env(ALONE, "1")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .output()
        .await
        .unwrap();
    let said = [child.stdout, child.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    assert!(child.status.success(), "{said}");
    assert!(said.contains("1 passed"), "{said}");
}

/// Many calls at once, each of which is cut off in the middle; their recordings are archived before the next wave, or ever more would wait
/// for that.
async fn wave(app: &Arc<TestApp>, name: &str) {
    let calls = (0..WAVE).map(|n| {
        let app = app.clone();
        async move {
            let call_sid = format!("{name}{n}");
            let path = app.offered(&call_sid, RECORDED).await;
            let mut phone = Phone::call(&app, &path, &call_sid).await;
            phone.wait(3).await;
            drop(phone);
            // On a busy machine a phone may be silent for too long before it is cut off.
            let reason = app.ended(&call_sid).await.reason;
            assert!(
                ["stopped", "no_media"].contains(&reason.as_str()),
                "{reason}"
            );
        }
    });
    join_all(calls).await;
    nothing_is_live(app).await;
    // What the test has heard is neither to be counted nor to be searched by the next wave.
    app.recorder.forget();
}

async fn nothing_is_live(app: &TestApp) {
    eventually("nothing of them is live", async || {
        let (_, metrics) = app.call("GET", "/metrics", "", None).await;
        let live = metrics.as_str().unwrap().lines();
        let mut live = live.filter(|line| line.starts_with("streams_live"));
        let is_over = live.all(|line| line.ends_with(" 0"));
        is_over && sockets(&app.base()) < 10 && journals(app) == 0
    })
    .await;
}

/// Connections that a server holds.
fn sockets(base: &str) -> usize {
    let port: u16 = base.rsplit(':').next().unwrap().parse().unwrap();
    let table = std::fs::read_to_string("/proc/net/tcp").unwrap();
    let ours = format!(":{port:04X}");
    let rows = table.lines().filter(|row| {
        let mut fields = row.split_whitespace().skip(1);
        let local = fields.next().is_some_and(|it| it.ends_with(&ours));
        // Established, or closed by the other side only.
        local && matches!(fields.nth(1), Some("01" | "08"))
    });
    rows.count()
}

fn journals(app: &TestApp) -> usize {
    let dir = app.settings().data_dir.join("live");
    std::fs::read_dir(dir).unwrap().count()
}
