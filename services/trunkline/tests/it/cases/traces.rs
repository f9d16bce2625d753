//! One trace from the webhook to the text, across the bus, as a collector of OpenTelemetry sees it: one of this test, and before
//! it, where each role has a process, one that others wrote (rotel, from PyPI).

use std::collections::{BTreeMap, BTreeSet};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use actix_web::{App, HttpResponse, HttpServer, web};
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use prost::Message;
use tokio::io::AsyncWriteExt;
use tokio::process::{Child, Command};

use super::calls::is_missed;
use super::commands::COMMAND_LIMIT;
use super::fixtures::{SMITH, SMITH_OWNER, caller, world};
use super::signatures::python_with;
use crate::local_platform::{
    LocalPlatform, Mode, Plan, Process, behaves, eventually, free_port, play, run, so, stays,
};

/// What a missed call goes through, from the webhook to the text.
const WHOLE: [&str; 7] = [
    "webhook",
    "tenants.dial-finished",
    "calls.dial-finished",
    "dispatch.text-back",
    "egress.message-send",
    "dispatch.sent",
    "calls.message-sent",
];

/// Trace ids, and what happened in each: the spans' names, a consumer's with its own.
type Traces = Arc<Mutex<BTreeMap<Vec<u8>, BTreeSet<String>>>>;

/// Takes what is exported, as OTLP over HTTP has it.
fn collector(traces: &Traces) -> String {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    let traces = traces.clone();
    let take = move |body: web::Bytes| {
        let traces = traces.clone();
        async move {
            let body = plain(body).await;
            keep(&traces, &ExportTraceServiceRequest::decode(&*body).unwrap());
            HttpResponse::Ok().finish()
        }
    };
    let server =
        HttpServer::new(move || App::new().route("/v1/traces", web::post().to(take.clone())));
    tokio::spawn(
        server
            .workers(1)
            .disable_signals()
            .listen(listener)
            .unwrap()
            .run(),
    );
    format!("http://127.0.0.1:{port}")
}

/// What rotel sends it packs, whatever it is told.
async fn plain(body: web::Bytes) -> Vec<u8> {
    if !body.starts_with(&[0x1f, 0x8b]) {
        return body.to_vec();
    }
    let mut gzip = Command::new("gzip")
        .arg("-dc")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut into = gzip.stdin.take().unwrap();
    let (written, output) = tokio::join!(
        async move { into.write_all(&body).await },
        gzip.wait_with_output()
    );
    written.unwrap();
    output.unwrap().stdout
}

/// A collector that others wrote, which hands on to ours what it gets.
async fn rotel(ours: &str) -> (Child, String) {
    let python = python_with("rotel", "rotel==0.0.1a15").await;
    let home = python.parent().and_then(Path::parent).unwrap();
    let pattern = home.join("lib").read_dir().unwrap().flatten();
    let agent = pattern
        .map(|python| python.path().join("site-packages/rotel/rotel-agent"))
        .find(|agent| agent.exists())
        .expect("rotel has its agent");
    let (http, grpc) = (free_port(), free_port());
    let child = Command::new(agent)
        .arg("start")
        .args(["--otlp-http-endpoint", &format!("127.0.0.1:{http}")])
        .args(["--otlp-grpc-endpoint", &format!("127.0.0.1:{grpc}")])
        .args(["--exporter", "otlp", "--otlp-exporter-protocol", "http"])
        .args(["--otlp-exporter-endpoint", ours])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    eventually("rotel listens", async || {
        TcpStream::connect(("127.0.0.1", http)).ok().map(drop)
    })
    .await;
    (child, format!("http://127.0.0.1:{http}"))
}

fn keep(traces: &Traces, request: &ExportTraceServiceRequest) {
    let mut traces = traces.lock().unwrap();
    let scopes = request
        .resource_spans
        .iter()
        .flat_map(|resource| &resource.scope_spans);
    for span in scopes.flat_map(|scope| &scope.spans) {
        let consumer = span
            .attributes
            .iter()
            .find(|attribute| attribute.key == "consumer");
        let consumer = consumer.and_then(|attribute| attribute.value.as_ref()?.value.clone());
        let name = match consumer {
            Some(Value::StringValue(consumer)) => consumer,
            _ => span.name.clone(),
        };
        traces
            .entry(span.trace_id.clone())
            .or_default()
            .insert(name);
    }
}

/// Whether one trace has all of it.
fn is_one(traces: &Traces) -> bool {
    let traces = traces.lock().unwrap();
    traces
        .values()
        .any(|names| WHOLE.iter().all(|name| names.contains(*name)))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_trace_from_the_webhook_to_the_text() {
    crate::local_platform::install_tls();
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data").display().to_string();
    let script = dir.path().join("missed.yaml");
    let sample = include_str!("../../../samples/missed.yaml");
    // The owner is busy: nobody waits 25 s for the ringing to end.
    std::fs::write(&script, sample.replace("no-answer", "busy")).unwrap();
    let script = script.display().to_string();
    let traces = Traces::default();
    let (port, emulator) = (free_port(), free_port());
    let env: Vec<(String, String)> = [
        ("OTEL_EXPORTER_OTLP_ENDPOINT", collector(&traces)),
        ("TRUNKLINE_EMULATOR_PORT", emulator.to_string()),
    ]
    .map(|(name, value)| (name.to_owned(), value))
    .into();
    let port = port.to_string();
    let args = ["up", "--port", &port, "--data-dir", &data].map(str::to_owned);
    let mut platform = Process::new("up", dir.path(), &args, &env);
    platform.start();
    let url = format!("http://localhost:{port}");
    // It says what to dial once the sample is applied and the emulator has its numbers.
    eventually("the platform is up", async || {
        so(platform.log().contains("trunkline call"))
    })
    .await;

    let call = [
        "call",
        "+15550100001",
        "--script",
        &script,
        "--url",
        &url,
        "--data-dir",
        &data,
    ];
    let played = run(&call, &[], COMMAND_LIMIT).await;
    assert_eq!(played.code, Some(0), "{played:?}");
    // The command waits for the call's story; what dispatch does beside it is not in there.
    eventually("every role has done its part", async || {
        let metrics = reqwest::get(format!("{url}/metrics")).await.ok()?;
        let metrics = metrics.text().await.ok()?;
        let done = |name: &&str| metrics.contains(&format!("consumer=\"{name}\""));
        so(WHOLE.iter().skip(1).all(done))
    })
    .await;
    // What is left is sent at the end.
    assert!(platform.stop().await.success());
    assert!(is_one(&traces), "no trace has all of it: {traces:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_trace_through_a_process_for_each_role() {
    let traces = Traces::default();
    let (_rotel, url) = rotel(&collector(&traces)).await;
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", url);
    let plan = Plan::new(Mode::Split, &world()).env([endpoint]);
    play(plan, async |platform: &LocalPlatform| {
        platform.twilio.callee(SMITH_OWNER, behaves("busy")).await;
        let from = caller(1);
        let sid = platform.twilio.call(&from, SMITH, stays()).await;
        is_missed(platform, &sid, &from, "busy", "Smith & Sons").await;
        // Each process sends its own part, some seconds later.
        eventually("one trace has all of it", async || so(is_one(&traces))).await;
    })
    .await;
}
