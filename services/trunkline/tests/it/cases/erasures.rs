//! A person is forgotten: rows, objects, copies at Twilio; and what is left says so.

use std::cell::Cell;
use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use super::commands::{COMMAND_LIMIT, ends};
use super::fixtures::{SMITH, SMITH_OWNER, TAPED, TAPED_OWNER, caller, world};
use crate::local_platform::{
    ADMIN, LocalPlatform, Mode, NO_SETTINGS, Plan, ROLES, behaves, eventually, play, run, so, stays,
};

/// What the person has said, written and been called.
const WORDS: [&str; 3] = [
    "The boiler is dead and my name is Zebedee.",
    "I would like an offer for 789 Sunset Blvd",
    "Zebedee Plumtree",
];

pub async fn person_who_is_forgotten_leaves_no_row_object_or_copy(mode: Mode) {
    play(Plan::new(mode, &world()).rough(), async |platform: &LocalPlatform| {
        WORDS.iter().for_each(|words| platform.secret(words));
        let (person, other) = (caller(1), caller(2));
        has_dealings(platform, &person, &other).await;
        let made =
            json!({ "name": WORDS[2], "phone": person, "tenant_id": "smith", "resume": WORDS[1] });
        let (status, candidate) = platform.post("/api/candidates/", made).await;
        assert_eq!(status, 201, "{candidate}");

        let receipt = forget(platform, &person).await;
        // Those of before are deleted at Twilio, and none follows.
        platform.texted(&person, 0).await;
        let counts = &receipt["counts"];
        let removed = [
            "calls",
            "timeline_lines",
            "conversations",
            "messages",
            "text_backs",
            "recordings",
            "objects",
            "candidates",
            "twilio_calls",
            "twilio_messages",
            "twilio_recordings",
        ];
        for what in removed {
            assert!(counts[what].as_u64() > Some(0), "{what}: {receipt:#}");
        }
        assert!(counts["twilio_refused"].is_null(), "{receipt:#}");
        assert_eq!(receipt["status"], "done", "{receipt:#}");
        let text = receipt.to_string();
        assert!(
            !text.contains(&person[1..]) && WORDS.iter().all(|it| !text.contains(it)),
            "{text}"
        );

        // A second time there is nothing left, and the same pseudonym.
        let again = forget(platform, &person).await;
        assert_eq!(again["subject"], receipt["subject"]);
        assert_eq!(again["counts"], json!({}), "{again:#}");
        let path = format!("/api/candidates/{}", candidate["id"].as_str().unwrap());
        let (status, _) = platform.ask(Method::GET, &path, ADMIN, None).await;
        assert_eq!(status, 404);
        let (status, refused) = platform
            .post("/api/erasures/", json!({ "number": SMITH }))
            .await;
        assert_eq!(
            (status, &refused["error"]["code"]),
            (409, &json!("own_number"))
        );
        nothing_is_left(platform, &person, &other).await;
    })
    .await;
}

/// The person's calls and texts, and another customer's.
async fn has_dealings(platform: &LocalPlatform, person: &str, other: &str) {
    platform
        .twilio
        .callee(SMITH_OWNER, behaves("no-answer"))
        .await;
    let callee = json!({
        "behaviour": "answer", "after_s": 2,
        "steps": [{ "wait_for": "recorded" }, { "pause": { "seconds": 12 } }, { "hang_up": {} }],
    });
    platform.twilio.callee(TAPED_OWNER, callee).await;
    for from in [person, other] {
        let missed = platform.twilio.call(from, SMITH, stays()).await;
        platform.texted(from, 1).await;
        platform.ended(&missed).await;
    }
    let steps = json!([
        { "wait_for": "recorded" },
        { "pause": { "seconds": 6 } },
        { "speak": { "text": WORDS[0] } },
    ]);
    let taped = platform.twilio.call(person, TAPED, steps).await;
    platform.twilio.over(&taped).await;
    eventually("the recording is stored", async || {
        let call = platform.find(&format!("/calls/{taped}")).await?;
        so(call["recordings"][0]["status"] == "completed")
    })
    .await;
    platform.twilio.text(person, SMITH, WORDS[1]).await;
    let thread = format!("/conversations/?q={}", &person[1..]);
    eventually("the text is there", async || {
        so(platform.find(&thread).await?["items"][0]["unread"].as_u64()? > 0)
    })
    .await;
}

async fn forget(platform: &LocalPlatform, person: &str) -> Value {
    let url = platform.url_of("tenants");
    let args = ["forget", person, "--url", &url, "--api-key", ADMIN];
    let output = run(&args, &[], COMMAND_LIMIT).await;
    ends(&output, 0, &["\"status\": \"done\""]);
    serde_json::from_str(&output.out).unwrap()
}

/// Not at Twilio, and in no table or object: what an export holds is looked through.
async fn nothing_is_left(platform: &LocalPlatform, person: &str, other: &str) {
    let about = |all: &[Value], who: &str| {
        let mut all = all.iter();
        all.any(|it| it["from"] == who || it["to"] == who)
    };
    let messages = platform.twilio.messages().await;
    assert!(!about(&messages, person) && about(&messages, other));
    for path in ["Calls", "Recordings"] {
        let all = platform.twilio.list(path).await;
        assert!(!about(&all, person), "{all:#?}");
    }
    let calls = platform.get(&format!("/calls/?q={}", &other[1..])).await;
    assert_eq!(calls["items"].as_array().unwrap().len(), 1, "{calls:#}");

    stop_when_quiet(platform).await;
    let file = platform.dir.path().join("after.tar");
    let output = export(platform, &file.display().to_string()).await;
    ends(&output, 0, &["objects"]);
    let whole = std::fs::read(&file).unwrap();
    let holds = |text: &str| whole.windows(text.len()).any(|it| it == text.as_bytes());
    assert!(holds(&other[1..]), "the export has what is kept");
    assert!(!holds(&person[1..]), "the number is kept somewhere");
    for words in WORDS {
        assert!(!holds(words), "{words:?} is kept somewhere");
    }
    match platform.mode {
        Mode::Embedded => platform.revive("up"),
        Mode::Split => ROLES.iter().for_each(|role| platform.revive(role)),
    }
    platform.are_ready().await;
}

/// Waits until nothing waits on the bus, and stops.
pub async fn stop_when_quiet(platform: &LocalPlatform) {
    // What is noted for timelines is gathered for a moment before it is on the bus.
    let quiet_since = Cell::new(Instant::now());
    eventually("nothing waits on the bus", async || {
        let operating = platform.find("/api/operating/").await?;
        let queues = operating["queues"].as_array()?;
        if !queues.iter().all(|queue| queue["ready"] == 0) {
            quiet_since.set(Instant::now());
        }
        so(quiet_since.get().elapsed() > Duration::from_secs(1))
    })
    .await;
    platform.stop().await;
}

/// `trunkline export FILE` of a platform that is stopped.
pub async fn export(platform: &LocalPlatform, file: &str) -> crate::local_platform::Output {
    export_with(platform, file, &[]).await
}

/// The same with more arguments.
async fn export_with(
    platform: &LocalPlatform,
    file: &str,
    more: &[&str],
) -> crate::local_platform::Output {
    let folder = match platform.mode {
        Mode::Embedded => "up",
        Mode::Split => "files",
    };
    let data = platform.dir.path().join("data").join(folder);
    let data = data.display().to_string();
    let mut env = platform.settings();
    if let Some(backends) = &platform.backends {
        env.push(("DATABASE_URL".to_owned(), backends.database_url.clone()));
        env.push(("AMQP_URL".to_owned(), backends.amqp_url.clone()));
        env.push(("TRUNKLINE_NAMESPACE".to_owned(), backends.namespace.clone()));
    }
    let args = ["export", file, "--data-dir", &data, "--config", NO_SETTINGS];
    let args = [&args, more].concat();
    run(&args, &env, Duration::from_secs(120)).await
}

/// Everything about one person is exported while the platform runs, and nothing of another's.
pub async fn person_is_exported_whole_and_no_other(mode: Mode) {
    play(Plan::new(mode, &world()).rough(), async |platform: &LocalPlatform| {
        WORDS.iter().for_each(|words| platform.secret(words));
        let (person, other) = (caller(1), caller(2));
        has_dealings(platform, &person, &other).await;
        let made =
            json!({ "name": WORDS[2], "phone": person, "tenant_id": "smith", "resume": WORDS[1] });
        let (status, candidate) = platform.post("/api/candidates/", made).await;
        assert_eq!(status, 201, "{candidate}");
        let candidate = candidate["id"].as_str().unwrap().to_owned();

        let file = platform.dir.path().join("person.tar").display().to_string();
        ends(
            &export_with(platform, &file, &["--person", &person]).await,
            0,
            &["written to"],
        );
        let entries = entries(&file);
        for table in [
            "calls/calls",
            "calls/timeline",
            "calls/customers",
            "calls/recordings",
            "dispatch/conversations",
            "dispatch/messages",
            "dispatch/text_backs",
            "egress/effects",
            "interviews/candidates",
            "recordings/recordings",
        ] {
            assert!(
                entries.contains_key(&format!("db/{table}.jsonl")),
                "{table}: {:?}",
                entries.keys()
            );
        }
        assert!(
            entries
                .keys()
                .any(|it| it.starts_with("objects/recordings/")),
            "{:?}",
            entries.keys()
        );
        let whole: Vec<u8> = entries.values().flatten().copied().collect();
        let holds = |text: &str| whole.windows(text.len()).any(|it| it == text.as_bytes());
        assert!(holds(&person[1..]) && holds(WORDS[1]) && holds(WORDS[2]));
        assert!(!holds(&other[1..]), "another customer is in the file");

        // By the candidate it is the same person; of another tenant there is nothing of smith's.
        let by_id = platform.dir.path().join("candidate.tar").display().to_string();
        ends(
            &export_with(platform, &by_id, &["--person", &candidate]).await,
            0,
            &[],
        );
        assert_eq!(
            self::entries(&by_id)["db/calls/calls.jsonl"],
            entries["db/calls/calls.jsonl"]
        );
        let of_harbor = platform.dir.path().join("harbor.tar").display().to_string();
        let harbor = ["--person", &person, "--tenant", "harbor"];
        ends(
            &export_with(platform, &of_harbor, &harbor).await,
            0,
            &["0 objects"],
        );
        let none = platform.dir.path().join("none.tar").display().to_string();
        ends(
            &export_with(platform, &none, &["--person", SMITH]).await,
            2,
            &["number of a business"],
        );
        ends(
            &export_with(platform, &none, &["--person", "no one"]).await,
            2,
            &["E.164"],
        );
    })
    .await;
}

/// What a tar file holds, by name.
fn entries(file: &str) -> std::collections::BTreeMap<String, Vec<u8>> {
    let mut archive = tar::Archive::new(std::fs::File::open(file).unwrap());
    let read = |entry: std::io::Result<tar::Entry<'_, std::fs::File>>| {
        let mut entry = entry.unwrap();
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut entry, &mut bytes).unwrap();
        (entry.path().unwrap().display().to_string(), bytes)
    };
    archive.entries().unwrap().map(read).collect()
}
