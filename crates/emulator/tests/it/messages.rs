use emulator::Media;
use serde_json::json;
use twilio_api::{Message, MessageFilter, MessageStatus, NewMessage, NumberSettings};

use crate::app::Answer;
use crate::world::{CALLER, NUMBER, OFFICE, World, eventually};

fn hello(world: &World) -> NewMessage {
    NewMessage {
        to: CALLER.to_owned(),
        from: Some(NUMBER.to_owned()),
        body: Some("Hi! Sorry we missed your call.".to_owned()),
        status_callback: world.at("/progress"),
        ..NewMessage::default()
    }
}

async fn send(world: &World, message: &NewMessage) -> Result<Message, twilio_api::Error> {
    world.client.messages().create(message).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn message_is_reported_on_its_way_but_for_its_first_status() {
    let world = World::start().await;
    world.number().await;
    let created = send(&world, &hello(&world)).await.unwrap();
    assert_eq!(
        (created.status.clone(), created.num_segments),
        (MessageStatus::Queued, Some(1))
    );
    let hits = world.hits("/progress", 3).await;
    let statuses: Vec<&str> = hits.iter().map(|hit| hit.get("MessageStatus")).collect();
    assert_eq!(statuses, ["sending", "sent", "delivered"]);
    assert!(hits.iter().all(|hit| hit.get("MessageSid") == created.sid
        && hit.get("SmsStatus") == hit.get("MessageStatus")));
    let fetched = world.client.messages().fetch(&created.sid).await.unwrap();
    assert_eq!(fetched.status, MessageStatus::Delivered);
    assert!(fetched.date_sent.is_some());
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn handset_that_cannot_be_reached_has_twilios_code() {
    let world = World::start().await;
    world.number().await;
    world.fault(
        json!({"kind": "message", "number": CALLER, "status": "undelivered", "error_code": 30005}),
    );
    send(&world, &hello(&world)).await.unwrap();
    let last = world.hits("/progress", 3).await.pop().unwrap();
    assert_eq!(
        (last.get("MessageStatus"), last.get("ErrorCode")),
        ("undelivered", "30005")
    );
    world.fault(json!({"kind": "message", "number": CALLER, "status": "failed"}));
    let failed = send(&world, &hello(&world)).await.unwrap();
    world.hits("/progress", 5).await;
    assert_eq!(
        world
            .client
            .messages()
            .fetch(&failed.sid)
            .await
            .unwrap()
            .error_code,
        Some(30003)
    );
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn message_ends_as_its_phone_was_told_to_end_it() {
    let world = World::start().await;
    world.number().await;
    world.fault(json!({"kind": "message", "status": "failed"}));
    let wishes = [
        (json!("delivered"), MessageStatus::Delivered, None),
        (
            json!("undelivered"),
            MessageStatus::Undelivered,
            Some(30003),
        ),
        (json!("failed"), MessageStatus::Failed, Some(30003)),
        (json!("sent"), MessageStatus::Sent, None),
        (json!(null), MessageStatus::Undelivered, Some(30003)),
    ];
    let mut told = 0;
    for (wish, status, code) in wishes {
        let mut fault = json!({"kind": "message", "number": CALLER, "status": wish});
        if wish.is_null() {
            fault.as_object_mut().unwrap().remove("status");
        }
        world.fault(fault);
        let sent = send(&world, &hello(&world)).await.unwrap();
        // A failed one was never sent, and of one without a receipt that is the end.
        let short = matches!(status, MessageStatus::Failed | MessageStatus::Sent);
        told += if short { 2 } else { 3 };
        world.hits("/progress", told).await;
        let ended = world.client.messages().fetch(&sent.sid).await.unwrap();
        assert_eq!((ended.status, ended.error_code), (status, code), "{wish}");
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_sent_is_refused_with_twilios_code() {
    let world = World::start().await;
    world.number().await;
    let good = hello(&world);
    for (message, code) in [
        (
            NewMessage {
                to: String::new(),
                ..good.clone()
            },
            21604,
        ),
        (
            NewMessage {
                from: None,
                ..good.clone()
            },
            21603,
        ),
        (
            NewMessage {
                body: None,
                ..good.clone()
            },
            21602,
        ),
        (
            NewMessage {
                to: "5".to_owned(),
                ..good.clone()
            },
            21211,
        ),
        (
            NewMessage {
                to: "+15005550001".to_owned(),
                ..good.clone()
            },
            21211,
        ),
        (
            NewMessage {
                from: Some(OFFICE.to_owned()),
                ..good.clone()
            },
            21606,
        ),
        (
            NewMessage {
                body: Some("a".repeat(1601)),
                ..good.clone()
            },
            21617,
        ),
    ] {
        assert_eq!(send(&world, &message).await.unwrap_err().code(), Some(code));
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stop_blocks_the_number_until_start() {
    let world = World::start().await;
    world.number().await;
    world.handle.message(CALLER, NUMBER, " Stop ", &[]).unwrap();
    assert_eq!(world.hits("/sms", 1).await[0].get("Body"), " Stop ");
    let refused = send(&world, &hello(&world)).await.unwrap_err();
    assert!(refused.is_opted_out() && refused.surely_not_done() && !refused.is_retryable());
    assert!(!format!("{refused:?} {refused}").contains(CALLER));
    send(
        &world,
        &NewMessage {
            to: OFFICE.to_owned(),
            ..hello(&world)
        },
    )
    .await
    .unwrap();
    world.handle.message(CALLER, NUMBER, "START", &[]).unwrap();
    send(&world, &hello(&world)).await.unwrap();
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn inbound_message_is_answered_by_twiml() {
    let world = World::start().await;
    world.number().await.on(
        "/sms",
        "<Message>One moment</Message><Redirect>/more</Redirect>",
    );
    world.app.on(
        "/more",
        [Answer::twiml(
            "<Message><Body>Here</Body><Media>/cat.jpg</Media></Message>",
        )],
    );
    let sid = world
        .handle
        .message(CALLER, NUMBER, "Is anybody there?", &[])
        .unwrap();
    let sms = &world.hits("/sms", 1).await[0];
    for name in ["MessageSid", "SmsSid", "SmsMessageSid"] {
        assert_eq!(sms.get(name), sid);
    }
    assert_eq!(
        (
            sms.get("NumMedia"),
            sms.get("NumSegments"),
            sms.get("SmsStatus")
        ),
        ("0", "1", "received")
    );
    world.hits("/more", 1).await;
    let filter = MessageFilter {
        to: Some(CALLER.to_owned()),
        ..MessageFilter::default()
    };
    let mut replies = Vec::new();
    while replies.len() < 2 {
        replies = world.client.messages().list(&filter).all(10).await.unwrap();
    }
    assert!(
        replies
            .iter()
            .all(|reply| reply.direction == "outbound-reply")
    );
    assert_eq!(
        (replies[0].body.as_deref(), replies[0].num_media),
        (Some("Here"), Some(1))
    );
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pictures_can_be_fetched_where_the_webhook_says() {
    let world = World::start().await;
    world.number().await;
    let picture: Media =
        serde_json::from_value(json!({"content_type": "image/png", "data": "aGVsbG8="})).unwrap();
    world
        .handle
        .message(CALLER, NUMBER, "", &[picture])
        .unwrap();
    let sms = &world.hits("/sms", 1).await[0];
    assert_eq!(
        (sms.get("NumMedia"), sms.get("MediaContentType0")),
        ("1", "image/png")
    );
    assert!(sms.get("MessageSid").starts_with("MM"));
    let media = world.client.media_at(sms.get("MediaUrl0")).await.unwrap();
    assert_eq!(media.content_type.as_deref(), Some("image/png"));
    assert_eq!(media.bytes().await.unwrap(), b"hello");
    assert!(
        world
            .client
            .media_at("https://example.com/x")
            .await
            .is_err()
    );
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn script_sends_pictures_that_are_here_or_elsewhere() {
    let world = World::start().await;
    world.number().await.on("/voice", "<Say>Hello</Say>");
    let steps = r#"[{text: {body: Look, media: [{content_type: image/png, data: aGVsbG8=}, "https://cdn.example/cat.jpg"]}}]"#;
    let script = format!("{{number: '{NUMBER}', from: '{CALLER}', steps: {steps}}}");
    world
        .handle
        .call(emulator::Script::parse(&script).unwrap())
        .unwrap();
    let sms = &world.hits("/sms", 1).await[0];
    assert_eq!((sms.get("Body"), sms.get("NumMedia")), ("Look", "2"));
    let media = world.client.media_at(sms.get("MediaUrl0")).await.unwrap();
    assert_eq!(media.bytes().await.unwrap(), b"hello");
    // What is elsewhere is redirected to, as Twilio does, and only whoever does not follow sees where.
    let credentials = world.running.credentials();
    let client = twilio_api::Client::for_media(
        &world.running.base_url(),
        &credentials.account_sid,
        &credentials.auth_token,
        std::time::Duration::from_secs(5),
    );
    let found = client.unwrap().file_at(sms.get("MediaUrl1")).await.unwrap();
    let twilio_api::FileAt::Elsewhere(address) = found else {
        panic!("{found:?}");
    };
    assert_eq!(address, "https://cdn.example/cat.jpg");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn missed_call_becomes_a_conversation() {
    let world = World::start().await;
    world
        .number()
        .await
        .on("/voice", "<Dial action=\"/dialled\">+15550100002</Dial>");
    world.office("no-answer");
    let sid = world.place(json!([
        {"hang_up": {}},
        {"wait_for": "sorry we missed"},
        {"text": "My water heater burst at 789 Sunset Blvd"},
    ]));
    world.hits("/dialled", 1).await;
    send(&world, &hello(&world)).await.unwrap();
    let call = world.over(&sid).await;
    assert_eq!(call.problem, None);
    assert!(call.has_heard("sorry we missed"));
    assert_eq!(
        world.hits("/sms", 1).await[0].get("Body"),
        "My water heater burst at 789 Sunset Blvd"
    );
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn webhook_that_fails_leaves_the_message_unanswered() {
    let world = World::start().await;
    world.number().await.on("/sms", "<Say>not here</Say>");
    world.handle.message(CALLER, NUMBER, "hi", &[]).unwrap();
    let code = eventually("the error is in the log", || world.errors().pop()).await;
    assert_eq!(code, 12200);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sms_fallback_is_told_what_went_wrong() {
    let world = World::start().await;
    let settings = NumberSettings {
        sms_fallback_url: world.at("/fallback"),
        ..NumberSettings::default()
    };
    world.number_with(settings).await;
    world.app.on("/sms", [Answer::status(500)]);
    world.handle.message(CALLER, NUMBER, "hi", &[]).unwrap();
    let fallback = &world.hits("/fallback", 1).await[0];
    assert_eq!(
        (fallback.get("ErrorCode"), fallback.get("Body")),
        ("11200", "hi")
    );
    world.end().await;
}
