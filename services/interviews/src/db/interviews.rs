//! Interviews, and the calls that were made for them.

use events::v1::TenantContext;
use serde::{Deserialize, Serialize};
use store::prelude::*;
use store::types::{self, Json};
use store::{Error, Tx, insert_new, on};

use super::page::{Shown, newest_first};
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
    /// The other party, as Twilio names him.
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
    /// When somebody picked up.
    pub started_at: Option<types::Time>,
    /// When its last call ended.
    pub ended_at: Option<types::Time>,
    /// When its result was there.
    pub evaluated_at: Option<types::Time>,
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
    /// Models and instructions that the tenant wishes for; empty: the platform's.
    pub ai: flow::Ai,
}

impl From<TenantContext> for TenantSettings {
    fn from(tenant: TenantContext) -> Self {
        let wishes = tenant.ai.unwrap_or_default();
        Self {
            name: tenant.name,
            timezone: tenant.timezone,
            language: tenant.language,
            voice: tenant.voice,
            trade: tenant.trade,
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

/// Interviews, newest first; with a status only those that have it.
pub async fn interview_list(
    tx: &mut Tx,
    shown: &Shown,
    status: Option<&str>,
) -> Result<Vec<InterviewRow>, Error> {
    Ok(newest_first!(tx, shown, dsl, InterviewRow => {
        let all = dsl::interviews.into_boxed();
        match status {
            Some(status) => all.filter(dsl::status.eq(status)),
            None => all,
        }
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
