//! What a business offers, and assistants: from the document to whoever answers its customers.

use std::sync::Arc;

use events::v1::{
    Directory, DirectoryQuery, FlowDefine, InboundText, ResolveQuery, Resolved, SmsInbound,
    TenantFound, TenantQuery, TwilioSmsInbound, TwilioVoiceInbound, TwimlReply, VoiceInbound,
};
use serde_json::{Value, json};

use crate::fixtures::{ACCOUNT, call, webhook};
use crate::test_app::TestApp;

/// As in the contract.
fn smith() -> Value {
    json!({
        "id": "smith", "name": "Smith Plumbing", "timezone": "America/Los_Angeles", "trade": "plumbing",
        "human_window_s": 90,
        "services": [{ "name": "Leak repair", "price_from": 120, "price_to": 300.5, "currency": "usd",
            "duration_min": 90, "emergency": true }, { "name": "Advice" }],
        "service_area": { "postal_codes": ["94110", "94103"], "text": "San Francisco" },
        "calendar": { "slot_min": 120, "days_ahead": 14, "capacity": 2, "blocked": ["2026-12-25"] },
        "emergency_contact": "+15550100002",
        "emergency_call": true,
        "texts": { "help": "{business_name}: call us.", "safety": { "gas": "Leave the house now." } },
        "resend_undelivered": true,
        "messaging_service_sid": "MG00000000000000000000000000000001",
        "quiet_hours": "21:00-08:00",
        "recording": { "enabled": true, "format": "wav", "record_user_audio": false, "consent_notice": false,
            "retention_days": 90, "encryption": "kms", "kms_key": "alias/recordings", "storage_class": "GLACIER_IR", "transcribe": true },
        "numbers": [
            { "number": "+15550100001", "voice": "forward" },
            { "number": "+15550100003", "voice": "assistant:front-desk" },
            { "number": "+15550100004", "voice": "bot:front-desk" },
        ],
    })
}

pub async fn offer_travels_to_whoever_answers_customers(app: Arc<TestApp>) {
    app.apply(json!({ "tenants": [smith()] })).await;
    let text = TwilioSmsInbound {
        webhook: Some(webhook("/webhooks/twilio/sms", ACCOUNT)),
        text: Some(InboundText {
            from: "+15550109999".into(),
            to: "+15550100001".into(),
            ..Default::default()
        }),
    };
    app.publish(&text).await;
    let (_, inbound) = app.recorder.wait_for::<SmsInbound>(1).await.remove(0);
    let tenant = inbound.tenant.unwrap();
    let offer = tenant.offer.unwrap();
    let leak = &offer.services[0];
    assert_eq!(
        (
            leak.name.as_str(),
            leak.price_from_cents,
            leak.price_to_cents
        ),
        ("Leak repair", Some(12_000), Some(30_050))
    );
    assert_eq!(
        (leak.currency.as_str(), leak.duration_min, leak.emergency),
        ("USD", Some(90), true)
    );
    assert_eq!(offer.services[1].price_from_cents, None);
    let area = offer.service_area.unwrap();
    assert_eq!(area.postal_codes, ["94103", "94110"]);
    assert_eq!(area.text, "San Francisco");
    let calendar = offer.calendar.unwrap();
    assert_eq!(
        (calendar.slot_min, calendar.days_ahead, calendar.capacity),
        (120, 14, 2)
    );
    assert_eq!(calendar.blocked, ["2026-12-25"]);
    assert_eq!(tenant.human_window_s, 90);
    assert_eq!(tenant.emergency_contact, "+15550100002");
    assert_eq!(
        tenant.messaging_service_sid,
        "MG00000000000000000000000000000001"
    );
    assert!(tenant.emergency_call && tenant.resend_undelivered);
    let texts = tenant.texts.unwrap();
    assert_eq!(
        (texts.help.as_str(), texts.start.as_str()),
        ("{business_name}: call us.", "")
    );
    assert_eq!(
        (
            texts.safety[0].danger.as_str(),
            texts.safety[0].text.as_str()
        ),
        ("gas", "Leave the house now.")
    );
    let quiet = tenant.quiet_hours.unwrap();
    assert_eq!((quiet.from_minute, quiet.to_minute), (1_260, 480));
    let recording = tenant.recording.unwrap();
    assert_eq!(
        (recording.enabled, recording.format.as_str()),
        (true, "wav")
    );
    assert_eq!(
        (
            recording.record_user_audio,
            recording.record_assistant_audio,
            recording.consent_notice
        ),
        (false, true, false)
    );
    assert_eq!(recording.retention_days, 90);
    assert_eq!(
        (recording.encryption.as_str(), recording.kms_key.as_str()),
        ("kms", "alias/recordings")
    );
    assert_eq!(
        (
            recording.storage_class.as_str(),
            recording.storage_class_after_days
        ),
        ("GLACIER_IR", 30)
    );
    assert!(recording.transcribe);
    // Whoever asks by the tenant's id is told how its calls are recorded by now.
    let tenant_id = "smith".to_owned();
    let found: TenantFound = app.ask(&TenantQuery { tenant_id }).await;
    assert_eq!(found.recording.unwrap(), recording);

    // Whoever asks gets all of it; a call that is forwarded does not carry it.
    let number = "+15550100001".to_owned();
    let resolved: Resolved = app.ask(&ResolveQuery { number }).await;
    assert!(resolved.tenant.unwrap().offer.is_some());
    app.ring("+15550100001").await;
    let (_, forwarded) = app.recorder.wait_for::<VoiceInbound>(1).await.remove(0);
    let forwarded = forwarded.tenant.unwrap();
    assert_eq!((forwarded.offer, forwarded.texts), (None, None));

    // What is shown can be put back.
    let shown = app.get("/api/tenants/smith").await;
    assert_eq!(shown["services"][0]["price_to"], json!(300.5));
    assert_eq!(shown["quiet_hours"], "21:00-08:00");
    let (status, again) = app.put("/api/tenants/smith", shown.clone()).await;
    assert_eq!((status, again), (200, shown));

    // An area was a text once, and may be one.
    let mut short = smith();
    short["service_area"] = json!("San Francisco");
    app.apply(json!({ "tenants": [short] })).await;
    let shown = app.get("/api/tenants/smith").await;
    assert_eq!(
        shown["service_area"],
        json!({ "postal_codes": [], "text": "San Francisco" })
    );
}

pub async fn offer_faults_have_their_places(app: Arc<TestApp>) {
    let bad = json!({
        "id": "smith", "name": "Smith",
        "services": [{ "price_from": "120" }, { "name": "x", "price_from": 10, "price_to": 5, "currency": "dollars" },
            { "name": "y", "price_from": 1.005, "duration_min": 0, "colour": "red" }, { "name": "z", "price_to": 5 }],
        "service_area": { "postal_codes": ["94110", 94103, "?"], "radius": 5 },
        "calendar": { "slot_min": 1, "capacity": 0, "days_ahead": 1000, "blocked": ["25.12.2026"] },
        "emergency_contact": "911", "emergency_call": "yes",
        "texts": { "help": "{nobody}", "stop": "x", "safety": { "gas": 1, "flood": "Swim." } },
        "messaging_service_sid": "MG1", "quiet_hours": "at night",
        "recording": { "retention_days": -1 },
        "numbers": [{ "number": "+15550100003", "voice": "assistant:" }],
    });
    let (status, answer) = app.post("/api/apply", json!({ "tenants": [bad] })).await;
    assert_eq!(status, 422, "{answer}");
    let errors = answer["error"]["details"]["errors"].as_array().unwrap();
    let mut places: Vec<&str> = errors
        .iter()
        .filter_map(|e| e["path"].as_str()?.strip_prefix("tenants[0]."))
        .collect();
    places.sort_unstable();
    assert_eq!(
        places,
        [
            "calendar.blocked[0]",
            "calendar.capacity",
            "calendar.days_ahead",
            "calendar.slot_min",
            "emergency_call",
            "emergency_contact",
            "messaging_service_sid",
            "numbers[0].voice",
            "quiet_hours",
            "recording.retention_days",
            "service_area.postal_codes[1]",
            "service_area.postal_codes[2]",
            "service_area.radius",
            "services[0].name",
            "services[0].price_from",
            "services[1].currency",
            "services[1].price_to",
            "services[2].colour",
            "services[2].duration_min",
            "services[2].price_from",
            "services[3].currency",
            "texts.help",
            "texts.safety.flood",
            "texts.safety.gas",
            "texts.stop",
        ]
    );
}

pub async fn conversation_flow_and_its_numbers_are_routed(app: Arc<TestApp>) {
    let desk = json!({ "name": "front-desk", "kind": "conversation", "instructions": "You are the receptionist.",
        "tools": [{ "name": "transfer", "to": "+15550100012" }] });
    let answer = app
        .apply(json!({ "tenants": [smith()], "flows": [desk] }))
        .await;
    let created = answer["created"].as_array().unwrap();
    assert!(created.contains(&json!("flow front-desk")), "{answer}");
    let (_, told) = app.recorder.wait_for::<FlowDefine>(1).await.remove(0);
    let told: Value = serde_json::from_str(&told.definition).unwrap();
    let told = flow::Assistant::stored(&told).unwrap();
    assert_eq!((told.kind.as_str(), told.max_call_s), ("conversation", 600));
    assert_eq!(told.tools[0].to, "+15550100012");

    for (number, route, voice) in [
        (
            "+15550100003",
            "voice.inbound.assistant",
            "assistant:front-desk",
        ),
        ("+15550100004", "voice.inbound.bot", "bot:front-desk"),
    ] {
        let before = app.recorder.heard::<VoiceInbound>().len();
        app.ask::<TwilioVoiceInbound, TwimlReply>(&call(number))
            .await;
        let heard = app.recorder.wait_for::<VoiceInbound>(before + 1).await;
        let (envelope, inbound) = heard.last().unwrap();
        assert_eq!(envelope.kind, route);
        let tenant = inbound.tenant.clone().unwrap();
        assert_eq!(tenant.number.unwrap().voice, voice);
        assert_eq!(tenant.offer.unwrap().services.len(), 2);
    }

    let bad = json!({ "name": "x", "kind": "conversation", "tools": [{ "name": "transfer" }], "questions": [] });
    let (status, answer) = app.post("/api/apply", json!({ "flows": [bad] })).await;
    assert_eq!(
        (status, &answer["error"]["details"]["field"]),
        (422, &json!("flows[0].questions"))
    );
}

/// What a tenant allows itself reaches whoever sends and calls for it, and can be put back as it is shown.
pub async fn own_spend_limits_travel_to_the_edge(app: Arc<TestApp>) {
    let spend = json!({ "texts_per_hour": 200, "calls_per_hour": 0, "countries": ["+1", "+44"] });
    let tenant = json!({
        "id": "smith", "name": "Smith", "spend": spend, "numbers": [{ "number": "+15550100001" }],
    });
    let plain =
        json!({ "id": "jones", "name": "Jones", "numbers": [{ "number": "+15550200001" }] });
    app.apply(json!({ "tenants": [tenant, plain] })).await;
    let directory: Directory = app.ask(&DirectoryQuery::default()).await;
    let of = |number: &str| {
        let mut entries = directory.entries.iter();
        let entry = entries.find(|entry| entry.number == number).unwrap();
        entry.spend.clone()
    };
    let smith = of("+15550100001").unwrap();
    assert_eq!(
        (smith.texts_per_hour, smith.calls_per_hour),
        (Some(200), Some(0))
    );
    assert_eq!(
        (smith.countries, smith.ai_cents_per_day),
        (vec!["+1".to_owned(), "+44".to_owned()], None)
    );
    assert_eq!(of("+15550200001"), None);
    let shown = app.get("/api/tenants/smith").await;
    assert_eq!(shown["spend"]["calls_per_hour"], 0);
    let (status, again) = app.put("/api/tenants/smith", shown.clone()).await;
    assert_eq!((status, again), (200, shown));

    let bad = json!({ "id": "smith", "name": "Smith", "spend": { "texts_per_hour": -1, "countries": ["US"], "dollars": 5 } });
    let (status, answer) = app.post("/api/apply", json!({ "tenants": [bad] })).await;
    assert_eq!(status, 422, "{answer}");
    let errors = answer["error"]["details"]["errors"].as_array().unwrap();
    let mut places: Vec<&str> = errors.iter().filter_map(|e| e["path"].as_str()).collect();
    places.sort_unstable();
    assert_eq!(
        places,
        [
            "tenants[0].spend.countries[0]",
            "tenants[0].spend.dollars",
            "tenants[0].spend.texts_per_hour"
        ]
    );
}
