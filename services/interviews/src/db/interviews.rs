//! Interviews, and the calls that were made for them.

use chrono::NaiveTime;
use events::v1::{self, TenantContext};
use serde::{Deserialize, Serialize};
use store::prelude::*;
use store::types::{self, Json};
use store::{Error, Tx, insert_new, on};

use super::page::{Shown, newest_first};
use super::recording::CallRecording;
use super::schema::interview_calls::dsl as bound;
use super::schema::interviews;
use super::schema::interviews::dsl;

/// An interview as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable, AsChangeset)]
#[diesel(table_name = interviews, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct InterviewRow {
    /// Ours.
    pub id: String,
    /// Whose it is.
    pub tenant_id: String,
    /// `screener`, `coach` or `eligibility`.
    pub kind: String,
    /// The flow that it follows.
    pub flow_name: String,
    /// The version that it keeps; 0 when the flow was made for it of a job's questions.
    pub flow_version: i64,
    /// That version's definition, as it was when the interview was made.
    pub definition: Json,
    /// Whom a screener calls.
    pub candidate_id: Option<String>,
    /// What for.
    pub job_id: Option<String>,
    /// The latest call made for it, once Twilio has given an id.
    pub call_sid: Option<String>,
    /// The account of the business's number.
    pub account_sid: String,
    /// The business's number, E.164.
    pub number: String,
    /// The other party, as Twilio names them.
    pub person: String,
    /// `inbound` or `outbound`.
    pub direction: String,
    /// BCP 47; empty: Twilio's default.
    pub language: String,
    /// What the call needs to know of the tenant: [`TenantSettings`].
    pub settings: Json,
    /// `pending`, `calling`, `in-progress` or `ended`.
    pub status: String,
    /// Empty while open; then `completed`, `abandoned`, `failed`, `eligible`, `not_eligible` or `unclear`, and so it stays.
    pub outcome: String,
    /// Of a failed one: `busy`, `no-answer`, `canceled`, `failed`, `machine`, and what Twilio said.
    pub failure_reason: Option<String>,
    /// Which attempt to call, from 1.
    pub attempt: i64,
    /// What `flow::Progress` reads: stage, questions, answers.
    pub progress: Json,
    /// What it came to: [`Evaluation`].
    pub result: Option<Json>,
    /// Who waits for TwiML: a slot for a late reply.
    pub waiting: Option<Json>,
    /// When it was made.
    pub created_at: types::Time,
    /// When a person picked up.
    pub started_at: Option<types::Time>,
    /// When its last call ended.
    pub ended_at: Option<types::Time>,
    /// When its result was there.
    pub evaluated_at: Option<types::Time>,
    /// Why a pending one is not called now: `quiet_hours` or `retry`.
    pub waits_for: Option<String>,
    /// Until when.
    pub waits_until: Option<types::Time>,
}

/// What the call of an interview needs to know of the tenant, as it was when the interview was made. A field that
/// is added later is empty in older rows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TenantSettings {
    /// The business's name.
    pub name: String,
    /// An IANA name.
    pub timezone: String,
    /// BCP 47; empty: Twilio's default.
    pub language: String,
    /// A Twilio voice's name; empty: Twilio's default.
    pub voice: String,
    /// What the business does.
    pub trade: String,
    /// When the tenant's customers are not called, where the flow does not say.
    pub quiet_hours: Option<flow::QuietHours>,
    /// Whether callers are told that they are recorded.
    pub consent_notice: bool,
    /// Whether the tenant's calls are recorded from end to end, beside the answers.
    pub calls_recorded: bool,
    /// Models and instructions that the tenant wishes for; empty: the platform's.
    pub ai: flow::Ai,
    /// How the call is recorded; none: not at all.
    pub recording: Option<CallRecording>,
}

fn quiet_hours(hours: &v1::QuietHours) -> Option<flow::QuietHours> {
    let time = |minute: u32| NaiveTime::from_num_seconds_from_midnight_opt(minute % 1440 * 60, 0);
    let (from, to) = (time(hours.from_minute)?, time(hours.to_minute)?);
    (from != to).then_some(flow::QuietHours { from, to })
}

impl From<TenantContext> for TenantSettings {
    fn from(tenant: TenantContext) -> Self {
        let wishes = tenant.ai.unwrap_or_default();
        let recording = tenant.recording.as_ref();
        Self {
            // A tenant that says nothing of it has its callers told.
            consent_notice: recording.is_none_or(|it| it.consent_notice),
            quiet_hours: tenant.quiet_hours.as_ref().and_then(quiet_hours),
            calls_recorded: recording.is_some_and(|it| it.enabled),
            name: tenant.name,
            timezone: tenant.timezone,
            language: tenant.language,
            voice: tenant.voice,
            trade: tenant.trade,
            recording: tenant.recording.and_then(CallRecording::of),
            ai: flow::Ai {
                chat_model: wishes.chat_model,
                transcribe_model: wishes.transcribe_model,
                speech_model: wishes.speech_model,
                voice: wishes.voice,
                voice_provider: wishes.voice_provider,
                instructions: wishes.instructions,
            },
        }
    }
}

/// What an interview came to. A field that is added later is empty in older rows.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Evaluation {
    /// From 0 to 100; none: nothing could be scored.
    pub overall_score: Option<u32>,
    /// A screener's: `strong_yes`, `yes`, `maybe`, `no`. Else empty.
    pub recommendation: String,
    /// What was good.
    pub strengths: Vec<String>,
    /// What was not.
    pub areas_for_improvement: Vec<String>,
    /// A few sentences to the one who was interviewed.
    pub feedback: String,
    /// What the summary took; that of an answer stands with the answer.
    pub usage: Vec<flow::Usage>,
}

/// Adds an interview, unless there is one of this id. True: it was added.
pub async fn interview_insert(tx: &mut Tx, row: &InterviewRow) -> Result<bool, Error> {
    let fresh = on!(tx, c => diesel::insert_into(interviews::table)
        .values(row)
        .on_conflict(dsl::id)
        .do_nothing()
        .execute(c)
        .await)?;
    Ok(fresh == 1)
}

/// An interview, locked until the transaction ends: two events of one interview are decided one after the other.
pub async fn interview_lock(tx: &mut Tx, id: &str) -> Result<Option<InterviewRow>, Error> {
    // An update that changes nothing takes the row's lock on both engines.
    Ok(on!(tx, c => diesel::update(dsl::interviews.find(id))
        .set(dsl::id.eq(id))
        .returning(interviews::all_columns)
        .cached()
        .get_result::<InterviewRow>(c)
        .await
        .optional())?)
}

/// The interview that a call was made for, locked until the transaction ends.
pub async fn interview_lock_by_call(
    tx: &mut Tx,
    call_sid: &str,
) -> Result<Option<InterviewRow>, Error> {
    let id = on!(tx, c => bound::interview_calls
        .find(call_sid)
        .select(bound::interview_id)
        .first::<String>(c)
        .await
        .optional())?;
    match id {
        Some(id) => interview_lock(tx, &id).await,
        None => Ok(None),
    }
}

/// Writes the row back. Its lock is held.
pub async fn interview_save(tx: &mut Tx, row: &InterviewRow) -> Result<(), Error> {
    on!(tx, c => diesel::update(dsl::interviews.find(&row.id)).set(row).cached().execute(c).await)?;
    Ok(())
}

/// An interview by its id, for looking at.
pub async fn interview_find(tx: &mut Tx, id: &str) -> Result<Option<InterviewRow>, Error> {
    Ok(on!(tx, c => dsl::interviews.find(id).first::<InterviewRow>(c).await.optional())?)
}

/// The interview of this candidate for this job that is not over, the latest where there are more. Whoever asks before
/// adding one holds the candidate's lock.
pub async fn interview_open(
    tx: &mut Tx,
    candidate: &str,
    job: &str,
) -> Result<Option<InterviewRow>, Error> {
    Ok(on!(tx, c => dsl::interviews
        .filter(dsl::candidate_id.eq(candidate).and(dsl::job_id.eq(job)))
        .filter(dsl::status.ne("ended"))
        .order((dsl::created_at.desc(), dsl::id.desc()))
        .first::<InterviewRow>(c)
        .await
        .optional())?)
}

/// Those of these ids that interviews have.
pub async fn interviews_known(tx: &mut Tx, ids: &[String]) -> Result<Vec<String>, Error> {
    Ok(on!(tx, c => dsl::interviews
        .filter(dsl::id.eq_any(ids))
        .select(dsl::id)
        .load::<String>(c)
        .await)?)
}

/// What a list of interviews is narrowed to, beside tenant and page.
#[derive(Debug, Clone, Default)]
pub struct Which {
    /// Only those with this status.
    pub status: Option<String>,
    /// Only these.
    pub ids: Option<Vec<String>>,
    /// Only those that follow this flow.
    pub flow: Option<String>,
    /// Only those for this job.
    pub job: Option<String>,
    /// Only this candidate's.
    pub candidate: Option<String>,
}

/// Interviews, newest first.
pub async fn interview_list(
    tx: &mut Tx,
    shown: &Shown,
    which: &Which,
) -> Result<Vec<InterviewRow>, Error> {
    Ok(newest_first!(tx, shown, dsl, InterviewRow => {
        let mut all = dsl::interviews.into_boxed();
        if let Some(status) = &which.status {
            all = all.filter(dsl::status.eq(status));
        }
        if let Some(ids) = &which.ids {
            all = all.filter(dsl::id.eq_any(ids));
        }
        if let Some(flow) = &which.flow {
            all = all.filter(dsl::flow_name.eq(flow));
        }
        if let Some(job) = &which.job {
            all = all.filter(dsl::job_id.eq(job));
        }
        if let Some(candidate) = &which.candidate {
            all = all.filter(dsl::candidate_id.eq(candidate));
        }
        all
    })?)
}

/// Notes that a call was made for an attempt of an interview. False: the call belongs to another, and stays there.
pub async fn call_bind(
    tx: &mut Tx,
    call_sid: &str,
    interview_id: &str,
    attempt: i64,
) -> Result<bool, Error> {
    let row = (
        bound::call_sid.eq(call_sid),
        bound::interview_id.eq(interview_id),
        bound::attempt.eq(attempt),
    );
    insert_new!(tx, bound::interview_calls, bound::call_sid, [row])?;
    let owner = on!(tx, c => bound::interview_calls
        .find(call_sid)
        .select((bound::interview_id, bound::attempt))
        .first::<(String, i64)>(c)
        .await)?;
    Ok(owner == (interview_id.to_owned(), attempt))
}

/// The latest interview of this kind with this person that has a result.
pub async fn last_evaluated(
    tx: &mut Tx,
    (tenant, person): (&str, &str),
    kind: &str,
) -> Result<Option<InterviewRow>, Error> {
    Ok(on!(tx, c => dsl::interviews
        .filter(dsl::tenant_id.eq(tenant).and(dsl::person.eq(person)))
        .filter(dsl::kind.eq(kind).and(dsl::result.is_not_null()))
        .filter(dsl::evaluated_at.is_not_null())
        .order((dsl::evaluated_at.desc(), dsl::id.desc()))
        .first::<InterviewRow>(c)
        .await
        .optional())?)
}
