use serde_json::json;
use twilio_api::{
    CallFilter, CallStatus, Client, MessageFilter, NewMessage, NumberFilter, NumberKind,
    NumberSearch, NumberSettings,
};

use crate::world::{CALLER, NUMBER, OFFICE, World};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lists_page_by_next_page_uri_and_filter() {
    let world = World::start().await;
    world.number().await;
    for n in 0..7 {
        let message = NewMessage {
            to: if n == 3 { OFFICE } else { CALLER }.to_owned(),
            from: Some(NUMBER.to_owned()),
            body: Some(format!("number {n}")),
            ..NewMessage::default()
        };
        world.client.messages().create(&message).await.unwrap();
    }
    let filter = MessageFilter {
        page_size: Some(3),
        to: Some(CALLER.to_owned()),
        ..MessageFilter::default()
    };
    let mut pages = world.client.messages().list(&filter);
    let mut sizes = Vec::new();
    let mut bodies = Vec::new();
    while let Some(page) = pages.next().await.unwrap() {
        sizes.push(page.len());
        bodies.extend(page.into_iter().filter_map(|message| message.body));
    }
    assert_eq!(sizes, [3, 3]);
    assert_eq!(
        bodies,
        [
            "number 6", "number 5", "number 4", "number 2", "number 1", "number 0"
        ]
    );

    let account = world.running.credentials().account_sid;
    let (_, page) = world
        .ask(
            "GET",
            &format!("/2010-04-01/Accounts/{account}/Messages.json?PageSize=5"),
            None,
        )
        .await;
    assert_eq!(
        (
            &page["page"],
            &page["page_size"],
            &page["start"],
            &page["end"]
        ),
        (&json!(0), &json!(5), &json!(0), &json!(4))
    );
    assert!(
        page["next_page_uri"]
            .as_str()
            .unwrap()
            .starts_with("/2010-04-01/Accounts/AC")
    );
    assert_eq!(page["previous_page_uri"], json!(null));
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_are_found_by_number_status_parent_and_day() {
    let world = World::start().await;
    world
        .number()
        .await
        .on("/voice", "<Dial>+15550100002</Dial>");
    let call = world.call(json!([])).await;
    let count = async |filter: CallFilter| {
        world
            .client
            .calls()
            .list(&filter)
            .all(10)
            .await
            .unwrap()
            .len()
    };
    let any = CallFilter::default;
    assert_eq!(count(any()).await, 2);
    assert_eq!(
        count(CallFilter {
            to: Some(NUMBER.to_owned()),
            ..any()
        })
        .await,
        1
    );
    assert_eq!(
        count(CallFilter {
            from: Some(OFFICE.to_owned()),
            ..any()
        })
        .await,
        0
    );
    assert_eq!(
        count(CallFilter {
            status: Some(CallStatus::Completed),
            ..any()
        })
        .await,
        2
    );
    assert_eq!(
        count(CallFilter {
            status: Some(CallStatus::Busy),
            ..any()
        })
        .await,
        0
    );
    assert_eq!(
        count(CallFilter {
            parent_call_sid: Some(call.sid),
            ..any()
        })
        .await,
        1
    );
    let day = chrono::Duration::days(1);
    assert_eq!(
        count(CallFilter {
            started_from: Some(call.created - day),
            started_until: Some(call.created + day),
            ..any()
        })
        .await,
        2
    );
    assert_eq!(
        count(CallFilter {
            started_from: Some(call.created + day),
            ..any()
        })
        .await,
        0
    );
    assert_eq!(
        count(CallFilter {
            started_until: Some(call.created - day - day),
            ..any()
        })
        .await,
        0
    );
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn numbers_are_searched_bought_configured_and_given_back() {
    let world = World::start().await;
    let search = NumberSearch {
        area_code: Some("415".to_owned()),
        page_size: Some(5),
        ..NumberSearch::default()
    };
    let found = world
        .client
        .available_numbers()
        .search("US", NumberKind::Local, &search)
        .await
        .unwrap();
    assert_eq!(found.len(), 5);
    assert!(
        found
            .iter()
            .all(|number| number.phone_number.starts_with("+14155550"))
    );
    assert!(found[0].capabilities.sms && found[0].capabilities.voice);

    let numbers = world.client.incoming_numbers();
    let wanted = NumberSettings {
        phone_number: Some(found[0].phone_number.clone()),
        ..NumberSettings::default()
    };
    let bought = numbers.create(&wanted).await.unwrap();
    assert_eq!(
        (bought.voice_url.as_deref(), bought.capabilities.voice),
        (None, true)
    );
    assert_eq!(
        numbers.create(&wanted).await.unwrap_err().code(),
        Some(21422)
    );
    let area = NumberSettings {
        area_code: Some("212".to_owned()),
        ..NumberSettings::default()
    };
    assert!(
        numbers
            .create(&area)
            .await
            .unwrap()
            .phone_number
            .starts_with("+12125550")
    );

    let change = NumberSettings {
        friendly_name: Some("Front desk".to_owned()),
        voice_url: world.at("/voice"),
        ..NumberSettings::default()
    };
    let changed = numbers.update(&bought.sid, &change).await.unwrap();
    assert_eq!(changed.voice_url, world.at("/voice"));
    let filter = NumberFilter {
        friendly_name: Some("Front desk".to_owned()),
        ..NumberFilter::default()
    };
    assert_eq!(numbers.list(&filter).all(10).await.unwrap().len(), 1);
    let filter = NumberFilter {
        phone_number: Some("+1415*******".to_owned()),
        ..NumberFilter::default()
    };
    assert_eq!(numbers.list(&filter).all(10).await.unwrap().len(), 1);
    let again = world
        .client
        .available_numbers()
        .search("US", NumberKind::Local, &search)
        .await
        .unwrap();
    assert!(
        again
            .iter()
            .all(|number| number.phone_number != bought.phone_number)
    );

    numbers.delete(&bought.sid).await.unwrap();
    assert!(numbers.fetch(&bought.sid).await.unwrap_err().is_not_found());
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn strangers_are_refused_and_resources_that_are_not_there_too() {
    let world = World::start().await;
    let credentials = world.running.credentials();
    let stranger =
        Client::new(&world.running.base_url(), &credentials.account_sid, "wrong").unwrap();
    let refused = stranger.accounts().fetch().await.unwrap_err();
    assert_eq!(refused.code(), Some(20003));
    let account = world.client.accounts().fetch().await.unwrap();
    assert_eq!(
        (account.sid.as_str(), account.status.as_str()),
        (credentials.account_sid.as_str(), "active")
    );
    let missing = world
        .client
        .calls()
        .fetch("CA00000000000000000000000000000000")
        .await
        .unwrap_err();
    assert_eq!(
        (missing.code(), missing.is_not_found()),
        (Some(20404), true)
    );
    let (status, body) = world.ask("GET", "/2010-04-01/Nothing.json", None).await;
    assert_eq!(
        (status, &body["code"], &body["status"]),
        (404, &json!(20404), &json!(404))
    );
    assert!(body["more_info"].as_str().unwrap().ends_with("/20404"));
    assert_eq!(world.errors(), [20003, 20404, 20404]);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn messages_can_be_emptied_and_deleted() {
    let world = World::start().await;
    world.number().await;
    let sid = world
        .handle
        .message(CALLER, NUMBER, "my card is 4111", &[])
        .unwrap();
    let credentials = world.running.credentials();
    let url = format!(
        "{}/2010-04-01/Accounts/{}/Messages/{sid}.json",
        world.running.base_url(),
        credentials.account_sid
    );
    let http = reqwest::Client::new();
    let post = http
        .post(&url)
        .basic_auth(&credentials.account_sid, Some(&credentials.auth_token))
        .form(&[("Body", "")]);
    assert_eq!(post.send().await.unwrap().status(), 200);
    assert_eq!(
        world.client.messages().fetch(&sid).await.unwrap().body,
        None
    );
    let delete = http
        .delete(&url)
        .basic_auth(&credentials.account_sid, Some(&credentials.auth_token));
    assert_eq!(delete.send().await.unwrap().status(), 204);
    assert!(
        world
            .client
            .messages()
            .fetch(&sid)
            .await
            .unwrap_err()
            .is_not_found()
    );
    world.end().await;
}
