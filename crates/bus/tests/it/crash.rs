//! The embedded bus under `kill -9`: this binary starts itself again as a child and kills it.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use bus::{Bus, Config, DELIVERY_LIMIT, Disposition};

use crate::harness::{Seen, event, eventually, subscription};

const DIR: &str = "BUS_TEST_CHILD_DIR";
const ROUNDS: usize = 10;

/// A child that runs one test function of this binary on a folder.
fn child(test: &str, dir: &Path) -> (Child, BufReader<ChildStdout>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--test-threads=1"])
        .env(DIR, dir)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap());
    (child, lines)
}

/// The folder, if this process is such a child.
fn folder() -> Option<PathBuf> {
    std::env::var_os(DIR)
        .as_deref()
        .map(OsStr::to_owned)
        .map(PathBuf::from)
}

/// Tells the parent something; a line is written whole or not at all.
fn tell(word: &str, id: &str) {
    let mut out = std::io::stdout().lock();
    out.write_all(format!("\n{word} {id}\n").as_bytes())
        .unwrap();
    out.flush().unwrap();
}

fn config(dir: &Path) -> Config {
    Config::Embedded {
        dir: dir.to_owned(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child_under_load() {
    let Some(dir) = folder() else { return };
    let bus = Bus::connect(&config(&dir)).await.unwrap();
    let seen = Seen::answering(|delivery| {
        tell("handled", &delivery.envelope.id);
        match delivery.attempt {
            // Some go round once, so that waiting repeats are cut off as well.
            1 if delivery.envelope.id.ends_with('7') => Disposition::Retry("again".into()),
            _ => Disposition::Done,
        }
    });
    bus.consume(subscription("calls.log", &["call.missed"]), seen.handler())
        .await
        .unwrap();
    bus.declare(&subscription("calls.kept", &["call.missed"]))
        .await
        .unwrap();
    let publishers = (0..8).map(|_| {
        let bus = bus.clone();
        tokio::spawn(async move {
            loop {
                let event = event("call.missed");
                bus.publish(&event).await.unwrap();
                tell("confirmed", &event.id);
            }
        })
    });
    futures::future::join_all(publishers).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_confirmed_is_handled_though_the_process_is_killed() {
    let dir = tempfile::tempdir().unwrap();
    let (mut confirmed, mut handled) = (BTreeSet::new(), BTreeSet::new());
    for round in 0..ROUNDS {
        let (mut child, lines) = child("crash::child_under_load", dir.path());
        let mut confirms = 0;
        for line in lines.lines() {
            let line = line.unwrap();
            match line.split_once(' ') {
                Some(("confirmed", id)) => {
                    confirms += 1;
                    confirmed.insert(id.to_owned());
                }
                Some(("handled", id)) => drop(handled.insert(id.to_owned())),
                _ => {}
            }
            // Each round is killed at another moment; what it still said before is read to the end.
            if confirms == 20 + 37 * round {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        assert!(confirms >= 20 + 37 * round, "the child did not get to work");
    }

    let bus = Bus::connect(&config(dir.path())).await.unwrap();
    let (rest, kept) = (Seen::new(), Seen::new());
    bus.consume(subscription("calls.log", &["call.missed"]), rest.handler())
        .await
        .unwrap();
    bus.consume(subscription("calls.kept", &["call.missed"]), kept.handler())
        .await
        .unwrap();
    eventually("all that was confirmed is handled", async || {
        let rest: BTreeSet<_> = rest.ids().into_iter().collect();
        confirmed
            .iter()
            .all(|id| handled.contains(id) || rest.contains(id))
    })
    .await;
    eventually(
        "the queue without a consumer has kept them all",
        async || {
            let kept: BTreeSet<_> = kept.ids().into_iter().collect();
            confirmed.iter().all(|id| kept.contains(id))
        },
    )
    .await;
    assert!(bus.dead_letters(10).await.unwrap().is_empty());
    bus.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child_that_is_poisoned() {
    let Some(dir) = folder() else { return };
    let bus = Bus::connect(&config(&dir)).await.unwrap();
    let seen = Seen::answering(|delivery| {
        tell("handling", &delivery.attempt.to_string());
        std::process::abort();
    });
    bus.consume(subscription("calls.log", &["call.missed"]), seen.handler())
        .await
        .unwrap();
    eventually("the poison is dead", async || {
        bus.dead_letters(1).await.unwrap().len() == 1
    })
    .await;
    tell(
        "dead",
        &bus.dead_letters(1).await.unwrap()[0].attempts.to_string(),
    );
    bus.close().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn event_that_kills_the_process_each_time_ends_among_the_dead() {
    let dir = tempfile::tempdir().unwrap();
    let bus = Bus::connect(&config(dir.path())).await.unwrap();
    bus.declare(&subscription("calls.log", &["call.missed"]))
        .await
        .unwrap();
    bus.publish(&event("call.missed")).await.unwrap();
    bus.close().await;
    let mut starts = 0;
    loop {
        let (mut child, lines) = child("crash::child_that_is_poisoned", dir.path());
        let said: Vec<String> = lines.lines().map(Result::unwrap).collect();
        child.wait().unwrap();
        if said.iter().any(|line| line.starts_with("dead")) {
            break;
        }
        starts += 1;
        // The very first start was after a peaceful end and may not have been written down in time.
        assert!(
            starts <= DELIVERY_LIMIT + 1,
            "it would go on for ever: {said:?}"
        );
    }
    assert!(starts >= DELIVERY_LIMIT, "given up after {starts} starts");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn child_that_holds_the_folder() {
    let Some(dir) = folder() else { return };
    let _bus = Bus::connect(&config(&dir)).await.unwrap();
    tell("open", "");
    // Until the parent has seen enough.
    tokio::time::sleep(Duration::from_secs(60)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn folder_belongs_to_one_process() {
    let dir = tempfile::tempdir().unwrap();
    let (mut child, mut lines) = child("crash::child_that_holds_the_folder", dir.path());
    let mut line = String::new();
    while !line.starts_with("open") {
        line.clear();
        assert!(
            lines.read_line(&mut line).unwrap() > 0,
            "the child has ended"
        );
    }
    let refused = Bus::connect(&config(dir.path()))
        .await
        .unwrap_err()
        .to_string();
    assert!(
        refused.contains("in use by another process") && refused.contains("AMQP_URL"),
        "{refused}"
    );
    child.kill().unwrap();
    child.wait().unwrap();
    // Its lock dies with it.
    Bus::connect(&config(dir.path()))
        .await
        .unwrap()
        .close()
        .await;
}
