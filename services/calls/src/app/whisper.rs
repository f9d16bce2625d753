//! Whoever picks up for the business hears who is calling and presses 1, so that his voicemail does not count as an
//! answer.

use async_trait::async_trait;
use events::v1::{TenantContext, TwimlReply, VoiceWhisper};
use role::{Cause, Decider, Decision, HandlerError, Tx};
use serde_json::json;
use twiml::{Gather, Hangup, Input, Response};

use super::forward::say;
use super::record::Record;

/// Answers `voice.whisper` with TwiML for the dialled leg.
pub struct AskToAccept;

#[async_trait]
impl Decider for AskToAccept {
    type Event = VoiceWhisper;
    const NAME: &'static str = "whisper";
    const DIRECT: bool = true;

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: VoiceWhisper,
    ) -> Result<Decision, HandlerError> {
        let (Some(tenant), Some(whisper)) = (event.tenant, event.whisper) else {
            return Err(HandlerError::Reject(
                "voice.whisper without a tenant or a whisper".to_owned(),
            ));
        };
        let accepted = whisper.answered && whisper.digits == "1";
        let document = match (whisper.answered, accepted) {
            (false, _) => prompt(&tenant, &whisper.parent_call_sid),
            // Nothing more to do on this leg: Twilio connects the two.
            (true, true) => Response::empty(),
            (true, false) => Response::new().hangup(Hangup::new()),
        };
        let xml = document
            .to_xml()
            .map_err(|e| HandlerError::Reject(e.to_string()))?;
        let (parent, leg) = (&whisper.parent_call_sid, whisper.voice.as_ref());
        let mut record = Record::open_by_leg(tx, cause, &tenant, parent, leg).await?;
        let what = match (whisper.answered, accepted) {
            (false, _) => "somebody picked up and hears the whisper",
            (true, true) => "the call was accepted",
            (true, false) => "the call was not accepted",
        };
        record.line(cause, cause.time, "webhook", json!({ "what": what }));
        if accepted {
            record.row.accepted = true;
            record.settle();
        }
        let decision = record.save(tx).await?;
        Ok(decision.reply(&TwimlReply { xml }))
    }
}

fn prompt(tenant: &TenantContext, call_sid: &str) -> Response {
    let custom = tenant
        .whisper
        .as_ref()
        .map(|w| w.say.as_str())
        .filter(|say| !say.is_empty());
    let words = custom.map_or_else(
        || format!("A call for {}. Press 1 to accept.", tenant.name),
        |say| say.replace("{business_name}", &tenant.name),
    );
    let business = tenant
        .number
        .as_ref()
        .map_or("", |n| n.number.as_str())
        .trim_start_matches('+');
    let action = format!("/webhooks/twilio/call/whisper/{call_sid}/answer?number=%2B{business}");
    let gather = Gather::new()
        .input(Input::Dtmf)
        .num_digits(1)
        .timeout(8)
        .action(action)
        .say(say(tenant, &words));
    Response::new().gather(gather).hangup(Hangup::new())
}
