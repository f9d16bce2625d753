//! Who says how it goes on: a script, by way of interviews, or a model, in a conversation.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ai::task::{Spoken, ToolOffer};
use ai::{Ai, ChatRequest, Patience};
use bus::Bus;
use clock::Clock;
use events::Envelope;
use events::v1::{FlowFound, FlowQuery, MessageSend, StreamOffer};
use flow::{Assistant, Tool};
use outbound::{Limits, Method, Outbound, Reach, Request};
use role::budget::Budget;
use role::derive_id;
use tracing::warn;

use super::decide::Decide;
use super::sign::ToolSecrets;
use crate::db::{BROWSER, SessionRow};

/// How long the flow of a number is waited for.
const FLOW: Duration = Duration::from_secs(3);
/// How long the model may take for its first words; then there is an apology.
const MODEL: Duration = Duration::from_secs(8);
/// How long one attempt may take for them, and how long it may fall silent in between: then the next one goes on in its place.
const PATIENCE: Patience = Patience {
    first: Duration::from_secs(5),
    next: Duration::from_secs(3),
};
/// How long a whole answer may take.
const ANSWERING: Duration = Duration::from_secs(40);
/// How long a tool may take where it says nothing, and at most; the caller waits.
const TOOL: Duration = Duration::from_secs(6);
const LONGEST_TOOL_S: u32 = 15;
/// What of a tool's answer the model is given.
const ANSWER: usize = 4_000;

/// Whom a session asks.
#[derive(Clone)]
pub struct Mind {
    /// For scripts.
    pub decide: Decide,
    /// For conversations.
    pub ai: Ai,
    /// What they may cost.
    pub budget: Budget,
    /// For the tools of tenants.
    pub outbound: Outbound,
    /// How far those may reach.
    pub reach: Reach,
    /// What requests to them are signed with.
    pub secrets: ToolSecrets,
    /// The bus.
    pub bus: Bus,
    /// The time.
    pub clock: Clock,
}

impl Mind {
    /// The assistant that a number names; `None`: there is none, or nobody says so in time.
    pub async fn assistant(&self, row: &SessionRow, offer: &StreamOffer) -> Option<Assistant> {
        let found = match &offer.flow {
            Some(found) => found.clone(),
            // Nobody knew when the call came.
            None => self.flow(row).await?,
        };
        if found.kind != Assistant::KIND {
            warn!(
                flow = row.flow,
                "a number's assistant is no conversation, or is not there"
            );
            return None;
        }
        let value = serde_json::from_str(&found.definition).ok()?;
        Assistant::stored(&value).ok()
    }

    async fn flow(&self, row: &SessionRow) -> Option<FlowFound> {
        let name = if row.flow.is_empty() {
            "assistant"
        } else {
            &row.flow
        };
        let query = FlowQuery {
            tenant_id: row.tenant_id.clone(),
            name: name.to_owned(),
        };
        let envelope = Envelope::new("trunkline/streams", &self.clock, &query);
        let found = self.bus.request(envelope, FLOW).await;
        found.ok()?.decode().ok()
    }

    /// What the model answers; `sentence` gets it while it is written. `None` when nobody answers in time, or to the end.
    pub async fn model(
        &self,
        tenant: &str,
        mut request: ChatRequest,
        tools: &[ToolOffer],
        sentence: impl Fn(String) + Send + Sync,
    ) -> Option<Spoken> {
        if self.budget.is_spent(tenant).await {
            warn!(
                tenant.id = tenant,
                "no model is asked: the tenant has spent what it may today"
            );
            return None;
        }
        request.within = Some(ANSWERING);
        let has_begun = AtomicBool::new(false);
        let told = |text| {
            has_begun.store(true, Ordering::Relaxed);
            sentence(text);
        };
        let answering = self.ai.converse(&request, tools, PATIENCE, told);
        let silent = async {
            tokio::time::sleep(MODEL).await;
            if has_begun.load(Ordering::Relaxed) {
                std::future::pending::<()>().await;
            }
        };
        tokio::select! {
            biased;
            answer = answering => match answer {
                Ok(answer) => {
                    self.budget.spent(tenant, answer.usage.cost_micro_usd);
                    Some(answer.value)
                }
                Err(error) => {
                    warn!(%error, "the model has not answered a caller");
                    None
                }
            },
            () = silent => {
                warn!(wait_s = MODEL.as_secs(), "the model has said nothing to a caller in time");
                None
            }
        }
    }

    /// What a tool of the tenant's own answers, as data for the model. The request is signed, and says by its id which turn of
    /// which call it is for: one that comes twice is the same.
    pub async fn tool(&self, row: &SessionRow, turn: u64, tool: &Tool, arguments: &str) -> String {
        let seconds = match tool.deadline_s {
            0 => TOOL,
            own => Duration::from_secs(u64::from(own.min(LONGEST_TOOL_S))),
        };
        let body = match serde_json::from_str::<serde_json::Value>(arguments) {
            Ok(value) => value.to_string(),
            Err(_) => "{}".to_owned(),
        };
        let id = derive_id(&["tool", &row.id, &turn.to_string(), &tool.name, &body]);
        let mut headers = vec![
            ("content-type", "application/json".to_owned()),
            ("trunkline-call", row.call_sid.clone()),
        ];
        let now = self.clock.now().timestamp();
        headers.extend(self.secrets.sign(&row.tenant_id, &id, now, body.as_bytes()));
        let request = Request {
            method: Method::POST,
            url: &tool.url,
            headers,
            body: body.into_bytes(),
        };
        let limits = Limits {
            deadline: seconds,
            answer_bytes: ANSWER,
        };
        match self.outbound.send(request, self.reach, limits).await {
            Ok(answer) if (200..300).contains(&answer.status) => {
                String::from_utf8_lossy(&answer.body).into_owned()
            }
            Ok(answer) => format!("it failed with status {}", answer.status),
            Err(error) => {
                warn!(%error, "a tool of an assistant has not answered");
                "it did not answer".to_owned()
            }
        }
    }

    /// A text to the caller, once for each turn.
    pub async fn text(&self, row: &SessionRow, offer: &StreamOffer, turn: u64, body: &str) {
        let voice = offer.voice.clone().unwrap_or_default();
        if row.engine == BROWSER {
            // A page has no number.
            return;
        }
        let id = derive_id(&["stream.text", &row.id, &turn.to_string()]);
        let message = MessageSend {
            message_id: id.clone(),
            tenant_id: row.tenant_id.clone(),
            account_sid: row.account_sid.clone(),
            from: voice.to,
            to: voice.from,
            body: body.to_owned(),
            purpose: "assistant".to_owned(),
            ..MessageSend::default()
        };
        let envelope = Envelope::at("trunkline/streams", id, self.clock.now(), &message)
            .tenant(row.tenant_id.clone())
            .key(row.call_sid.clone());
        if let Err(error) = self.bus.publish(&envelope).await {
            warn!(%error, "a text to a caller is lost");
        }
    }
}
