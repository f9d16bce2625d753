//! A call asks what it gets: first, and again when its stream is over.

use async_trait::async_trait;
use events::v1::{StreamOffer, TenantContext, TwimlReply, VoiceParameters};
use flow::Engine;
use prost::Message;
use role::{Cause, Decider, Decision, HandlerError, Tx, call_id, derive_id};
use settings::Secret;
use tracing::warn;

use super::{Wanted, document};
use crate::db::{self, SessionRow};
use crate::live::{Early, Memory};

/// A stream that drops is offered again so often; then the call goes on without one.
const ATTEMPTS: i64 = 4;

/// Takes `stream.offer`.
pub struct Offer {
    /// The public address.
    pub public_url: String,
    /// What a call will need is opened at once.
    pub early: Early,
    /// Makes a session's path one that nobody can guess, and a repeat can find.
    pub secret: Secret,
}

#[async_trait]
impl Decider for Offer {
    type Event = StreamOffer;
    const NAME: &'static str = "answer";
    const DIRECT: bool = true;

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: StreamOffer,
    ) -> Result<Decision, HandlerError> {
        let offer = event.encode_to_vec();
        let wanted = Wanted::of(event.flow.as_ref());
        let (Some(tenant), Some(voice)) = (event.tenant, event.voice) else {
            return Err(HandlerError::Reject(
                "stream.offer without a tenant or parameters".to_owned(),
            ));
        };
        let last = db::session_latest(tx, &voice.call_sid).await?;
        let reply = match &last {
            Some(row) if row.account_sid != tenant.account_sid => {
                warn!("a call of another account names a session's call");
                document::apology(&tenant.language)?
            }
            // Twilio asks again before it has connected.
            Some(row) if row.status == "offered" => {
                document::stream(&self.public_url, row, &tenant, &wanted)?
            }
            Some(row) if is_transfer(row) && row.dialled_at.is_none() => {
                db::session_dialled(tx, &row.id, cause.time).await?;
                document::transfer(row, &tenant)?
            }
            Some(row) => match after(row, &tenant)? {
                Some(reply) => reply,
                None => {
                    let mut again = self.session(cause, &tenant, &voice, Some(row), offer);
                    // A call does not change its engine on the way.
                    again.engine.clone_from(&row.engine);
                    self.offer(tx, &again, &tenant, &wanted).await?
                }
            },
            None => {
                let mut first = self.session(cause, &tenant, &voice, None, offer);
                wanted.engine.as_str().clone_into(&mut first.engine);
                self.offer(tx, &first, &tenant, &wanted).await?
            }
        };
        Ok(Decision::nothing().reply(&reply))
    }
}

/// What follows a session; `None`: another one.
fn after(row: &SessionRow, tenant: &TenantContext) -> Result<Option<TwimlReply>, HandlerError> {
    let is_spent = row.attempt >= ATTEMPTS;
    let reply = match row.reason.as_str() {
        "goodbye" | "time_up" => document::hang_up()?,
        // The person who took over has hung up.
        "transfer" if row.taken_at.is_some() => document::hang_up()?,
        // Nobody has answered, again: nobody is dialled for ever.
        "transfer" if is_spent => document::apology(&tenant.language)?,
        // Ours cannot speak, or cannot decide; Twilio can do both where the interview is a script.
        "no_voice" | "no_decision" => without(row, tenant)?,
        _ if is_spent => without(row, tenant)?,
        _ => return Ok(None),
    };
    Ok(Some(reply))
}

fn is_transfer(row: &SessionRow) -> bool {
    row.reason == "transfer" && !row.target.is_empty()
}

fn without(row: &SessionRow, tenant: &TenantContext) -> Result<TwimlReply, HandlerError> {
    if row.app == "bot" && !row.interview_id.is_empty() {
        return document::without_stream(&row.interview_id);
    }
    match tenant.forward_to.as_str() {
        "" => document::apology(&tenant.language),
        person => document::connect(person, apology_words(tenant)),
    }
}

/// A person is called because ours cannot go on: the caller hears why it takes a moment.
fn apology_words(tenant: &TenantContext) -> &'static str {
    phrases::Language::of(&tenant.language).interview().apology
}

/// What the stream before knew; and, where the call comes back from a transfer, that nobody took it.
fn remembered(row: &SessionRow) -> String {
    if row.reason != "transfer" {
        return row.state.clone();
    }
    let mut memory = Memory::of(&row.state);
    memory.unanswered = true;
    memory.to_text()
}

impl Offer {
    async fn offer(
        &self,
        tx: &mut Tx,
        row: &SessionRow,
        tenant: &TenantContext,
        wanted: &Wanted,
    ) -> Result<TwimlReply, HandlerError> {
        db::session_insert(tx, row).await?;
        let hears = row.engine() == Engine::Media;
        self.early.open(&row.id, &tenant.language, hears);
        document::stream(&self.public_url, row, tenant, wanted)
    }

    fn session(
        &self,
        cause: &Cause,
        tenant: &TenantContext,
        voice: &VoiceParameters,
        before: Option<&SessionRow>,
        offer: Vec<u8>,
    ) -> SessionRow {
        let attempt = before.map_or(1, |row| row.attempt + 1);
        let state = before.map_or_else(String::new, remembered);
        let named = tenant
            .number
            .as_ref()
            .map_or("", |number| number.voice.as_str());
        let (app, flow) = named.split_once(':').unwrap_or((named, ""));
        let app = match app {
            "assistant" => "assistant",
            _ => "bot",
        };
        let number = attempt.to_string();
        let made_of = [
            "session",
            self.secret.reveal(),
            &voice.call_sid,
            &cause.id,
            &number,
        ];
        SessionRow {
            id: derive_id(&made_of),
            tenant_id: tenant.tenant_id.clone(),
            account_sid: tenant.account_sid.clone(),
            call_sid: voice.call_sid.clone(),
            app: app.to_owned(),
            flow: flow.to_owned(),
            attempt,
            engine: String::new(),
            offer,
            status: "offered".to_owned(),
            reason: String::new(),
            stream_sid: String::new(),
            interview_id: String::new(),
            target: String::new(),
            state,
            whisper: String::new(),
            result: String::new(),
            offered_at: cause.time.into(),
            started_at: None,
            ended_at: None,
            dialled_at: None,
            taken_at: None,
            inputs_key: String::new(),
            inputs_until: None,
            process: String::new(),
            call_id: call_id(&voice.call_sid),
        }
    }
}
