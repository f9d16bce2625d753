//! The turns of a call: it comes in, the menu is answered, an answer is given, Twilio asks how it goes on.

use async_trait::async_trait;
use chrono::Duration;
use events::Event;
use events::v1::{
    CallRedirect, InterviewAdvance, InterviewAdvanced, TenantContext, TurnDue, TwilioCallContinued,
    TwilioGatherFinished, TwilioRecordFinished, VoiceInbound, VoiceParameters, Webhook,
};
use flow::{Assistant, Definition, Kind, Progress, Recording};
use phone::Address;
use role::{Cause, Decider, Decision, HandlerError, Tx, derive_id};
use serde_json::json;
use store::types::Json;
use tracing::warn;

use super::follow::{follow, take_step};
use super::locked_interview::{LockedInterview, ends, is_others, question_number};
use super::milestones::settle;
use super::{Env, dial, document};
use crate::db::{self, InterviewRow, TenantSettings};

/// Takes `voice.inbound` of numbers that interview: the call begins.
pub struct Begin(pub Env);

#[async_trait]
impl Decider for Begin {
    type Event = VoiceInbound;
    const NAME: &'static str = "begin";
    const DIRECT: bool = true;

    fn bindings(&self) -> Vec<String> {
        ["coach", "screener"]
            .map(|app| format!("{}.{app}", VoiceInbound::TYPE))
            .to_vec()
    }

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: VoiceInbound,
    ) -> Result<Decision, HandlerError> {
        let (Some(tenant), Some(voice)) = (event.tenant, event.voice) else {
            return Err(HandlerError::Reject(
                "voice.inbound without a tenant or parameters".to_owned(),
            ));
        };
        // An outbound call of ours asks at the number's own URL only if an operator set it up so: it has its interview.
        let known = db::interview_lock_by_call(tx, &voice.call_sid).await?;
        let (mut held, watched) = match known {
            Some(row) if is_others(&row, &tenant.account_sid) => return unknown(),
            Some(row) => (LockedInterview::of(row)?, Decision::nothing()),
            None => {
                let held = open(tx, cause, tenant, &voice).await?;
                let watched = dial::silence(&self.0, &held).merge(limit(&held));
                (held, watched)
            }
        };
        let step = held.machine(cause.time).begin("");
        Ok(watched.merge(follow(&self.0, tx, cause, held, step).await?))
    }
}

/// A call ends when its time is up, even where Twilio was not told so.
pub fn limit(held: &LockedInterview) -> Decision {
    if held.definition.max_call_s == 0 {
        return Decision::nothing();
    }
    let after = Duration::seconds(i64::from(held.definition.max_call_s));
    Decision::nothing().schedule(after, &settle(held, "limit"))
}

/// A new interview for a call that comes in. Its id follows from the call's, so a repeat finds it.
pub async fn open(
    tx: &mut Tx,
    cause: &Cause,
    tenant: TenantContext,
    voice: &VoiceParameters,
) -> Result<LockedInterview, HandlerError> {
    let app = tenant
        .number
        .as_ref()
        .map_or("", |number| number.voice.as_str());
    let (kind, named) = app.split_once(':').unwrap_or((app, ""));
    let kind = match kind {
        "screener" => Kind::Screener,
        "bot" => Kind::Eligibility,
        _ => Kind::Coach,
    };
    let name = if named.is_empty() {
        kind.as_str()
    } else {
        named
    };
    let (definition, version) = match db::flow_latest(tx, &tenant.tenant_id, name).await? {
        // A free conversation is no interview.
        Some(row) if row.kind != Assistant::KIND => {
            let definition = Definition::stored(&row.definition.0).map_err(|e| {
                HandlerError::Reject(format!("the flow {name} cannot be read: {e}"))
            })?;
            (definition, row.version)
        }
        _ => {
            if !named.is_empty() {
                warn!(
                    flow = named,
                    "a number names a flow that is no interview or not there; ours answers"
                );
            }
            (ours(kind, &tenant.language), 0)
        }
    };
    let (number, person) = ends(voice);
    let settings = TenantSettings::from(tenant.clone());
    let row = InterviewRow {
        id: derive_id(&["interview", &voice.call_sid]),
        tenant_id: tenant.tenant_id,
        kind: definition.kind.as_str().to_owned(),
        flow_name: definition.name.clone(),
        flow_version: version,
        definition: Json(definition.to_value()),
        candidate_id: None,
        job_id: None,
        call_sid: Some(voice.call_sid.clone()),
        account_sid: tenant.account_sid,
        number: number.to_owned(),
        person: person.to_owned(),
        direction: "inbound".to_owned(),
        language: tenant.language,
        settings: Json(json!(settings)),
        status: "in-progress".to_owned(),
        outcome: String::new(),
        failure_reason: None,
        attempt: 1,
        progress: Json(json!(Progress::default())),
        result: None,
        waiting: None,
        created_at: cause.time.into(),
        started_at: None,
        ended_at: None,
        evaluated_at: None,
        waits_for: None,
        waits_until: None,
    };
    db::interview_insert(tx, &row).await?;
    db::call_bind(tx, &voice.call_sid, &row.id, 1).await?;
    match db::interview_lock(tx, &row.id).await? {
        Some(row) => LockedInterview::of(row),
        None => Err(HandlerError::Retry(
            "the interview that was just made is not there".to_owned(),
        )),
    }
}

/// What a number without a flow of its tenant's does.
fn ours(kind: Kind, language: &str) -> Definition {
    match kind {
        Kind::Coach => Definition::coach(),
        Kind::Screener | Kind::Eligibility => {
            let questions = phrases::Language::of(language).questions();
            Definition::screener(
                questions
                    .iter()
                    .take(3)
                    .copied()
                    .map(str::to_owned)
                    .collect(),
            )
        }
    }
}

/// Takes `twilio.gather.finished`: the menu, or yes and no.
pub struct Choose(pub Env);

#[async_trait]
impl Decider for Choose {
    type Event = TwilioGatherFinished;
    const NAME: &'static str = "gathered";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: TwilioGatherFinished,
    ) -> Result<Decision, HandlerError> {
        let Some((mut held, number)) = live(tx, event.webhook, event.voice).await? else {
            return unknown();
        };
        let step = match number {
            Some(number) => held.machine(cause.time).decided(
                Some(number),
                &event.digits,
                &event.speech,
                event.confidence,
            ),
            None => {
                let (digits, speech) = (&event.digits, &event.speech);
                let asks_for_it = held.machine(cause.time).wants_feedback(digits, speech);
                let last = match asks_for_it {
                    true => last_feedback(tx, &held).await?,
                    false => None,
                };
                held.machine(cause.time)
                    .chosen(digits, speech, last.as_deref())
            }
        };
        follow(&self.0, tx, cause, held, step).await
    }
}

/// What the caller's last interview came to. Those who hide their number are not one person.
async fn last_feedback(
    tx: &mut Tx,
    held: &LockedInterview,
) -> Result<Option<String>, HandlerError> {
    if Address::parse(&held.row.person).is_anonymous() {
        return Ok(None);
    }
    let whose = (held.row.tenant_id.as_str(), held.row.person.as_str());
    let Some(last) = db::last_evaluated(tx, whose, &held.row.kind).await? else {
        return Ok(None);
    };
    let evaluation: Option<db::Evaluation> = last.result.as_ref().and_then(|kept| kept.read().ok());
    Ok(evaluation
        .map(|it| it.feedback)
        .filter(|feedback| !feedback.is_empty()))
}

/// Takes `twilio.record.finished`: an answer.
pub struct TakeAnswer(pub Env);

#[async_trait]
impl Decider for TakeAnswer {
    type Event = TwilioRecordFinished;
    const NAME: &'static str = "recorded";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: TwilioRecordFinished,
    ) -> Result<Decision, HandlerError> {
        let Some((mut held, number)) = live(tx, event.webhook, event.voice).await? else {
            return unknown();
        };
        let file = event.recording.unwrap_or_default();
        let recording = Recording {
            sid: file.recording_sid,
            url: file.url,
            duration_s: file.duration_s,
        };
        let hung_up = event.digits == "hangup";
        let mut machine = held.machine(cause.time);
        if !hung_up {
            machine.pressed(&event.digits);
        }
        let step = machine.answered(number, &recording, hung_up);
        follow(&self.0, tx, cause, held, step).await
    }
}

/// Takes `twilio.call.continued`: a redirect of ours, or a call of ours that was picked up.
pub struct GoOn(pub Env);

#[async_trait]
impl Decider for GoOn {
    type Event = TwilioCallContinued;
    const NAME: &'static str = "continued";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: TwilioCallContinued,
    ) -> Result<Decision, HandlerError> {
        let Some((mut held, number)) = live(tx, event.webhook, event.voice).await? else {
            return unknown();
        };
        let step = held
            .machine(cause.time)
            .continued(&event.answered_by, number);
        follow(&self.0, tx, cause, held, step).await
    }
}

/// Takes `turn.due`: what a caller waits for has had its time.
pub struct TakeTurn(pub Env);

#[async_trait]
impl Decider for TakeTurn {
    type Event = TurnDue;
    const NAME: &'static str = "turn-due";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: TurnDue,
    ) -> Result<Decision, HandlerError> {
        take_step(&self.0, tx, cause, &event.interview_id, |held| {
            let is_current = event.attempt == held.attempt();
            is_current.then(|| held.machine(cause.time).due(event.turn))
        })
        .await
    }
}

/// Takes `interview.advance`: an operator leaves a question behind.
pub struct Advance(pub Env);

#[async_trait]
impl Decider for Advance {
    type Event = InterviewAdvance;
    const NAME: &'static str = "advance";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: InterviewAdvance,
    ) -> Result<Decision, HandlerError> {
        // Whoever gave the order waits until it can be shown what came of it.
        let told = Decision::nothing().reply(&InterviewAdvanced {
            interview_id: event.interview_id.clone(),
        });
        let Some(mut held) = LockedInterview::by_id(tx, &event.interview_id).await? else {
            return Ok(told);
        };
        let before = held.progress.stage;
        let step = held.machine(cause.time).skipped(event.question_number);
        if held.progress.stage == before && step.effects.is_empty() {
            return Ok(told);
        }
        let redirect = CallRedirect {
            call_sid: held.row.call_sid.clone().unwrap_or_default(),
            tenant_id: held.row.tenant_id.clone(),
            account_sid: held.row.account_sid.clone(),
            url: format!(
                "{}/continue-interview?interview_id={}",
                self.0.public_url, held.row.id
            ),
            ..CallRedirect::default()
        };
        let decision = follow(&self.0, tx, cause, held, step).await?;
        Ok(told.merge(decision).publish(&redirect))
    }
}

/// The interview that a live call's webhook is about, and the number of the question that its URL names.
async fn live(
    tx: &mut Tx,
    webhook: Option<Webhook>,
    voice: Option<VoiceParameters>,
) -> Result<Option<(LockedInterview, Option<u32>)>, HandlerError> {
    let (webhook, voice) = (webhook.unwrap_or_default(), voice.unwrap_or_default());
    let held = LockedInterview::of_webhook(tx, &webhook, &voice.call_sid).await?;
    Ok(held.map(|held| (held, question_number(&webhook))))
}

/// A live call must not break: what is not known is spoken of.
fn unknown() -> Result<Decision, HandlerError> {
    warn!("a live call's webhook is about no interview that it may go on with");
    Ok(Decision::nothing().reply(&document::apology("")?))
}

/// Whether a webhook names an interview by its URL.
pub fn names_one(webhook: &Webhook) -> bool {
    super::locked_interview::query(webhook, "interview_id").is_some()
}
