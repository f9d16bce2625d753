//! The role on a platform of its own, with a Twilio that is told what to do.

use std::ops::Deref;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use audio::{Encoding, Sound};
use clock::Clock;
use events::v1::{
    Call, CallStarted, Directory, DirectoryQuery, Recording, RecordingAbsent, RecordingDeleted,
    RecordingFile, RecordingSettings, RecordingStored, TenantFound, TenantQuery, TrackStored,
    TwilioRecordingStatus, directory,
};
use events::{Envelope, Event};
use objects::test_support::Trouble;
use objects::{Config, Objects};
use recordings::Timings;
use recordings::test_support::{MIGRATIONS, RecordingRow, call_find, recording_list};
use serde_json::Value;
use store::Store;
use testkit::{EventRecorder, Mode, S3, TestPlatform, eventually};

use crate::twilio::{Answer, Twilio, World};

pub const ACCOUNT: &str = "AC00000000000000000000000000000001";
pub const OTHER_ACCOUNT: &str = "AC00000000000000000000000000000002";
pub const CALL: &str = "CA00000000000000000000000000000001";
pub const RECORDING: &str = "RE00000000000000000000000000000001";

pub struct TestApp {
    platform: TestPlatform,
    twilio: Twilio,
    store: Store,
    /// The S3 beside the process, where it is not the folder inside.
    s3: Option<S3>,
    /// What the tenant wants by now; none: tenants does not answer.
    wanted: Arc<Mutex<Option<RecordingSettings>>>,
}

impl Deref for TestApp {
    type Target = TestPlatform;

    fn deref(&self) -> &TestPlatform {
        &self.platform
    }
}

/// In a hurry.
pub fn timings() -> Timings {
    Timings {
        check: chrono::Duration::milliseconds(300),
        adopt: chrono::Duration::milliseconds(300),
        first_wait: Duration::from_millis(20),
        sweep: Duration::from_millis(100),
        answer: Duration::from_millis(500),
        ..Timings::default()
    }
}

pub async fn run<F: Future<Output = ()>>(mode: Mode, case: fn(Arc<TestApp>) -> F) {
    run_at(mode, Clock::system(), case).await;
}

pub async fn run_at<F: Future<Output = ()>>(mode: Mode, clock: Clock, case: fn(Arc<TestApp>) -> F) {
    run_with(mode, clock, None, case).await;
}

/// On a clock that a test moves.
pub async fn on_held_clock<F: Future<Output = ()>>(mode: Mode, case: fn(Arc<TestApp>) -> F) {
    let start = "2026-11-29T10:00:00Z".parse().unwrap();
    run_at(mode, Clock::held(start), case).await;
}

/// With an S3 that can be in trouble.
pub async fn on_s3<F: Future<Output = ()>>(mode: Mode, case: fn(Arc<TestApp>) -> F) {
    let s3 = S3::start().await;
    run_with(mode, Clock::system(), Some(s3), case).await;
}

async fn run_with<F: Future<Output = ()>>(
    mode: Mode,
    clock: Clock,
    s3: Option<S3>,
    case: fn(Arc<TestApp>) -> F,
) {
    let twilio = Twilio::start();
    let mut settings = vec![
        ("TWILIO_ACCOUNT_SID", ACCOUNT),
        ("TWILIO_AUTH_TOKEN", "11111111111111111111111111111111"),
        ("TWILIO_API_BASE_URL", &twilio.url),
    ];
    if let Some(s3) = &s3 {
        settings.extend(s3.settings());
    }
    let platform = TestPlatform::new("recordings", mode, clock, &settings).await;
    let store = platform.store("recordings", MIGRATIONS).await;
    let app = TestApp {
        platform,
        twilio,
        store,
        s3,
        wanted: Arc::new(Mutex::new(Some(RecordingSettings::default()))),
    };
    app.keys.give_each(&["smith", "jones"]);
    app.up().await;
    app.keys.serve(&app.bus()).await;
    let wanted = app.wanted.clone();
    Arc::new(EventRecorder::default())
        .listen_and_answer(
            "test.tenants",
            &app.bus(),
            &[TenantQuery::TYPE],
            move |question| {
                let query: TenantQuery = question.decode().ok()?;
                let found = TenantFound {
                    tenant_id: query.tenant_id,
                    recording: Some(wanted.lock().unwrap().clone()?),
                };
                Some(Envelope::new("trunkline/test", &Clock::system(), &found))
            },
        )
        .await;
    testkit::run(app, case).await;
}

impl TestApp {
    async fn up(&self) {
        let parts = self.open().await;
        self.recorder
            .listen(
                &parts.bus,
                &["recording.#", "person.forgotten", "copies.forget"],
            )
            .await;
        let role = recordings::role_with_timings(&parts, timings())
            .await
            .unwrap();
        self.start(vec![role]).await;
    }

    /// Tenants tells of a tenant's own account.
    pub async fn know_account(&self, tenant: &str, account_sid: &str) {
        let parts = self.parts();
        let account = directory::Account {
            account_sid: account_sid.into(),
            tenant_id: tenant.into(),
            sealed_tokens: vec![parts.sealer.seal(&"2".repeat(32)).unwrap()],
        };
        let known = Directory {
            accounts: vec![account],
            ..Directory::default()
        };
        let answer =
            move |_: &Envelope| Some(Envelope::new("trunkline/test", &Clock::system(), &known));
        Arc::new(EventRecorder::default())
            .listen_and_answer(
                "test.directory",
                &self.bus(),
                &[DirectoryQuery::TYPE],
                answer,
            )
            .await;
        eventually("the account is known", async || {
            parts.directory.account(account_sid).is_some()
        })
        .await;
    }

    /// The process ends, and another begins on what it left.
    pub async fn restart(&self) {
        self.stop().await;
        self.up().await;
    }

    /// The role's database.
    pub fn database(&self) -> &Store {
        &self.store
    }

    /// A request with a key: the status, and the body as JSON where it is some.
    pub async fn ask(&self, method: reqwest::Method, path: &str, key: &str) -> (u16, Value) {
        let request = testkit::client().request(method, format!("{}{path}", self.base()));
        let answer = request.header("X-API-Key", key).send().await.unwrap();
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or_default())
    }

    pub fn twilio(&self) -> &World {
        &self.twilio.world
    }

    pub fn folder(&self) -> std::path::PathBuf {
        self.settings().data_dir.join("objects")
    }

    pub fn objects(&self) -> Objects {
        match &self.s3 {
            Some(s3) => s3.objects.clone(),
            None => Objects::open(Config::Embedded { dir: self.folder() }),
        }
    }

    /// What the S3 suffers from.
    pub fn trouble(&self) -> &Trouble {
        &self.s3.as_ref().unwrap().trouble
    }

    /// What the tenant wants from now on; calls that come in have it.
    pub fn wants(&self, settings: RecordingSettings) {
        *self.wanted.lock().unwrap() = Some(settings);
    }

    /// Nobody says any more what the tenant wants.
    pub fn tenants_is_away(&self) {
        *self.wanted.lock().unwrap() = None;
    }

    /// A call comes in for smith, to be recorded as the tenant wants it.
    pub async fn started_as_wanted(&self, sid: &str) {
        let settings = self.wanted.lock().unwrap().clone().unwrap();
        self.publish(&CallStarted {
            call: Some(Call {
                recording: Some(settings),
                ..call(sid)
            }),
        })
        .await;
    }

    /// A call comes in for smith, to be recorded as WAV.
    pub async fn started(&self, sid: &str) {
        self.publish(&CallStarted {
            call: Some(call(sid)),
        })
        .await;
    }

    /// Twilio tells of a recording.
    pub async fn told(&self, status: &str, change: impl FnOnce(&mut TwilioRecordingStatus)) {
        let mut event = TwilioRecordingStatus {
            account_sid: ACCOUNT.into(),
            call_sid: CALL.into(),
            status: status.into(),
            recording: Some(RecordingFile {
                recording_sid: RECORDING.into(),
                url: format!(
                    "{}/2010-04-01/Accounts/{ACCOUNT}/Recordings/{RECORDING}",
                    self.twilio.url
                ),
                duration_s: (status == "completed").then_some(2),
            }),
            source: "StartCallRecordingTwiML".into(),
            channels: Some(2),
            started_at: "2026-11-29T10:00:00Z".into(),
            track: "both".into(),
            ..TwilioRecordingStatus::default()
        };
        change(&mut event);
        self.publish(&event).await;
    }

    /// A call whose recording is to be fetched.
    pub async fn recorded(&self, answers: impl IntoIterator<Item = Answer>) {
        self.twilio().files(RECORDING, answers);
        self.started(CALL).await;
        self.call_is_known().await;
        self.told("completed", |_| {}).await;
    }

    /// Waits until the call has its row.
    pub async fn call_is_known(&self) {
        eventually("the call is known", async || {
            let mut tx = self.store.read().await.unwrap();
            call_find(&mut tx, CALL).await.unwrap().is_some()
        })
        .await;
    }

    /// The row of a call that has one recording.
    pub async fn row_of(&self, call_sid: &str) -> Option<RecordingRow> {
        let mut tx = self.store.read().await.unwrap();
        let rows = recording_list(&mut tx, call_sid).await.unwrap();
        rows.into_iter().next()
    }

    pub async fn rows(&self) -> Vec<RecordingRow> {
        let mut tx = self.store.read().await.unwrap();
        recording_list(&mut tx, CALL).await.unwrap()
    }

    /// Waits until the call's rows are as they should be.
    pub async fn row_is(&self, right: impl Fn(&[RecordingRow]) -> bool) -> Vec<RecordingRow> {
        eventually("the rows are right", async || right(&self.rows().await)).await;
        self.rows().await
    }

    /// Waits until the only recording has this status.
    pub async fn is(&self, status: &str) -> RecordingRow {
        let mut rows = self
            .row_is(|rows| matches!(rows, [row] if row.status == status))
            .await;
        rows.remove(0)
    }

    pub fn stored(&self) -> Vec<Recording> {
        let heard = self.recorder.heard::<RecordingStored>();
        heard
            .into_iter()
            .filter_map(|(_, event)| event.recording)
            .collect()
    }

    pub fn absent(&self) -> Vec<Recording> {
        let heard = self.recorder.heard::<RecordingAbsent>();
        heard
            .into_iter()
            .filter_map(|(_, event)| event.recording)
            .collect()
    }

    pub fn deleted(&self) -> Vec<Recording> {
        let heard = self.recorder.heard::<RecordingDeleted>();
        heard
            .into_iter()
            .filter_map(|(_, event)| event.recording)
            .collect()
    }

    /// Waits until an event of a type was heard so often.
    pub async fn heard<E: Event>(&self, count: usize) {
        eventually("it was told", async || {
            self.recorder.heard::<E>().len() >= count
        })
        .await;
    }

    /// The keys in the store.
    pub async fn keys_in_store(&self) -> Vec<String> {
        let all = self.objects().list("recordings/").await.unwrap();
        all.into_iter().map(|entry| entry.key).collect()
    }
}

pub fn call(sid: &str) -> Call {
    Call {
        id: role::call_id(sid),
        call_sid: sid.into(),
        tenant_id: "smith".into(),
        account_sid: ACCOUNT.into(),
        direction: "inbound".into(),
        from: "+15550109999".into(),
        to: "+15550100001".into(),
        started_at: "2026-11-29T10:00:00Z".into(),
        recording: Some(RecordingSettings {
            enabled: true,
            format: "wav".into(),
            ..RecordingSettings::default()
        }),
        ..Call::default()
    }
}

/// Two seconds of two people.
pub fn sound() -> Vec<u8> {
    let (left, right) = (
        audio::speech("good morning", Some(2.0)),
        audio::speech("hello", Some(2.0)),
    );
    Sound::stereo(&left, &right)
        .to_wav(Encoding::Pcm16)
        .unwrap()
}

/// A live track of the call.
pub fn track(recording_type: &str) -> TrackStored {
    TrackStored {
        call_sid: CALL.into(),
        tenant_id: "smith".into(),
        account_sid: ACCOUNT.into(),
        recording_type: recording_type.into(),
        key: format!("recordings/smith/{recording_type}.wav"),
        format: "wav".into(),
        channels: 1,
        duration_ms: 1_900,
        size_bytes: 100,
        sha256: "ab".into(),
        started_at: "2026-11-29T10:00:00Z".into(),
        ..TrackStored::default()
    }
}
