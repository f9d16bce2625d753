//! Whoever picks up for the business hears who is calling and presses 1, so that a voicemail does not count as an
//! answer.

use async_trait::async_trait;
use events::v1::{TenantContext, TwilioWhisper, TwimlReply, VoiceWhisper};
use role::{Cause, Decider, Decision, HandlerError, Tx};
use serde_json::json;
use twiml::{Gather, Hangup, Input, Response};

use super::call_update::CallUpdate;
use super::consent;
use super::document::own_number;
use super::speech;

/// What the address of the second prompt's answer ends with.
const SECOND: &str = "&again=1";

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
        // Without a whisper the callee is only told of the recording.
        let asks = tenant.whisper.as_ref().is_some_and(|w| w.enabled);
        let is_told = !asks && consent::notice(&tenant).is_some();
        // A finger slips: one wrong key is asked about once more.
        let again =
            whisper.answered && !whisper.digits.is_empty() && !accepted && !is_second(&whisper);
        let document = match (whisper.answered, accepted) {
            (false, _) if !is_told => prompt(&tenant, &whisper, ""),
            // Nothing more to do on this leg than to tell of the recording: Twilio connects the two.
            (false, _) | (true, true) => notice(&tenant),
            (true, false) if again => prompt(&tenant, &whisper, SECOND),
            (true, false) => Response::new().hangup(Hangup::new()),
        };
        let xml = document
            .to_xml()
            .map_err(|e| HandlerError::Reject(e.to_string()))?;
        let (parent, leg) = (&whisper.parent_call_sid, whisper.voice.as_ref());
        let mut update = CallUpdate::open_by_leg(tx, cause, &tenant, parent, leg).await?;
        let what = match (whisper.answered, accepted) {
            (false, _) if is_told => "the callee picked up and is told of the recording",
            (false, _) => "the callee picked up and hears the whisper",
            (true, true) => "the call was accepted",
            (true, false) if again => "another key was pressed; the whisper is heard once more",
            (true, false) => "the call was not accepted",
        };
        update.log("webhook", json!({ "what": what }));
        if accepted {
            update.row.accepted = true;
            update.settle();
        }
        let decision = update.save(tx).await?;
        Ok(decision.reply(&TwimlReply { xml }))
    }
}

fn notice(tenant: &TenantContext) -> Response {
    match consent::notice(tenant) {
        Some(notice) => Response::new().say(notice),
        None => Response::empty(),
    }
}

/// Whether the whisper was heard twice.
fn is_second(whisper: &TwilioWhisper) -> bool {
    let query = whisper.webhook.as_ref().map_or(&[][..], |it| &it.query);
    query.iter().any(|it| it.name == "again")
}

fn prompt(tenant: &TenantContext, asked: &TwilioWhisper, again: &str) -> Response {
    let caller = asked.voice.as_ref().map_or("", |leg| &leg.from);
    let own = tenant
        .whisper
        .as_ref()
        .map(|w| w.say.as_str())
        .filter(|say| !say.is_empty());
    let say = match own {
        Some(text) => speech::own(tenant, caller, text),
        None => speech::ours(tenant, caller, |calls| calls.whisper),
    };
    let call_sid = &asked.parent_call_sid;
    let business = own_number(tenant).trim_start_matches('+');
    let action =
        format!("/webhooks/twilio/call/whisper/{call_sid}/answer?number=%2B{business}{again}");
    let gather = Gather::new()
        .input(Input::Dtmf)
        .num_digits(1)
        .timeout(8)
        .action(action)
        .say(say);
    Response::new().gather(gather).hangup(Hangup::new())
}
