//! API keys: as good as the account's token for most of the API, and not for the account and its keys.

use serde_json::{Value, json};

use crate::world::{NUMBER, OFFICE, World};

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap()
}

/// Makes a key. Answers what the API said of it.
async fn make(world: &World, name: &str) -> Value {
    let form = [("FriendlyName", name)];
    let (status, key) = world.rest("POST", "/Keys.json", &form).await;
    assert_eq!(status, 201, "{key}");
    key
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn key_opens_the_api_until_it_is_deleted() {
    let world = World::start().await;
    world.number().await;
    let key = make(&world, "the website").await;
    let (sid, secret) = (text(&key, "sid"), text(&key, "secret"));
    assert!(sid.len() == 34 && sid.starts_with("SK"), "{sid}");
    let path = "/IncomingPhoneNumbers.json";
    let (status, page) = world.rest_as((sid, secret), "GET", path, &[]).await;
    assert_eq!(
        (status, &page["incoming_phone_numbers"][0]["phone_number"]),
        (200, &json!(NUMBER))
    );
    let token = world.running.credentials().auth_token;
    for (name, password) in [
        (sid, "wrong"),
        (sid, token.as_str()),
        ("SK00000000000000000000000000000000", secret),
        (sid, ""),
    ] {
        let (status, refused) = world.rest_as((name, password), "GET", path, &[]).await;
        assert_eq!((status, &refused["code"]), (401, &json!(20003)), "{name}");
    }
    let own = format!("/Keys/{sid}.json");
    assert_eq!(world.rest("DELETE", &own, &[]).await.0, 204);
    assert_eq!(world.rest_as((sid, secret), "GET", path, &[]).await.0, 401);
    assert_eq!(world.rest("DELETE", &own, &[]).await.0, 404);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn secret_is_shown_once() {
    let world = World::start().await;
    let first = make(&world, "the website").await;
    let second = make(&world, "the nightly report").await;
    assert_ne!(first["secret"], second["secret"]);
    let (_, page) = world.rest("GET", "/Keys.json?PageSize=1", &[]).await;
    assert_eq!(page["keys"][0]["sid"], first["sid"]);
    assert!(page["next_page_uri"].is_string(), "{page}");
    let own = format!("/Keys/{}.json", text(&first, "sid"));
    let rename = [("FriendlyName", "the shop")];
    assert_eq!(world.rest("POST", &own, &rename).await.0, 200);
    let (_, fetched) = world.rest("GET", &own, &[]).await;
    assert_eq!(fetched["friendly_name"], json!("the shop"));
    for shown in [&page["keys"][0], &fetched] {
        assert!(shown.get("secret").is_none(), "{shown}");
    }
    let secret = text(&first, "secret");
    let log = serde_json::to_string(&world.handle.log(0)).unwrap();
    assert!(!log.contains(secret));
    let long = "x".repeat(65);
    let (status, refused) = world
        .rest("POST", "/Keys.json", &[("FriendlyName", long.as_str())])
        .await;
    assert_eq!((status, &refused["code"]), (400, &json!(20001)));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn key_opens_neither_the_account_nor_keys_nor_the_emulator() {
    let world = World::start().await;
    let key = make(&world, "the website").await;
    let who = (text(&key, "sid"), text(&key, "secret"));
    for (method, path) in [
        ("GET", ".json"),
        ("GET", "/Keys.json"),
        ("POST", "/Keys.json"),
    ] {
        let (status, refused) = world.rest_as(who, method, path, &[]).await;
        assert_eq!((status, &refused["code"]), (401, &json!(20003)), "{path}");
    }
    let controls = reqwest::Client::new()
        .get(format!("{}/emulator/log", world.running.base_url()))
        .basic_auth(who.0, Some(who.1));
    assert_eq!(controls.send().await.unwrap().status(), 401);
    // A reset forgets what has happened, not who may ask.
    world.handle.reset();
    assert_eq!(world.rest_as(who, "GET", "/Calls.json", &[]).await.0, 200);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn webhooks_of_what_a_key_has_asked_for_are_signed_with_the_token() {
    let world = World::start().await;
    world.number().await;
    let key = make(&world, "the website").await;
    let who = (text(&key, "sid"), text(&key, "secret"));
    let url = world.at("/interview").unwrap();
    let form = [("To", OFFICE), ("From", NUMBER), ("Url", url.as_str())];
    let (status, call) = world.rest_as(who, "POST", "/Calls.json", &form).await;
    assert_eq!(status, 201, "{call}");
    assert!(world.hits("/interview", 1).await[0].genuine);
    world.over(text(&call, "sid")).await;
    world.end().await;
}
