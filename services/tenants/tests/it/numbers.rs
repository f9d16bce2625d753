//! Phone numbers: found, bought, moved between states, given back.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bus::{Bus, Delivery, Handler, Settle};
use clock::Clock;
use events::v1::{NumberBought, NumberBuy, NumberChanged, NumberRelease, NumberReleased};
use events::{Envelope, Event};
use serde_json::{Value, json};
use testkit::{ADMIN, eventually, subscription};

use crate::lab::Lab;
use crate::world::{ACCOUNT, OTHER_ACCOUNT};

/// Stands in for egress.
struct Egress {
    bus: Bus,
    asked: Mutex<Vec<Envelope>>,
    bought: Option<NumberBought>,
}

impl Egress {
    async fn start(lab: &Lab, bought: Option<NumberBought>) -> Arc<Self> {
        let egress = Arc::new(Self {
            bus: lab.bus().clone(),
            asked: Mutex::default(),
            bought,
        });
        let commands = [NumberBuy::TYPE, NumberRelease::TYPE];
        lab.bus()
            .consume(subscription("test.egress", &commands), egress.clone())
            .await
            .unwrap();
        egress
    }

    fn asked<E: Event>(&self) -> Vec<E> {
        self.asked
            .lock()
            .unwrap()
            .iter()
            .filter_map(|e| e.decode().ok())
            .collect()
    }
}

#[async_trait]
impl Handler for Egress {
    async fn handle(&self, delivery: Delivery) -> Settle {
        let envelope = delivery.envelope;
        let reply = match envelope.decode::<NumberBuy>() {
            Ok(buy) => self.bought.clone().map(|bought| {
                let number_id = buy.number_id;
                Envelope::new(
                    "trunkline/test",
                    &Clock::system(),
                    &NumberBought {
                        number_id,
                        ..bought
                    },
                )
            }),
            Err(_) => {
                let ok = NumberReleased {
                    ok: true,
                    ..NumberReleased::default()
                };
                Some(Envelope::new("trunkline/test", &Clock::system(), &ok))
            }
        };
        self.asked.lock().unwrap().push(envelope.clone());
        if let (Some(to), Some(reply)) = (&envelope.reply_to, reply) {
            // As egress does: to the one who asked, and to everybody.
            let _ = self.bus.reply(to, &reply).await;
            let _ = self.bus.publish(&reply).await;
        }
        Settle::Done
    }
}

fn sold(number: &str) -> NumberBought {
    NumberBought {
        ok: true,
        number: number.to_owned(),
        phone_number_sid: "PN00000000000000000000000000000001".to_owned(),
        ..NumberBought::default()
    }
}

async fn id_of(lab: &Lab, number: &str) -> String {
    let found = lab.get(&format!("/phone-numbers/lookup/{number}")).await;
    found["id"].as_str().unwrap().to_owned()
}

pub async fn a_number_is_looked_up(lab: Arc<Lab>) {
    lab.world().await;
    let found = lab.get("/phone-numbers/lookup/+15550100001").await;
    for (field, value) in [
        ("number", json!("+15550100001")),
        ("tenant_id", json!("smith")),
        ("business_name", json!("Smith Plumbing")),
        ("status", json!("active")),
        ("active", json!(true)),
        ("primary", json!(true)),
        ("voice", json!("forward")),
        ("sms", json!("conversation")),
        ("forward_to", json!("+15550100002")),
        ("timezone", json!("America/Los_Angeles")),
        ("trade", json!("plumbing")),
    ] {
        assert_eq!(found[field], value, "{field}");
    }
    assert_eq!(
        found["business_hours"]["sat"],
        json!(["08:00-12:00", "13:00-16:00"])
    );
    // The second one leads to the same business; a plus may be written %2B or left out.
    for text in ["%2B15550100003", "15550100003"] {
        let second = lab.get(&format!("/phone-numbers/lookup/{text}")).await;
        assert_eq!(
            (&second["tenant_id"], &second["primary"]),
            (&json!("smith"), &json!(false))
        );
    }
    assert_eq!(
        lab.call("GET", "/phone-numbers/lookup/+15550100099", ADMIN, None)
            .await
            .0,
        404
    );
    assert_eq!(
        lab.call("GET", "/phone-numbers/lookup/abc", ADMIN, None)
            .await
            .0,
        422
    );
    lab.put(
        "/api/tenants/smith/status",
        json!({ "status": "suspended" }),
    )
    .await;
    let found = lab.get("/phone-numbers/lookup/+15550100001").await;
    assert_eq!(
        (&found["active"], &found["tenant_status"]),
        (&json!(false), &json!("suspended"))
    );
}

pub async fn a_number_goes_from_state_to_state(lab: Arc<Lab>) {
    lab.world().await;
    let path = format!(
        "/phone-numbers/{}/status",
        id_of(&lab, "+15550100001").await
    );
    let go = async |status: &str| lab.put(&path, json!({ "status": status })).await;
    assert_eq!(go("active").await.0, 200);
    assert_eq!(go("suspended").await.1["status"], "suspended");
    let (status, answer) = go("provisioning").await;
    assert_eq!(
        (status, &answer["error"]["code"]),
        (409, &json!("not_allowed"))
    );
    assert!(
        answer["error"]["message"]
            .as_str()
            .unwrap()
            .ends_with("it can become active or released")
    );
    assert_eq!(go("active").await.1["status"], "active");
    assert_eq!(go("released").await.1["status"], "released");
    for status in ["active", "suspended", "provisioning"] {
        assert_eq!(go(status).await.0, 409);
    }
    assert_eq!(go("released").await.0, 200);
    assert_eq!(go("lost").await.0, 422);
    assert_eq!(
        lab.put(
            "/phone-numbers/nothing/status",
            json!({ "status": "active" })
        )
        .await
        .0,
        404
    );
    assert_eq!(
        lab.call("GET", "/phone-numbers/lookup/+15550100001", ADMIN, None)
            .await
            .0,
        404
    );
    // Deliveries overtake each other.
    let mut told: Vec<String> = lab
        .ear
        .hear::<NumberChanged>(6)
        .await
        .into_iter()
        .filter(|(_, changed)| changed.number == "+15550100001")
        .map(|(_, changed)| changed.status)
        .collect();
    told.sort();
    assert_eq!(told, ["active", "active", "released", "suspended"]);
}

pub async fn a_number_is_bought(lab: Arc<Lab>) {
    lab.world().await;
    let egress = Egress::start(&lab, Some(sold("+14155550123"))).await;
    let want =
        json!({ "tenant_id": "jones", "area_code": "415", "voice": "screener", "sms": "none" });
    let (status, answer) = lab
        .post_once("/phone-numbers/provision", "order-1", want.clone())
        .await;
    assert_eq!(status, 201, "{answer}");
    assert_eq!(
        (&answer["number"], &answer["status"]),
        (&json!("+14155550123"), &json!("active"))
    );
    let asked: Vec<NumberBuy> = egress.asked();
    assert_eq!(
        (asked[0].account_sid.as_str(), asked[0].area_code.as_str()),
        (OTHER_ACCOUNT, "415")
    );
    assert_eq!(
        (asked[0].country.as_str(), asked[0].number.as_str()),
        ("US", "")
    );
    let found = lab.get("/phone-numbers/lookup/+14155550123").await;
    assert_eq!(
        (&found["voice"], &found["primary"], &found["id"]),
        (&json!("screener"), &json!(false), &answer["id"])
    );

    // The same order again is the same number.
    let (status, again) = lab
        .post_once("/phone-numbers/provision", "order-1", want.clone())
        .await;
    assert_eq!((status, &again["id"]), (201, &answer["id"]));
    assert_eq!(egress.asked::<NumberBuy>().len(), 1);

    // One that is in use here cannot be bought.
    let taken = json!({ "tenant_id": "smith", "number": "+14155550123" });
    assert_eq!(
        lab.post("/phone-numbers/provision", taken).await.1["error"]["code"],
        "taken"
    );
    for bad in [
        json!({ "tenant_id": "smith" }),
        json!({ "tenant_id": "smith", "number": "+14155550124", "area_code": "415" }),
        json!({ "tenant_id": "smith", "number": "4155550124" }),
        json!({ "number": "+14155550124" }),
    ] {
        assert_eq!(
            lab.post("/phone-numbers/provision", bad.clone()).await.0,
            422,
            "{bad}"
        );
    }
    let nobody = json!({ "tenant_id": "nobody", "number": "+14155550124" });
    assert_eq!(lab.post("/phone-numbers/provision", nobody).await.0, 404);
}

pub async fn a_refused_number_leaves_nothing(lab: Arc<Lab>) {
    lab.world().await;
    let refused = NumberBought {
        ok: false,
        code: 21422,
        reason: "not available".to_owned(),
        ..NumberBought::default()
    };
    let egress = Egress::start(&lab, Some(refused)).await;
    let (status, answer) = lab
        .post(
            "/phone-numbers/provision",
            json!({ "tenant_id": "smith", "number": "+14155550123" }),
        )
        .await;
    assert_eq!(status, 422, "{answer}");
    assert_eq!(answer["error"]["details"]["twilio_code"], 21422);
    assert_eq!(egress.asked::<NumberBuy>()[0].account_sid, ACCOUNT);
    assert_eq!(
        lab.call("GET", "/phone-numbers/lookup/+14155550123", ADMIN, None)
            .await
            .0,
        404
    );
    assert_eq!(
        lab.get("/phone-numbers/?tenant=smith").await["items"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

pub async fn a_late_answer_settles_a_purchase(lab: Arc<Lab>) {
    lab.world().await;
    let egress = Egress::start(&lab, None).await;
    let want = json!({ "tenant_id": "smith", "number": "+14155550123", "voice": "forward" });
    let (status, answer) = lab.post("/phone-numbers/provision", want).await;
    assert_eq!(
        (status, &answer["status"]),
        (202, &json!("provisioning")),
        "{answer}"
    );
    assert!(answer["note"].is_string());
    let xml = lab.ring("+14155550123").await;
    assert!(xml.contains("<Hangup/>"), "{xml}");

    let number_id = egress.asked::<NumberBuy>()[0].number_id.clone();
    assert_eq!(json!(number_id), answer["id"]);
    let late = NumberBought {
        number_id: number_id.clone(),
        ..sold("+14155550123")
    };
    lab.publish(&late).await;
    lab.publish(&late).await;
    eventually("the number serves", async || {
        lab.get("/phone-numbers/lookup/+14155550123").await["status"] == "active"
    })
    .await;
    eventually("calls are forwarded", async || {
        lab.ring("+14155550123")
            .await
            .contains("voice.inbound.forward")
    })
    .await;
    let found = lab.get("/phone-numbers/lookup/+14155550123").await;
    assert_eq!(found["sid"], "PN00000000000000000000000000000001");

    // What was bought for nobody goes back.
    let orphan = NumberBought {
        number_id: "gone".to_owned(),
        ..sold("+14155550124")
    };
    lab.publish(&orphan).await;
    eventually("it is given back", async || {
        egress
            .asked::<NumberRelease>()
            .iter()
            .any(|r| r.number == "+14155550124")
    })
    .await;
}

pub async fn a_number_is_given_back(lab: Arc<Lab>) {
    lab.world().await;
    let egress = Egress::start(&lab, Some(sold("+14155550123"))).await;
    let (_, bought) = lab
        .post(
            "/phone-numbers/provision",
            json!({ "tenant_id": "smith", "area_code": "415" }),
        )
        .await;
    let path = format!("/phone-numbers/{}/release", bought["id"].as_str().unwrap());
    let (status, answer) = lab.call("POST", &path, ADMIN, None).await;
    assert_eq!(
        (status, &answer["status"]),
        (200, &json!("released")),
        "{answer}"
    );
    let asked: Vec<NumberRelease> = egress.asked();
    assert_eq!(
        (asked.len(), asked[0].phone_number_sid.as_str()),
        (1, "PN00000000000000000000000000000001")
    );
    // Again: nothing more happens, and the order that bought it is spent.
    assert_eq!(lab.call("POST", &path, ADMIN, None).await.0, 200);
    // A number that we did not buy is released without Twilio.
    let path = format!(
        "/phone-numbers/{}/release",
        id_of(&lab, "+15550100003").await
    );
    assert_eq!(
        lab.call("POST", &path, ADMIN, None).await.1["status"],
        "released"
    );
    assert_eq!(egress.asked::<NumberRelease>().len(), 1);
}

pub async fn lists_page(lab: Arc<Lab>) {
    let tenants: Vec<Value> = (0..5).map(|n| json!({ "id": format!("t{n}"), "name": "T", "numbers": [{ "number": format!("+1555010020{n}") }] })).collect();
    lab.apply(json!({ "tenants": tenants })).await;
    for path in ["/api/tenants/", "/phone-numbers/"] {
        let (mut seen, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = lab.get(&format!("{path}?limit=2{cursor}")).await;
            seen.extend(
                page["items"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .map(|i| i["id"].as_str().unwrap().to_owned()),
            );
            match page["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        let mut sorted = seen.clone();
        sorted.sort();
        sorted.dedup();
        assert_eq!((seen.len(), &seen), (5, &sorted));
    }
    assert_eq!(
        lab.call("GET", "/api/tenants/?cursor=%00", ADMIN, None)
            .await
            .0,
        400
    );
}
