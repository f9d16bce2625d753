//! `twilio-rs` reads and `twilio-openapi` writes, against the emulator: only the base URL differs from real use. (What the
//! first posts has an empty body: decision 1.)

use std::time::Duration;

use base64::Engine as _;
use twilio::{TwilioAuthentication, TwilioClient};
use twilio_openapi::apis::Error;
use twilio_openapi::apis::configuration::Configuration;
use twilio_openapi::apis::default_api as api;

const NUMBER: &str = "+14155550100";
const OFFICE: &str = "+15550100002";
const CALLER: &str = "+15550109999";
const HELLO: &str = "<Response><Say>Hello</Say></Response>";

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let [base, account, token]: [String; 3] = std::env::args()
        .skip(1)
        .collect::<Vec<_>>()
        .try_into()
        .expect("the emulator's address, an account and its token");
    let writer = Configuration {
        base_path: base.clone(),
        basic_auth: Some((account.clone(), Some(token.clone()))),
        ..Configuration::default()
    };
    let basic_auth = base64::engine::general_purpose::STANDARD.encode(format!("{account}:{token}"));
    let reader = TwilioClient::new(&base, TwilioAuthentication::BasicAuth { basic_auth });

    let found = reader.fetch_account(&account).await.unwrap();
    assert_eq!(found.sid.as_deref(), Some(account.as_str()));

    // A number is bought by one and found by the other.
    let bought = buy(&writer, &account).await;
    let numbers = reader.list_incoming_phone_number(&account).await.unwrap();
    assert_eq!(numbers["incoming_phone_numbers"][0]["sid"], bought);

    // A call, to its end.
    let call = call(&writer, &account, &["completed"]).await.unwrap();
    let ended = ended(&reader, &account, &call).await;
    assert_eq!(
        (ended.from.as_deref(), ended.to.as_deref()),
        (Some(NUMBER), Some(OFFICE))
    );
    assert!(
        ended
            .duration
            .is_some_and(|seconds| seconds.parse::<u32>().is_ok_and(|s| s > 0))
    );
    let calls = reader.list_call(&account).await.unwrap();
    assert_eq!(calls["calls"][0]["sid"], call);
    // It joins several events by commas, which Twilio takes for one that there is not.
    match call_refused(&writer, &account).await {
        Error::ResponseError(answer) => {
            assert_eq!(answer.status.as_u16(), 400);
            assert!(answer.content.contains("21626"), "{}", answer.content);
        }
        other => panic!("{other}"),
    }

    // Messages, read one by one and as a list.
    let sid = text(&writer, &account, "Hello & bye + 100% ✓").await;
    let message = reader.fetch_message(&account, &sid).await.unwrap();
    assert_eq!(message.body.as_deref(), Some("Hello & bye + 100% ✓"));
    text(&writer, &account, "again").await;
    let page = reader
        .list_message(&account)
        .to(CALLER)
        .page_size(1)
        .await
        .unwrap();
    assert_eq!(page["messages"].as_array().map(Vec::len), Some(1));
    assert!(page["next_page_uri"].is_string());
}

async fn buy(writer: &Configuration, account: &str) -> String {
    let bought = api::create_incoming_phone_number(
        writer,
        account,
        None,
        None,
        None,
        None,
        None,
        None,
        None,
        None,
        None,
        None,
        None,
        None,
        None,
        None,
        None,
        None,
        None,
        None,
        None,
        None,
        None,
        None,
        Some(NUMBER),
        None,
    );
    bought.await.unwrap().sid.flatten().unwrap()
}

async fn call(
    writer: &Configuration,
    account: &str,
    events: &[&str],
) -> Result<String, Error<api::CreateCallError>> {
    let events = events.iter().map(|event| (*event).to_owned()).collect();
    let placed = api::create_call(
        writer,
        account,
        OFFICE,
        NUMBER,
        None,
        None,
        None,
        None,
        Some(events),
        None,
        None,
        None,
        None,
        None,
        None,
        None,
        None,
        None,
        None,
        None,
        None,
        None,
        None,
        None,
        None,
        None,
        None,
        None,
        None,
        None,
        None,
        None,
        None,
        None,
        None,
        Some(HELLO),
        None,
    );
    Ok(placed.await?.sid.flatten().unwrap())
}

async fn call_refused(writer: &Configuration, account: &str) -> Error<api::CreateCallError> {
    call(writer, account, &["initiated", "completed"])
        .await
        .unwrap_err()
}

async fn text(writer: &Configuration, account: &str, body: &str) -> String {
    let sent = api::create_message(
        writer,
        account,
        CALLER,
        None,
        None,
        None,
        None,
        None,
        None,
        None,
        None,
        None,
        None,
        None,
        None,
        None,
        None,
        None,
        None,
        None,
        Some(NUMBER),
        None,
        Some(body),
        None,
    );
    sent.await.unwrap().sid.flatten().unwrap()
}

async fn ended(
    reader: &TwilioClient,
    account: &str,
    call: &str,
) -> twilio::model::ApiV2010AccountCall {
    for _ in 0..2_000 {
        let seen = reader.fetch_call(account, call).await.unwrap();
        if seen.status == Some("completed".into()) {
            return seen;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the call does not end");
}
