//! Whose number is this? Webhooks find their business, and its app.

use std::sync::Arc;

use events::v1::{
    CallStatus, DialFinished, InboundText, SmsInbound, TwilioCallStatus, TwilioDialFinished,
    TwilioSmsInbound, TwilioVoiceInbound, TwilioWhisper, TwimlReply, VoiceInbound, VoiceWhisper,
};
use serde_json::json;
use testkit::eventually;

use crate::lab::{Lab, log};
use crate::world::{ACCOUNT, OTHER_ACCOUNT, call, query, voice, webhook};

pub async fn a_call_goes_to_the_app_of_its_number(lab: Arc<Lab>) {
    lab.world().await;
    let xml = lab.ring("+15550100001").await;
    assert!(xml.contains("voice.inbound.forward"), "{xml}");
    let (envelope, event) = lab.ear.hear::<VoiceInbound>(1).await.remove(0);
    assert_eq!(envelope.kind, "voice.inbound.forward");
    assert_eq!(envelope.source, "trunkline/tenants");
    assert_eq!(
        (envelope.tenant.as_deref(), event.origin.as_str()),
        (Some("smith"), "twilio")
    );
    assert_eq!(
        envelope.key.as_deref(),
        Some("CA00000000000000000000000000000001")
    );
    let tenant = event.tenant.unwrap();
    assert_eq!(
        (tenant.name.as_str(), tenant.forward_to.as_str()),
        ("Smith Plumbing", "+15550100002")
    );
    assert_eq!(
        (tenant.account_sid.as_str(), tenant.dial_timeout_s),
        (ACCOUNT, 20)
    );
    assert_eq!(
        (tenant.timezone.as_str(), tenant.trade.as_str()),
        ("America/Los_Angeles", "plumbing")
    );
    let hours: Vec<_> = tenant
        .hours
        .iter()
        .map(|h| (h.weekday, h.from_minute, h.to_minute))
        .collect();
    assert_eq!(hours, [(1, 420, 1080), (6, 480, 720), (6, 780, 960)]);
    let number = tenant.number.unwrap();
    assert_eq!(
        (
            number.number.as_str(),
            number.primary,
            number.status.as_str()
        ),
        ("+15550100001", true, "active")
    );
    assert!(
        tenant
            .text_back
            .unwrap()
            .template
            .contains("{business_name}")
    );

    // A repeat of the webhook becomes the same event.
    let twice = lab.envelope(&call("+15550100001"));
    lab.bus().publish(&twice).await.unwrap();
    lab.bus().publish(&twice).await.unwrap();
    let own = TwilioVoiceInbound {
        webhook: Some(webhook("/webhooks/twilio/call", ACCOUNT)),
        voice: Some(voice("+15550100001", "+15550107777", "outbound-api")),
    };
    let reply: TwimlReply = lab.ask(&own).await;
    assert!(reply.xml.contains("forward"));
    eventually("three calls", async || {
        lab.ear.heard::<VoiceInbound>().len() == 3
    })
    .await;
}

pub async fn a_bot_is_one_app(lab: Arc<Lab>) {
    lab.world().await;
    let mut event = call("+15550100011");
    event.webhook = Some(webhook("/webhooks/twilio/call", OTHER_ACCOUNT));
    let reply: TwimlReply = lab.ask(&event).await;
    assert!(reply.xml.contains("voice.inbound.bot-->"), "{}", reply.xml);
    let (_, event) = lab.ear.hear::<VoiceInbound>(1).await.remove(0);
    assert_eq!(
        event.tenant.unwrap().number.unwrap().voice,
        "bot:loan-eligibility"
    );
    // A path of old names the app of a number that has none.
    let mut event = call("+15550100003");
    event.webhook = Some(webhook("/webhook/voice", ACCOUNT));
    let reply: TwimlReply = lab.ask(&event).await;
    assert!(
        reply.xml.contains("voice.inbound.coach-->"),
        "{}",
        reply.xml
    );
}

pub async fn who_is_not_served_is_told(lab: Arc<Lab>) {
    lab.world().await;
    let counter = |reason: &str| format!("tenants_unresolved_total{{reason=\"{reason}\"}}");
    lab.counter("").await;
    let told = async |number: &str, reason: &str, words: &str| {
        let line = counter(reason);
        let before = lab.counter(&line).await;
        let xml = lab.ring(number).await;
        assert!(
            xml.contains(words) && xml.contains("<Hangup/>"),
            "{reason}: {xml}"
        );
        assert!(lab.counter(&line).await > before, "{reason}");
    };
    told("+15550100998", "unknown_number", "Sorry").await;
    told("client:alice", "unknown_number", "Sorry").await;
    told("+15550100003", "no_app", "Lo sentimos").await;
    assert!(log().text().contains("+1•••••0998"));
    assert!(!log().text().contains("+15550100998"));

    let found = lab.get("/phone-numbers/lookup/+15550100001").await;
    let path = format!("/phone-numbers/{}/status", found["id"].as_str().unwrap());
    lab.put(&path, json!({ "status": "suspended" })).await;
    told("+15550100001", "number_inactive", "Lo sentimos").await;
    lab.put(&path, json!({ "status": "active" })).await;
    assert!(
        lab.ring("+15550100001")
            .await
            .contains("voice.inbound.forward")
    );
    lab.suspend("smith").await;
    told("+15550100001", "tenant_suspended", "Lo sentimos").await;
    assert_eq!(lab.ear.heard::<VoiceInbound>().len(), 1);
}

pub async fn callbacks_of_a_suspended_tenant_go_through(lab: Arc<Lab>) {
    lab.world().await;
    lab.suspend("smith").await;
    let status = |to: &str| TwilioCallStatus {
        webhook: Some(webhook("/webhooks/twilio/call", ACCOUNT)),
        voice: Some(voice("+15550109999", to, "inbound")),
        duration_s: Some(7),
        sequence_number: Some(2),
        ..TwilioCallStatus::default()
    };
    let dial = |from: &str| TwilioDialFinished {
        webhook: Some(webhook("/webhooks/twilio/call/status/CA1", ACCOUNT)),
        voice: Some(voice(from, "+15550109999", "outbound-api")),
        ..TwilioDialFinished::default()
    };
    // Nobody's: dropped.
    lab.publish(&status("+15550100998")).await;
    lab.publish(&dial("+15550100998")).await;
    lab.publish(&status("+15550100001")).await;
    lab.publish(&dial("+15550100001")).await;
    let (envelope, event) = lab.ear.hear::<CallStatus>(1).await.remove(0);
    assert_eq!(
        (
            event.duration_s,
            event.sequence_number,
            event.origin.as_str()
        ),
        (Some(7), Some(2), "twilio")
    );
    assert_eq!(
        (envelope.tenant.as_deref(), envelope.reply_to),
        (Some("smith"), None)
    );
    // A suspended tenant's numbers count as suspended.
    assert_eq!(event.tenant.unwrap().number.unwrap().status, "suspended");
    let (_, event) = lab.ear.hear::<DialFinished>(1).await.remove(0);
    assert_eq!(event.tenant.unwrap().tenant_id, "smith");
}

pub async fn a_whisper_is_resolved_by_its_query(lab: Arc<Lab>) {
    lab.world().await;
    let mut asked = webhook("/webhooks/twilio/call/whisper/CA1", ACCOUNT);
    asked.query = vec![query("n", "1"), query("number", "+15550100001")];
    let whisper = |webhook| TwilioWhisper {
        webhook: Some(webhook),
        voice: Some(voice("+15550109999", "+15550100002", "outbound-dial")),
        parent_call_sid: "CA1".to_owned(),
        ..TwilioWhisper::default()
    };
    let reply: TwimlReply = lab.ask(&whisper(asked)).await;
    assert!(reply.xml.contains("voice.whisper"));
    let (envelope, event) = lab.ear.hear::<VoiceWhisper>(1).await.remove(0);
    assert_eq!(
        (
            envelope.key.as_deref(),
            event.tenant.unwrap().tenant_id.as_str()
        ),
        (Some("CA1"), "smith")
    );
    let reply: TwimlReply = lab.ask(&whisper(webhook("/whisper", ACCOUNT))).await;
    assert!(reply.xml.contains("<Hangup/>"));
}

pub async fn texts_go_to_conversations(lab: Arc<Lab>) {
    lab.world().await;
    let text = |to: &str| TwilioSmsInbound {
        webhook: Some(webhook("/webhooks/twilio/sms", ACCOUNT)),
        text: Some(InboundText {
            from: "+15550109999".into(),
            to: to.into(),
            body: "STOP".into(),
            ..InboundText::default()
        }),
    };
    for to in ["+15550100998", "+15550100003", "+15550100001"] {
        lab.publish(&text(to)).await;
    }
    // A number without conversations takes a STOP all the same: it may have sent a text-back.
    let heard = lab.ear.hear::<SmsInbound>(2).await;
    for (envelope, event) in heard {
        assert_eq!(
            (envelope.kind.as_str(), envelope.tenant.as_deref()),
            ("sms.inbound", Some("smith"))
        );
        assert_eq!(event.text.unwrap().body, "STOP");
    }
    // Of a suspended tenant as well: an opt-out counts.
    lab.suspend("smith").await;
    lab.publish(&text("+15550100001")).await;
    let heard = lab.ear.hear::<SmsInbound>(3).await;
    assert_eq!(heard.len(), 3);
    assert!(
        heard
            .iter()
            .any(|(_, text)| text.tenant.clone().unwrap().number.unwrap().status == "suspended")
    );
}

pub async fn another_account_cannot_speak_for_a_number(lab: Arc<Lab>) {
    lab.world().await;
    // jones signs with its own token, and names a number of smith's.
    let mut forged = call("+15550100001");
    forged.webhook = Some(webhook("/webhooks/twilio/call", OTHER_ACCOUNT));
    let reply: TwimlReply = lab.ask(&forged).await;
    assert!(
        reply.xml.contains("Sorry") && reply.xml.contains("<Hangup/>"),
        "{}",
        reply.xml
    );
    lab.publish(&TwilioSmsInbound {
        webhook: Some(webhook("/webhooks/twilio/sms", OTHER_ACCOUNT)),
        text: Some(InboundText {
            to: "+15550100001".into(),
            ..InboundText::default()
        }),
    })
    .await;
    assert!(lab.ring("+15550100001").await.contains("forward"));
    assert_eq!(
        (
            lab.ear.heard::<VoiceInbound>().len(),
            lab.ear.heard::<SmsInbound>().len()
        ),
        (1, 0)
    );
}
