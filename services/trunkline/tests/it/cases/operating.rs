//! Commands against a platform that runs: files are applied, faults explained, events shown.

use std::sync::Mutex;

use serde_json::Value;

use super::calls::is_missed;
use super::commands::{COMMAND_LIMIT, ends};
use super::fixtures::{SMITH, SMITH_OWNER, caller, world};
use crate::local_platform::{
    ADMIN, Backends, KEY, LocalPlatform, Mode, NO_SETTINGS, Output, Plan, Process, Provider,
    behaves, eventually, free_port, play, run, so, stays,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn apply_is_all_or_nothing_and_twice_is_once() {
    play(
        Plan::new(Mode::Embedded, &world()),
        async |platform: &LocalPlatform| {
            let world_file = platform.dir.path().join("world.yaml").display().to_string();
            let again = platform.apply(&world_file).await;
            ends(&again, 0, &["= tenant smith"]);
            assert!(
                !again.out.lines().any(|line| line.starts_with(['+', '~'])),
                "{again:?}"
            );

            let before = platform.get("/api/tenants/?limit=100").await;
            let bad = platform.dir.path().join("bad.yaml");
            let words = r#"
tenants:
- id: fresh
  name: Fresh
  numbers: [{number: "+15550100091"}]
- id: "bad id!"
  name: ""
  timezone: Mars/Olympus
  forward_to: "12"
  dial_timeout_s: 100000
  colour: red
  numbers: [{number: "nonsense"}, {number: "+15550100001", voice: sing}]
keys: [{name: k, scopes: [everything]}]
"#;
            std::fs::write(&bad, words).unwrap();
            let refused = platform.apply(&bad.display().to_string()).await;
            let faults = [
                "tenants[1].id",
                "tenants[1].timezone",
                "tenants[1].forward_to",
                "tenants[1].dial_timeout_s",
                "tenants[1].colour",
                "tenants[1].numbers[0].number",
                "tenants[1].numbers[1].voice",
                "keys[0].scopes",
            ];
            ends(&refused, 2, &faults);
            assert_eq!(
                platform.get("/api/tenants/?limit=100").await,
                before,
                "nothing has changed"
            );
            let taken = platform.dir.path().join("taken.yaml");
            std::fs::write(
                &taken,
                "tenants:\n- {id: thief, name: Thief, numbers: [{number: \"+15550100001\"}]}\n",
            )
            .unwrap();
            ends(
                &platform.apply(&taken.display().to_string()).await,
                2,
                &["belongs to another tenant"],
            );
            assert_eq!(
                platform.get("/api/tenants/?limit=100").await,
                before,
                "nothing has changed"
            );
            std::fs::write(&bad, "tenants: [").unwrap();
            ends(
                &platform.apply(&bad.display().to_string()).await,
                2,
                &["cannot be read", "line 2 column 1"],
            );
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn doctor_finds_what_is_wrong() {
    play(
        Plan::new(Mode::Embedded, &world()),
        async |platform: &LocalPlatform| {
            let dir = platform.dir.path().join("doctor").display().to_string();
            let args = ["doctor", "--data-dir", &dir, "--config", NO_SETTINGS];
            let mut env = platform.settings();
            ends(
                &run(&args, &env, COMMAND_LIMIT).await,
                0,
                &[
                    "ok",
                    "settings",
                    "stored in",
                    "read back and deleted",
                    "twilio",
                    "public address",
                ],
            );
            let wrong = "a-wrong-token-for-this-account-00".to_owned();
            env.retain(|(name, _)| name != "TWILIO_AUTH_TOKEN");
            env.push(("TWILIO_AUTH_TOKEN".to_owned(), wrong.clone()));
            let output = run(&args, &env, COMMAND_LIMIT).await;
            ends(&output, 1, &["fault", "TWILIO_AUTH_TOKEN"]);
            assert!(!output.out.contains(&wrong) && !output.err.contains(&wrong));
            let nowhere = format!("amqp://guest:hush@127.0.0.1:{}/%2f", free_port());
            env.push(("AMQP_URL".to_owned(), nowhere));
            env.push((
                "DATABASE_URL".to_owned(),
                format!("postgres://user:hush@127.0.0.1:{}/x", free_port()),
            ));
            let output = run(&args, &env, COMMAND_LIMIT).await;
            ends(&output, 1, &["AMQP_URL", "DATABASE_URL"]);
            assert!(
                !output.out.contains("hush") && !output.err.contains("hush"),
                "{output:?}"
            );
        },
    )
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn doctor_asks_who_writes_speaks_and_keeps() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data").display().to_string();
    let args = ["doctor", "--data-dir", &data, "--config", NO_SETTINGS];
    let provider = Provider::start();
    let base = provider.base.as_str();
    let (here, elsewhere) = (format!("{base}/v1"), format!("{base}/elsewhere"));
    let nobody = format!("http://127.0.0.1:{}", free_port());
    // Each time there is more set, or otherwise.
    let mut env: Vec<(String, String)> = Vec::new();
    let mut doctor = async |more: &[(&str, &str)]| {
        env.extend(more.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())));
        let output = run(&args, &env, COMMAND_LIMIT).await;
        for secret in [KEY, "hush"] {
            assert!(
                !output.out.contains(secret) && !output.err.contains(secret),
                "{output:?}"
            );
        }
        output
    };
    let good = [
        ("OPENAI_API_KEY", KEY),
        ("OPENAI_BASE_URL", here.as_str()),
        ("DEEPGRAM_API_KEY", KEY),
        ("DEEPGRAM_BASE_URL", base),
        ("ELEVENLABS_API_KEY", KEY),
        ("ELEVENLABS_BASE_URL", base),
        ("MURF_API_KEY", "hush-for-murf"),
    ];
    let taken = [
        "takes OPENAI_API_KEY",
        "takes DEEPGRAM_API_KEY",
        "takes ELEVENLABS_API_KEY",
        "MURF_API_KEY",
    ];
    ends(&doctor(&good).await, 0, &taken);
    let lacking = [("OPENAI_BASE_URL", elsewhere.as_str())];
    ends(&doctor(&lacking).await, 0, &["404", "OPENAI_BASE_URL"]);
    let wrong = [
        ("OPENAI_BASE_URL", here.as_str()),
        ("OPENAI_API_KEY", "hush-openai"),
        ("DEEPGRAM_API_KEY", "hush-deepgram"),
        ("ELEVENLABS_API_KEY", "hush-elevenlabs"),
    ];
    let refused = [
        "refuses OPENAI_API_KEY (401)",
        "refuses DEEPGRAM_API_KEY (401)",
        "refuses ELEVENLABS_API_KEY (401)",
        "3 of these",
    ];
    ends(&doctor(&wrong).await, 1, &refused);
    let away = [
        ("OPENAI_BASE_URL", nobody.as_str()),
        ("DEEPGRAM_API_KEY", KEY),
        ("ELEVENLABS_API_KEY", KEY),
        ("S3_BUCKET", "recordings"),
        ("AWS_ACCESS_KEY_ID", "hush-id"),
        ("AWS_SECRET_ACCESS_KEY", "hush-secret"),
        ("AWS_ENDPOINT_URL", nobody.as_str()),
    ];
    let told = ["check OPENAI_BASE_URL", "AWS_ENDPOINT_URL", "2 of these"];
    ends(&doctor(&away).await, 1, &told);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn doctor_explains_signatures() {
    // Twilio's own example.
    let (url, token) = ("https://mycompany.com/myapp.php?foo=1&bar=2", "12345");
    let params = "CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309&To=%2B18005551212";
    let ask = async |url: &str, signature: Option<&str>, token: Option<&str>| {
        let mut args = vec!["doctor", "signature", "--url", url, "--params", params];
        for (flag, given) in [("--signature", signature), ("--token", token)] {
            if let Some(given) = given {
                args.extend([flag, given]);
            }
        }
        run(&args, &[], COMMAND_LIMIT).await
    };
    let signature = "RSOYDt4T1cUTdK1PDd93/VVr8B8=";
    let right = Some(signature);
    ends(&ask(url, right, Some(token)).await, 0, &["fits", "primary"]);
    ends(
        &ask(url, right, Some("another-token,12345")).await,
        0,
        &["fits", "secondary"],
    );
    let wrong = ask(url, right, Some("not-the-token-at-all")).await;
    ends(&wrong, 1, &["does not fit"]);
    assert!(!format!("{wrong:?}").contains("not-the-token-at-all"));
    let scheme = "http://mycompany.com/myapp.php?foo=1&bar=2";
    let scheme = ask(scheme, right, Some(token)).await;
    ends(&scheme, 1, &["does not fit", "https"]);
    let garbled = ask(url, Some("????"), Some(token)).await;
    ends(&garbled, 1, &["does not fit"]);
    let unsigned = ask(url, None, Some(token)).await;
    ends(&unsigned, 1, &["does not fit"]);
    ends(&ask(url, right, None).await, 2, &["--token"]);

    // What else is known leads to the cause: a token that was replaced, a host that a proxy has changed.
    let clue = async |url: &str, more: &[&str], env: &[(String, String)]| {
        let mut args = vec!["doctor", "signature", "--url", url, "--params", params];
        args.extend(["--signature", signature]);
        args.extend(more);
        run(&args, env, COMMAND_LIMIT).await
    };
    let replaced = ["--token", "not-the-token-at-all", "--old-token", token];
    ends(&clue(url, &replaced, &[]).await, 1, &["rotated_token"]);
    let inside = "https://10.0.0.7/myapp.php?foo=1&bar=2";
    let proxied = ["--token", token, "--host", "mycompany.com"];
    let proxied = clue(inside, &proxied, &[]).await;
    ends(&proxied, 1, &["(host)", "mycompany.com"]);
    let settings = [
        (
            "WEBHOOK_BASE_URL".to_owned(),
            "https://mycompany.com".to_owned(),
        ),
        ("TWILIO_ACCOUNT_SID".to_owned(), format!("AC{:032}", 7)),
        ("TWILIO_AUTH_TOKEN".to_owned(), token.to_owned()),
    ];
    let configured = clue(inside, &[], &settings).await;
    ends(&configured, 1, &["(host)", "WEBHOOK_BASE_URL"]);
    let other = clue(url, &["--token", "not-the-token-at-all"], &settings).await;
    ends(&other, 1, &["rotated_token"]);
}

/// Once on what is empty, once on what is up to date; and whether that made files.
async fn migrates(env: &[(String, String)]) -> ([Output; 2], bool) {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().display().to_string();
    let args = ["migrate", "--data-dir", &data, "--config", NO_SETTINGS];
    let first = run(&args, env, COMMAND_LIMIT).await;
    let again = run(&args, env, COMMAND_LIMIT).await;
    ([first, again], dir.path().join("db").exists())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn migrate_brings_every_role_up_to_date() {
    let backends = Backends::new();
    let on_postgres = [
        ("DATABASE_URL".to_owned(), backends.database_url.clone()),
        ("TRUNKLINE_NAMESPACE".to_owned(), backends.namespace.clone()),
        ("TRUNKLINE_SECRET_KEY".to_owned(), "s".repeat(32)),
    ];
    let postgres = migrates(&on_postgres).await;
    backends.remove_schemas().await;
    let sqlite = migrates(&[]).await;
    for ((outputs, files), on_disk) in [(postgres, false), (sqlite, true)] {
        assert_eq!(files, on_disk, "{outputs:?}");
        for output in outputs {
            for role in [
                "tenants",
                "calls",
                "dispatch",
                "interviews",
                "egress",
                "console",
            ] {
                ends(&output, 0, &[&format!("{role}: up to date")]);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_are_shown_and_the_dead_return() {
    play(
        Plan::new(Mode::Embedded, &world()),
        async |platform: &LocalPlatform| {
            platform.twilio.callee(SMITH_OWNER, behaves("busy")).await;
            let url = platform.url_of("calls");
            let args = [
                "events",
                "tail",
                "--type",
                "call.*",
                "--url",
                &url,
                "--api-key",
                ADMIN,
            ]
            .map(str::to_owned);
            let mut tail = Process::new("tail", platform.dir.path(), &args, &[]);
            tail.start();
            let tail = Mutex::new(tail);
            let seen = |sid: &str| {
                let log = tail.lock().unwrap().log();
                let events: Vec<Value> = log
                    .lines()
                    .filter_map(|line| serde_json::from_str(line).ok())
                    .collect();
                events
                    .into_iter()
                    .find(|event| event["type"] == "call.missed" && event.to_string().contains(sid))
            };
            // What happens before it listens it does not see.
            let mut n = 0;
            let event = loop {
                n += 1;
                let from = caller(n);
                let sid = platform.twilio.call(&from, SMITH, stays()).await;
                is_missed(platform, &sid, &from, "busy", "Smith & Sons").await;
                if let Some(event) = seen(&sid) {
                    break event;
                }
                assert!(n < 20, "nothing is shown: {}", tail.lock().unwrap().log());
            };
            assert!(
                event.to_string().contains("Smith & Sons"),
                "decoded: {event:#}"
            );
            drop(tail);

            let dead = async |args: &[&str]| {
                let mut all = vec!["events", "dead"];
                all.extend(args);
                all.extend(["--url", &url, "--api-key", ADMIN]);
                run(&all, &[], COMMAND_LIMIT).await
            };
            ends(&dead(&["list"]).await, 0, &["no dead letters"]);
            platform.stop().await;
            poison(platform).await;
            platform.revive("up");
            platform.are_ready().await;
            let listed = async || {
                let output = dead(&["list"]).await;
                ends(&output, 0, &[]);
                let line = output
                    .out
                    .lines()
                    .find(|line| line.contains("message.send"))?
                    .to_owned();
                Some(line)
            };
            let line = eventually("it is listed", listed).await;
            assert!(
                line.contains("egress.message-send") && line.contains("message_id"),
                "{line}"
            );
            let of_type = dead(&["list", "--type", "message.send"]).await;
            ends(&of_type, 0, &[&line]);
            let none = dead(&["list", "--type", "call.place"]).await;
            ends(&none, 0, &["no dead letters of type call.place"]);
            assert!(!none.out.contains("message.send"), "{none:?}");
            let id = line.split_whitespace().next().unwrap().to_owned();
            ends(&dead(&["replay", &id]).await, 0, &[&id]);
            eventually("it dies again", async || {
                let line = listed().await?;
                so(line.starts_with(&id))
            })
            .await;
            ends(
                &dead(&["replay", "nothing@nowhere"]).await,
                1,
                &["no such dead letter"],
            );
            // All of a type at once: those of others stay.
            let none = ["replay", "--type", "call.place"];
            ends(
                &dead(&none).await,
                0,
                &["no dead letters of type call.place"],
            );
            let all = ["replay", "--type", "message.send"];
            ends(&dead(&all).await, 0, &[&id, "is back in its queue"]);
        },
    )
    .await;
}

/// Puts an event on the bus of a platform that stands still, which nobody can ever handle.
async fn poison(platform: &LocalPlatform) {
    let config = bus::Config::Embedded {
        dir: platform.dir.path().join("data/up/bus"),
    };
    let bus = bus::Bus::connect(&config).await.unwrap();
    let queue = bus::Subscription::new("egress.message-send", ["message.send"]);
    bus.declare(&queue).await.unwrap();
    let event = events::v1::MessageSend::default();
    let envelope = events::Envelope::new("trunkline/test", &clock::Clock::system(), &event);
    bus.publish(&envelope).await.unwrap();
    bus.close().await;
}
