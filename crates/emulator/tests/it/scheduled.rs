//! What can be asked of a message beside sending it: later, not at all, within limits, without its media.

use chrono::{DateTime, Duration, Utc};
use serde_json::{Value, json};

use crate::world::{CALLER, NUMBER, World};

/// A moment of the emulator's time, as the API takes it.
async fn ahead(world: &World, by: Duration) -> String {
    (world.now().await + by).to_rfc3339()
}

/// A world that runs fast enough to wait for what is scheduled, and a message in it. Answers when that is due, and the message.
async fn scheduled() -> (World, String, Value) {
    let world = World::seeded(7, 1000.0).await;
    world.number().await;
    let due = ahead(&world, Duration::seconds(3_000)).await;
    let schedule = [("SendAt", due.as_str()), ("ScheduleType", "fixed")];
    let (status, message) = by_service(&world, &schedule).await;
    assert_eq!(
        (status, &message["status"]),
        (201, &json!("scheduled")),
        "{message}"
    );
    (world, due, message)
}

/// Asks for a message by a messaging service, with more fields.
async fn by_service(world: &World, more: &[(&str, &str)]) -> (u16, Value) {
    let progress = world.at("/progress").unwrap();
    let mut form = vec![
        ("To", CALLER),
        ("MessagingServiceSid", "MG00000000000000000000000000000001"),
        ("Body", "See you tomorrow"),
        ("StatusCallback", progress.as_str()),
    ];
    form.extend_from_slice(more);
    world.rest("POST", "/Messages.json", &form).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scheduled_message_is_sent_when_it_is_due() {
    let (world, due, message) = scheduled().await;
    let hits = world.hits("/progress", 4).await;
    let statuses: Vec<&str> = hits.iter().map(|hit| hit.get("MessageStatus")).collect();
    assert_eq!(statuses, ["queued", "sending", "sent", "delivered"]);
    let sid = message["sid"].as_str().unwrap();
    let sent = world.client.messages().fetch(sid).await.unwrap().date_sent;
    let due: DateTime<Utc> = due.parse().unwrap();
    // Dates of the API have whole seconds.
    assert!(sent.unwrap() >= due - Duration::seconds(1));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_scheduled_is_refused() {
    let world = World::start().await;
    world.number().await;
    let tomorrow = ahead(&world, Duration::days(1)).await;
    let soon = ahead(&world, Duration::seconds(60)).await;
    let late = ahead(&world, Duration::days(36)).await;
    let fixed = ("ScheduleType", "fixed");
    for (more, code) in [
        (vec![fixed], 35111),
        (vec![("SendAt", tomorrow.as_str())], 20001),
        (
            vec![("SendAt", tomorrow.as_str()), ("ScheduleType", "optimal")],
            20001,
        ),
        (vec![("SendAt", "tomorrow"), fixed], 35114),
        (vec![("SendAt", soon.as_str()), fixed], 35114),
        (vec![("SendAt", late.as_str()), fixed], 35114),
    ] {
        let (status, refused) = by_service(&world, &more).await;
        assert_eq!((status, &refused["code"]), (400, &json!(code)), "{more:?}");
    }
    let form = [
        ("To", CALLER),
        ("From", NUMBER),
        ("Body", "hi"),
        ("SendAt", tomorrow.as_str()),
        fixed,
    ];
    let (status, refused) = world.rest("POST", "/Messages.json", &form).await;
    assert_eq!((status, &refused["code"]), (400, &json!(35118)));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn message_that_is_taken_back_is_reported_once_and_never_sent() {
    let world = World::start().await;
    world.number().await;
    let tomorrow = ahead(&world, Duration::days(1)).await;
    let schedule = [("SendAt", tomorrow.as_str()), ("ScheduleType", "fixed")];
    let (_, message) = by_service(&world, &schedule).await;
    let sid = message["sid"].as_str().unwrap();
    let path = format!("/Messages/{sid}.json");
    let cancel = [("Status", "canceled")];
    let (status, shown) = world.rest("POST", &path, &cancel).await;
    assert_eq!((status, &shown["status"]), (200, &json!("canceled")));
    let told = &world.hits("/progress", 1).await[0];
    assert_eq!(
        (told.get("MessageStatus"), told.get("MessageSid")),
        ("canceled", sid)
    );
    let (status, refused) = world.rest("POST", &path, &cancel).await;
    assert_eq!((status, &refused["code"]), (400, &json!(30409)));
    let nothing = world.rest("POST", "/Messages/SM0.json", &cancel).await;
    assert_eq!(nothing.0, 404);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_says_stop_does_not_get_what_was_scheduled() {
    let (world, _, message) = scheduled().await;
    world.handle.message(CALLER, NUMBER, "STOP", &[]).unwrap();
    let told = &world.hits("/progress", 1).await[0];
    assert_eq!(
        (told.get("MessageStatus"), told.get("ErrorCode")),
        ("failed", "21610")
    );
    assert_eq!(Some(told.get("MessageSid")), message["sid"].as_str());
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn limits_are_twilios() {
    let world = World::start().await;
    world.number().await;
    let media = ("MediaUrl", "https://example.test/cat.jpg");
    let (status, message) = by_service(&world, &[media; 10]).await;
    assert_eq!((status, &message["num_media"]), (201, &json!("10")));
    let (status, refused) = by_service(&world, &[media; 11]).await;
    assert_eq!((status, &refused["code"]), (400, &json!(21623)));
    for (seconds, wanted) in [
        ("1", 201),
        ("36000", 201),
        ("0", 400),
        ("36001", 400),
        ("an hour", 400),
    ] {
        let (status, answer) = by_service(&world, &[("ValidityPeriod", seconds)]).await;
        assert_eq!(status, wanted, "{seconds}: {answer}");
        if status == 400 {
            assert_eq!(answer["code"], json!(20001));
        }
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn media_are_deleted_one_by_one() {
    let world = World::start().await;
    world.number().await;
    let media = ("MediaUrl", "https://example.test/cat.jpg");
    let (_, message) = by_service(&world, &[media, media]).await;
    let path = format!("/Messages/{}/Media", message["sid"].as_str().unwrap());
    let list = format!("{path}.json");
    let (_, page) = world.rest("GET", &list, &[]).await;
    let [first, second] = page["media_list"].as_array().unwrap().as_slice() else {
        panic!("{page}");
    };
    let with = |media: &Value, end: &str| format!("{path}/{}{end}", media["sid"].as_str().unwrap());
    assert_eq!(world.rest("DELETE", &with(first, ""), &[]).await.0, 204);
    assert_eq!(world.rest("DELETE", &with(first, ""), &[]).await.0, 404);
    assert_eq!(world.rest("GET", &with(first, ".json"), &[]).await.0, 404);
    assert_eq!(
        world.rest("DELETE", &with(second, ".json"), &[]).await.0,
        204
    );
    let (_, page) = world.rest("GET", &list, &[]).await;
    assert_eq!(page["media_list"], json!([]));
    world.end().await;
}
