//! Another front door tells of calls; and numbers that are bought and given back.

use serde_json::json;

use super::fixtures::{CLOSED, SMITH, SMITH_OWNER, caller, world};
use crate::local_platform::{LocalPlatform, Mode, Plan, behaves, eventually, play, so, stays};

pub async fn another_front_door_tells_of_calls(mode: Mode) {
    play(Plan::new(mode, &world()), async |platform: &LocalPlatform| {
        let from = caller(1);
        let call = json!({ "call_sid": "other-platform-17", "from": from, "to": SMITH });
        let mut ids = Vec::new();
        for _ in 0..2 {
            let (status, body) = platform.post("/calls/incoming", call.clone()).await;
            assert_eq!(status, 202, "{body}");
            let xml = body["twiml"].as_str().unwrap();
            assert!(xml.contains("<Dial") && xml.contains(SMITH_OWNER), "{xml}");
            ids.push(body["id"].clone());
        }
        assert_eq!(ids[0], ids[1]);
        let recorded = platform.get("/calls/other-platform-17").await;
        assert_eq!((&recorded["id"], &recorded["from"]), (&ids[0], &json!(from)));
        for _ in 0..2 {
            let (status, body) = platform.post("/calls/missed", call.clone()).await;
            assert_eq!((status, &body["id"]), (202, &ids[0]), "{body}");
        }
        platform.texted(&from, 1).await;
        let settled = platform.settled("other-platform-17").await;
        assert_eq!((&settled["outcome"], &settled["reason"]), (&json!("missed"), &json!("no-answer")));

        // A missed call alone is enough, in any of its ways.
        let other = caller(2);
        let call = json!({ "call_sid": "other-platform-18", "from": other, "to": SMITH, "status": "busy" });
        assert_eq!(platform.post("/calls/missed", call).await.0, 202);
        platform.texted(&other, 1).await;
        // A closed business apologizes here too.
        let third = caller(3);
        let call = json!({ "call_sid": "other-platform-19", "from": third, "to": CLOSED });
        let (_, body) = platform.post("/calls/incoming", call).await;
        assert!(body["twiml"].as_str().unwrap().contains("Early Birds"), "{body}");
        platform.texted(&third, 1).await;

        for (wrong, field) in [
            (json!({ "call_sid": "x", "from": from, "to": "nonsense" }), "to"),
            (json!({ "call_sid": "x", "from": from, "to": "+15550107777" }), "to"),
            (json!({ "call_sid": "../x", "from": from, "to": SMITH }), "call_sid"),
            (json!({ "call_sid": "", "from": from, "to": SMITH }), "call_sid"),
        ] {
            for path in ["/calls/incoming", "/calls/missed"] {
                let (status, body) = platform.post(path, wrong.clone()).await;
                assert_eq!((status, &body["error"]["details"]["field"]), (422, &json!(field)), "{body}");
            }
        }
        let unknown = json!({ "call_sid": "x", "from": from, "to": SMITH, "colour": "red" });
        assert_eq!(platform.post("/calls/missed", unknown).await.0, 422);
        assert_eq!(platform.find("/calls/x").await, None);
    })
    .await;
}

pub async fn number_is_bought_dialled_and_given_back(mode: Mode) {
    const NEW: &str = "+15550100081";
    play(
        Plan::new(mode, &world()),
        async |platform: &LocalPlatform| {
            platform.twilio.callee(SMITH_OWNER, behaves("busy")).await;
            let wanted = json!({ "tenant_id": "smith", "number": NEW });
            let (status, bought) = platform
                .post("/phone-numbers/provision", wanted.clone())
                .await;
            assert_eq!(
                (status, &bought["status"]),
                (201, &json!("active")),
                "{bought}"
            );
            assert_eq!(
                (&bought["number"], &bought["tenant_id"]),
                (&json!(NEW), &json!("smith"))
            );
            let (status, again) = platform.post("/phone-numbers/provision", wanted).await;
            assert_eq!(
                (status, &again["error"]["code"]),
                (409, &json!("taken")),
                "{again}"
            );
            let lookup = platform.get(&format!("/phone-numbers/lookup/{NEW}")).await;
            assert_eq!(
                (&lookup["active"], &lookup["business_name"]),
                (&json!(true), &json!("Smith & Sons"))
            );

            let from = caller(1);
            let sid = platform.twilio.call(&from, NEW, stays()).await;
            assert_eq!(platform.settled(&sid).await["outcome"], "missed");
            let texts = platform.texted(&from, 1).await;
            assert_eq!(texts[0]["from"], NEW);

            let release = format!("/phone-numbers/{}/release", bought["id"].as_str().unwrap());
            let (status, body) = platform.post(&release, json!({})).await;
            assert_eq!(
                (status, &body["status"]),
                (200, &json!("released")),
                "{body}"
            );
            eventually("it is nobody's any more", async || {
                so(platform
                    .find(&format!("/phone-numbers/lookup/{NEW}"))
                    .await
                    .is_none())
            })
            .await;
            // One that Twilio does not sell.
            let (status, body) = platform
                .post(
                    "/phone-numbers/provision",
                    json!({ "tenant_id": "smith", "number": "12" }),
                )
                .await;
            assert_eq!(status, 422, "{body}");
            let (status, _) = platform
                .post(
                    "/phone-numbers/provision",
                    json!({ "tenant_id": "nobody", "number": NEW }),
                )
                .await;
            assert_eq!(status, 422);
        },
    )
    .await;
}
