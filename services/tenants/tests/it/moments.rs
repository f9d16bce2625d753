//! When did it happen? When the webhook came, however late its business was found.

use std::sync::Arc;

use clock::Time;
use events::v1::{
    CallStatus, DialFinished, InboundText, SmsInbound, TwilioCallStatus, TwilioDialFinished,
    TwilioSmsInbound, TwilioWhisper, VoiceInbound, VoiceWhisper,
};
use events::{Envelope, Event};

use crate::fixtures::{ACCOUNT, call, query, voice, webhook};
use crate::test_app::TestApp;

/// Publishes a webhook as it lay in its queue since then.
async fn publish<E: Event>(app: &TestApp, came: Time, event: &E) {
    let envelope = Envelope {
        time: came,
        ..app.envelope(event)
    };
    app.bus().publish(&envelope).await.unwrap();
}

/// The time of the only event of a type.
async fn moment<E: Event>(app: &TestApp) -> Time {
    app.recorder.wait_for::<E>(1).await.remove(0).0.time
}

pub async fn what_is_republished_keeps_its_moment(app: Arc<TestApp>) {
    app.world().await;
    let came: Time = "2026-03-02T17:00:00Z".parse().unwrap();
    let own = "+15550100001";
    let inbound = || Some(voice("+15550109999", own, "inbound"));
    let posted = || Some(webhook("/webhooks/twilio/call", ACCOUNT));
    publish(&app, came, &call(own)).await;
    let mut asked = webhook("/webhooks/twilio/call/whisper/CA1", ACCOUNT);
    asked.query = vec![query("number", own)];
    let whisper = TwilioWhisper {
        webhook: Some(asked),
        voice: Some(voice("+15550109999", "+15550100002", "outbound-dial")),
        parent_call_sid: "CA1".to_owned(),
        ..TwilioWhisper::default()
    };
    publish(&app, came, &whisper).await;
    let dial = TwilioDialFinished {
        webhook: posted(),
        voice: inbound(),
        ..TwilioDialFinished::default()
    };
    publish(&app, came, &dial).await;
    let status = TwilioCallStatus {
        webhook: posted(),
        voice: inbound(),
        ..TwilioCallStatus::default()
    };
    publish(&app, came, &status).await;
    let text = InboundText {
        from: "+15550109999".into(),
        to: own.into(),
        ..InboundText::default()
    };
    let sms = TwilioSmsInbound {
        webhook: Some(webhook("/webhooks/twilio/sms", ACCOUNT)),
        text: Some(text),
    };
    publish(&app, came, &sms).await;

    let moments = [
        moment::<VoiceInbound>(&app).await,
        moment::<VoiceWhisper>(&app).await,
        moment::<DialFinished>(&app).await,
        moment::<CallStatus>(&app).await,
        moment::<SmsInbound>(&app).await,
    ];
    assert_eq!(moments, [came; 5]);
}
