//! Numbers and calls.

use std::sync::Arc;
use std::time::Duration;

use events::Event;
use events::v1::{
    CallLookedUp, CallLookup, NumberBought, NumberBuy, NumberRelease, NumberReleased,
    NumberVerified, NumberVerify, TenantContext,
};
use serde_json::json;

use crate::bench::{ACCOUNT, Bench};
use crate::twilio::Mishap;

const NUMBER: &str = "+15550107777";

fn buy(id: &str) -> NumberBuy {
    NumberBuy {
        number_id: id.to_owned(),
        account_sid: ACCOUNT.to_owned(),
        number: NUMBER.to_owned(),
        ..NumberBuy::default()
    }
}

pub async fn ask<E: Event, R: Event>(bench: &Bench, event: &E) -> R {
    let question = bench.envelope(event);
    let reply = bench
        .bus()
        .request(question, Duration::from_secs(15))
        .await
        .unwrap();
    reply.decode().unwrap()
}

pub async fn number_is_bought_once(bench: Arc<Bench>) {
    bench.twilio.state().for_sale = vec![NUMBER.to_owned()];
    let first: NumberBought = ask(&bench, &buy("n1")).await;
    let again: NumberBought = ask(&bench, &buy("n1")).await;
    assert!(first.ok && first.number == NUMBER && first.phone_number_sid.starts_with("PN"));
    assert_eq!(again, first);
    let told = bench.wait_for::<NumberBought>(2).await;
    assert!(
        told.iter().all(|told| *told == first),
        "events say the same as replies"
    );

    assert_eq!(bench.twilio.state().posts, 1);
    let form = bench.twilio.state().numbers[0].1.clone();
    assert_eq!(form["FriendlyName"], "trunkline:n1");
    assert_eq!(
        form["VoiceUrl"],
        "https://trunkline.example/webhooks/twilio/call"
    );
    assert_eq!(
        form["StatusCallback"],
        "https://trunkline.example/webhooks/twilio/call#rc=3&rp=5xx,ct,rt"
    );
    assert_eq!(
        form["SmsUrl"],
        "https://trunkline.example/webhooks/twilio/sms"
    );
    assert_eq!(
        (form["VoiceMethod"].as_str(), form["SmsMethod"].as_str()),
        ("POST", "POST")
    );
}

pub async fn number_is_verified_under_its_account(bench: Arc<Bench>) {
    bench.twilio.state().for_sale = vec![NUMBER.to_owned()];
    let bought: NumberBought = ask(&bench, &buy("n1")).await;
    let verify = async |number: &str| -> NumberVerified {
        let query = NumberVerify {
            account_sid: ACCOUNT.to_owned(),
            number: number.to_owned(),
        };
        ask(&bench, &query).await
    };
    let own = verify(NUMBER).await;
    assert_eq!(
        (own.found, own.phone_number_sid),
        (true, bought.phone_number_sid)
    );
    assert!(!verify("+15550107778").await.found);
    assert_eq!(bought.account_sid, ACCOUNT);
}

pub async fn number_whose_answer_was_lost_is_found(bench: Arc<Bench>) {
    bench.twilio.state().for_sale = vec![NUMBER.to_owned(), "+15550107778".to_owned()];
    bench
        .twilio
        .will([Mishap::Refuse(429, 20429), Mishap::LoseAnswer]);
    let bought: NumberBought = ask(&bench, &buy("n1")).await;
    assert!(bought.ok);
    assert_eq!(bench.twilio.state().numbers.len(), 1);
    assert_eq!(bought.phone_number_sid, bench.twilio.state().numbers[0].0);
}

pub async fn first_number_for_sale_is_bought(bench: Arc<Bench>) {
    let command = NumberBuy {
        number: String::new(),
        area_code: "555".to_owned(),
        country: "US".to_owned(),
        ..buy("n1")
    };
    let none: NumberBought = ask(&bench, &command).await;
    assert!(!none.ok && !none.reason.is_empty());
    bench.twilio.state().for_sale = vec![NUMBER.to_owned(), "+15550107778".to_owned()];
    // Another customer of Twilio is faster with the first.
    bench.twilio.will([Mishap::Refuse(400, 21422)]);
    let command = NumberBuy {
        number_id: "n2".to_owned(),
        ..command
    };
    let bought: NumberBought = ask(&bench, &command).await;
    assert!(bought.ok);
    assert_eq!(bought.number, "+15550107778");
}

pub async fn refused_number_may_be_tried_again(bench: Arc<Bench>) {
    let command = bench.envelope(&buy("n1"));
    bench.publish(&command).await;
    let refused = bench.wait_for::<NumberBought>(1).await.remove(0);
    assert!(!refused.ok && refused.code == 21422);
    // The same command has the same outcome, another one may be luckier.
    bench.twilio.state().for_sale = vec![NUMBER.to_owned()];
    bench.publish(&command).await;
    assert_eq!(bench.wait_for::<NumberBought>(2).await[1], refused);
    let bought: NumberBought = ask(&bench, &buy("n1")).await;
    assert!(bought.ok);
    bench.wait_for::<NumberBought>(3).await;
    assert_eq!(bench.ids::<NumberBought>().len(), 2);
}

pub async fn number_is_given_back(bench: Arc<Bench>) {
    bench.twilio.state().for_sale = vec![NUMBER.to_owned()];
    let bought: NumberBought = ask(&bench, &buy("n1")).await;
    let release = NumberRelease {
        number_id: "n1".to_owned(),
        account_sid: ACCOUNT.to_owned(),
        phone_number_sid: bought.phone_number_sid,
        number: NUMBER.to_owned(),
    };
    bench.twilio.will([Mishap::LoseAnswer]);
    let released: NumberReleased = ask(&bench, &release).await;
    assert!(released.ok, "gone already is gone");
    assert!(bench.twilio.state().numbers.is_empty());
    let again: NumberReleased = ask(&bench, &release).await;
    assert_eq!(again, released);
}

pub async fn call_is_looked_up(bench: Arc<Bench>) {
    bench.twilio.state().calls = vec![
        json!({ "sid": "CA1", "status": "completed", "duration": "31" }),
        json!({ "sid": "CA2", "parent_call_sid": "CA1", "status": "no-answer", "duration": null }),
    ];
    let tenant = TenantContext {
        tenant_id: "smith".to_owned(),
        ..TenantContext::default()
    };
    let mut command = CallLookup {
        call_sid: "CA1".to_owned(),
        account_sid: ACCOUNT.to_owned(),
        tenant: Some(tenant.clone()),
    };
    bench.publish(&bench.envelope(&command)).await;
    let seen = bench.wait_for::<CallLookedUp>(1).await.remove(0);
    assert!(seen.found && seen.tenant == Some(tenant));
    assert_eq!(
        (seen.status.as_str(), seen.duration_s),
        ("completed", Some(31))
    );
    assert_eq!(seen.legs.len(), 1);
    assert_eq!(
        (seen.legs[0].call_sid.as_str(), seen.legs[0].status.as_str()),
        ("CA2", "no-answer")
    );

    command.call_sid = "CA9".to_owned();
    bench.publish(&bench.envelope(&command)).await;
    assert!(!bench.wait_for::<CallLookedUp>(2).await[1].found);
}
