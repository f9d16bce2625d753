//! A backup by PostgreSQL's own tools, taken while everything runs, is the platform again.

use std::path::{Path, PathBuf};

use tokio::process::Command;

use super::commands::COMMAND_LIMIT;
use super::fixtures::{SMITH, SMITH_OWNER, caller, world};
use crate::local_platform::{LocalPlatform, Mode, Plan, ROLES, behaves, play, stays};

/// One of PostgreSQL's programs, from the newest version that is installed where it is not on the PATH.
fn program(name: &str) -> PathBuf {
    let versions = Path::new("/usr/lib/postgresql").read_dir();
    let found = versions.into_iter().flatten().flatten();
    let mut found: Vec<PathBuf> = found
        .map(|version| version.path().join("bin").join(name))
        .filter(|path| path.exists())
        .collect();
    found.sort();
    found.pop().unwrap_or_else(|| name.into())
}

async fn done(name: &str, args: &[&str]) {
    let mut command = Command::new(program(name));
    let output = command.args(args).kill_on_drop(true).output();
    let output = tokio::time::timeout(COMMAND_LIMIT, output).await;
    let output = output
        .expect("it ends")
        .expect("PostgreSQL's programs are here");
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name}: {words}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dump_that_is_restored_brings_the_platform_back() {
    play(
        Plan::new(Mode::Split, &world()),
        async |platform: &LocalPlatform| {
            platform
                .twilio
                .callee(SMITH_OWNER, behaves("no-answer"))
                .await;
            let from = caller(1);
            let sid = platform.twilio.call(&from, SMITH, stays()).await;
            platform.texted(&from, 1).await;
            platform.ended(&sid).await;

            let backends = platform
                .backends
                .as_ref()
                .expect("a split platform has them");
            let dump = platform.dir.path().join("dump").display().to_string();
            let schemas = format!("--schema={}*", backends.namespace);
            let url = backends.database_url.as_str();
            done(
                "pg_dump",
                &["--format=custom", "--file", &dump, &schemas, url],
            )
            .await;
            platform.stop().await;
            backends.remove_schemas().await;
            done("pg_restore", &["--exit-on-error", "--dbname", url, &dump]).await;
            for role in ROLES.iter() {
                platform.revive(role);
            }
            platform.are_ready().await;

            assert_eq!(
                platform.get(&format!("/calls/{sid}")).await["outcome"],
                "missed"
            );
            let thread = platform.get("/conversations/").await;
            assert_eq!(
                thread["items"].as_array().map(Vec::len),
                Some(1),
                "{thread}"
            );
            // It goes on where it stood: this caller has had a text already.
            let again = platform.twilio.call(&from, SMITH, stays()).await;
            assert_eq!(platform.ended(&again).await["outcome"], "missed");
            platform.texted(&from, 1).await;
        },
    )
    .await;
}
