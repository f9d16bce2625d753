//! scoring, what it asks, and who asks it.

use std::ops::Deref;
use std::sync::Arc;
use std::time::Duration;

use clock::Clock;
use events::v1::{
    AnswerScore, AnswerTranscribe, InterviewQuery, InterviewSummarize, InterviewsFound,
    QuestionWrite, SpeechSynthesize, SpendQuery, SpendReply, Turn,
};
use events::{Envelope, Event};
use objects::{Config, Objects};
use scoring::Timings;
use testkit::{EventRecorder, Mode, TestPlatform};

use crate::outside::{Outside, World};

pub const ACCOUNT: &str = "AC00000000000000000000000000000001";
pub const RECORDING: &str = "RE00000000000000000000000000000001";
pub const SPEECH: &str = "0123456789abcdef0123456789abcdef";

const HEARD: &[&str] = &[
    "answer.#",
    "recording.transcribed",
    "question.#",
    "interview.#",
    "speech.#",
    "reply.drafted",
    "reply.draft_failed",
    "call.summarized",
    "call.summary_failed",
    "ai.spent",
];

pub struct TestApp {
    platform: TestPlatform,
    outside: Outside,
}

impl Deref for TestApp {
    type Target = TestPlatform;

    fn deref(&self) -> &TestPlatform {
        &self.platform
    }
}

/// In a hurry. Longer than the attempts of a case, shorter than its patience.
fn timings() -> Timings {
    Timings {
        attempts: 2,
        retry_delays: vec![Duration::from_millis(50); 4],
        recording: Duration::from_millis(20),
        looking: Duration::from_millis(100),
        sweep: Duration::from_millis(200),
    }
}

/// With a provider, and with a Twilio that is not the emulator.
pub async fn provided<F: Future<Output = ()>>(mode: Mode, case: fn(Arc<TestApp>) -> F) {
    provided_within("4", mode, case).await;
}

/// The same, with a provider that may take as long as any machine needs.
pub async fn patient<F: Future<Output = ()>>(mode: Mode, case: fn(Arc<TestApp>) -> F) {
    provided_within("60", mode, case).await;
}

async fn provided_within<F: Future<Output = ()>>(
    chat_deadline_s: &str,
    mode: Mode,
    case: fn(Arc<TestApp>) -> F,
) {
    let outside = Outside::start();
    let base = format!("{}/v1", outside.url);
    let more = [
        ("OPENAI_API_KEY", "the-providers-key"),
        ("OPENAI_BASE_URL", &base),
        ("TRUNKLINE_CHAT_DEADLINE_S", chat_deadline_s),
        ("TRUNKLINE_SPEECH_DEADLINE_S", "4"),
        (
            "TRUNKLINE_AI_PRICES",
            r#"{"gpt-4o-mini": {"prompt_tokens": 1.0, "completion_tokens": 10.0}}"#,
        ),
    ];
    run(mode, case, outside, &more).await;
}

/// Without a provider.
pub async fn alone<F: Future<Output = ()>>(mode: Mode, case: fn(Arc<TestApp>) -> F) {
    run(mode, case, Outside::start(), &[]).await;
}

/// Without a provider, where nobody but programs listen.
pub async fn emulated<F: Future<Output = ()>>(mode: Mode, case: fn(Arc<TestApp>) -> F) {
    let more = [("TRUNKLINE_EMULATOR", "on")];
    run(mode, case, Outside::start(), &more).await;
}

async fn run<F: Future<Output = ()>>(
    mode: Mode,
    case: fn(Arc<TestApp>) -> F,
    outside: Outside,
    more: &[(&str, &str)],
) {
    let mut all = vec![
        ("TWILIO_ACCOUNT_SID", ACCOUNT),
        ("TWILIO_AUTH_TOKEN", "11111111111111111111111111111111"),
        ("TWILIO_API_BASE_URL", &outside.url),
    ];
    all.extend_from_slice(more);
    let platform = TestPlatform::new("scoring", mode, Clock::system(), &all).await;
    let app = TestApp { platform, outside };
    app.up().await;
    testkit::run(app, case).await;
}

impl TestApp {
    async fn up(&self) {
        let parts = self.open().await;
        self.recorder.listen(&parts.bus, HEARD).await;
        Arc::new(EventRecorder::default())
            .listen_and_answer(
                "test.interviews",
                &parts.bus,
                &[InterviewQuery::TYPE],
                known,
            )
            .await;
        let role = scoring::role_with_timings(&parts, timings()).await.unwrap();
        self.start(vec![role]).await;
    }

    /// The process ends, and another begins on what it left.
    pub async fn restart(&self) {
        self.stop().await;
        self.up().await;
    }

    /// Answers as egress does when this tenant has spent what it may, until tomorrow, and others have not.
    pub async fn spent_by(&self, tenant: &'static str) {
        let answer = move |question: &Envelope| {
            let query: SpendQuery = question.decode().ok()?;
            let until = Clock::system().now() + chrono::TimeDelta::days(1);
            let until = Some(until.to_rfc3339()).filter(|_| query.tenant_id == tenant);
            let reply = SpendReply {
                ai_limited_until: until.unwrap_or_default(),
            };
            Some(Envelope::new("trunkline/test", &Clock::system(), &reply))
        };
        Arc::new(EventRecorder::default())
            .listen_and_answer("test.egress", &self.bus(), &[SpendQuery::TYPE], answer)
            .await;
    }

    pub fn world(&self) -> &World {
        &self.outside.world
    }

    pub fn folder(&self) -> std::path::PathBuf {
        self.settings().data_dir.join("objects")
    }

    pub fn objects(&self) -> Objects {
        Objects::open(Config::Embedded { dir: self.folder() })
    }
}

/// What interviews answers: there is `i1`, and whatever the cases of this suite call an answer or a question.
fn known(question: &Envelope) -> Option<Envelope> {
    let query: InterviewQuery = question.decode().ok()?;
    let ids = query.interview_ids.into_iter();
    let found = InterviewsFound {
        interview_ids: ids.filter(|id| !id.starts_with("gone")).collect(),
    };
    Some(Envelope::new("trunkline/test", &Clock::system(), &found))
}

pub fn transcribe(id: &str) -> AnswerTranscribe {
    let until = Clock::system().now() + chrono::TimeDelta::minutes(10);
    AnswerTranscribe {
        answer_id: id.to_owned(),
        interview_id: "i1".to_owned(),
        tenant_id: "smith".to_owned(),
        account_sid: ACCOUNT.to_owned(),
        question_number: 2,
        recording_sid: RECORDING.to_owned(),
        language: "en-US".to_owned(),
        patience_until: until.to_rfc3339(),
        ..AnswerTranscribe::default()
    }
}

pub fn score(id: &str, transcript: &str) -> AnswerScore {
    AnswerScore {
        answer_id: id.to_owned(),
        interview_id: "i1".to_owned(),
        tenant_id: "smith".to_owned(),
        question_number: 2,
        question: "What did you lead?".to_owned(),
        transcript: transcript.to_owned(),
        position: "team lead".to_owned(),
        ..AnswerScore::default()
    }
}

pub fn write(id: &str) -> QuestionWrite {
    QuestionWrite {
        write_id: id.to_owned(),
        interview_id: "i1".to_owned(),
        tenant_id: "smith".to_owned(),
        question_number: 2,
        topic: "Rust".to_owned(),
        asked: vec!["Why Rust?".to_owned()],
        ..QuestionWrite::default()
    }
}

pub fn summarize(id: &str, scores: &[Option<u32>]) -> InterviewSummarize {
    let turn = |(n, score): (usize, &Option<u32>)| Turn {
        question_number: u32::try_from(n).unwrap() + 1,
        question: format!("Question {n}?"),
        transcript: score.map_or(String::new(), |_| "I led a team of five".to_owned()),
        score: *score,
        feedback: String::new(),
    };
    InterviewSummarize {
        interview_id: id.to_owned(),
        tenant_id: "smith".to_owned(),
        kind: "screener".to_owned(),
        turns: scores.iter().enumerate().map(turn).collect(),
        ..InterviewSummarize::default()
    }
}

pub fn speak(text: &str) -> SpeechSynthesize {
    SpeechSynthesize {
        key: SPEECH.to_owned(),
        tenant_id: "smith".to_owned(),
        text: text.to_owned(),
        ..SpeechSynthesize::default()
    }
}
