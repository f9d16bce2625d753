//! The commands: how they end, and what they say.

use std::time::Duration;

use serde_json::{Value, json};

use super::calls::is_missed;
use super::world::{SMITH, SMITH_OWNER, caller, world};
use crate::site::{
    ACCOUNT, ADMIN, Mode, Output, Plan, Process, Site, TOKEN, behaves, eventually, free_port, play,
    run, so, stays,
};

const MINUTE: Duration = Duration::from_secs(60);

/// Runs a command in an empty folder.
async fn command(args: &[&str], env: &[(&str, &str)]) -> Output {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join("data").display().to_string();
    let config = dir.path().join("none.toml").display().to_string();
    let mut args = args.to_vec();
    if !args.contains(&"--help")
        && !args.contains(&"--data-dir")
        && args[0] != "emulator"
        && args[0] != "demo"
    {
        args.extend(["--data-dir", place.as_str(), "--config", config.as_str()]);
    }
    let env: Vec<(String, String)> = env
        .iter()
        .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
        .collect();
    run(&args, &env, MINUTE * 3).await
}

#[track_caller]
fn ends(output: &Output, code: i32, words: &[&str]) {
    assert_eq!(output.code, Some(code), "{output:?}");
    for word in words {
        assert!(
            output.err.contains(word) || output.out.contains(word),
            "{word:?}: {output:?}"
        );
    }
    for secret in [TOKEN, ADMIN] {
        assert!(
            !output.err.contains(secret) && !output.out.contains(secret),
            "{output:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrong_usage_is_told_with_its_remedy() {
    let port = free_port().to_string();
    let up = ["up", "--port", port.as_str()];
    ends(
        &command(&["up", "--role", "nope"], &[]).await,
        2,
        &["nope", "ingress, "].map(|w| w.trim_end_matches(", ")),
    );
    ends(
        &command(&up, &[("TRUNKLINE_EMULATER", "on")]).await,
        2,
        &["TRUNKLINE_EMULATER", "TRUNKLINE_EMULATOR"],
    );
    for (name, value) in [
        ("DATABASE_URL", "mysql://localhost/x"),
        ("AMQP_URL", "http://localhost"),
        ("WEBHOOK_BASE_URL", "not an address"),
        ("WHITELISTED_NUMBERS", "+15550100001"),
        ("TWILIO_ACCOUNT_SID", "AC1"),
        ("TRUNKLINE_EMULATOR", "perhaps"),
        ("TRUNKLINE_EMULATOR_PORT", "0"),
        ("TRUNKLINE_NAMESPACE", "Not-A-Name"),
        ("TRUNKLINE_BIND", "everywhere"),
        ("RUST_LOG", "loud=please=now"),
        ("TRUNKLINE_ADMIN_API_KEY", "short"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", "nowhere"),
    ] {
        ends(&command(&up, &[(name, value)]).await, 2, &[name]);
    }
    ends(
        &command(&["up", "--role", "calls"], &[]).await,
        2,
        &["INTERNAL_SERVICE_KEY", "AMQP_URL"],
    );
    ends(
        &command(&["up", "--port", "notaport"], &[]).await,
        2,
        &["--port"],
    );
    ends(
        &command(&["apply", "-f", "/no/such/file.yaml"], &[]).await,
        2,
        &["/no/such/file.yaml"],
    );
    ends(
        &command(&["call", "+15550100001", "--script", "/no/such.yaml"], &[]).await,
        2,
        &["/no/such.yaml"],
    );
    ends(
        &command(&["emulator", "--account-sid", "AC1"], &[]).await,
        2,
        &["account_sid"],
    );
    ends(&command(&["dance"], &[]).await, 2, &["dance"]);

    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let env = [
        ("TRUNKLINE_EMULATOR", "off"),
        ("TWILIO_ACCOUNT_SID", ACCOUNT),
        ("TWILIO_AUTH_TOKEN", TOKEN),
    ];
    ends(
        &command(&["up", "--port", &port], &env).await,
        1,
        &[&port, "--port"],
    );
    ends(
        &command(&["emulator", "--port", &port], &[]).await,
        1,
        &[&port],
    );
    let nobody = format!("http://127.0.0.1:{}", free_port());
    let tail = [
        "events",
        "dead",
        "list",
        "--url",
        &nobody,
        "--api-key",
        "tk_of_nobody",
    ];
    ends(&command(&tail, &[]).await, 1, &[&nobody, "trunkline up"]);
    ends(
        &command(&["events", "dead", "list", "--url", &nobody], &[]).await,
        2,
        &["--api-key"],
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn help_has_an_example_of_each_command() {
    for name in [
        "up", "demo", "call", "apply", "emulator", "doctor", "events", "migrate",
    ] {
        let output = command(&[name, "--help"], &[]).await;
        ends(&output, 0, &["Example", &format!("trunkline {name}")]);
    }
    let output = command(&["--help"], &[]).await;
    ends(
        &output,
        0,
        &[
            "up", "demo", "call", "apply", "emulator", "doctor", "events", "migrate",
        ],
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demo_ends_as_scripted() {
    ends(
        &command(&["demo", "--once", "--speed", "50"], &[]).await,
        0,
        &["missed call", "as scripted"],
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_is_played_on_a_platform_of_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let script = dir.path().join("busy.yaml");
    let words = r#"
from: "+15550109998"
callee: {number: "+15550100002", behaviour: busy}
steps: [{wait_for: "sorry we missed your call"}]
"#;
    std::fs::write(&script, words).unwrap();
    let script = script.display().to_string();
    let args = [
        "call",
        "+15550100001",
        "--script",
        &script,
        "--speed",
        "50",
        "--json",
    ];
    let output = command(&args, &[]).await;
    ends(&output, 0, &[]);
    let line = output
        .out
        .lines()
        .find(|line| line.starts_with('{'))
        .unwrap();
    let told: Value = serde_json::from_str(line).unwrap();
    assert_eq!(
        (&told["call"]["outcome"], &told["call"]["reason"]),
        (&json!("missed"), &json!("busy")),
        "{told:#}"
    );
    assert_eq!(told["phone"]["done"], true);
    assert!(!told["timeline"]["items"].as_array().unwrap().is_empty());
}

/// Everything in one process, the emulator as well, as on a laptop.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_laptop_needs_no_settings() {
    let dir = tempfile::tempdir().unwrap();
    let (port, emulator) = (free_port(), free_port());
    let (data, config) = (
        dir.path().join("data").display().to_string(),
        dir.path().join("t.toml"),
    );
    std::fs::write(&config, format!("trunkline_emulator_port = {emulator}\n")).unwrap();
    let config = config.display().to_string();
    let place = ["--data-dir", &data, "--config", &config];
    let mut args = vec!["up".to_owned(), "--port".to_owned(), port.to_string()];
    args.extend(place.map(str::to_owned));
    let mut up = Process::new("laptop", dir.path(), &args, &[]);
    up.start();
    let url = format!("http://localhost:{port}");
    let up = std::sync::Mutex::new(up);
    eventually("a number can be dialled", async || {
        so(up.lock().unwrap().log().contains("+15550100001"))
    })
    .await;

    let script = dir.path().join("busy.yaml");
    let busy = r#"
callee: {number: "+15550100002", behaviour: busy, after_s: 0.3}
steps: [{wait_for: "sorry we missed your call"}]
"#;
    std::fs::write(&script, busy).unwrap();
    let script = script.display().to_string();
    let mut args = vec![
        "call",
        "+15550100001",
        "--script",
        &script,
        "--url",
        &url,
        "--json",
    ];
    args.extend(place);
    let output = run(&args, &[], MINUTE).await;
    ends(&output, 0, &[]);
    let told: Value = serde_json::from_str(output.out.trim()).unwrap();
    assert_eq!(told["call"]["outcome"], "missed", "{told:#}");
    let mut up = up.into_inner().unwrap();
    assert_eq!(up.stop().await.code(), Some(0));
    let log = up.log();
    let written = log.lines().filter(|line| line.starts_with('{'));
    for line in written {
        assert!(
            !line.contains("15550109999") && !line.contains("sorry"),
            "{line}"
        );
    }
    // The same folder again: the same key, the same businesses, the call is still there.
    up.start();
    let up = std::sync::Mutex::new(up);
    let local: Value =
        serde_json::from_slice(&std::fs::read(dir.path().join("data/local.json")).unwrap())
            .unwrap();
    let sid = told["call"]["call_sid"].as_str().unwrap();
    eventually("the call is remembered", async || {
        let request = reqwest::Client::new().get(format!("{url}/calls/{sid}"));
        let key = local["admin_api_key"].as_str()?;
        let response = request.header("X-API-Key", key).send().await.ok()?;
        so(response.status().is_success())
    })
    .await;
    assert_eq!(up.into_inner().unwrap().stop().await.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn apply_is_all_or_nothing_and_twice_is_once() {
    play(Plan::new(Mode::Embedded, &world()), async |site: &Site| {
        let world_file = site.dir.path().join("world.yaml").display().to_string();
        let again = site.apply(&world_file).await;
        ends(&again, 0, &["= tenant smith"]);
        assert!(
            !again.out.lines().any(|line| line.starts_with(['+', '~'])),
            "{again:?}"
        );

        let before = site.get("/api/tenants/?limit=100").await;
        let bad = site.dir.path().join("bad.yaml");
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
        let refused = site.apply(&bad.display().to_string()).await;
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
            site.get("/api/tenants/?limit=100").await,
            before,
            "nothing has changed"
        );
        let taken = site.dir.path().join("taken.yaml");
        std::fs::write(
            &taken,
            "tenants:\n- {id: thief, name: Thief, numbers: [{number: \"+15550100001\"}]}\n",
        )
        .unwrap();
        ends(
            &site.apply(&taken.display().to_string()).await,
            2,
            &["belongs to another tenant"],
        );
        assert_eq!(
            site.get("/api/tenants/?limit=100").await,
            before,
            "nothing has changed"
        );
        std::fs::write(&bad, "tenants: [").unwrap();
        ends(
            &site.apply(&bad.display().to_string()).await,
            2,
            &["not YAML"],
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_doctor_finds_what_is_wrong() {
    play(Plan::new(Mode::Embedded, &world()), async |site: &Site| {
        let dir = site.dir.path().join("doctor").display().to_string();
        let args = ["doctor", "--data-dir", &dir, "--config", "/no/such.toml"];
        let mut env = site.settings();
        ends(
            &run(&args, &env, MINUTE).await,
            0,
            &["ok", "settings", "twilio", "public address"],
        );
        let wrong = "a-wrong-token-for-this-account-00".to_owned();
        env.retain(|(name, _)| name != "TWILIO_AUTH_TOKEN");
        env.push(("TWILIO_AUTH_TOKEN".to_owned(), wrong.clone()));
        let output = run(&args, &env, MINUTE).await;
        ends(&output, 1, &["fault", "TWILIO_AUTH_TOKEN"]);
        assert!(!output.out.contains(&wrong) && !output.err.contains(&wrong));
        let nowhere = format!("amqp://guest:hush@127.0.0.1:{}/%2f", free_port());
        env.push(("AMQP_URL".to_owned(), nowhere));
        env.push((
            "DATABASE_URL".to_owned(),
            format!("postgres://user:hush@127.0.0.1:{}/x", free_port()),
        ));
        let output = run(&args, &env, MINUTE).await;
        ends(&output, 1, &["AMQP_URL", "DATABASE_URL"]);
        assert!(
            !output.out.contains("hush") && !output.err.contains("hush"),
            "{output:?}"
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_doctor_explains_signatures() {
    // Twilio's own example.
    let (url, token) = ("https://mycompany.com/myapp.php?foo=1&bar=2", "12345");
    let params = "CallSid=CA1234567890ABCDE&Caller=%2B14158675309&Digits=1234&From=%2B14158675309&To=%2B18005551212";
    let ask = async |url: &str, signature: &str, token: &str| {
        let args = [
            "doctor",
            "signature",
            "--url",
            url,
            "--params",
            params,
            "--signature",
            signature,
            "--token",
            token,
        ];
        run(&args, &[], MINUTE).await
    };
    let right = "RSOYDt4T1cUTdK1PDd93/VVr8B8=";
    ends(&ask(url, right, token).await, 0, &["fits", "primary"]);
    ends(
        &ask(url, right, "another-token,12345").await,
        0,
        &["fits", "secondary"],
    );
    let wrong = ask(url, right, "not-the-token-at-all").await;
    ends(&wrong, 1, &["does not fit"]);
    assert!(!format!("{wrong:?}").contains("not-the-token-at-all"));
    let scheme = ask("http://mycompany.com/myapp.php?foo=1&bar=2", right, token).await;
    ends(&scheme, 1, &["does not fit", "https"]);
    let garbled = ask(url, "????", token).await;
    ends(&garbled, 1, &["does not fit"]);
    let args = [
        "doctor",
        "signature",
        "--url",
        url,
        "--params",
        params,
        "--token",
        token,
    ];
    ends(&run(&args, &[], MINUTE).await, 1, &["does not fit"]);
    let args = [
        "doctor",
        "signature",
        "--url",
        url,
        "--params",
        params,
        "--signature",
        right,
    ];
    ends(&run(&args, &[], MINUTE).await, 2, &["--token"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn migrate_brings_every_role_up_to_date() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().display().to_string();
    for _ in 0..2 {
        let output = run(
            &["migrate", "--data-dir", &data, "--config", "/no/such.toml"],
            &[],
            MINUTE,
        )
        .await;
        ends(
            &output,
            0,
            &[
                "tenants: up to date",
                "calls: up to date",
                "dispatch: up to date",
                "egress: up to date",
            ],
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_are_shown_and_the_dead_return() {
    play(Plan::new(Mode::Embedded, &world()), async |site: &Site| {
        site.twilio.callee(SMITH_OWNER, behaves("busy")).await;
        let url = site.url_of("calls");
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
        let mut tail = Process::new("tail", site.dir.path(), &args, &[]);
        tail.start();
        let tail = std::sync::Mutex::new(tail);
        let seen = |sid: &str| {
            let log = tail.lock().unwrap().log();
            let events: Vec<Value> = log
                .lines()
                .filter_map(|line| serde_json::from_str(line).ok())
                .collect();
            events.into_iter().find(|event| {
                event["type"] == "call.missed" && event["data"]["call"]["callSid"] == sid
                    || event["type"] == "call.missed" && event.to_string().contains(sid)
            })
        };
        // What happens before it listens it does not see.
        let mut n = 0;
        let event = loop {
            n += 1;
            let from = caller(n);
            let sid = site.twilio.call(&from, SMITH, stays(60)).await;
            is_missed(site, &sid, &from, "busy", "Smith & Sons").await;
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
            run(&all, &[], MINUTE).await
        };
        ends(&dead(&["list"]).await, 0, &["no dead letters"]);
        site.stop().await;
        poison(site).await;
        site.revive("up");
        site.are_ready().await;
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
    })
    .await;
}

/// Puts an event on the bus of a site that stands still, which nobody can ever handle.
async fn poison(site: &Site) {
    let config = bus::Config::Embedded {
        dir: site.dir.path().join("data/up/bus"),
    };
    let bus = bus::Bus::connect(&config).await.unwrap();
    let queue = bus::Subscription::new("egress.message-send", ["message.send"]);
    bus.declare(&queue).await.unwrap();
    let event = events::v1::MessageSend::default();
    let envelope = events::Envelope::new("trunkline/test", &clock::Clock::system(), &event);
    bus.publish(&envelope).await.unwrap();
    bus.close().await;
}
