use serde_json::json;
use twilio_api::{Error, MessageFilter, NewMessage};

use crate::world::{CALLER, NUMBER, World};

fn hello() -> NewMessage {
    NewMessage {
        to: CALLER.to_owned(),
        from: Some(NUMBER.to_owned()),
        body: Some("hello".to_owned()),
        ..NewMessage::default()
    }
}

async fn sent(world: &World) -> usize {
    world
        .client
        .messages()
        .list(&MessageFilter::default())
        .all(100)
        .await
        .unwrap()
        .len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_many_requests_is_surely_not_done() {
    let world = World::start().await;
    world.number().await;
    world.fault(json!({"kind": "api", "path": "/Messages.json", "status": 429, "times": 2, "retry_after_s": 3}));
    for _ in 0..2 {
        let busy = world.client.messages().create(&hello()).await.unwrap_err();
        assert!(
            matches!(busy, Error::Busy { .. }) && busy.surely_not_done() && busy.is_retryable()
        );
        assert_eq!(
            (busy.code(), busy.retry_after().unwrap().as_secs()),
            (Some(20429), 3)
        );
    }
    world.client.messages().create(&hello()).await.unwrap();
    assert_eq!(sent(&world).await, 1);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn server_error_may_or_may_not_have_been_done() {
    let world = World::start().await;
    world.number().await;
    for (after_effect, expected) in [(false, 0), (true, 1)] {
        world.fault(json!({"kind": "api", "path": "/Messages", "method": "POST", "status": 503, "after_effect": after_effect}));
        let failed = world.client.messages().create(&hello()).await.unwrap_err();
        assert!(matches!(
            failed,
            Error::Unavailable {
                status: Some(503),
                ..
            }
        ));
        assert!(failed.is_retryable() && !failed.surely_not_done());
        assert_eq!(sent(&world).await, expected);
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reply_can_be_lost_after_the_message_was_sent() {
    let world = World::start().await;
    world.number().await;
    world
        .fault(json!({"kind": "api", "path": "/Messages.json", "status": 0, "after_effect": true}));
    let lost = world.client.messages().create(&hello()).await.unwrap_err();
    assert!(
        matches!(
            lost,
            Error::Unavailable {
                status: None,
                sent: true,
                ..
            }
        ),
        "{lost:?}"
    );
    assert!(!lost.surely_not_done());
    assert_eq!(sent(&world).await, 1);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn emulator_that_is_not_there_was_surely_not_asked() {
    let world = World::start().await;
    let client = world.client.clone();
    world.end().await;
    let refused = client.messages().create(&hello()).await.unwrap_err();
    assert!(
        refused.surely_not_done() && refused.is_retryable(),
        "{refused:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn list_that_lags_shows_a_message_later() {
    let world = World::seeded(7, 1.0).await;
    world.number().await;
    let lag = json!({"kind": "api", "list_lag_s": 3600});
    let (status, fault) = world.ask("POST", "/emulator/faults", Some(lag)).await;
    assert_eq!(status, 201);
    let message = world.client.messages().create(&hello()).await.unwrap();
    assert_eq!(sent(&world).await, 0);
    world.client.messages().fetch(&message.sid).await.unwrap();
    let (_, listed) = world.ask("GET", "/emulator/faults", None).await;
    assert_eq!(listed["items"][0]["id"], fault["id"]);
    assert_eq!(listed["items"][0]["list_lag_s"], json!(3600.0));
    let path = format!("/emulator/faults/{}", fault["id"].as_str().unwrap());
    assert_eq!(world.ask("DELETE", &path, None).await.0, 204);
    assert_eq!(world.ask("DELETE", &path, None).await.0, 404);
    assert_eq!(sent(&world).await, 1);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fault_with_a_typo_is_refused_and_names_the_field() {
    let world = World::start().await;
    for (fault, word) in [
        (json!({"kind": "callee", "behavior": "busy"}), "behavior"),
        (json!({"kind": "api", "status": 503}), "path"),
        (json!({"kind": "api", "list_lag_s": -1}), "list_lag_s"),
        (
            json!({"kind": "message", "status": "undeliverd"}),
            "undelivered",
        ),
        (json!({"kind": "message", "status": "queued"}), "delivered"),
        (json!({"kind": "message", "status": ""}), "failed"),
    ] {
        let (status, body) = world.ask("POST", "/emulator/faults", Some(fault)).await;
        assert_eq!(status, 422, "{body}");
        let message = body["error"]["message"].as_str().unwrap();
        assert!(message.contains(word), "{message}");
    }
    let text = json!({"from": CALLER, "to": NUMBER, "text": "hello"});
    assert_eq!(
        world.ask("POST", "/emulator/messages", Some(text)).await.0,
        422
    );
    world.end().await;
}
