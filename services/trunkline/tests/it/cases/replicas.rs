//! Two processes of each role at once, as a deployment has them: they share the work, and each thing is done by one of them.

use futures::future::join_all;

use super::fixtures::{CLOSED, HARBOR, HARBOR_OWNER, SMITH, SMITH_OWNER, caller, world};
use crate::local_platform::{
    LONG, LocalPlatform, Mode, Plan, ROLES, Rotation, behaves, eventually, play, so, stays,
};

/// Callers who are missed, and as many customers who write.
const PEOPLE: u32 = 12;

/// Roles that handle something of every missed call or text.
const SHARING: [&str; 4] = ["tenants", "calls", "dispatch", "egress"];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_of_each_role_share_the_work_and_do_each_thing_once() {
    let rotation = Rotation::open().await;
    let plan = Plan::new(Mode::Split, &world())
        .env([("WEBHOOK_BASE_URL", rotation.url())])
        .limit(LONG * 2);
    play(plan, async |platform: &LocalPlatform| {
        platform.twilio.callee(SMITH_OWNER, behaves("busy")).await;
        platform
            .twilio
            .callee(HARBOR_OWNER, behaves("no-answer"))
            .await;
        let mut second = Vec::new();
        for role in ROLES.iter() {
            second.push((*role, platform.replicate(role).await));
        }
        let ingress = [platform.port_of("ingress"), port(&second, "ingress")];
        for number in [SMITH, HARBOR, CLOSED] {
            platform.twilio.point(number, &rotation.url()).await;
        }
        let mut calls = Vec::new();
        for n in 0..PEOPLE {
            // What is of one call comes in by either front door.
            rotation.lead_to(ingress[n as usize % 2]);
            let to = [SMITH, HARBOR, CLOSED][n as usize % 3];
            let sid = platform.twilio.call(&caller(n), to, stays()).await;
            let words = format!("Replica text {n}: is anybody there?");
            platform
                .twilio
                .text(&caller(PEOPLE + n), SMITH, &words)
                .await;
            calls.push((sid, caller(n)));
        }
        join_all(calls.iter().map(async |(sid, from)| {
            let call = platform.settled_within(LONG, sid).await;
            assert_eq!(call["outcome"], "missed", "{call:#}");
            platform.texted_within(LONG, from, 1).await;
        }))
        .await;
        eventually("each customer has one thread with one text", async || {
            let list = platform.find("/conversations/?q=1555019&limit=100").await?;
            let threads = list["items"].as_array()?;
            assert!(threads.len() <= 2 * PEOPLE as usize, "{list:#}");
            so(threads.len() == 2 * PEOPLE as usize)
        })
        .await;
        for role in SHARING {
            let first = handled(platform.port_of(role)).await;
            let other = handled(port(&second, role)).await;
            assert!(first > 0 && other > 0, "{role}: {first} and {other} events");
        }
    })
    .await;
}

fn port(of: &[(&str, u16)], role: &str) -> u16 {
    let found = of.iter().find(|(name, _)| *name == role);
    found.expect("a second process of each role").1
}

/// How many events a process has handled.
async fn handled(port: u16) -> u64 {
    let url = format!("http://127.0.0.1:{port}/metrics");
    let text = reqwest::get(url).await.unwrap().text().await.unwrap();
    let counts = text
        .lines()
        .filter(|it| it.starts_with("role_handle_seconds_count"));
    let counts = counts.filter_map(|it| it.rsplit(' ').next()?.parse::<u64>().ok());
    counts.sum()
}
