//! Whose number is this? Webhooks find their business, and its app.

use std::sync::Arc;

use events::v1::{
    CallStatus, DialFinished, InboundText, SmsInbound, TwilioCallStatus, TwilioDialFinished,
    TwilioSmsInbound, TwilioVoiceInbound, TwilioWhisper, TwimlReply, VoiceInbound, VoiceWhisper,
};
use serde_json::json;
use testkit::eventually;

use crate::fixtures::{ACCOUNT, OTHER_ACCOUNT, call, query, voice, webhook};
use crate::test_app::{TestApp, log};

pub async fn call_goes_to_the_app_of_its_number(app: Arc<TestApp>) {
    app.world().await;
    let xml = app.ring("+15550100001").await;
    assert!(xml.contains("voice.inbound.forward"), "{xml}");
    let (envelope, event) = app.recorder.wait_for::<VoiceInbound>(1).await.remove(0);
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
    let twice = app.envelope(&call("+15550100001"));
    app.bus().publish(&twice).await.unwrap();
    app.bus().publish(&twice).await.unwrap();
    let own = TwilioVoiceInbound {
        webhook: Some(webhook("/webhooks/twilio/call", ACCOUNT)),
        voice: Some(voice("+15550100001", "+15550107777", "outbound-api")),
    };
    let reply: TwimlReply = app.ask(&own).await;
    assert!(reply.xml.contains("forward"));
    eventually("three calls", async || {
        app.recorder.heard::<VoiceInbound>().len() == 3
    })
    .await;
}

pub async fn bot_is_one_app(app: Arc<TestApp>) {
    app.world().await;
    let mut event = call("+15550100011");
    event.webhook = Some(webhook("/webhooks/twilio/call", OTHER_ACCOUNT));
    let reply: TwimlReply = app.ask(&event).await;
    assert!(reply.xml.contains("voice.inbound.bot-->"), "{}", reply.xml);
    let (_, event) = app.recorder.wait_for::<VoiceInbound>(1).await.remove(0);
    assert_eq!(
        event.tenant.unwrap().number.unwrap().voice,
        "bot:loan-eligibility"
    );
    // A path of old names the app of a number that has none.
    let mut event = call("+15550100003");
    event.webhook = Some(webhook("/webhook/voice", ACCOUNT));
    let reply: TwimlReply = app.ask(&event).await;
    assert!(
        reply.xml.contains("voice.inbound.coach-->"),
        "{}",
        reply.xml
    );
}

pub async fn who_is_not_served_is_told(app: Arc<TestApp>) {
    app.world().await;
    let counter = |reason: &str| format!("tenants_unresolved_total{{reason=\"{reason}\"}}");
    app.counter("").await;
    let told = async |number: &str, reason: &str, words: &str| {
        let line = counter(reason);
        let before = app.counter(&line).await;
        let xml = app.ring(number).await;
        assert!(
            xml.contains(words) && xml.contains("<Hangup/>"),
            "{reason}: {xml}"
        );
        assert!(app.counter(&line).await > before, "{reason}");
    };
    told("+15550100998", "unknown_number", "Sorry").await;
    told("client:alice", "unknown_number", "Sorry").await;
    told("+15550100003", "no_app", "Lo sentimos").await;
    assert!(log().text().contains("+1•••••0998"));
    assert!(!log().text().contains("+15550100998"));

    let found = app.get("/phone-numbers/lookup/+15550100001").await;
    let path = format!("/phone-numbers/{}/status", found["id"].as_str().unwrap());
    app.put(&path, json!({ "status": "suspended" })).await;
    told("+15550100001", "number_inactive", "Lo sentimos").await;
    app.put(&path, json!({ "status": "active" })).await;
    assert!(
        app.ring("+15550100001")
            .await
            .contains("voice.inbound.forward")
    );
    app.suspend("smith").await;
    told("+15550100001", "tenant_suspended", "Lo sentimos").await;
    assert_eq!(app.recorder.heard::<VoiceInbound>().len(), 1);
}

pub async fn callbacks_of_a_suspended_tenant_go_through(app: Arc<TestApp>) {
    app.world().await;
    app.suspend("smith").await;
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
    app.publish(&status("+15550100998")).await;
    app.publish(&dial("+15550100998")).await;
    app.publish(&status("+15550100001")).await;
    app.publish(&dial("+15550100001")).await;
    let (envelope, event) = app.recorder.wait_for::<CallStatus>(1).await.remove(0);
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
    let (_, event) = app.recorder.wait_for::<DialFinished>(1).await.remove(0);
    assert_eq!(event.tenant.unwrap().tenant_id, "smith");
}

pub async fn whisper_is_resolved_by_its_query(app: Arc<TestApp>) {
    app.world().await;
    let mut asked = webhook("/webhooks/twilio/call/whisper/CA1", ACCOUNT);
    asked.query = vec![query("n", "1"), query("number", "+15550100001")];
    let whisper = |webhook| TwilioWhisper {
        webhook: Some(webhook),
        voice: Some(voice("+15550109999", "+15550100002", "outbound-dial")),
        parent_call_sid: "CA1".to_owned(),
        ..TwilioWhisper::default()
    };
    let reply: TwimlReply = app.ask(&whisper(asked)).await;
    assert!(reply.xml.contains("voice.whisper"));
    let (envelope, event) = app.recorder.wait_for::<VoiceWhisper>(1).await.remove(0);
    assert_eq!(
        (
            envelope.key.as_deref(),
            event.tenant.unwrap().tenant_id.as_str()
        ),
        (Some("CA1"), "smith")
    );
    let reply: TwimlReply = app.ask(&whisper(webhook("/whisper", ACCOUNT))).await;
    assert!(reply.xml.contains("<Hangup/>"));
}

pub async fn texts_go_to_conversations(app: Arc<TestApp>) {
    app.world().await;
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
        app.publish(&text(to)).await;
    }
    // A number without conversations takes a STOP all the same: it may have sent a text-back.
    let heard = app.recorder.wait_for::<SmsInbound>(2).await;
    for (envelope, event) in heard {
        assert_eq!(
            (envelope.kind.as_str(), envelope.tenant.as_deref()),
            ("sms.inbound", Some("smith"))
        );
        assert_eq!(event.text.unwrap().body, "STOP");
    }
    // Of a suspended tenant as well: an opt-out counts.
    app.suspend("smith").await;
    app.publish(&text("+15550100001")).await;
    let heard = app.recorder.wait_for::<SmsInbound>(3).await;
    assert_eq!(heard.len(), 3);
    assert!(
        heard
            .iter()
            .any(|(_, text)| text.tenant.clone().unwrap().number.unwrap().status == "suspended")
    );
}

pub async fn another_account_cannot_speak_for_a_number(app: Arc<TestApp>) {
    app.world().await;
    // jones signs with its own token, and names a number of smith's.
    let mut forged = call("+15550100001");
    forged.webhook = Some(webhook("/webhooks/twilio/call", OTHER_ACCOUNT));
    let reply: TwimlReply = app.ask(&forged).await;
    assert!(
        reply.xml.contains("Sorry") && reply.xml.contains("<Hangup/>"),
        "{}",
        reply.xml
    );
    app.publish(&TwilioSmsInbound {
        webhook: Some(webhook("/webhooks/twilio/sms", OTHER_ACCOUNT)),
        text: Some(InboundText {
            to: "+15550100001".into(),
            ..InboundText::default()
        }),
    })
    .await;
    assert!(app.ring("+15550100001").await.contains("forward"));
    assert_eq!(
        (
            app.recorder.heard::<VoiceInbound>().len(),
            app.recorder.heard::<SmsInbound>().len()
        ),
        (1, 0)
    );
}
