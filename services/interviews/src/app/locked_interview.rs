//! An interview in hand: its row, locked, with its definition and progress.

use clock::Time;
use events::v1::{self, AiPreferences, Turn, VoiceParameters, Webhook};
use flow::{Definition, Machine, Progress};
use phrases::Language;
use role::{HandlerError, ReplySlot, Tx};
use serde_json::json;
use store::types::Json;
use tracing::warn;

use crate::db::{self, FiguresRow, InterviewRow, TenantSettings};

/// An interview in hand.
pub struct LockedInterview {
    /// Its row.
    pub row: InterviewRow,
    /// What it is.
    pub definition: Definition,
    /// How far it has come.
    pub progress: Progress,
    /// What was to be known of the tenant.
    pub settings: TenantSettings,
}

impl LockedInterview {
    /// Takes up a row.
    pub fn of(row: InterviewRow) -> Result<Self, HandlerError> {
        let unreadable = |what: &str, e: &dyn std::fmt::Display| {
            HandlerError::Reject(format!(
                "the {what} of interview {} cannot be read: {e}",
                row.id
            ))
        };
        let definition =
            Definition::stored(&row.definition.0).map_err(|e| unreadable("definition", &e))?;
        let progress = row
            .progress
            .read()
            .map_err(|e| unreadable("progress", &e))?;
        let settings = row
            .settings
            .read()
            .map_err(|e| unreadable("settings", &e))?;
        Ok(Self {
            row,
            definition,
            progress,
            settings,
        })
    }

    /// The interview with this id, locked.
    pub async fn by_id(tx: &mut Tx, id: &str) -> Result<Option<Self>, HandlerError> {
        db::interview_lock(tx, id).await?.map(Self::of).transpose()
    }

    /// The interview that a webhook is about: the one that its URL names, else its call's. Another account's webhook
    /// gets none, nor does a call that is not the interview's own: two calls cannot hold one interview.
    pub async fn of_webhook(
        tx: &mut Tx,
        webhook: &Webhook,
        call_sid: &str,
    ) -> Result<Option<Self>, HandlerError> {
        let row = match query(webhook, "interview_id") {
            Some(id) => db::interview_lock(tx, id).await?,
            None => db::interview_lock_by_call(tx, call_sid).await?,
        };
        let Some(mut row) = row else {
            return Ok(None);
        };
        if is_others(&row, &webhook.account_sid) {
            warn!(
                interview = row.id,
                "a webhook of another account names an interview"
            );
            return Ok(None);
        }
        if !call_sid.is_empty() && row.call_sid.as_deref() != Some(call_sid) {
            // The callee may pick up before egress has told us which call it is. An earlier attempt's call is bound to it.
            let is_awaited = row.call_sid.is_none() && row.status == "calling";
            if !is_awaited || !db::call_bind(tx, call_sid, &row.id, row.attempt).await? {
                warn!(
                    interview = row.id,
                    "a call that is not the interview's own names it"
                );
                return Ok(None);
            }
            row.call_sid = Some(call_sid.to_owned());
        }
        Self::of(row).map(Some)
    }

    /// The interview that this call of this account is held by, now.
    pub async fn of_call(
        tx: &mut Tx,
        call_sid: &str,
        account_sid: &str,
    ) -> Result<Option<Self>, HandlerError> {
        let row = db::interview_lock_by_call(tx, call_sid).await?;
        let is_its = |row: &InterviewRow| {
            row.call_sid.as_deref() == Some(call_sid) && !is_others(row, account_sid)
        };
        row.filter(is_its).map(Self::of).transpose()
    }

    /// What its events are ordered by: its call, before there is one itself.
    pub fn call(&self) -> String {
        let sid = self.row.call_sid.as_ref();
        sid.unwrap_or(&self.row.id).clone()
    }

    /// Which call it is, from 1.
    pub fn attempt(&self) -> u32 {
        u32::try_from(self.row.attempt).unwrap_or(u32::MAX)
    }

    /// Names a question that is written for this call; scoring pays for it once.
    pub fn write_id(&self, ordinal: u32) -> String {
        format!("{}.{}.{ordinal}", self.row.id, self.row.attempt)
    }

    /// Names an answer of this call by its recording, for its transcription and its score.
    pub fn answer_id(&self, number: u32) -> String {
        let recording = self
            .progress
            .answer(number)
            .and_then(|answer| answer.recording.as_ref());
        let sid = recording.map_or("", |recording| recording.sid.as_str());
        format!("{}.{}.{number}.{sid}", self.row.id, self.row.attempt)
    }

    /// Its machine, at this time.
    pub fn machine(&mut self, at: Time) -> Machine<'_> {
        let consent_notice = self.consent_notice();
        Machine::new(&self.definition, &self.row.language, &mut self.progress, at)
            .with_consent_notice(consent_notice)
    }

    /// Whether callers are told that they are recorded, where the flow has no notice of its own.
    pub fn consent_notice(&self) -> bool {
        let is_recorded = self.settings.calls_recorded || self.definition.records();
        self.settings.consent_notice && is_recorded
    }

    /// When the quiet hours end that it is in; none: the candidate may be called.
    pub fn quiet_until(&self, at: Time) -> Option<Time> {
        let hours = self.definition.quiet_hours.or(self.settings.quiet_hours)?;
        hours.end(at, &self.settings.timezone)
    }

    /// When the next quiet hours begin.
    pub fn quiet_from(&self, at: Time) -> Option<Time> {
        let hours = self.definition.quiet_hours.or(self.settings.quiet_hours)?;
        hours.next_start(at, &self.settings.timezone)
    }

    /// Notes why nobody is called now, and until when.
    pub fn wait_until(&mut self, what: &str, until: Time) {
        self.row.waits_for = Some(what.to_owned());
        self.row.waits_until = Some(until.into());
    }

    /// The call is made, or never will be.
    pub fn wait_no_longer(&mut self) {
        self.row.waits_for = None;
        self.row.waits_until = None;
    }

    /// The language that is spoken, BCP 47.
    pub fn language(&self) -> &str {
        let said = [
            self.definition.language.as_str(),
            self.row.language.as_str(),
        ];
        said.into_iter()
            .find(|tag| !tag.is_empty())
            .unwrap_or("en-US")
    }

    /// The language that this line is spoken in: ours may be English among others.
    pub fn language_of(&self, line: &str) -> &str {
        Language::of_line(self.language(), line)
    }

    /// The Twilio voice of what is said by `<Say>`; empty: Twilio's default.
    pub fn voice(&self) -> &str {
        match self.definition.voice.as_str() {
            "" => &self.settings.voice,
            own => own,
        }
    }

    /// What it is about.
    pub fn topic(&self) -> &str {
        &self.definition.topic
    }

    /// Which models and instructions: the flow's, else the tenant's.
    pub fn wishes(&self) -> AiPreferences {
        let (own, tenants) = (&self.definition.ai, &self.settings.ai);
        let or = |own: &str, tenants: &str| if own.is_empty() { tenants } else { own }.to_owned();
        // A voice and its provider belong together.
        let voice = if own.voice.is_empty() { tenants } else { own };
        AiPreferences {
            chat_model: or(&own.chat_model, &tenants.chat_model),
            transcribe_model: or(&own.transcribe_model, &tenants.transcribe_model),
            speech_model: or(&own.speech_model, &tenants.speech_model),
            voice: voice.voice.clone(),
            voice_provider: or(&voice.voice_provider, &own.voice_provider),
            instructions: [own.instructions.as_str(), tenants.instructions.as_str()]
                .iter()
                .filter(|text| !text.is_empty())
                .copied()
                .collect::<Vec<_>>()
                .join("\n"),
        }
    }

    /// Questions and answers so far, as data for a model.
    pub fn turns(&self) -> Vec<Turn> {
        let turn = |answer: &flow::Answer| Turn {
            question_number: answer.number,
            question: self
                .progress
                .question(answer.number)
                .map(|asked| asked.text.clone())
                .unwrap_or_default(),
            transcript: shortened(answer.transcript.clone()),
            score: answer.score,
            feedback: answer.feedback.clone(),
        };
        self.progress.answers.iter().map(turn).collect()
    }

    /// What the candidate has said of himself in writing; empty for a caller.
    pub async fn resume(&self, tx: &mut Tx) -> Result<String, HandlerError> {
        let Some(id) = &self.row.candidate_id else {
            return Ok(String::new());
        };
        let candidate = db::candidate_find(tx, id).await?;
        Ok(candidate
            .map(|row| shortened(row.resume))
            .unwrap_or_default())
    }

    /// As it is told to others.
    pub fn told(&self) -> v1::Interview {
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let time =
            |at: Option<store::types::Time>| at.map(|at| at.0.to_rfc3339()).unwrap_or_default();
        let (number, person) = (self.row.number.clone(), self.row.person.clone());
        let (from, to) = match self.row.direction.as_str() {
            "outbound" => (number, person),
            _ => (person, number),
        };
        v1::Interview {
            direction: self.row.direction.clone(),
            from,
            to,
            id: self.row.id.clone(),
            tenant_id: self.row.tenant_id.clone(),
            call_sid: self.row.call_sid.clone().unwrap_or_default(),
            kind: self.row.kind.clone(),
            flow: self.row.flow_name.clone(),
            flow_version: u32::try_from(self.row.flow_version).unwrap_or_default(),
            status: self.row.status.clone(),
            outcome: self.row.outcome.clone(),
            failure_reason: self.row.failure_reason.clone().unwrap_or_default(),
            questions: self.definition.total(),
            answers: count(self.progress.answers.len()),
            started_at: time(self.row.started_at),
            ended_at: time(self.row.ended_at),
            account_sid: self.row.account_sid.clone(),
            recording: self.settings.recording.as_ref().map(|it| it.to_event()),
        }
    }

    /// The requests that are held back until there is something to say; mostly none, or one.
    pub fn waiting(&self) -> Vec<ReplySlot> {
        let kept = self.row.waiting.as_ref();
        kept.and_then(|kept| kept.read().ok()).unwrap_or_default()
    }

    /// Holds one more back.
    pub fn wait(&mut self, slot: ReplySlot) {
        let mut waiting = self.waiting();
        waiting.push(slot);
        self.row.waiting = Some(Json(json!(waiting)));
    }

    /// Writes it back.
    pub async fn save(mut self, tx: &mut Tx) -> Result<(), HandlerError> {
        self.row.progress = Json(json!(self.progress));
        db::interview_save(tx, &self.row).await?;
        if self.row.status == "ended" {
            db::figures_put(tx, &FiguresRow::of(&self.row)).await?;
        }
        Ok(())
    }
}

/// The most of a resume, or of one answer beside others, that a model is given, in bytes.
const TEXT_LIMIT: usize = 20_000;

fn shortened(mut text: String) -> String {
    if text.len() > TEXT_LIMIT {
        let end = (0..=TEXT_LIMIT)
            .rev()
            .find(|n| text.is_char_boundary(*n))
            .unwrap_or(0);
        text.truncate(end);
    }
    text
}

/// Whether an interview belongs to another account than this one.
pub fn is_others(row: &InterviewRow, account_sid: &str) -> bool {
    !row.account_sid.is_empty() && !account_sid.is_empty() && row.account_sid != account_sid
}

/// A parameter of a webhook's URL.
pub fn query<'a>(webhook: &'a Webhook, name: &str) -> Option<&'a str> {
    let found = webhook
        .query
        .iter()
        .find(|parameter| parameter.name == name);
    found
        .map(|parameter| parameter.value.as_str())
        .filter(|value| !value.is_empty())
}

/// The number of the question that a webhook's URL names.
pub fn question_number(webhook: &Webhook) -> Option<u32> {
    query(webhook, "question_number").and_then(|number| number.parse().ok())
}

/// The business's end of a call, and the other's.
pub fn ends(voice: &VoiceParameters) -> (&str, &str) {
    if voice.direction.starts_with("outbound") {
        (&voice.from, &voice.to)
    } else {
        (&voice.to, &voice.from)
    }
}
