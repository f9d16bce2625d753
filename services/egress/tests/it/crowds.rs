//! A tenant with very much to send beside one with little.

use std::sync::Arc;
use std::time::Instant;

use events::v1::MessageSend;
use testkit::eventually;

use crate::bench::{Bench, message};

/// How many texts a tenant has, if `TRUNKLINE_TEST_TEXTS` does not say so. At five a second they take two minutes.
const CROWD: usize = 600;
/// The other's number and customer.
const OTHER_FROM: &str = "+15550100009";
const OTHER_TO: &str = "+15550109001";

/// One tenant's texts leave at the pace of its number. Another's, of the same account, is told after all of them and leaves
/// long before most of them have.
pub async fn crowd_of_one_tenant_delays_no_other(bench: Arc<Bench>) {
    let told = std::env::var_os("TRUNKLINE_TEST_TEXTS");
    let told = told.and_then(|it| it.to_str()?.parse().ok());
    let crowd: usize = told.unwrap_or(CROWD);
    let texts: Vec<_> = (0..crowd)
        .map(|n| {
            let text = MessageSend {
                to: format!("+1555020{n:05}"),
                conversation_id: format!("conv-c{n}"),
                ..message(&format!("c{n}"))
            };
            bench.envelope(&text)
        })
        .collect();
    let published = bench.bus().publish_all(&texts).await;
    assert!(published.iter().all(Result::is_ok));
    eventually("the crowd is on its way", async || {
        bench.twilio.messages().len() >= 10
    })
    .await;
    let other = MessageSend {
        tenant_id: "jones".to_owned(),
        from: OTHER_FROM.to_owned(),
        to: OTHER_TO.to_owned(),
        conversation_id: "conv-other".to_owned(),
        ..message("other")
    };
    let began = Instant::now();
    bench.send(&other).await;
    let at = || {
        let sent = bench.twilio.messages();
        sent.iter().position(|it| it.form["To"] == OTHER_TO)
    };
    eventually("the other's text leaves", async || at().is_some()).await;
    let (before, took) = (at().unwrap(), began.elapsed());
    say(&format!(
        "beside {crowd} texts of one tenant another's leaves after {} ms, the {before}th of all",
        took.as_millis()
    ));
    assert!(before < crowd / 2, "{before} of {crowd} left before it");
}

#[expect(clippy::print_stdout, reason = "a figure, for whoever asks for it")]
fn say(words: &str) {
    println!("{words}");
}
