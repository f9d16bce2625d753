//! Phone numbers: bought, and given back.

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bus::{Bus, Delivery, Disposition, Handler};
use clock::Clock;
use events::v1::{NumberBought, NumberBuy, NumberRelease, NumberReleased};
use events::{Envelope, Event};
use serde_json::{Value, json};
use testkit::{ADMIN, eventually, subscription};

use crate::fixtures::{ACCOUNT, OTHER_ACCOUNT};
use crate::test_app::TestApp;

/// Stands in for egress.
struct Egress {
    bus: Bus,
    asked: Mutex<Vec<Envelope>>,
    bought: Option<NumberBought>,
    /// Whether it does not hear questions, only what comes by itself.
    is_deaf: bool,
}

impl Egress {
    async fn start(app: &TestApp, bought: Option<NumberBought>) -> Arc<Self> {
        Self::start_hearing(app, bought, false).await
    }

    async fn start_hearing(
        app: &TestApp,
        bought: Option<NumberBought>,
        is_deaf: bool,
    ) -> Arc<Self> {
        let egress = Arc::new(Self {
            bus: app.bus().clone(),
            asked: Mutex::default(),
            bought,
            is_deaf,
        });
        let commands = [NumberBuy::TYPE, NumberRelease::TYPE];
        app.bus()
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
    async fn handle(&self, delivery: Delivery) -> Disposition {
        let envelope = delivery.envelope;
        if self.is_deaf && envelope.reply_to.is_some() {
            return Disposition::Done;
        }
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
        if let Some(reply) = reply {
            // As egress does: to the one who asked, and to everybody.
            if let Some(to) = &envelope.reply_to {
                let _ = self.bus.reply(to, &reply).await;
            }
            let _ = self.bus.publish(&reply).await;
        }
        Disposition::Done
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

pub async fn number_is_bought(app: Arc<TestApp>) {
    app.world().await;
    let egress = Egress::start(&app, Some(sold("+14155550123"))).await;
    let want =
        json!({ "tenant_id": "jones", "area_code": "415", "voice": "screener", "sms": "none" });
    let (status, answer) = app
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
    let found = app.get("/phone-numbers/lookup/+14155550123").await;
    assert_eq!(
        (&found["voice"], &found["primary"], &found["id"]),
        (&json!("screener"), &json!(false), &answer["id"])
    );

    // The same order again is the same number.
    let (status, again) = app
        .post_once("/phone-numbers/provision", "order-1", want.clone())
        .await;
    assert_eq!((status, &again["id"]), (201, &answer["id"]));
    assert_eq!(egress.asked::<NumberBuy>().len(), 1);

    // One that is in use here cannot be bought.
    let taken = json!({ "tenant_id": "smith", "number": "+14155550123" });
    assert_eq!(
        app.post("/phone-numbers/provision", taken).await.1["error"]["code"],
        "taken"
    );
    for bad in [
        json!({ "tenant_id": "smith" }),
        json!({ "tenant_id": "smith", "number": "+14155550124", "area_code": "415" }),
        json!({ "tenant_id": "smith", "number": "4155550124" }),
        json!({ "number": "+14155550124" }),
    ] {
        assert_eq!(
            app.post("/phone-numbers/provision", bad.clone()).await.0,
            422,
            "{bad}"
        );
    }
    let nobody = json!({ "tenant_id": "nobody", "number": "+14155550124" });
    assert_eq!(app.post("/phone-numbers/provision", nobody).await.0, 422);
}

pub async fn idempotency_key_of_another_purchase_is_refused(app: Arc<TestApp>) {
    app.world().await;
    let egress = Egress::start(&app, Some(sold("+14155550123"))).await;
    let order = json!({ "tenant_id": "jones", "area_code": "415", "voice": "screener" });
    let buy = async |body: Value| {
        app.post_once("/phone-numbers/provision", "order-1", body)
            .await
    };
    let (status, bought) = buy(order.clone()).await;
    assert_eq!(status, 201, "{bought}");
    let with = |changes: Value| {
        let mut other = order.clone();
        let changes = changes.as_object().unwrap().clone();
        other.as_object_mut().unwrap().extend(changes);
        other
    };
    for other in [
        json!({ "area_code": "416" }),
        json!({ "country": "CA" }),
        json!({ "area_code": null, "number": "+14155550123" }),
        json!({ "area_code": null, "number": "+14155550124" }),
        json!({ "voice": "coach" }),
        json!({ "sms": "none" }),
    ] {
        let (status, answer) = buy(with(other.clone())).await;
        assert_eq!(
            (status, &answer["error"]["code"]),
            (409, &json!("idempotency_key_reused")),
            "{other}"
        );
    }
    // The same in other words, and when what was bought has another app by now.
    let same = with(json!({ "country": "us", "sms": "conversation" }));
    let (status, answer) = buy(same).await;
    assert_eq!((status, &answer["id"]), (201, &bought["id"]));
    let number = json!({ "number": "+14155550123", "voice": "coach" });
    let (status, answer) = app
        .put(
            "/api/tenants/jones",
            json!({ "name": "Jones", "numbers": [number] }),
        )
        .await;
    assert_eq!(status, 200, "{answer}");
    let (status, answer) = buy(order.clone()).await;
    assert_eq!(
        (status, &answer["id"], &answer["voice"]),
        (201, &bought["id"], &json!("coach"))
    );
    assert_eq!(egress.asked::<NumberBuy>().len(), 1);
}

pub async fn purchase_that_names_no_tenant_is_the_keys_own_or_the_only_ones(app: Arc<TestApp>) {
    let path = "/phone-numbers/provision";
    let egress = Egress::start(&app, None).await;
    let unnamed = json!({ "number": "+14155550123" });
    let refused = |answer: &(u16, Value)| {
        assert_eq!(
            (answer.0, &answer.1["error"]["details"]["field"]),
            (422, &json!("tenant_id")),
            "{answer:?}"
        );
    };
    refused(&app.post(path, unnamed.clone()).await);
    app.put("/api/tenants/first", json!({ "name": "First" }))
        .await;
    let (status, bought) = app.post(path, unnamed.clone()).await;
    assert_eq!(
        (status, &bought["tenant_id"]),
        (202, &json!("first")),
        "{bought}"
    );
    app.world().await;
    let other = json!({ "number": "+14155550124" });
    refused(&app.post(path, other.clone()).await);
    let key = json!({ "name": "jones", "tenant": "jones", "scopes": ["write"], "key": "the-key-of-jones" });
    assert_eq!(app.post("/api/keys/", key).await.0, 201);
    let (status, bought) = app
        .call("POST", path, "the-key-of-jones", Some(other))
        .await;
    assert_eq!(
        (status, &bought["tenant_id"]),
        (202, &json!("jones")),
        "{bought}"
    );
    let foreign = json!({ "tenant_id": "smith", "number": "+14155550125" });
    refused(
        &app.call("POST", path, "the-key-of-jones", Some(foreign))
            .await,
    );
    // An order that nobody answers may be told again.
    let asked = egress.asked::<NumberBuy>().into_iter();
    let mut numbers: Vec<_> = asked.map(|buy| buy.number).collect();
    numbers.sort_unstable();
    numbers.dedup();
    assert_eq!(numbers, ["+14155550123", "+14155550124"]);
}

pub async fn refused_number_leaves_nothing(app: Arc<TestApp>) {
    app.world().await;
    let refused = NumberBought {
        ok: false,
        code: 21422,
        reason: "not available".to_owned(),
        ..NumberBought::default()
    };
    let egress = Egress::start(&app, Some(refused)).await;
    let (status, answer) = app
        .post(
            "/phone-numbers/provision",
            json!({ "tenant_id": "smith", "number": "+14155550123" }),
        )
        .await;
    assert_eq!(status, 422, "{answer}");
    assert_eq!(answer["error"]["details"]["twilio_code"], 21422);
    assert_eq!(egress.asked::<NumberBuy>()[0].account_sid, ACCOUNT);
    assert_eq!(
        app.status("GET", "/phone-numbers/lookup/+14155550123", ADMIN, None)
            .await,
        404
    );
    assert_eq!(
        app.get("/phone-numbers/?tenant=smith").await["items"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
}

pub async fn late_answer_settles_a_purchase(app: Arc<TestApp>) {
    app.world().await;
    let egress = Egress::start(&app, None).await;
    let want = json!({ "tenant_id": "smith", "number": "+14155550123", "voice": "forward" });
    let (status, answer) = app.post("/phone-numbers/provision", want).await;
    assert_eq!(
        (status, &answer["status"]),
        (202, &json!("provisioning")),
        "{answer}"
    );
    assert!(answer["note"].is_string());
    let xml = app.ring("+14155550123").await;
    assert!(xml.contains("<Hangup/>"), "{xml}");

    let number_id = egress.asked::<NumberBuy>()[0].number_id.clone();
    assert_eq!(json!(number_id), answer["id"]);
    let late = NumberBought {
        number_id: number_id.clone(),
        ..sold("+14155550123")
    };
    app.publish(&late).await;
    app.publish(&late).await;
    eventually("the number serves", async || {
        app.get("/phone-numbers/lookup/+14155550123").await["status"] == "active"
    })
    .await;
    eventually("calls are forwarded", async || {
        app.ring("+14155550123")
            .await
            .contains("voice.inbound.forward")
    })
    .await;
    let found = app.get("/phone-numbers/lookup/+14155550123").await;
    assert_eq!(found["sid"], "PN00000000000000000000000000000001");

    // What was bought for nobody goes back.
    let orphan = NumberBought {
        number_id: "gone".to_owned(),
        account_sid: OTHER_ACCOUNT.to_owned(),
        ..sold("+14155550124")
    };
    app.publish(&orphan).await;
    eventually("it is given back", async || {
        // To whom it is billed.
        let asked = egress.asked::<NumberRelease>();
        asked
            .iter()
            .any(|r| r.number == "+14155550124" && r.account_sid == OTHER_ACCOUNT)
    })
    .await;
}

/// As when the process dies between its commit and its question: nobody has heard it.
pub async fn purchase_that_nobody_heard_is_ordered_again(app: Arc<TestApp>) {
    app.world().await;
    let sold = sold("+14155550123");
    let egress = Egress::start_hearing(&app, Some(sold), true).await;
    let want = json!({ "tenant_id": "smith", "number": "+14155550123" });
    let (status, answer) = app.post("/phone-numbers/provision", want).await;
    assert_eq!((status, &answer["status"]), (202, &json!("provisioning")));
    eventually("it is bought all the same", async || {
        app.get("/phone-numbers/lookup/+14155550123").await["status"] == "active"
    })
    .await;
    let asked: Vec<NumberBuy> = egress.asked();
    assert_eq!(json!(asked[0].number_id), answer["id"]);
}

pub async fn suspended_tenant_buys_nothing(app: Arc<TestApp>) {
    app.world().await;
    let egress = Egress::start(&app, Some(sold("+14155550123"))).await;
    app.suspend("smith").await;
    let want = json!({ "tenant_id": "smith", "area_code": "415" });
    let (status, answer) = app.post("/phone-numbers/provision", want).await;
    assert_eq!(
        (status, &answer["error"]["code"]),
        (409, &json!("suspended"))
    );
    assert!(egress.asked::<NumberBuy>().is_empty());
    let page = app.get("/phone-numbers/?tenant=smith").await;
    assert_eq!(page["items"].as_array().unwrap().len(), 2);
}

pub async fn number_is_given_back(app: Arc<TestApp>) {
    app.world().await;
    let egress = Egress::start(&app, Some(sold("+14155550123"))).await;
    let (_, bought) = app
        .post(
            "/phone-numbers/provision",
            json!({ "tenant_id": "smith", "area_code": "415" }),
        )
        .await;
    let path = format!("/phone-numbers/{}/release", bought["id"].as_str().unwrap());
    let (status, answer) = app.call("POST", &path, ADMIN, None).await;
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
    assert_eq!(app.status("POST", &path, ADMIN, None).await, 200);
    // A number that we did not buy is released without Twilio.
    let path = format!(
        "/phone-numbers/{}/release",
        app.number_id("+15550100003").await
    );
    assert_eq!(
        app.call("POST", &path, ADMIN, None).await.1["status"],
        "released"
    );
    assert_eq!(egress.asked::<NumberRelease>().len(), 1);
}
