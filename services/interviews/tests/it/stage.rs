//! A call with the role: the test is Twilio at one end of the bus, scoring and egress at the other.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use chrono::TimeDelta;
use clock::Clock;
use events::v1::{
    AnswerScore, AnswerScored, AnswerTaken, AnswerTranscribe, AnswerTranscribed, CallHangUp,
    CallPlace, CallRedirect, Interview, InterviewEnded, InterviewEvaluated, InterviewStarted,
    InterviewSummarize, InterviewSummarized, Number, Parameter, QuestionWrite, QuestionWritten,
    RecordingFile, SpeechSynthesize, SpeechSynthesized, TenantContext, TwilioCallContinued,
    TwilioCallStatus, TwilioGatherFinished, TwilioRecordFinished, TwilioRecordingStatus,
    TwimlReply, VoiceInbound, VoiceParameters, Webhook,
};
use events::{Envelope, Event};
use interviews::Timings;
use interviews::door::{InterviewRow, MIGRATIONS, interview_find, interview_insert};
use role::derive_id;
use store::Store;
use testkit::{Mode, TestPlatform};

use crate::fixtures;

pub const CALL: &str = "CA00000000000000000000000000000001";
/// Another, which we have made.
pub const OUTBOUND: &str = "CA00000000000000000000000000000002";
pub const COACH: &str = "+15550100002";
/// As the front door waits.
const DEADLINE: Duration = Duration::from_secs(9);

/// What interviews tells and asks for.
const HEARD: &[&str] = &[
    QuestionWrite::TYPE,
    SpeechSynthesize::TYPE,
    AnswerTranscribe::TYPE,
    AnswerScore::TYPE,
    InterviewSummarize::TYPE,
    CallPlace::TYPE,
    CallHangUp::TYPE,
    CallRedirect::TYPE,
    AnswerTaken::TYPE,
    InterviewStarted::TYPE,
    InterviewEnded::TYPE,
    InterviewEvaluated::TYPE,
];

pub struct Stage {
    platform: TestPlatform,
    store: Store,
    next: AtomicU32,
}

impl Deref for Stage {
    type Target = TestPlatform;

    fn deref(&self) -> &TestPlatform {
        &self.platform
    }
}

pub async fn run<F: Future<Output = ()>>(mode: Mode, case: fn(Arc<Stage>) -> F) {
    let platform = TestPlatform::new("interviews", mode, Clock::held(fixtures::at(0)), &[]).await;
    let parts = platform.open().await;
    platform.recorder.listen(&parts.bus, HEARD).await;
    platform.keys.serve(&parts.bus).await;
    let role = interviews::role_with_timings(&parts, Timings::default())
        .await
        .unwrap();
    platform.start(vec![role]).await;
    let store = platform.store("interviews", MIGRATIONS).await;
    let stage = Stage {
        platform,
        store,
        next: AtomicU32::new(0),
    };
    testkit::run(stage, case).await;
}

/// The business that a call comes in for.
fn tenant(app: &str) -> TenantContext {
    TenantContext {
        number: Some(Number {
            number: COACH.into(),
            voice: app.into(),
            ..Number::default()
        }),
        ..fixtures::resolved(COACH).tenant.unwrap()
    }
}

/// A webhook's URL and account.
pub fn webhook(query: &[(&str, &str)]) -> Option<Webhook> {
    let parameter = |(name, value): &(&str, &str)| Parameter {
        name: (*name).to_owned(),
        value: (*value).to_owned(),
    };
    Some(Webhook {
        account_sid: fixtures::ACCOUNT.into(),
        query: query.iter().map(parameter).collect(),
        ..Webhook::default()
    })
}

/// What every voice webhook says of a call that comes in.
pub fn voice(call: &str, status: &str) -> Option<VoiceParameters> {
    Some(VoiceParameters {
        call_sid: call.into(),
        from: fixtures::PERSON.into(),
        to: COACH.into(),
        call_status: status.into(),
        direction: "inbound".into(),
        ..VoiceParameters::default()
    })
}

pub fn recording(number: u32) -> Option<RecordingFile> {
    Some(RecordingFile {
        recording_sid: format!("RE{number:032}"),
        url: format!("https://api.twilio.com/Recordings/RE{number:032}"),
        duration_s: Some(12),
    })
}

/// So many of them, however many more there are by now.
fn first<T>(all: Vec<T>, count: usize) -> impl Iterator<Item = T> {
    all.into_iter().take(count)
}

impl Stage {
    fn put<E: Event>(&self, event: &E) -> Envelope {
        let nth = self.next.fetch_add(1, Ordering::Relaxed);
        let mut envelope = self.envelope(event);
        envelope.id = format!("event-{nth}");
        envelope
    }

    /// Tells it something; every event twice, since the bus may do so. Gives the event's id.
    pub async fn tell<E: Event>(&self, event: &E) -> String {
        let envelope = self.put(event);
        for _ in 0..2 {
            self.bus().publish(&envelope).await.unwrap();
        }
        envelope.id
    }

    /// Asks as the front door does, and gives the TwiML.
    pub async fn ask<E: Event>(&self, event: &E) -> String {
        self.request(self.put(event)).await
    }

    async fn request(&self, mut envelope: Envelope) -> String {
        envelope.deadline = Some(self.clock.now() + TimeDelta::from_std(DEADLINE).unwrap());
        let reply = self
            .bus()
            .request(envelope, testkit::PATIENCE)
            .await
            .unwrap();
        reply.decode::<TwimlReply>().unwrap().xml
    }

    /// A call comes in for a number with this app.
    pub async fn call(&self, app: &str) -> String {
        self.come_in(tenant(app), voice(CALL, "ringing")).await
    }

    async fn come_in(&self, tenant: TenantContext, voice: Option<VoiceParameters>) -> String {
        let number = tenant.number.as_ref().unwrap();
        let app = number.voice.split(':').next().unwrap().to_owned();
        let mut envelope = self.put(&VoiceInbound {
            tenant: Some(tenant),
            voice,
            origin: "twilio".into(),
        });
        // As tenants addresses it: to the app alone.
        envelope.kind = format!("{}.{app}", VoiceInbound::TYPE);
        self.request(envelope).await
    }

    /// The same call as another account would sign it.
    pub async fn call_of(&self, account: &str) -> String {
        let tenant = TenantContext {
            account_sid: account.into(),
            ..tenant("coach")
        };
        self.come_in(tenant, voice(CALL, "ringing")).await
    }

    /// A call comes in from another caller.
    pub async fn call_from(&self, person: &str) -> String {
        let voice = VoiceParameters {
            from: person.into(),
            ..voice(CALL, "ringing").unwrap()
        };
        self.come_in(tenant("coach"), Some(voice)).await
    }

    /// The id of the interview of a call that came in.
    pub fn interview(&self) -> String {
        derive_id(&["interview", CALL])
    }

    pub async fn press(&self, digits: &str) -> String {
        self.ask(&self.pressed(digits)).await
    }

    pub fn pressed(&self, digits: &str) -> TwilioGatherFinished {
        TwilioGatherFinished {
            webhook: webhook(&[("interview_id", &self.interview())]),
            voice: voice(CALL, "in-progress"),
            digits: digits.into(),
            ..TwilioGatherFinished::default()
        }
    }

    pub fn answer(&self, id: &str, call: &str, number: u32, digits: &str) -> TwilioRecordFinished {
        TwilioRecordFinished {
            webhook: webhook(&[
                ("interview_id", id),
                ("question_number", &number.to_string()),
            ]),
            voice: voice(call, "in-progress"),
            recording: recording(number),
            digits: digits.into(),
        }
    }

    pub fn go_on(&self, id: &str, call: &str, answered_by: &str) -> TwilioCallContinued {
        TwilioCallContinued {
            webhook: webhook(&[("interview_id", id)]),
            voice: voice(call, "in-progress"),
            answered_by: answered_by.into(),
        }
    }

    /// Twilio tells of a recording.
    pub async fn recorded(&self, id: &str, call: &str, number: u32, status: &str) {
        self.tell(&TwilioRecordingStatus {
            webhook: webhook(&[
                ("interview_id", id),
                ("question_number", &number.to_string()),
            ]),
            account_sid: fixtures::ACCOUNT.into(),
            call_sid: call.into(),
            status: status.into(),
            recording: recording(number),
            ..TwilioRecordingStatus::default()
        })
        .await;
    }

    /// Twilio tells that a call is over.
    pub async fn over(&self, id: &str, call: &str, status: &str) {
        self.tell(&TwilioCallStatus {
            webhook: webhook(&[("interview_id", id)]),
            voice: voice(call, status),
            sip_response_code: (status == "busy").then_some(486),
            ..TwilioCallStatus::default()
        })
        .await;
    }

    /// Waits for the order to write the so many-th question, and writes it.
    pub async fn write(&self, nth: usize, text: &str) {
        let orders = self.recorder.wait_for::<QuestionWrite>(nth).await;
        let order = &orders[nth - 1].1;
        self.tell(&QuestionWritten {
            write_id: order.write_id.clone(),
            interview_id: order.interview_id.clone(),
            question_number: order.question_number,
            question: text.into(),
            ..QuestionWritten::default()
        })
        .await;
    }

    /// Waits until a consumer of the role has handled an event.
    pub async fn known(&self, id: &str, consumer: &str) {
        let queue = format!("interviews.{consumer}");
        self.platform.handled(&self.store, &queue, id).await;
    }

    /// Gives a voice to what it is wanted for so far, and waits until each of them is known.
    pub async fn speak_all(&self) {
        for (_, order) in self.recorder.heard::<SpeechSynthesize>() {
            let spoken = SpeechSynthesized {
                file: format!("{}.wav", order.key),
                key: order.key,
                content_type: "audio/wav".into(),
                ..SpeechSynthesized::default()
            };
            let id = self.tell(&spoken).await;
            let known = self.platform.handled(&self.store, "interviews.spoken", &id);
            known.await;
        }
    }

    /// Transcribes and scores so many answers as they are ordered.
    pub async fn evaluate(&self, count: usize) {
        for (_, order) in first(
            self.recorder.wait_for::<AnswerTranscribe>(count).await,
            count,
        ) {
            self.tell(&AnswerTranscribed {
                answer_id: order.answer_id,
                interview_id: order.interview_id,
                question_number: order.question_number,
                transcript: format!("My answer to question {}.", order.question_number),
                ..AnswerTranscribed::default()
            })
            .await;
        }
        for (_, order) in first(self.recorder.wait_for::<AnswerScore>(count).await, count) {
            self.tell(&AnswerScored {
                answer_id: order.answer_id,
                interview_id: order.interview_id,
                question_number: order.question_number,
                score: 60 + 10 * order.question_number,
                feedback: "Good.".into(),
                quote: "My answer".into(),
                ..AnswerScored::default()
            })
            .await;
        }
    }

    /// Sums up when that is ordered.
    pub async fn sum_up(&self) {
        let (_, order) = self
            .recorder
            .wait_for::<InterviewSummarize>(1)
            .await
            .remove(0);
        self.tell(&InterviewSummarized {
            interview_id: order.interview_id,
            overall_score: 1,
            recommendation: "yes".into(),
            strengths: vec!["Calm".into()],
            feedback: "You did well.".into(),
            ..InterviewSummarized::default()
        })
        .await;
    }

    /// The so many-th interview that has ended, as it is told of.
    pub async fn ended(&self, nth: usize) -> Interview {
        let told = self.recorder.wait_for::<InterviewEnded>(nth).await;
        told[nth - 1].1.interview.clone().unwrap()
    }

    pub async fn keep(&self, row: &InterviewRow) {
        let mut tx = self.store.begin().await.unwrap();
        assert!(interview_insert(&mut tx, row).await.unwrap());
        tx.commit().await.unwrap();
    }

    pub async fn row(&self, id: &str) -> InterviewRow {
        let mut tx = self.store.read().await.unwrap();
        interview_find(&mut tx, id).await.unwrap().unwrap()
    }

    /// Waits until the row is so.
    pub async fn until(&self, id: &str, what: &str, so: impl Fn(&InterviewRow) -> bool) {
        testkit::eventually(what, async || so(&self.row(id).await)).await;
    }

    /// Time passes.
    pub fn wait(&self, seconds: i64) {
        self.clock.advance(TimeDelta::seconds(seconds));
    }
}
