//! A customer's text is kept in his thread, and his STOP or START is heard.

use async_trait::async_trait;
use clock::Time;
use events::v1::{InboundText, OptOutChanged, SmsInbound, TenantContext};
use metrics::counter;
use phone::Address;
use role::{Cause, Decider, Decision, HandlerError, Tx, derive_id};
use store::types::Json;
use tracing::info;
use webhook::{Keyword, opt_out_keyword};

use crate::db::{self, Conversation, Evidence, Media, Message};

/// The decider on `sms.inbound`.
pub struct Inbound;

/// What became of a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// The thread it belongs to.
    pub conversation: Conversation,
    /// Whether the customer is silent to us after it.
    pub opted_out: bool,
    /// What he asked for, when it is news.
    pub changed: Option<OptOutChanged>,
}

#[async_trait]
impl Decider for Inbound {
    type Event = SmsInbound;
    const NAME: &'static str = "inbound";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: SmsInbound,
    ) -> Result<Decision, HandlerError> {
        let (Some(text), Some(tenant)) = (event.text, event.tenant) else {
            return Err(HandlerError::Reject(
                "a text without its words or its tenant".to_owned(),
            ));
        };
        if text.message_sid.is_empty() || text.from.is_empty() || tenant.tenant_id.is_empty() {
            return Err(HandlerError::Reject(
                "a text without MessageSid, sender or tenant".to_owned(),
            ));
        }
        let Some(kept) = keep(tx, cause.time, &text, &tenant).await? else {
            info!(message.sid = text.message_sid, "this text was kept before");
            return Ok(Decision::nothing());
        };
        let customer = Address::parse(&text.from).redacted();
        info!(
            message.sid = text.message_sid,
            conversation.id = kept.conversation.id,
            customer,
            media = text.media.len(),
            opted_out = kept.opted_out,
            "text kept"
        );
        counter!("dispatch_inbound_texts_total").increment(1);
        let Some(changed) = kept.changed else {
            return Ok(Decision::nothing());
        };
        Ok(Decision::nothing()
            .then(&changed)
            .of_tenant(&changed.tenant_id)
            .keyed(&kept.conversation.id))
    }
}

/// Keeps a text; none if it was kept before.
pub async fn keep(
    tx: &mut Tx,
    at: Time,
    text: &InboundText,
    tenant: &TenantContext,
) -> Result<Option<Kept>, store::Error> {
    let own = tenant.number.as_ref().map_or("", |it| it.number.as_str());
    let number = if text.to.is_empty() { own } else { &text.to };
    let customer = db::opt_out_lock(tx, &tenant.tenant_id, &text.from).await?;
    if db::message_by_sid(tx, &text.message_sid).await?.is_some() {
        return Ok(None);
    }
    let thread = Conversation::new(
        &tenant.tenant_id,
        &text.from,
        number,
        &tenant.account_sid,
        at,
    );
    let conversation = db::conversation_open(tx, &thread).await?;
    let id = derive_id(&["inbound", &text.message_sid]);
    let message = Message {
        body: text.body.clone(),
        media: media(text),
        ..db::new_inbound(id, &conversation.id, &text.message_sid, at)
    };
    db::message_insert(tx, &message).await?;

    let mut kept = Kept {
        conversation,
        opted_out: customer.opted_out,
        changed: None,
    };
    if let Some(opted_out) = wish(text) {
        let news = db::opt_out_set(tx, &customer, opted_out, Evidence::At(at)).await?;
        kept.changed = news.then_some(OptOutChanged {
            tenant_id: customer.tenant_id,
            customer: customer.customer,
            opted_out,
        });
        kept.opted_out = if news { opted_out } else { customer.opted_out };
    }
    Ok(Some(kept))
}

/// Whether the text asks for silence (true), for texts again (false), or for neither. Twilio's own reading of it,
/// where there is one, knows the business's own words.
fn wish(text: &InboundText) -> Option<bool> {
    let keyword = match text.opt_out_type.to_ascii_uppercase().as_str() {
        "STOP" => Some(Keyword::Stop),
        "START" => Some(Keyword::Start),
        "HELP" => Some(Keyword::Help),
        _ => opt_out_keyword(&text.body),
    };
    match keyword? {
        Keyword::Stop => Some(true),
        Keyword::Start => Some(false),
        Keyword::Help => None,
    }
}

fn media(text: &InboundText) -> Json {
    let list = text.media.iter().map(|it| Media {
        content_type: Some(it.content_type.clone()).filter(|t| !t.is_empty()),
        url: it.url.clone(),
    });
    db::media_list(list)
}
