//! Having a candidate interviewed.

use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use api::{ApiError, Body, Caller};
use chrono::{DateTime, Utc};
use clock::Time;
use events::Envelope;
use events::v1::{InterviewDial, TenantContext};
use flow::{Definition, Kind, Progress, Question, is_name};
use phone::E164;
use role::{Tx, derive_id};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Value, json};

use super::read::{Reader, invalid};
use super::screening::screening_flow;
use super::{State, candidates, jobs, line, missing, repeat};
use crate::app::dial::QUIET_HOURS;
use crate::db::{self, CandidateRow, InterviewRow, JobRow, TenantSettings};

/// An interview to be.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "read field by field")]
pub(super) struct New {
    candidate_id: String,
    job_description_id: String,
    /// The name of a screener's flow, in place of the job's.
    flow: Option<String>,
    /// Which of the tenant's numbers calls; unsaid: the primary one.
    from: Option<String>,
    /// Whether a second interview is wanted while one of this candidate for this job is not over (false: 409).
    again: Option<bool>,
}

/// What was wanted.
struct Wanted {
    candidate_id: String,
    job_id: String,
    flow: Option<String>,
    from: Option<String>,
    again: bool,
}

/// An interview that is on its way.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Triggered {
    id: String,
    interview_id: String,
    /// `pending`; for a repeated request what it is by now.
    status: String,
    /// Null until Twilio has given one.
    call_sid: Option<String>,
    /// Why nobody is called now: `quiet_hours` or `retry`; null: the call is on its way.
    waits_for: Option<String>,
    waits_until: Option<DateTime<Utc>>,
}

impl From<InterviewRow> for Triggered {
    fn from(row: InterviewRow) -> Self {
        Self {
            id: row.id.clone(),
            interview_id: row.id,
            status: row.status,
            call_sid: row.call_sid,
            waits_for: row.waits_for,
            waits_until: row.waits_until.map(|it| it.0),
        }
    }
}

pub(super) async fn create(
    state: Data<State>,
    caller: Caller,
    Body(body): Body<Value>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let wanted = read(body)?;
    let id = repeat::id_of(&request, &caller, "interview")?;
    let mut tx = state.store.read().await?;
    // A repeat is answered even if nobody could be called any more.
    if let Some(id) = &id
        && let Some(row) = db::interview_find(&mut tx, id).await?
    {
        let flow = named(&mut tx, &wanted).await?;
        return repeated(row, &wanted, &flow);
    }
    let candidate = candidates::find(&mut tx, &caller, &wanted.candidate_id)
        .await?
        .ok_or_else(|| missing("candidate", "candidate_id"))?;
    // Another tenant's job is none, even for a key that may see both.
    let job = jobs::find(&mut tx, &caller, &wanted.job_id)
        .await?
        .filter(|job| job.tenant_id == candidate.tenant_id)
        .ok_or_else(|| missing("job description", "job_description_id"))?;
    let flow = definition(&mut tx, &job, wanted.flow.as_deref()).await?;
    drop(tx);
    let tenant = line::choose(&state, &candidate.tenant_id, wanted.from.as_deref()).await?;
    let id = id.unwrap_or_else(|| state.clock.id());
    let row = interview(id, state.clock.now(), (&candidate, &job), flow, tenant);
    accept(&state, row, &wanted).await
}

fn read(body: Value) -> Result<Wanted, ApiError> {
    let mut read = Reader::of(body)?;
    let id = |read: &mut Reader, field: &str| read.required(field, |it| it.words(field, 100));
    let wanted = Wanted {
        candidate_id: id(&mut read, "candidate_id"),
        job_id: id(&mut read, "job_description_id"),
        flow: read.text("flow", 64, |text| match is_name(text) {
            true => Ok(text.to_owned()),
            false => Err("is not a flow's name"),
        }),
        from: read.text("from", 32, |text| E164::parse(text).map(String::from)),
        again: read.flag("again").unwrap_or_default(),
    };
    read.done()?;
    Ok(wanted)
}

/// The name of the flow that a request means: the one that it names, else the job's, else `screener`.
async fn named(tx: &mut Tx, wanted: &Wanted) -> Result<String, ApiError> {
    if let Some(flow) = &wanted.flow {
        return Ok(flow.clone());
    }
    let job = db::job_find(tx, &wanted.job_id).await?;
    let flow = job.and_then(|job| job.flow);
    Ok(flow.unwrap_or_else(|| Kind::Screener.as_str().to_owned()))
}

/// The definition that an interview for this job keeps, and its version: the flow that was asked for, else the
/// job's, else the tenant's `screener`, else ours; with the job's questions where it has some.
async fn definition(
    tx: &mut Tx,
    job: &JobRow,
    wanted: Option<&str>,
) -> Result<(Definition, i64), ApiError> {
    let named = wanted.map(|name| (name, "flow"));
    let named = named.or(job.flow.as_deref().map(|name| (name, "job_description_id")));
    let (mut definition, version) = match named {
        Some((name, field)) => screening_flow(tx, &job.tenant_id, name, field).await?,
        None => {
            let name = Kind::Screener.as_str();
            match db::flow_latest(tx, &job.tenant_id, name).await? {
                Some(row) if row.kind == name => {
                    screening_flow(tx, &job.tenant_id, name, "job_description_id").await?
                }
                _ => (Definition::screener(Vec::new()), 0),
            }
        }
    };
    let questions: Vec<String> = job.questions.read().unwrap_or_default();
    if !questions.is_empty() {
        let question = |ask| Question {
            id: String::new(),
            ask,
            expect: flow::Expect::Recording,
        };
        definition.questions = questions.into_iter().map(question).collect();
    }
    if definition.topic.is_empty() {
        definition.topic.clone_from(&job.title);
    }
    if definition.criteria.is_empty() {
        definition.criteria.clone_from(&job.description);
    }
    if let Some(language) = &job.language {
        definition.language.clone_from(language);
    }
    // What was put together is judged again: a job without questions may have met a flow without any.
    let definition = Definition::read(&definition.to_value()).map_err(|mut faults| {
        for fault in &mut faults {
            fault.message = format!("the interview's {} {}", fault.path, fault.message);
            fault.path = "job_description_id".to_owned();
        }
        invalid(&faults)
    })?;
    Ok((definition, version))
}

fn interview(
    id: String,
    now: Time,
    (candidate, job): (&CandidateRow, &JobRow),
    (definition, version): (Definition, i64),
    tenant: TenantContext,
) -> InterviewRow {
    // Questions are spoken in the language that they are written in; the candidate's own counts where none is said.
    let said = [
        definition.language.as_str(),
        candidate.language.as_deref().unwrap_or_default(),
        tenant.language.as_str(),
    ];
    let language = said
        .into_iter()
        .find(|it| !it.is_empty())
        .unwrap_or_default();
    let language = language.to_owned();
    let (tenant_id, account_sid) = (tenant.tenant_id.clone(), tenant.account_sid.clone());
    let number = tenant.number.clone().map(|it| it.number);
    let mut settings = TenantSettings::from(tenant);
    // A candidate's quiet hours are their own.
    if let Some(timezone) = &candidate.timezone {
        settings.timezone.clone_from(timezone);
    }
    let quiet = definition.quiet_hours.or(settings.quiet_hours);
    let waits_until = quiet.and_then(|hours| hours.end(now, &settings.timezone));
    InterviewRow {
        id,
        tenant_id,
        kind: definition.kind.as_str().to_owned(),
        flow_name: definition.name.clone(),
        flow_version: version,
        candidate_id: Some(candidate.id.clone()),
        job_id: Some(job.id.clone()),
        call_sid: None,
        account_sid,
        number: number.unwrap_or_default(),
        person: candidate.phone.clone(),
        direction: "outbound".to_owned(),
        language,
        definition: store::types::Json(definition.to_value()),
        settings: store::types::Json(json!(settings)),
        status: "pending".to_owned(),
        outcome: String::new(),
        failure_reason: None,
        attempt: 1,
        progress: store::types::Json(json!(Progress::default())),
        result: None,
        waiting: None,
        created_at: now.into(),
        started_at: None,
        ended_at: None,
        evaluated_at: None,
        waits_for: waits_until.map(|_| QUIET_HOURS.to_owned()),
        waits_until: waits_until.map(Into::into),
    }
}

/// Writes the interview and lets the order to call leave, unless that was done before.
async fn accept(
    state: &State,
    row: InterviewRow,
    wanted: &Wanted,
) -> Result<HttpResponse, ApiError> {
    let now = state.clock.now();
    let mut tx = state.store.begin().await?;
    db::candidate_lock(&mut tx, &wanted.candidate_id).await?;
    if !wanted.again
        && let Some(open) =
            db::interview_open(&mut tx, &wanted.candidate_id, &wanted.job_id).await?
    {
        tx.rollback().await?;
        return match open.id == row.id {
            true => repeated(open, wanted, &row.flow_name),
            false => Err(running(open)),
        };
    }
    if !db::interview_insert(&mut tx, &row).await? {
        let before = db::interview_find(&mut tx, &row.id).await?;
        tx.rollback().await?;
        let before = before.ok_or_else(|| ApiError::unavailable("the database"))?;
        return repeated(before, wanted, &row.flow_name);
    }
    let dial = InterviewDial {
        interview_id: row.id.clone(),
        attempt: 1,
    };
    let id = derive_id(&["interview.dial", &row.id, "1"]);
    let mut envelope = Envelope::at("trunkline/interviews", id, now, &dial)
        .tenant(&row.tenant_id)
        .key(&row.id);
    envelope.traceparent = telemetry::traceparent();
    let leaving = vec![envelope];
    state.relay.put(&mut tx, now, &leaving).await?;
    tx.commit().await?;
    state.relay.leave(leaving);
    Ok(HttpResponse::Created().json(Triggered::from(row)))
}

/// The refusal of a second interview beside one that is not over.
fn running(open: InterviewRow) -> ApiError {
    let open = Triggered::from(open);
    ApiError::conflict(
        "already_running",
        "an interview of this candidate for this job is not over; details.interview has it. Send again: true for another beside it",
    )
    .with_details(json!({ "interview": open }))
}

/// The answer to a request that was made before, if it is the same. Where it does not say who calls, it cannot differ in that: which
/// number is the primary one may have changed meanwhile.
fn repeated(before: InterviewRow, wanted: &Wanted, flow: &str) -> Result<HttpResponse, ApiError> {
    let same = before.candidate_id.as_deref() == Some(&wanted.candidate_id)
        && before.job_id.as_deref() == Some(&wanted.job_id)
        && before.flow_name == flow
        && wanted.from.as_ref().is_none_or(|it| *it == before.number);
    match same {
        true => Ok(HttpResponse::Created().json(Triggered::from(before))),
        false => Err(repeat::reused("interview")),
    }
}
