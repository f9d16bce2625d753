//! What numbers have at Twilio, as operators see and mend it.

use std::sync::Arc;

use clock::Clock;
use events::v1::{
    NumberInspect, NumberInspected, NumberPoint, NumberPointed, NumberWebhooks, WantedWebhooks,
};
use events::{Envelope, Event};
use serde_json::{Value, json};
use testkit::{ADMIN, EventRecorder};

use crate::fixtures::OTHER_ACCOUNT;
use crate::test_app::TestApp;

const PATH: &str = "/phone-numbers/webhooks";
const VOICE: &str = "https://trunkline.example/webhooks/twilio/call";

fn shown(wanted: &WantedWebhooks, wrong: &[&str], found: bool) -> NumberWebhooks {
    NumberWebhooks {
        number: wanted.number.clone(),
        found,
        phone_number_sid: "PN1".to_owned(),
        voice_url: "https://elsewhere.example/voice".to_owned(),
        wrong: wrong.iter().map(|it| (*it).to_owned()).collect(),
        ..NumberWebhooks::default()
    }
}

/// An egress that has one number as it must be, does not find another, and reaches no other account.
fn answer(question: &Envelope) -> Option<Envelope> {
    let clock = Clock::system();
    if let Ok(query) = question.decode::<NumberInspect>() {
        let known = query.account_sid != OTHER_ACCOUNT;
        let seen = query.numbers.iter().map(|it| match it.number.as_str() {
            "+15550100001" => shown(it, &["calls go to https://elsewhere.example/voice"], true),
            "+15550100003" => shown(it, &["it is not in its Twilio account"], false),
            _ => shown(it, &[], true),
        });
        let answer = NumberInspected {
            ok: known,
            reason: if known {
                String::new()
            } else {
                "no credentials are known".to_owned()
            },
            numbers: if known { seen.collect() } else { Vec::new() },
            voice_url: VOICE.to_owned(),
            ..NumberInspected::default()
        };
        return Some(Envelope::new("trunkline/test", &clock, &answer));
    }
    let command = question.decode::<NumberPoint>().ok()?;
    let wanted = command.number.unwrap_or_default();
    let ok = wanted.number == "+15550100001";
    let answer = NumberPointed {
        ok,
        code: if ok { 0 } else { 20003 },
        reason: if ok {
            String::new()
        } else {
            "Authenticate".to_owned()
        },
        webhooks: ok.then(|| shown(&wanted, &[], true)),
    };
    Some(Envelope::new("trunkline/test", &clock, &answer))
}

async fn open(app: &TestApp) {
    app.world().await;
    Arc::new(EventRecorder::default())
        .listen_and_answer(
            "test.egress",
            &app.bus(),
            &[NumberInspect::TYPE, NumberPoint::TYPE],
            answer,
        )
        .await;
}

fn of<'a>(page: &'a Value, number: &str) -> &'a Value {
    let items = page["items"].as_array().unwrap().iter();
    let mut items = items.filter(|it| it["number"] == number);
    items.next().unwrap_or(&Value::Null)
}

pub async fn webhooks_are_compared_number_by_number(app: Arc<TestApp>) {
    open(&app).await;
    let page = app.get(PATH).await;
    let wrong = of(&page, "+15550100001");
    assert_eq!(
        (&wrong["state"], &wrong["wrong"]),
        (
            &json!("wrong"),
            &json!(["calls go to https://elsewhere.example/voice"])
        )
    );
    assert_eq!(wrong["expected"]["voice_url"], VOICE);
    assert_eq!(
        wrong["actual"]["voice_url"],
        "https://elsewhere.example/voice"
    );
    let absent = of(&page, "+15550100003");
    assert_eq!(
        (&absent["state"], &absent["actual"]),
        (&json!("absent"), &Value::Null)
    );
    // Another account, whose credentials nobody has.
    let unknown = of(&page, "+15550100011");
    assert_eq!(
        (&unknown["state"], &unknown["reason"]),
        (&json!("unknown"), &json!("no credentials are known"))
    );
    // A tenant sees its own, and no other's.
    let (status, own) = app
        .call("GET", &format!("{PATH}?tenant=smith"), ADMIN, None)
        .await;
    assert_eq!(status, 200);
    assert!(
        own["items"]
            .as_array()
            .unwrap()
            .iter()
            .all(|it| it["tenant_id"] == "smith")
    );
    assert_eq!(
        app.status("GET", &format!("{PATH}?tenant=-"), ADMIN, None)
            .await,
        404
    );
}

pub async fn number_is_pointed_at_the_platform(app: Arc<TestApp>) {
    open(&app).await;
    let path = |id: &str| format!("/phone-numbers/{id}/webhooks");
    let id = app.number_id("+15550100001").await;
    let (status, answer) = app.post(&path(&id), json!({})).await;
    assert_eq!((status, &answer["state"]), (200, &json!("ok")), "{answer}");
    let other = app.number_id("+15550100003").await;
    let (status, answer) = app.post(&path(&other), json!({})).await;
    assert_eq!(
        (status, &answer["error"]["code"]),
        (502, &json!("twilio_refused")),
        "{answer}"
    );
    assert_eq!(app.status("POST", &path("none"), ADMIN, None).await, 404);
    let released = format!("/phone-numbers/{other}/status");
    app.put(&released, json!({ "status": "released" })).await;
    let (status, answer) = app.post(&path(&other), json!({})).await;
    assert_eq!(
        (status, &answer["error"]["code"]),
        (409, &json!("not_in_use"))
    );
    assert_eq!(of(&app.get(PATH).await, "+15550100003"), &Value::Null);
}

pub async fn tenant_that_was_changed_meanwhile_is_not_replaced(app: Arc<TestApp>) {
    app.world().await;
    let path = "/api/tenants/smith";
    let mut tenant = app.get(path).await;
    let seen = tenant["updated_at"].as_str().unwrap().to_owned();
    tenant["trade"] = json!("roofing");
    let put = async |seen: &str, tenant: &Value| {
        let headers = [("If-Match", seen)];
        app.call_at(
            &app.base(),
            "PUT",
            path,
            ADMIN,
            Some(tenant.clone()),
            &headers,
        )
        .await
    };
    let (status, answer) = put(&seen, &tenant).await;
    assert_eq!(
        (status, &answer["trade"]),
        (200, &json!("roofing")),
        "{answer}"
    );
    tenant["trade"] = json!("baking");
    let (status, answer) = put(&seen, &tenant).await;
    assert_eq!(
        (status, &answer["error"]["code"]),
        (409, &json!("changed_meanwhile"))
    );
    assert_eq!(put("yesterday", &tenant).await.0, 422);
    assert_eq!(app.get(path).await["trade"], "roofing");
    // Who has not looked replaces what is there.
    assert_eq!(app.put(path, tenant).await.0, 200);
}
