//! A call on a number with a bot or an assistant: the flow that it follows is asked for before it is offered a stream, since the
//! flow says who hears and speaks, and what the caller must be told before anything is recorded.

use std::time::Duration;

use async_trait::async_trait;
use bus::Bus;
use clock::Clock;
use events::v1::{FlowFound, FlowQuery, StreamOffer, VoiceInbound};
use events::{Envelope, Event};
use role::{Cause, HandlerError, Outcome, OutgoingEvent, Performer};
use tracing::warn;

/// How long interviews may take to say which flow it is; a caller is on the line.
const PATIENCE: Duration = Duration::from_secs(3);
/// How many calls are looked up at the same time.
const PREFETCH: u16 = 128;

/// Takes `voice.inbound` of numbers with a bot or an assistant.
pub struct Look {
    /// Where interviews are asked.
    pub bus: Bus,
    /// The time.
    pub clock: Clock,
}

#[async_trait]
impl Performer for Look {
    type Command = VoiceInbound;
    const NAME: &'static str = "offer";

    fn bindings(&self) -> Vec<String> {
        ["bot", "assistant"]
            .map(|app| format!("{}.{app}", VoiceInbound::TYPE))
            .to_vec()
    }

    fn prefetch(&self) -> u16 {
        PREFETCH
    }

    async fn perform(&self, _: &Cause, event: VoiceInbound) -> Result<Outcome, HandlerError> {
        let (Some(tenant), Some(voice)) = (event.tenant, event.voice) else {
            return Err(HandlerError::Reject(
                "voice.inbound without a tenant or parameters".to_owned(),
            ));
        };
        let app = tenant.number.as_ref().map_or("", |it| it.voice.as_str());
        let flow = self.flow(&tenant.tenant_id, app).await;
        let (tenant_id, call) = (tenant.tenant_id.clone(), voice.call_sid.clone());
        let offer = StreamOffer {
            tenant: Some(tenant),
            voice: Some(voice),
            origin: event.origin,
            flow,
        };
        Ok(Outcome::nothing().publish(
            OutgoingEvent::new(&offer)
                .tenant(tenant_id)
                .key(call)
                .caused_at()
                .forward_reply(),
        ))
    }
}

impl Look {
    /// The flow that a voice app names; `None`: there is none, or nobody has said so in time.
    async fn flow(&self, tenant_id: &str, app: &str) -> Option<FlowFound> {
        let (kind, named) = app.split_once(':').unwrap_or((app, ""));
        let name = match (named, kind) {
            ("", "assistant") => "assistant",
            // As interviews does with a number that names none.
            ("", _) => "eligibility",
            (named, _) => named,
        };
        let query = FlowQuery {
            tenant_id: tenant_id.to_owned(),
            name: name.to_owned(),
        };
        let envelope = Envelope::new("trunkline/streams", &self.clock, &query);
        let reply = match self.bus.request(envelope, PATIENCE).await {
            Ok(reply) => reply,
            Err(error) => {
                warn!(%error, flow = name, "nobody says which flow a call follows");
                return None;
            }
        };
        reply.decode().ok().filter(|it: &FlowFound| it.found)
    }
}
