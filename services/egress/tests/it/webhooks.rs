//! What numbers have at Twilio, looked at and set.

use std::sync::Arc;

use events::v1::{
    NumberBought, NumberBuy, NumberInspect, NumberInspected, NumberPoint, NumberPointed,
    WantedWebhooks,
};

use crate::bench::{ACCOUNT, Bench};
use crate::numbers::ask;
use crate::twilio::Mishap;

const NUMBER: &str = "+15550107777";
const ELSEWHERE: &str = "https://elsewhere.example/sms";

fn wanted(number: &str) -> WantedWebhooks {
    WantedWebhooks {
        number: number.to_owned(),
        voice: true,
        sms: true,
    }
}

/// A number of ours whose texts go elsewhere.
async fn strayed(bench: &Bench) {
    bench.twilio.state().for_sale = vec![NUMBER.to_owned()];
    let buy = NumberBuy {
        number_id: "n1".to_owned(),
        account_sid: ACCOUNT.to_owned(),
        number: NUMBER.to_owned(),
        ..NumberBuy::default()
    };
    let bought: NumberBought = ask(bench, &buy).await;
    assert!(bought.ok);
    let mut state = bench.twilio.state();
    state.numbers[0]
        .1
        .insert("SmsUrl".to_owned(), ELSEWHERE.to_owned());
}

async fn inspect(bench: &Bench, account: &str, numbers: &[&str]) -> NumberInspected {
    let query = NumberInspect {
        account_sid: account.to_owned(),
        numbers: numbers.iter().map(|it| wanted(it)).collect(),
    };
    ask(bench, &query).await
}

pub async fn number_that_goes_elsewhere_is_seen_and_set(bench: Arc<Bench>) {
    strayed(&bench).await;
    let seen = inspect(&bench, ACCOUNT, &[NUMBER, "+15550107778"]).await;
    assert!(seen.ok, "{seen:?}");
    assert_eq!(
        seen.sms_url,
        "https://trunkline.example/webhooks/twilio/sms"
    );
    let [one, other] = &seen.numbers[..] else {
        panic!("{seen:?}")
    };
    assert_eq!(one.wrong, [format!("texts go to {ELSEWHERE}")]);
    assert_eq!((one.found, one.sms_url.as_str()), (true, ELSEWHERE));
    assert!(!other.found && other.wrong[0].contains("not in its Twilio account"));

    let point = NumberPoint {
        account_sid: ACCOUNT.to_owned(),
        number: Some(wanted(NUMBER)),
    };
    let posts = bench.twilio.state().posts;
    let pointed: NumberPointed = ask(&bench, &point).await;
    assert!(pointed.ok, "{pointed:?}");
    assert!(pointed.webhooks.unwrap().wrong.is_empty());
    assert_eq!(
        bench.twilio.state().numbers[0].1["SmsUrl"],
        "https://trunkline.example/webhooks/twilio/sms"
    );
    // What is set is not set again.
    let again: NumberPointed = ask(&bench, &point).await;
    assert!(again.ok);
    assert_eq!(bench.twilio.state().posts, posts + 1);
}

pub async fn number_that_cannot_be_set_says_why(bench: Arc<Bench>) {
    strayed(&bench).await;
    let mut point = NumberPoint {
        account_sid: ACCOUNT.to_owned(),
        number: Some(wanted("+15550107778")),
    };
    let pointed: NumberPointed = ask(&bench, &point).await;
    assert!(!pointed.ok && pointed.reason.contains("not in its Twilio account"));
    point.number = Some(wanted(NUMBER));
    bench.twilio.will([Mishap::Refuse(400, 21402)]);
    let pointed: NumberPointed = ask(&bench, &point).await;
    assert_eq!((pointed.ok, pointed.code), (false, 21402));
    let seen = inspect(&bench, "AC99999999999999999999999999999999", &[NUMBER]).await;
    assert!(
        !seen.ok && seen.reason.contains("no credentials"),
        "{seen:?}"
    );
}
