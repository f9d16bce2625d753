//! Whether a message was sent: Twilio's list and its callback are two witnesses.

use std::sync::Arc;
use std::time::Duration;

use chrono::{SecondsFormat, TimeDelta};
use events::v1::{MessageSent, Parameter, TwilioMessageStatus, Webhook};
use store::on;
use testkit::eventually;

use crate::bench::{ACCOUNT, Bench, message};
use crate::twilio::Mishap;

/// Far longer than any test takes.
const NEVER: Duration = Duration::from_secs(3600);

/// What Twilio tells of a message that names its id in the address.
fn told(id: &str, sid: &str, account: &str) -> TwilioMessageStatus {
    let parameter = |name: &str, value: &str| Parameter {
        name: name.to_owned(),
        value: value.to_owned(),
    };
    TwilioMessageStatus {
        webhook: Some(Webhook {
            account_sid: account.to_owned(),
            query: vec![parameter("message_id", id)],
            ..Webhook::default()
        }),
        message_sid: sid.to_owned(),
        message_status: "sent".to_owned(),
        ..TwilioMessageStatus::default()
    }
}

async fn tell(bench: &Bench, status: &TwilioMessageStatus) {
    let envelope = bench.envelope(status);
    bench.publish(&envelope).await;
    let store = bench.store().await;
    bench.handled(&store, "egress.witness", &envelope.id).await;
}

/// The list never shows it; Twilio's callback names it.
pub async fn callback_that_names_a_message_settles_its_doubt(bench: Arc<Bench>) {
    bench.twilio.state().lag = NEVER;
    bench.twilio.will([Mishap::LoseAnswer]);
    bench.send(&message("m1")).await;
    eventually("it is sent", async || bench.twilio.messages().len() == 1).await;
    let sid = bench.twilio.messages()[0].sid.clone();
    assert!(
        bench.twilio.messages()[0].form["StatusCallback"].ends_with("?message_id=m1"),
        "the callback names it"
    );
    tell(&bench, &told("m1", &sid, ACCOUNT)).await;
    let sent = bench.sent(1).await.remove(0);
    assert_eq!(
        (sent.message_sid.as_str(), sent.reconciled),
        (sid.as_str(), true)
    );
    assert!(!sent.repeated);
    assert_eq!(bench.twilio.state().posts, 1);
}

/// A callback signed for another account says nothing of a message.
pub async fn callback_of_another_account_is_no_witness(bench: Arc<Bench>) {
    bench.twilio.will([Mishap::Drop]);
    bench.send(&message("m1")).await;
    eventually("it is tried", async || bench.twilio.state().posts == 1).await;
    let other = "AC00000000000000000000000000000002";
    tell(&bench, &told("m1", "SM99", other)).await;
    let sent = bench.sent(1).await.remove(0);
    assert_ne!(sent.message_sid, "SM99");
    assert_eq!(bench.twilio.messages().len(), 1);
}

/// Neither witness says anything for all the time of doubt: it is sent again, which is told and shown.
pub async fn message_without_any_sign_is_repeated_and_counted(bench: Arc<Bench>) {
    bench.twilio.state().lag = NEVER;
    bench.twilio.will([Mishap::LoseAnswer]);
    bench.send(&message("m1")).await;
    let sent = bench.sent(1).await.remove(0);
    assert!(sent.repeated && !sent.reconciled);
    assert_eq!(bench.twilio.messages().len(), 2);
    assert_eq!(bench.ids::<MessageSent>().len(), 1);
    let shown = bench.get("/api/effects/").await;
    assert_eq!(shown["items"][0]["repeated"], true);
}

/// What was settled a month ago is gone after the next start, what is younger is kept.
pub async fn old_effects_are_forgotten(bench: Arc<Bench>) {
    bench.send(&message("m1")).await;
    bench.send(&message("m2")).await;
    bench.sent(2).await;
    let long_ago = bench.clock.now() - TimeDelta::days(31);
    let long_ago = long_ago.to_rfc3339_opts(SecondsFormat::Micros, true);
    let store = bench.store().await;
    let mut tx = store.begin().await.unwrap();
    let age = format!("UPDATE effects SET settled_at = '{long_ago}' WHERE id = 'm1'");
    on!(&mut tx, c => diesel::sql_query(&age).execute(c).await).unwrap();
    tx.commit().await.unwrap();
    drop(store);
    bench.restart().await;
    eventually("it is forgotten", async || {
        let shown = bench.get("/api/effects/").await;
        let items = shown["items"].as_array().unwrap();
        items.len() == 1 && items[0]["id"] == "m2"
    })
    .await;
}
