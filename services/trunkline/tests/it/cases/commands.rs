//! The commands: how they end, and what they say.

use std::time::Duration;

use serde_json::{Value, json};

use crate::local_platform::{
    ACCOUNT, ADMIN, NO_SETTINGS, Output, Process, TOKEN, eventually, free_port, install_tls, run,
    so,
};

/// Longer than any command takes.
pub const COMMAND_LIMIT: Duration = Duration::from_secs(180);

/// Values that no setting can have, each of which stops every command.
const MALFORMED: &[(&str, &str)] = &[
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
    ("TRUNKLINE_DRAIN_S", "soon"),
];

/// Runs a command in an empty folder.
async fn command(args: &[&str], env: &[(&str, &str)]) -> Output {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().join("data").display().to_string();
    let mut args = args.to_vec();
    if !args.contains(&"--help")
        && !args.contains(&"--data-dir")
        && args[0] != "emulator"
        && args[0] != "demo"
    {
        args.extend(["--data-dir", place.as_str(), "--config", NO_SETTINGS]);
    }
    let env: Vec<(String, String)> = env
        .iter()
        .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
        .collect();
    run(&args, &env, COMMAND_LIMIT).await
}

#[track_caller]
pub fn ends(output: &Output, code: i32, words: &[&str]) {
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
        &["nope", "ingress"],
    );
    ends(
        &command(&up, &[("TRUNKLINE_EMULATER", "on")]).await,
        2,
        &["TRUNKLINE_EMULATER", "TRUNKLINE_EMULATOR"],
    );
    for (name, value) in MALFORMED {
        ends(&command(&up, &[(name, value)]).await, 2, &[name]);
    }
    let names: Vec<&str> = MALFORMED.iter().map(|(name, _)| *name).collect();
    for all in [&up[..], &["doctor"], &["migrate"], &["events", "tail"]] {
        ends(&command(all, MALFORMED).await, 2, &names);
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
    ends(
        &command(&["demo", "--once", "--speed", "0"], &[]).await,
        2,
        &["speed"],
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
async fn settings_file_that_is_named_and_missing_stops_every_command() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data").display().to_string();
    // Those that would go on are wrong in another way as well.
    let call = ["call", "+15550100001", "--script", "x.yaml"];
    let signature = ["doctor", "signature", "--url", "https://a.example/x"];
    for args in [
        &["up", "--role", "nope"][..],
        &["demo", "--speed", "0"],
        &call,
        &["apply", "-f", "x.yaml"],
        &["emulator", "--account-sid", "AC1"],
        &["doctor"],
        &signature,
        &["events", "tail"],
        &["events", "dead", "list"],
        &["events", "dead", "replay", "x@y"],
        &["migrate"],
        &["reseal"],
        &["export", "x.tar"],
        &["import", "x.tar"],
        &["forget", "+15550109999"],
        &["replay", "CA1"],
    ] {
        let args = [args, &["--data-dir", &data, "--config", "/no/such.toml"]].concat();
        let words = ["/no/such.toml", "--config", "cannot be read"];
        ends(&run(&args, &[], COMMAND_LIMIT).await, 2, &words);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn version_has_the_commit_that_was_built() {
    let output = command(&["--version"], &[]).await;
    let version = env!("CARGO_PKG_VERSION");
    let built = option_env!("BUILD_COMMIT").filter(|it| !it.is_empty());
    // A source archive has no repository, and so no commit.
    let commit = built.or(option_env!("HEAD_COMMIT"));
    let expected = match commit {
        Some(commit) => format!("trunkline {version} ({commit})"),
        None => format!("trunkline {version}"),
    };
    assert_eq!(output.out.trim(), expected);
    let is_cloned = concat!(env!("CARGO_MANIFEST_DIR"), "/../../.git");
    assert!(
        commit.is_some() || !std::path::Path::new(is_cloned).exists(),
        "{output:?}"
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
    for words in [
        "events tail",
        "events dead",
        "events dead list",
        "events dead replay",
        "doctor signature",
    ] {
        let args: Vec<_> = words.split(' ').chain(["--help"]).collect();
        let output = command(&args, &[]).await;
        let (_, example) = output.out.split_once("Example").unwrap();
        assert!(
            example.contains(&format!("trunkline {words}")),
            "{output:?}"
        );
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
async fn demo_ends_as_scripted_whatever_the_caller_has_set() {
    let nobody = format!("127.0.0.1:{}", free_port());
    let (database, broker) = (
        format!("postgres://nobody@{nobody}/nothing"),
        format!("amqp://{nobody}/%2f"),
    );
    let web = format!("http://{nobody}");
    let env = [
        ("DATABASE_URL", database.as_str()),
        ("AMQP_URL", broker.as_str()),
        ("OPENAI_API_KEY", "the key of the caller"),
        ("OPENAI_BASE_URL", web.as_str()),
        ("S3_BUCKET", "recordings"),
        ("AWS_ENDPOINT_URL", web.as_str()),
        ("TRUNKLINE_BIND", "everywhere"),
        ("TWILIO_ACCOUNT_SID", ACCOUNT),
    ];
    // Nor is the file read that is named.
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "nonsense = [").unwrap();
    let config = file.path().display().to_string();
    let args = ["demo", "--once", "--speed", "50", "--config", &config];
    let output = command(&args, &env).await;
    ends(&output, 0, &["missed call", "as scripted", "[simulated]"]);
    // Each call shows the texts that were sent for it, and none of an earlier one's.
    let after = |heading: &str| output.out.split_once(heading).unwrap().1;
    let scene = |heading: &str, next: &str| after(heading).split_once(next).unwrap().0;
    let first = scene("1. missed call.", "2. calls again.");
    let again = scene("2. calls again.", "3. answered call.");
    let sent = "texts      \"Hi! Sorry we missed your call";
    assert_eq!(first.matches(sent).count(), 1, "{first}");
    assert!(!again.contains("Sorry we missed"), "{again}");
    assert!(
        again.contains("no second text was sent") && !first.contains("no second text"),
        "{again}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn call_is_played_on_a_platform_of_its_own() {
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
async fn laptop_needs_no_settings() {
    install_tls();
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
    // A start that fails has shown the key to nobody.
    // A process that another test starts has our sockets, too, until it is its own program.
    let listen = async || std::net::TcpListener::bind(("127.0.0.1", port)).ok();
    let taken = eventually("the port is free", listen).await;
    let first: Vec<&str> = args.iter().map(String::as_str).collect();
    let output = run(&first, &[], COMMAND_LIMIT).await;
    ends(&output, 1, &["--port"]);
    assert!(!output.out.contains("API key"), "{output:?}");
    drop(taken);
    drop(eventually("the port is free again", listen).await);
    let mut up = Process::new("laptop", dir.path(), &args, &[]);
    up.start();
    let url = format!("http://localhost:{port}");
    let up = std::sync::Mutex::new(up);
    eventually("a number can be dialled", async || {
        so(up.lock().unwrap().log().contains("+15550100001"))
    })
    .await;
    let log = up.lock().unwrap().log();
    let lines: Vec<&str> = log.lines().filter(|line| line.starts_with('{')).collect();
    assert!(!lines.is_empty(), "the log is JSON, a line an event: {log}");
    for line in lines {
        let event: Value = serde_json::from_str(line).unwrap();
        let named = ["timestamp", "level", "message"];
        assert!(named.iter().all(|name| event[*name].is_string()), "{line}");
    }
    let shown = |log: &str| log.matches("shown once").count();
    assert_eq!(shown(&up.lock().unwrap().log()), 1);
    // Another one on the same folder is refused, and what the folder says stays true.
    let (other, other_emulator) = (free_port().to_string(), free_port().to_string());
    let mut args = vec!["up", "--port", &other];
    args.extend(place);
    let env = [("TRUNKLINE_EMULATOR_PORT".to_owned(), other_emulator)];
    ends(&run(&args, &env, COMMAND_LIMIT).await, 2, &["in use"]);
    let local = || -> Value {
        let file = std::fs::read(dir.path().join("data/local.json"));
        serde_json::from_slice(&file.unwrap()).unwrap()
    };
    assert_eq!(local()["platform_url"], url.as_str());
    assert_eq!(
        local()["emulator_url"],
        format!("http://127.0.0.1:{emulator}")
    );

    let script = dir.path().join("busy.yaml");
    let busy = r#"
callee: {number: "+15550100002", behaviour: busy, after_s: 0.3}
steps: [{wait_for: "sorry we missed your call"}]
"#;
    std::fs::write(&script, busy).unwrap();
    let script = script.display().to_string();
    let mut args = vec!["call", "+15550100001", "--script", &script, "--json"];
    args.extend(place);
    let output = run(&args, &[], COMMAND_LIMIT).await;
    ends(&output, 0, &[]);
    let told: Value = serde_json::from_str(output.out.trim()).unwrap();
    assert_eq!(told["call"]["outcome"], "missed", "{told:#}");
    // Numbers that are applied later can be dialled as well, more of them than a page of the list holds.
    let numbers: Vec<String> = (0..205).map(|n| format!("+15550110{n:03}")).collect();
    let listed: Vec<String> = numbers
        .iter()
        .map(|number| format!("{{number: \"{number}\"}}"))
        .collect();
    let words = format!(
        "tenants:\n- {{id: later, name: Later, numbers: [{}]}}\n",
        listed.join(", ")
    );
    let later = dir.path().join("later.yaml");
    std::fs::write(&later, words).unwrap();
    let later = later.display().to_string();
    let mut args = vec!["apply", "-f", &later];
    args.extend(place);
    ends(
        &run(&args, &[], COMMAND_LIMIT).await,
        0,
        &["+ number +15550110204"],
    );
    // Who dials a number that nobody has hears which there are.
    let mut args = vec!["call", "+15550119999", "--script", &script];
    args.extend(place);
    let args = args;
    eventually("the new numbers ring", async || {
        let output = run(&args, &[], COMMAND_LIMIT).await;
        ends(&output, 2, &["+15550119999", "+15550100001"]);
        so(numbers.iter().all(|number| output.err.contains(number)))
    })
    .await;
    // However the address of the folder's platform is written.
    let spelled = format!("http://127.0.0.1:{port}/");
    let mut args = vec!["call", "+15550110204", "--script", &script];
    args.extend(["--url", &spelled]);
    args.extend(place);
    ends(&run(&args, &[], COMMAND_LIMIT).await, 0, &[]);
    let wrong = dir.path().join("wrong.yaml");
    std::fs::write(&wrong, "steps: [{dance: 1}]").unwrap();
    let wrong = wrong.display().to_string();
    let mut args = vec!["call", "+15550100001", "--script", &wrong];
    args.extend(place);
    ends(&run(&args, &[], COMMAND_LIMIT).await, 2, &["dance"]);
    let mut up = up.into_inner().unwrap();
    assert_eq!(up.stop().await.code(), Some(0));
    assert!(local()["platform_url"].is_null() && local()["emulator_url"].is_null());
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
    let sid = told["call"]["call_sid"].as_str().unwrap();
    eventually("the call is remembered", async || {
        let request = reqwest::Client::new().get(format!("{url}/calls/{sid}"));
        let local = local();
        let key = local["admin_api_key"].as_str()?;
        let response = request.header("X-API-Key", key).send().await.ok()?;
        so(response.status().is_success())
    })
    .await;
    let mut up = up.into_inner().unwrap();
    assert_eq!(up.stop().await.code(), Some(0));
    assert_eq!(shown(&up.log()), 1, "the key is shown once");
}
