//! A call comes in for a business that forwards: what does the caller get?

use async_trait::async_trait;
use chrono::Duration;
use clock::Time;
use events::Event;
use events::v1::{TenantContext, TwimlReply, VoiceInbound};
use role::{Cause, Decider, Decision, HandlerError, Tx};
use serde_json::json;
use twiml::{Dial, Hangup, Number, Reject, Response, Say};

use super::hours::is_open;
use super::record::Record;
use super::state::MISSED;

/// How long after the longest possible ringing we look at a call of which nothing more was heard. Twilio rings
/// about 5 s longer than told.
const PATIENCE: Duration = Duration::seconds(25);

/// Answers `voice.inbound.forward` with TwiML.
pub struct Forward;

/// What the caller gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Plan {
    /// The business's phone rings.
    Dial,
    /// He hears why not; the reason is the missed call's.
    Apologize(&'static str),
    /// He hears a busy line.
    Reject,
    /// The dial is over: nothing more.
    Nothing,
}

#[async_trait]
impl Decider for Forward {
    type Event = VoiceInbound;
    const NAME: &'static str = "forward";
    const DIRECT: bool = true;

    fn bindings(&self) -> Vec<String> {
        vec![format!("{}.forward", VoiceInbound::TYPE)]
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
        let mut record = Record::open(tx, cause, &tenant, &voice).await?;
        record.line(
            cause,
            cause.time,
            "webhook",
            json!({
                "what": "call comes in", "status": voice.call_status, "origin": event.origin,
            }),
        );

        record.row.elsewhere |= event.origin == "api";
        let dialled = record.row.dial_status.is_some();
        let plan = plan(&tenant, cause.time, dialled);
        let document = document(plan, &tenant, &voice.call_sid);
        let xml = document
            .to_xml()
            .map_err(|e| HandlerError::Reject(e.to_string()))?;
        record.line(
            cause,
            cause.time,
            "twiml",
            json!({ "plan": plan.word(), "xml": xml }),
        );
        match plan.turns_away() {
            Some(reason) if cause.wants_reply => {
                record.conclude(MISSED, reason);
                // Its end is told by a callback, which may be lost.
                record.look_again("call.silent", PATIENCE);
            }
            None if plan == Plan::Nothing => {}
            // Either the business's phone rings by our word, or nobody waits for it any more: the front door's fallback
            // has answered, which dials even where we would not have. Its end, or Twilio, tells.
            _ => {
                record.row.forwarded |= plan == Plan::Dial;
                let ringing = Duration::seconds(i64::from(tenant.dial_timeout_s));
                record.look_again("call.silent", ringing + PATIENCE);
            }
        }
        record.settle();
        Ok(record.save(tx).await?.reply(&TwimlReply { xml }))
    }
}

impl Plan {
    fn word(self) -> &'static str {
        match self {
            Self::Dial => "dial",
            Self::Apologize(_) => "apologize",
            Self::Reject => "reject",
            Self::Nothing => "nothing",
        }
    }

    /// Why the call is missed, where nobody's phone rings.
    fn turns_away(self) -> Option<&'static str> {
        match self {
            Self::Apologize(reason) => Some(reason),
            Self::Reject => Some("closed"),
            Self::Dial | Self::Nothing => None,
        }
    }
}

/// Why a call at this time is not forwarded, if so.
pub(super) fn turned_away(tenant: &TenantContext, at: Time) -> Option<&'static str> {
    plan(tenant, at, false).turns_away()
}

fn plan(tenant: &TenantContext, at: Time, dialled: bool) -> Plan {
    if dialled {
        return Plan::Nothing;
    }
    let after_hours = tenant
        .after_hours
        .as_ref()
        .map_or("", |a| a.action.as_str());
    if !is_open(tenant, at) {
        match after_hours {
            "apologize" => return Plan::Apologize("closed"),
            "reject" => return Plan::Reject,
            _ => {}
        }
    }
    if tenant.forward_to.is_empty() {
        Plan::Apologize("no-forwarding-number")
    } else {
        Plan::Dial
    }
}

fn document(plan: Plan, tenant: &TenantContext, call_sid: &str) -> Response {
    match plan {
        Plan::Dial => Response::new().dial(dial(tenant, call_sid)),
        Plan::Apologize(reason) => {
            let custom = tenant
                .after_hours
                .as_ref()
                .map(|a| a.say.as_str())
                .filter(|_| reason == "closed");
            // Nothing is promised that will not be done.
            let texts = tenant.text_back.as_ref().is_some_and(|t| t.enabled);
            let promise = if texts {
                " and will text you shortly"
            } else {
                ""
            };
            let words = custom.filter(|say| !say.is_empty()).map_or_else(
                || {
                    format!(
                        "Thank you for calling {}. We can't take your call right now{promise}.",
                        tenant.name
                    )
                },
                str::to_owned,
            );
            Response::new()
                .say(say(tenant, &words))
                .hangup(Hangup::new())
        }
        Plan::Reject => Response::new().reject(Reject::busy()),
        Plan::Nothing => Response::empty(),
    }
}

fn dial(tenant: &TenantContext, call_sid: &str) -> Dial {
    let mut number = Number::new(tenant.forward_to.as_str());
    if tenant.whisper.as_ref().is_some_and(|w| w.enabled) {
        // The leg's own webhooks name the owner's number, not the business's: it rides along.
        let business = tenant
            .number
            .as_ref()
            .map_or("", |n| n.number.as_str())
            .trim_start_matches('+');
        number = number.url(format!(
            "/webhooks/twilio/call/whisper/{call_sid}?number=%2B{business}"
        ));
    }
    Dial::new()
        .timeout(tenant.dial_timeout_s)
        .action(format!("/webhooks/twilio/call/status/{call_sid}"))
        .method(twiml::Method::Post)
        .number(number)
}

/// Something spoken in the tenant's voice and language.
pub(super) fn say(tenant: &TenantContext, words: &str) -> Say {
    let mut say = Say::new(words);
    if !tenant.voice.is_empty() {
        say = say.voice(tenant.voice.as_str());
    }
    if !tenant.language.is_empty() {
        say = say.language(tenant.language.as_str());
    }
    say
}

#[cfg(test)]
mod tests {
    use super::*;
    use events::v1::{AfterHours, TextBack, Whisper};

    fn smith() -> TenantContext {
        TenantContext {
            name: "Smith & Sons".into(),
            forward_to: "+15550100002".into(),
            dial_timeout_s: 20,
            number: Some(events::v1::Number {
                number: "+15550100001".into(),
                ..Default::default()
            }),
            ..Default::default()
        }
    }

    fn xml(plan: Plan, tenant: &TenantContext) -> String {
        document(plan, tenant, "CA1").to_xml().unwrap()
    }

    #[test]
    fn a_dial_comes_back_to_us_with_the_call_in_its_path() {
        insta::assert_snapshot!(xml(Plan::Dial, &smith()), @r#"<?xml version="1.0" encoding="UTF-8"?><Response><Dial action="/webhooks/twilio/call/status/CA1" method="POST" timeout="20"><Number>+15550100002</Number></Dial></Response>"#);
    }

    #[test]
    fn a_whisper_asks_whoever_picks_up() {
        let tenant = TenantContext {
            whisper: Some(Whisper {
                enabled: true,
                say: String::new(),
            }),
            ..smith()
        };
        insta::assert_snapshot!(xml(Plan::Dial, &tenant), @r#"<?xml version="1.0" encoding="UTF-8"?><Response><Dial action="/webhooks/twilio/call/status/CA1" method="POST" timeout="20"><Number url="/webhooks/twilio/call/whisper/CA1?number=%2B15550100001">+15550100002</Number></Dial></Response>"#);
    }

    #[test]
    fn an_apology_names_the_business_in_its_own_voice() {
        let tenant = TenantContext {
            voice: "Polly.Joanna".into(),
            language: "en-US".into(),
            text_back: Some(TextBack {
                enabled: true,
                ..TextBack::default()
            }),
            ..smith()
        };
        insta::assert_snapshot!(xml(Plan::Apologize("no-forwarding-number"), &tenant), @r#"<?xml version="1.0" encoding="UTF-8"?><Response><Say voice="Polly.Joanna" language="en-US">Thank you for calling Smith &amp; Sons. We can't take your call right now and will text you shortly.</Say><Hangup/></Response>"#);
    }

    #[test]
    fn an_apology_promises_no_text_that_will_not_be_sent() {
        let xml = xml(Plan::Apologize("no-forwarding-number"), &smith());
        assert!(
            xml.contains("We can't take your call right now.</Say><Hangup/>"),
            "{xml}"
        );
    }

    #[test]
    fn a_rejected_caller_hears_a_busy_line() {
        insta::assert_snapshot!(xml(Plan::Reject, &smith()), @r#"<?xml version="1.0" encoding="UTF-8"?><Response><Reject reason="busy"/></Response>"#);
        insta::assert_snapshot!(xml(Plan::Nothing, &smith()), @r#"<?xml version="1.0" encoding="UTF-8"?><Response/>"#);
    }

    #[test]
    fn after_hours_are_the_tenants_own_words() {
        let after_hours = Some(AfterHours {
            action: "apologize".into(),
            say: "Back at 7!".into(),
        });
        let tenant = TenantContext {
            after_hours,
            ..smith()
        };
        insta::assert_snapshot!(xml(Plan::Apologize("closed"), &tenant), @r#"<?xml version="1.0" encoding="UTF-8"?><Response><Say>Back at 7!</Say><Hangup/></Response>"#);
    }
}
