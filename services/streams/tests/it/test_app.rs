//! The role on a platform of its own, with a script in place of interviews.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use audio::Sound;
use clock::Clock;
use events::v1::{
    CallHangUp, CallSummarize, FlowFound, FlowQuery, PersonForgotten, RecordingErase,
    RecordingKnown, RecordingPause, RecordingQuery, RecordingResume, RecordingSettings,
    ReplaySettings, ResolveQuery, Resolved, StreamEnded, TenantContext, TrackStored, TurnHeard,
    TurnSay, TurnTaken, TwilioWhisper, TwimlReply, VoiceInbound, VoiceParameters, VoiceWhisper,
};
use events::{Envelope, Event, v1};
use objects::Objects;
use serde_json::{Value, json};
use streams::Timings;
use testkit::{Mode, S3, TestPlatform, eventually};
use webhook::signature::{Token, sign_url};

use crate::listener::Listener;
use crate::provider::Provider;

pub const ACCOUNT: &str = "AC00000000000000000000000000000001";
pub const TOKEN: &str = "11111111111111111111111111111111";
pub const BASE: &str = "https://trunkline.example";

/// The flow of a tenant who keeps every track.
pub const RECORDED: &str = "recorded";
/// The same as MP3 files.
pub const COMPRESSED: &str = "compressed";
/// The same with a notice of the flow's own.
pub const NOTICED: &str = "noticed";
/// The flow of a tenant who keeps what goes into calls.
pub const KEPT: &str = "kept";
/// A flow that Twilio hears and speaks.
pub const RELAYED: &str = "relayed";

/// An assistant with every tool.
pub const DESK: &str = "desk";

/// What a test works with.
pub struct TestApp {
    platform: TestPlatform,
    provider: Option<Provider>,
    listener: Option<Listener>,
    /// In place of the data folder.
    pub s3: Option<S3>,
}

impl Deref for TestApp {
    type Target = TestPlatform;

    fn deref(&self) -> &TestPlatform {
        &self.platform
    }
}

const SETTINGS: [(&str, &str); 5] = [
    ("WEBHOOK_BASE_URL", BASE),
    ("TWILIO_ACCOUNT_SID", ACCOUNT),
    ("TWILIO_AUTH_TOKEN", TOKEN),
    ("TRUNKLINE_SIMULATED_SPEECH", "on"),
    ("TRUNKLINE_DRAIN_S", "1"),
];

pub async fn run<F: Future<Output = ()>>(mode: Mode, case: fn(Arc<TestApp>) -> F) {
    run_with(mode, case, Beside::default(), &[]).await;
}

/// With a provider that does what the case tells it to.
pub async fn provided<F: Future<Output = ()>>(mode: Mode, case: fn(Arc<TestApp>) -> F) {
    let (beside, more) = provider();
    run_with(mode, case, beside, &more).await;
}

/// The same, with a second voice that goes before its first: each has a few seconds.
pub async fn two_voices<F: Future<Output = ()>>(mode: Mode, case: fn(Arc<TestApp>) -> F) {
    let (beside, mut more) = provider();
    let port = beside.provider.as_ref().unwrap().port;
    more.extend([
        ("ELEVENLABS_API_KEY", "none".to_owned()),
        ("ELEVENLABS_BASE_URL", format!("http://127.0.0.1:{port}")),
        ("TRUNKLINE_SPEECH_DEADLINE_S", "6".to_owned()),
    ]);
    run_with(mode, case, beside, &more).await;
}

/// The same, with a provider that listens while callers speak.
pub async fn heard_along<F: Future<Output = ()>>(mode: Mode, case: fn(Arc<TestApp>) -> F) {
    let (mut beside, mut more) = provider();
    let listener = Listener::start().await;
    more.extend([
        ("DEEPGRAM_API_KEY", "none".to_owned()),
        ("DEEPGRAM_BASE_URL", listener.base.clone()),
    ]);
    beside.listener = Some(listener);
    run_with(mode, case, beside, &more).await;
}

/// With an S3 beside it.
pub async fn on_s3<F: Future<Output = ()>>(mode: Mode, case: fn(Arc<TestApp>) -> F) {
    let s3 = S3::start().await;
    let more = s3.settings().map(|(name, value)| (name, value.to_owned()));
    let beside = Beside {
        s3: Some(s3),
        ..Beside::default()
    };
    run_with(mode, case, beside, &more).await;
}

/// What there is beside the platform.
#[derive(Default)]
struct Beside {
    provider: Option<Provider>,
    listener: Option<Listener>,
    s3: Option<S3>,
}

/// A provider, and what the platform is told of it.
fn provider() -> (Beside, Vec<(&'static str, String)>) {
    let provider = Provider::start();
    let more = vec![
        ("OPENAI_API_KEY", "none".to_owned()),
        (
            "OPENAI_BASE_URL",
            format!("http://127.0.0.1:{}/v1", provider.port),
        ),
        ("TRUNKLINE_PRIVATE_ADDRESSES", "on".to_owned()),
    ];
    let beside = Beside {
        provider: Some(provider),
        ..Beside::default()
    };
    (beside, more)
}

async fn run_with<F: Future<Output = ()>>(
    mode: Mode,
    case: fn(Arc<TestApp>) -> F,
    beside: Beside,
    more: &[(&'static str, String)],
) {
    let mut all = SETTINGS.to_vec();
    all.extend(more.iter().map(|(name, value)| (*name, value.as_str())));
    let platform = TestPlatform::new("streams", mode, Clock::system(), &all).await;
    let app = TestApp {
        platform,
        provider: beside.provider,
        listener: beside.listener,
        s3: beside.s3,
    };
    app.up().await;
    app.keys.give_each(&["smith", "jones"]);
    app.keys.serve(&app.bus()).await;
    testkit::run(app, case).await;
}

/// What the tests look at.
const HEARD: &[&str] = &[
    CallHangUp::TYPE,
    StreamEnded::TYPE,
    TurnTaken::TYPE,
    TrackStored::TYPE,
    CallSummarize::TYPE,
    RecordingPause::TYPE,
    RecordingResume::TYPE,
    PersonForgotten::TYPE,
    RecordingErase::TYPE,
];

/// Two questions and a goodbye; the flow `nobody` is decided by nobody.
fn interviews(question: &Envelope) -> Option<Envelope> {
    if let Ok(query) = question.decode::<RecordingQuery>() {
        let known = !query.call_sid.ends_with("forgotten");
        let known = RecordingKnown { known };
        return Some(Envelope::new("trunkline/test", &Clock::system(), &known));
    }
    if let Ok(query) = question.decode::<FlowQuery>() {
        return Some(Envelope::new(
            "trunkline/test",
            &Clock::system(),
            &flow(&query),
        ));
    }
    if let Ok(query) = question.decode::<ResolveQuery>() {
        return Some(Envelope::new(
            "trunkline/test",
            &Clock::system(),
            &resolved(&query.number),
        ));
    }
    let heard = question.decode::<TurnHeard>().ok()?;
    if heard.flow == "nobody" {
        return None;
    }
    let (lines, then): (&[&str], &str) = match (heard.heard.as_str(), heard.text.as_str()) {
        ("begin", _) => (&["Hello from the test.", "Are you salaried?"], "yes_no"),
        ("words", "yes I am") => (&["Do you live in a city?"], "yes_no"),
        ("words" | "digits", _) => (&["Thank you and goodbye."], "hang_up"),
        _ => (&["Please say yes or no."], "yes_no"),
    };
    let say = TurnSay {
        interview_id: "interview-1".to_owned(),
        lines: lines.iter().copied().map(str::to_owned).collect(),
        then: then.to_owned(),
        language: "en-US".to_owned(),
        ..TurnSay::default()
    };
    Some(Envelope::new("trunkline/test", &Clock::system(), &say))
}

/// The flow of a name.
fn flow(query: &FlowQuery) -> FlowFound {
    if let Some(port) = query.name.strip_prefix(DESK) {
        return FlowFound {
            found: true,
            name: query.name.clone(),
            kind: "conversation".to_owned(),
            definition: desk(port).to_string(),
            ..FlowFound::default()
        };
    }
    let definition = match query.name.as_str() {
        RELAYED => json!({ "engine": "relay", "language": "en-US" }),
        NOTICED => json!({ "recording_notice": "We keep what you say." }),
        _ => json!({}),
    };
    FlowFound {
        found: true,
        name: query.name.clone(),
        kind: "eligibility".to_owned(),
        definition: definition.to_string(),
        ..FlowFound::default()
    }
}

/// The business of a number: one that begins with +1555 has an assistant whose tool listens on the port that the rest names.
fn resolved(number: &str) -> Resolved {
    let voice = match number.strip_prefix("+1555") {
        Some(port) => format!("assistant:{DESK}{}", port.trim_start_matches('0')),
        None => "bot:loan".to_owned(),
    };
    Resolved {
        tenant: Some(TenantContext {
            tenant_id: "smith".to_owned(),
            account_sid: ACCOUNT.to_owned(),
            number: Some(v1::Number {
                voice,
                ..v1::Number::default()
            }),
            ..TenantContext::default()
        }),
        active: true,
    }
}

/// An assistant whose tool listens on this port.
fn desk(port: &str) -> Value {
    let url = format!("http://127.0.0.1:{port}/tool");
    json!({
        "name": DESK, "kind": "conversation", "greeting": "Harbor Dental, how can I help?",
        "instructions": "You are the receptionist of Harbor Dental.",
        "knowledge": ["Open Monday to Friday, 8 to 17."],
        "tools": [
            {"name": "transfer", "to": "+15550100012"}, {"name": "send_text"}, {"name": "hang_up"},
            {"name": "take_message"}, {"name": "book", "url": url},
        ],
    })
}

impl TestApp {
    /// Of [`provided`].
    pub fn provider(&self) -> &Provider {
        self.provider.as_ref().unwrap()
    }

    /// Of [`heard_along`].
    pub fn listener(&self) -> &Listener {
        self.listener.as_ref().unwrap()
    }

    /// The document of a call on a number with the assistant.
    pub async fn assistant_document(&self, call_sid: &str) -> String {
        let port = self.provider.as_ref().map_or(1, |it| it.port);
        let flow = format!("{DESK}{port}");
        self.document_of("assistant", call_sid, &flow).await
    }

    /// The path of the stream that it is offered.
    pub async fn offered_assistant(&self, call_sid: &str) -> String {
        socket_of(&self.assistant_document(call_sid).await)
    }

    /// What whoever takes a call over hears.
    pub async fn whisper(&self, call_sid: &str) -> String {
        let event = VoiceWhisper {
            tenant: Some(TenantContext {
                tenant_id: "smith".to_owned(),
                account_sid: ACCOUNT.to_owned(),
                ..TenantContext::default()
            }),
            whisper: Some(TwilioWhisper {
                parent_call_sid: call_sid.to_owned(),
                ..TwilioWhisper::default()
            }),
        };
        let mut envelope = self.envelope(&event);
        envelope.kind = format!("{}.assistant", VoiceWhisper::TYPE);
        let reply = self.bus().request(envelope, Duration::from_secs(10)).await;
        reply.unwrap().decode::<TwimlReply>().unwrap().xml
    }

    /// Starts the role on what is there.
    pub async fn up(&self) {
        self.up_with(Timings::default()).await;
    }

    /// The same with other times.
    pub async fn up_with(&self, timings: Timings) {
        let parts = self.open().await;
        self.recorder.listen(&parts.bus, HEARD).await;
        let questions = [
            TurnHeard::TYPE,
            FlowQuery::TYPE,
            RecordingQuery::TYPE,
            ResolveQuery::TYPE,
        ];
        self.recorder
            .listen_and_answer("test.interviews", &parts.bus, &questions, interviews)
            .await;
        let role = streams::role_with_timings(&parts, timings).await.unwrap();
        self.start(vec![role]).await;
    }

    /// A call comes in, or asks how it goes on: the document.
    pub async fn document(&self, call_sid: &str, flow: &str) -> String {
        self.document_of("bot", call_sid, flow).await
    }

    /// The same on a number with this voice app.
    pub async fn document_of(&self, engine: &str, call_sid: &str, flow: &str) -> String {
        let event = VoiceInbound {
            tenant: Some(TenantContext {
                tenant_id: "smith".to_owned(),
                account_sid: ACCOUNT.to_owned(),
                number: Some(v1::Number {
                    voice: format!("{engine}:{flow}"),
                    ..v1::Number::default()
                }),
                recording: [RECORDED, NOTICED, COMPRESSED].contains(&flow).then(|| {
                    RecordingSettings {
                        enabled: true,
                        format: if flow == COMPRESSED { "mp3" } else { "wav" }.to_owned(),
                        consent_notice: true,
                        record_user_audio: true,
                        record_assistant_audio: true,
                        record_mixed_audio: true,
                        encryption: self.s3.as_ref().map_or("", |_| "s3").to_owned(),
                        ..RecordingSettings::default()
                    }
                }),
                replay: Some(ReplaySettings {
                    enabled: flow == KEPT || flow.starts_with(DESK),
                    retention_days: 30,
                }),
                ..TenantContext::default()
            }),
            voice: Some(VoiceParameters {
                call_sid: call_sid.to_owned(),
                from: "+15550109999".to_owned(),
                to: "+15550100003".to_owned(),
                direction: "inbound".to_owned(),
                ..VoiceParameters::default()
            }),
            origin: "twilio".to_owned(),
        };
        let mut envelope = self.envelope(&event);
        envelope.kind = format!("{}.{engine}", VoiceInbound::TYPE);
        let reply = self.bus().request(envelope, Duration::from_secs(10)).await;
        reply.unwrap().decode::<TwimlReply>().unwrap().xml
    }

    /// The path of the stream that a call is offered.
    pub async fn offered(&self, call_sid: &str, flow: &str) -> String {
        socket_of(&self.document(call_sid, flow).await)
    }

    /// The tracks of a call, once there are so many.
    pub async fn tracks(&self, call_sid: &str, count: usize) -> Vec<(TrackStored, Sound)> {
        let find = || {
            let heard = self.recorder.each::<TrackStored>();
            let all = heard.into_iter().map(|(_, track)| track);
            all.filter(|it| it.call_sid == call_sid).collect::<Vec<_>>()
        };
        eventually("the tracks are stored", async || find().len() >= count).await;
        let objects = Objects::open(self.settings().object_store());
        let mut found = Vec::new();
        for track in find() {
            let file = objects.get(&track.key).await.unwrap().unwrap();
            assert_eq!(file.bytes.len() as u64, track.size_bytes);
            assert!(objects.head(&track.peaks_key).await.unwrap().is_some());
            found.push((track, Sound::read(&file.bytes).unwrap()));
        }
        found
    }

    /// The end of a call's stream, once it is told.
    pub async fn ended(&self, call_sid: &str) -> StreamEnded {
        let find = || {
            let heard = self.recorder.heard::<StreamEnded>();
            heard.into_iter().find(|it| it.1.call_sid == call_sid)
        };
        eventually("the stream's end is told", async || find().is_some()).await;
        find().unwrap().1
    }
}

/// The path of the socket in a document.
pub fn socket_of(document: &str) -> String {
    let found = document.split_once("wss://trunkline.example");
    let Some((_, rest)) = found else {
        panic!("no stream is offered: {document}");
    };
    rest.split_once('"').unwrap().0.to_owned()
}

/// What Twilio signs a handshake with.
pub fn signed(path: &str, token: &str) -> String {
    sign_url(
        &Token::new(token).unwrap(),
        &format!("wss://trunkline.example{path}"),
    )
}
