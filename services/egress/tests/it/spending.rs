//! The spend guard: what a tenant may cause in an hour, and what AI may cost it in a day.

use std::sync::Arc;
use std::time::Duration;

use events::v1::directory::Entry;
use events::v1::{
    AiSpent, CallPlace, Directory, MessageSend, SpendLimited, SpendLimits, SpendQuery, SpendReply,
};
use serde_json::{Value, json};
use testkit::Mode;

use crate::bench::{Bench, FROM, call, message};
use crate::twilio::Mishap;

const BRITISH: &str = "+442071838750";
const HOUR: chrono::Duration = chrono::Duration::hours(1);

/// Words of its own: texts that look the same go one after the other.
fn text(id: &str) -> MessageSend {
    MessageSend {
        body: format!("The text {id}."),
        ..message(id)
    }
}

async fn limited(bench: &Bench) -> Vec<Value> {
    let listed = bench.get("/api/spending/?limited=true").await;
    listed["items"].as_array().unwrap().clone()
}

/// Three texts an hour are allowed, however many processes there are.
pub async fn texts_over_the_limit_are_refused_and_told_once(bench: Arc<Bench>) {
    // A second process, where there may be one.
    if bench.mode() == Mode::Distributed {
        bench.up().await;
    }
    for n in 0..8 {
        bench.send(&text(&format!("m{n}"))).await;
    }
    let refused = bench.refused(5).await;
    assert_eq!(bench.sent(3).await.len(), 3);
    assert_eq!(bench.twilio.messages().len(), 3);
    for it in &refused {
        assert_eq!((it.code, it.reason.as_str()), (0, "over_limit"), "{it:?}");
        assert_eq!(it.message, "3 texts an hour are allowed");
    }
    let told = bench.wait_for::<SpendLimited>(1).await.remove(0);
    assert_eq!(
        (told.tenant_id.as_str(), told.kind.as_str(), told.limit),
        ("smith", "texts", 3)
    );
    let items = limited(&bench).await;
    assert_eq!(items.len(), 1, "{items:?}");
    assert_eq!(
        (
            &items[0]["kind"],
            &items[0]["amount"],
            &items[0]["refused"],
            &items[0]["limit"]
        ),
        (&json!("texts"), &json!(3), &json!(5), &json!(3))
    );

    // What was counted survives the process. An alert to the owner goes out all the same, and another tenant's texts too.
    bench.restart().await;
    bench.send(&text("late")).await;
    bench.refused(6).await;
    let alert = MessageSend {
        purpose: "alert".to_owned(),
        ..text("alert")
    };
    bench.send(&alert).await;
    let other = MessageSend {
        tenant_id: "jones".to_owned(),
        ..text("other")
    };
    bench.send(&other).await;
    let sent = bench.sent(5).await;
    assert!(
        ["alert", "other"]
            .iter()
            .all(|id| sent.iter().any(|it| it.message_id == *id))
    );

    // The next hour is counted anew.
    bench.clock.advance(HOUR);
    bench.send(&text("next")).await;
    bench.sent(6).await;
    assert_eq!(bench.ids::<SpendLimited>().len(), 1);
}

/// Two calls an hour are allowed, and no number abroad is called or texted.
pub async fn calls_and_countries_over_the_limit_are_refused(bench: Arc<Bench>) {
    for n in 0..3 {
        bench.place(&call(&format!("p{n}"))).await;
    }
    let refused = bench.not_placed(1).await.remove(0);
    assert_eq!((refused.code, refused.reason.as_str()), (0, "over_limit"));
    bench.placed(2).await;
    let abroad = CallPlace {
        to: BRITISH.to_owned(),
        ..call("abroad")
    };
    bench.place(&abroad).await;
    let refused = bench.not_placed(2).await.remove(1);
    assert_eq!(refused.reason, "over_limit");
    assert!(refused.message.contains("spend.countries"), "{refused:?}");
    let abroad = MessageSend {
        to: BRITISH.to_owned(),
        ..text("abroad")
    };
    bench.send(&abroad).await;
    assert_eq!(bench.refused(1).await[0].reason, "over_limit");
    let mut kinds: Vec<_> = limited(&bench)
        .await
        .iter()
        .map(|it| it["kind"].clone())
        .collect();
    kinds.sort_by_key(Value::to_string);
    assert_eq!(kinds, ["calls", "countries"]);
    assert_eq!(bench.ids::<SpendLimited>().len(), 2);
    // An owner is called about an emergency all the same, wherever they are.
    let urgent = CallPlace {
        purpose: "emergency".to_owned(),
        ..call("urgent")
    };
    bench.place(&urgent).await;
    let urgent_abroad = CallPlace {
        to: BRITISH.to_owned(),
        place_id: "urgent-abroad".to_owned(),
        ..urgent
    };
    bench.place(&urgent_abroad).await;
    bench.placed(4).await;
    // No other call has left.
    assert_eq!(bench.twilio.state().posts, 4);
}

/// An attempt that did nothing and its repeat count as one.
pub async fn text_that_is_tried_again_counts_once(bench: Arc<Bench>) {
    for n in 0..3 {
        bench
            .twilio
            .will([Mishap::Refuse(429, 20429), Mishap::Refuse(429, 20429)]);
        bench.send(&text(&format!("m{n}"))).await;
        bench.sent(n + 1).await;
    }
    assert!(limited(&bench).await.is_empty());
    let listed = bench.get("/api/spending/").await;
    assert_eq!(listed["items"][0]["amount"], 3, "{listed}");
}

/// Two processes share the work, and the limits: what a tenant may cause in an hour, and what AI may cost it in a day.
pub async fn two_processes_together_keep_to_a_tenants_limits(bench: Arc<Bench>) {
    // Where there may be one only, what is under way at once in it shares them.
    if bench.mode() == Mode::Distributed {
        bench.up().await;
    }
    let texts = (0..40).map(|n| MessageSend {
        to: format!("+155501{n:05}"),
        conversation_id: format!("conv{n}"),
        ..text(&format!("m{n}"))
    });
    let calls = (0..20).map(|n| CallPlace {
        to: format!("+155501{n:05}"),
        ..call(&format!("p{n}"))
    });
    let costs = (0..8).map(|_| AiSpent {
        tenant_id: "smith".to_owned(),
        cost_micro_usd: 40_000,
    });
    let mut all: Vec<_> = texts.map(|it| bench.envelope(&it)).collect();
    all.extend(calls.map(|it| bench.envelope(&it)));
    let costs: Vec<_> = costs.map(|it| bench.envelope(&it)).collect();
    all.extend(costs.iter().cloned());
    let published = bench.bus().publish_all(&all).await;
    assert!(published.iter().all(Result::is_ok));

    bench.refused(37).await;
    bench.not_placed(18).await;
    assert_eq!(bench.sent(3).await.len(), 3);
    assert_eq!(bench.placed(2).await.len(), 2);
    assert_eq!(bench.twilio.messages().len(), 3);
    assert_eq!(bench.twilio.state().placed.len(), 2);
    let store = bench.store().await;
    for cost in &costs {
        bench.handled(&store, "egress.spending", &cost.id).await;
    }
    bench.wait_for::<SpendLimited>(3).await;
    let mut items = limited(&bench).await;
    items.sort_by_key(|it| it["kind"].to_string());
    let counted: Vec<_> = items
        .iter()
        .map(|it| (&it["kind"], &it["amount"], &it["refused"]))
        .collect();
    assert_eq!(
        counted,
        [
            (&json!("ai"), &json!(320_000), &json!(0)),
            (&json!("calls"), &json!(2), &json!(18)),
            (&json!("texts"), &json!(3), &json!(37)),
        ]
    );
    assert_eq!(bench.ids::<SpendLimited>().len(), 3, "each is told once");
}

/// A tenant's own limits count where they are stricter than the platform's.
pub async fn own_limits_of_a_tenant_are_stricter_only(bench: Arc<Bench>) {
    let own = SpendLimits {
        texts_per_hour: Some(1),
        calls_per_hour: Some(100),
        ..SpendLimits::default()
    };
    let entry = Entry {
        number: FROM.to_owned(),
        tenant_id: "smith".to_owned(),
        spend: Some(own),
        ..Entry::default()
    };
    bench
        .directory(Directory {
            entries: vec![entry],
            ..Directory::default()
        })
        .await;
    for n in 0..2 {
        bench.send(&text(&format!("m{n}"))).await;
    }
    assert_eq!(
        bench.refused(1).await[0].message,
        "1 texts an hour are allowed"
    );
    for n in 0..3 {
        bench.place(&call(&format!("p{n}"))).await;
    }
    bench.not_placed(1).await;
    bench.placed(2).await;
}

/// Ten cents a day: the event that reaches them tells so once, and a query is answered with until when.
pub async fn cost_of_ai_over_the_budget_is_told_once(bench: Arc<Bench>) {
    let until = async |bench: &Bench| {
        let query = SpendQuery {
            tenant_id: "smith".to_owned(),
        };
        let (bus, query) = (bench.bus(), bench.envelope(&query));
        let reply = bus.request(query, Duration::from_secs(10)).await.unwrap();
        reply.decode::<SpendReply>().unwrap().ai_limited_until
    };
    let store = bench.store().await;
    for n in 0..4 {
        let spent = AiSpent {
            tenant_id: "smith".to_owned(),
            cost_micro_usd: 40_000,
        };
        let envelope = bench.envelope(&spent);
        // The same event twice is one.
        bench.publish(&envelope).await;
        bench.publish(&envelope).await;
        bench.handled(&store, "egress.spending", &envelope.id).await;
        assert_eq!(
            until(&bench).await.is_empty(),
            n < 2,
            "after {} events",
            n + 1
        );
    }
    let told = bench.wait_for::<SpendLimited>(1).await.remove(0);
    assert_eq!((told.kind.as_str(), told.limit), ("ai", 100_000));
    assert_eq!(told.until, until(&bench).await);
    let items = limited(&bench).await;
    assert_eq!(items[0]["amount"], 160_000, "{items:?}");
    bench.clock.advance(HOUR * 24);
    assert_eq!(until(&bench).await, "");
    assert_eq!(bench.ids::<SpendLimited>().len(), 1);
}
