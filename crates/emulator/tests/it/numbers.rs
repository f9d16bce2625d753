//! Numbers for sale, and what a number cannot be told.

use serde_json::{Value, json};

use crate::world::{NUMBER, World};

/// Searches for numbers. Answers the status and the whole answer.
async fn search(world: &World, what: &str) -> (u16, Value) {
    let account = world.running.credentials().account_sid;
    let path = format!("/2010-04-01/Accounts/{account}/AvailablePhoneNumbers/{what}");
    world.ask("GET", &path, None).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_country_has_numbers_of_its_own() {
    let world = World::start().await;
    for (country, prefix) in [
        ("US", "+1"),
        ("CA", "+1"),
        ("GB", "+4420"),
        ("DE", "+4930"),
        ("FR", "+331"),
        ("ES", "+3491"),
        ("IE", "+35320"),
        ("AU", "+612"),
    ] {
        let (status, found) = search(&world, &format!("{country}/Local.json?PageSize=3")).await;
        assert_eq!(status, 200, "{found}");
        let numbers = found["available_phone_numbers"].as_array().unwrap();
        assert_eq!(numbers.len(), 3);
        for number in numbers {
            assert_eq!(number["iso_country"], json!(country));
            let number = number["phone_number"].as_str().unwrap();
            assert!(number.starts_with(prefix), "{number}");
        }
    }
    for nothing in [
        "XX/Local.json",
        "us/Local.json",
        "DE/TollFree.json",
        "US/Pager.json",
    ] {
        let (status, refused) = search(&world, nothing).await;
        assert_eq!((status, &refused["code"]), (404, &json!(20404)));
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_are_found_by_their_place() {
    let world = World::start().await;
    for (query, locality) in [
        ("InLocality=san%20francisco", "San Francisco"),
        ("InPostalCode=10001", "New York"),
        ("InRegion=WA", "Seattle"),
    ] {
        let (_, found) = search(&world, &format!("US/Local.json?PageSize=4&{query}")).await;
        let numbers = found["available_phone_numbers"].as_array().unwrap();
        assert_eq!(numbers.len(), 4, "{query}");
        assert!(
            numbers
                .iter()
                .all(|number| number["locality"] == json!(locality))
        );
    }
    for nothing in [
        "US/Local.json?InLocality=Atlantis",
        "US/Local.json?AreaCode=999&InRegion=CA",
        "GB/Local.json?AreaCode=999",
    ] {
        let (status, found) = search(&world, nothing).await;
        assert_eq!(
            (status, &found["available_phone_numbers"]),
            (200, &json!([])),
            "{nothing}"
        );
    }
    let near = "US/Local.json?PageSize=2&NearNumber=%2B14155551234";
    let (_, found) = search(&world, near).await;
    let numbers = found["available_phone_numbers"].as_array().unwrap();
    assert_eq!(numbers.len(), 2);
    for number in numbers {
        assert_eq!(number["locality"], json!("San Francisco"));
    }
    let (_, found) = search(&world, "US/TollFree.json?PageSize=1").await;
    let free = found["available_phone_numbers"][0]["phone_number"]
        .as_str()
        .unwrap();
    assert!(free.starts_with("+1888"), "{free}");
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_number_is_a_beta_or_was_brought_along() {
    let world = World::start().await;
    world.number().await;
    let account = world.running.credentials().account_sid;
    let list = format!("/2010-04-01/Accounts/{account}/IncomingPhoneNumbers.json");
    for (query, count) in [
        ("Beta=false&Origin=twilio", 1),
        ("Beta=true", 0),
        ("Origin=hosted", 0),
    ] {
        let (_, page) = world.ask("GET", &format!("{list}?{query}"), None).await;
        let numbers = page["incoming_phone_numbers"].as_array().unwrap();
        assert_eq!(numbers.len(), count, "{query}");
    }
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn there_are_no_applications_and_no_trunks() {
    let world = World::start().await;
    let path = "/IncomingPhoneNumbers.json";
    for (setting, sid) in [
        ("VoiceApplicationSid", "AP00000000000000000000000000000001"),
        ("SmsApplicationSid", "AP00000000000000000000000000000001"),
        ("TrunkSid", "TK00000000000000000000000000000001"),
    ] {
        let form = [("PhoneNumber", NUMBER), (setting, sid)];
        let (status, refused) = world.rest("POST", path, &form).await;
        assert_eq!((status, &refused["code"]), (400, &json!(20001)));
        assert!(refused["message"].as_str().unwrap().contains(setting));
    }
    assert!(world.handle.numbers().is_empty());
    let form = [
        ("PhoneNumber", NUMBER),
        ("VoiceApplicationSid", ""),
        ("TrunkSid", ""),
    ];
    let (status, bought) = world.rest("POST", path, &form).await;
    assert_eq!(status, 201, "{bought}");
    let own = format!(
        "/IncomingPhoneNumbers/{}.json",
        bought["sid"].as_str().unwrap()
    );
    let trunk = [
        ("FriendlyName", "Front desk"),
        ("TrunkSid", "TK00000000000000000000000000000001"),
    ];
    assert_eq!(world.rest("POST", &own, &trunk).await.0, 400);
    let (_, same) = world.rest("GET", &own, &[]).await;
    assert_eq!(same["friendly_name"], bought["friendly_name"]);
    world.end().await;
}
