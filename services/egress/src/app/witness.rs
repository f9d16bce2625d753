//! Twilio's own word that a message exists.

use async_trait::async_trait;
use events::Event;
use events::v1::{MessageSend, TwilioMessageStatus};
use metrics::counter;
use role::{Cause, Decider, Decision, HandlerError, Tx};
use tracing::error;

use crate::db::effects;

/// The parameter of a status callback that names our id of the message.
pub(crate) const MESSAGE_ID: &str = "message_id";

/// Takes `twilio.message.status`: its address names the message that it is about.
pub(crate) struct Witness;

#[async_trait]
impl Decider for Witness {
    type Event = TwilioMessageStatus;
    const NAME: &'static str = "witness";

    async fn decide(
        &self,
        tx: &mut Tx,
        _: &Cause,
        event: TwilioMessageStatus,
    ) -> Result<Decision, HandlerError> {
        let webhook = event.webhook.unwrap_or_default();
        let id = webhook.query.iter().find(|it| it.name == MESSAGE_ID);
        let Some(id) = id.filter(|_| !event.message_sid.is_empty()) else {
            return Ok(Decision::nothing());
        };
        let effect = (MessageSend::TYPE, id.value.as_str());
        let sid = &event.message_sid;
        let other = effects::witness(tx, effect, &webhook.account_sid, sid).await?;
        if let Some(other) = other {
            counter!("egress_doubles_total").increment(1);
            error!(
                effect.id = other.id,
                tenant.id = other.tenant_id,
                first = other.sid,
                second = sid,
                "Twilio has sent a message twice"
            );
        }
        Ok(Decision::nothing())
    }
}
