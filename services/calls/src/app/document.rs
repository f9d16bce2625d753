//! What a caller hears, as TwiML.

use events::v1::TenantContext;
use twiml::{Dial, Hangup, Number, Reject, Response, Start};

use super::consent;
use super::reason::MissedReason;
use super::speech;

/// Rings the business's phone, with the recording started before it where the tenant records.
pub fn dial(tenant: &TenantContext, call_sid: &str, public_url: &str) -> Response {
    let mut number = Number::new(tenant.forward_to.as_str());
    // Whoever picks up is told of the recording as the caller was.
    if tenant.whisper.as_ref().is_some_and(|w| w.enabled) || consent::notice(tenant).is_some() {
        // The leg's own webhooks name the owner's number, not the business's: it rides along.
        let business = own_number(tenant).trim_start_matches('+');
        number = number.url(format!(
            "/webhooks/twilio/call/whisper/{call_sid}?number=%2B{business}"
        ));
    }
    let dial = Dial::new()
        .timeout(tenant.dial_timeout_s)
        .action(format!("/webhooks/twilio/call/status/{call_sid}"))
        .method(twiml::Method::Post)
        .number(number);
    recorded(tenant, public_url).dial(dial)
}

/// What comes before a conversation: the notice, then the recording, where there is to be one.
fn recorded(tenant: &TenantContext, public_url: &str) -> Response {
    if !consent::is_recorded(tenant) {
        return Response::new();
    }
    let told = match consent::notice(tenant) {
        Some(notice) => Response::new().say(notice),
        None => Response::new(),
    };
    told.start(Start::call_recording(public_url))
}

/// Says why nobody takes the call, and whether a text follows.
pub fn apology(
    tenant: &TenantContext,
    caller: &str,
    reason: MissedReason,
    text_follows: bool,
) -> Response {
    let own = tenant
        .after_hours
        .as_ref()
        .map(|a| a.say.as_str())
        .filter(|say| reason == MissedReason::Closed && !say.is_empty());
    let say = match own {
        Some(text) => speech::own(tenant, caller, text),
        None => speech::ours(tenant, caller, |calls| {
            if text_follows {
                calls.missed_with_text
            } else {
                calls.missed
            }
        }),
    };
    Response::new().say(say).hangup(Hangup::new())
}

/// A busy line.
pub fn busy() -> Response {
    Response::new().reject(Reject::busy())
}

/// The business's number.
pub fn own_number(tenant: &TenantContext) -> &str {
    tenant.number.as_ref().map_or("", |n| n.number.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use events::v1::{AfterHours, Whisper};

    const PUBLIC: &str = "https://pub.example";

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

    fn xml(document: Response) -> String {
        document.to_xml().unwrap()
    }

    #[test]
    fn dial_comes_back_with_the_call_in_its_path() {
        insta::assert_snapshot!(xml(dial(&smith(), "CA1", PUBLIC)), @r#"<?xml version="1.0" encoding="UTF-8"?><Response><Dial action="/webhooks/twilio/call/status/CA1" method="POST" timeout="20"><Number>+15550100002</Number></Dial></Response>"#);
    }

    #[test]
    fn recorded_call_is_announced_to_both_sides_before_it_is_dialled() {
        let mut tenant = TenantContext {
            recording: Some(events::v1::RecordingSettings {
                enabled: true,
                consent_notice: true,
                ..Default::default()
            }),
            ..smith()
        };
        let told = xml(dial(&tenant, "CA1", PUBLIC));
        let order = [
            "<Say>",
            "<Start><Recording",
            "<Dial",
            "<Number url=\"/webhooks/twilio/call/whisper/CA1",
        ];
        let places: Vec<_> = order.iter().map(|part| told.find(part)).collect();
        assert!(
            places.iter().all(Option::is_some) && places.is_sorted(),
            "{told}"
        );
        assert!(!xml(busy()).contains("Recording"));
        if let Some(recording) = &mut tenant.recording {
            recording.consent_notice = false;
        }
        let silent = xml(dial(&tenant, "CA1", PUBLIC));
        assert!(silent.contains("<Response><Start><Recording"), "{silent}");
        assert!(!silent.contains("whisper"), "{silent}");
    }

    #[test]
    fn dial_with_whisper_asks_whoever_picks_up() {
        let tenant = TenantContext {
            whisper: Some(Whisper {
                enabled: true,
                say: String::new(),
            }),
            ..smith()
        };
        insta::assert_snapshot!(xml(dial(&tenant, "CA1", PUBLIC)), @r#"<?xml version="1.0" encoding="UTF-8"?><Response><Dial action="/webhooks/twilio/call/status/CA1" method="POST" timeout="20"><Number url="/webhooks/twilio/call/whisper/CA1?number=%2B15550100001">+15550100002</Number></Dial></Response>"#);
    }

    #[test]
    fn apology_names_the_business_in_its_own_voice() {
        let tenant = TenantContext {
            voice: "Polly.Joanna".into(),
            language: "en-US".into(),
            ..smith()
        };
        insta::assert_snapshot!(xml(apology(&tenant, "", MissedReason::NoForwardingNumber, true)), @r#"<?xml version="1.0" encoding="UTF-8"?><Response><Say voice="Polly.Joanna" language="en-US">Thank you for calling Smith &amp; Sons. We can't take your call right now and will text you shortly.</Say><Hangup/></Response>"#);
    }

    #[test]
    fn apology_without_text_back_does_not_promise_a_text() {
        let xml = xml(apology(&smith(), "", MissedReason::ForwardedBack, false));
        assert!(
            xml.contains("We can't take your call right now.</Say><Hangup/>"),
            "{xml}"
        );
    }

    #[test]
    fn rejected_caller_hears_a_busy_line() {
        insta::assert_snapshot!(xml(busy()), @r#"<?xml version="1.0" encoding="UTF-8"?><Response><Reject reason="busy"/></Response>"#);
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
        insta::assert_snapshot!(xml(apology(&tenant, "", MissedReason::Closed, true)), @r#"<?xml version="1.0" encoding="UTF-8"?><Response><Say>Back at 7!</Say><Hangup/></Response>"#);
    }
}
