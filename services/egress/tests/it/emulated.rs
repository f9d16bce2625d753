//! The same against the emulator, which knows more of Twilio than a test's own fake does.

use std::sync::Arc;
use std::time::Duration;

use emulator::{ApiFault, Behaviour, Callee, Config, Emulator, Fault, Running};
use events::v1::{
    CallHangUp, CallPlaced, MessageSent, NumberBought, NumberBuy, NumberRelease, NumberReleased,
};

use testkit::Mode;

use crate::bench::{self, Bench, FROM, TO, call, message};

fn lose_answer(path: &str) -> Fault {
    Fault::Api(ApiFault {
        path: path.to_owned(),
        method: Some("POST".to_owned()),
        times: 1,
        after_effect: true,
        ..ApiFault::default()
    })
}

/// What a case gets: the emulator, and a platform that takes it for Twilio.
pub type Both = (Arc<Running>, Arc<Bench>);

pub async fn run<F: Future<Output = ()>>(mode: Mode, case: fn(Both) -> F) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let emulator = Arc::new(Emulator::start(Config::default()).await.unwrap());
    let account = emulator.credentials();
    let more = [
        ("TWILIO_API_BASE_URL", &*emulator.base_url()),
        ("TWILIO_ACCOUNT_SID", &account.account_sid),
        ("TWILIO_AUTH_TOKEN", &account.auth_token),
    ];
    bench::run_with(mode, &more, |bench| case((emulator.clone(), bench))).await;
    Arc::into_inner(emulator).unwrap().stop().await;
}

pub async fn emulator_is_used_like_twilio((emulator, bench): Both) {
    let account = emulator.credentials();
    let bus = bench.bus();
    emulator
        .handle()
        .fault(lose_answer("/IncomingPhoneNumbers.json"));
    let buy = NumberBuy {
        number_id: "n1".to_owned(),
        number: FROM.to_owned(),
        ..NumberBuy::default()
    };
    let reply = bus
        .request(bench.envelope(&buy), Duration::from_secs(15))
        .await
        .unwrap();
    let bought: NumberBought = reply.decode().unwrap();
    assert!(bought.ok && bought.number == FROM);
    assert_eq!(emulator.handle().numbers(), [FROM]);

    let mut text = message("m1");
    text.account_sid = account.account_sid;
    emulator.handle().fault(lose_answer("/Messages.json"));
    bench.send(&text).await;
    assert!(bench.sent(1).await[0].reconciled);
    text.message_id = "m2".to_owned();
    bench.send(&text).await;
    let sent = bench.sent(2).await;
    assert_ne!(sent[0].message_sid, sent[1].message_sid);
    assert_eq!(bench.ids::<MessageSent>().len(), 2);

    let release = NumberRelease {
        number_id: "n1".to_owned(),
        phone_number_sid: bought.phone_number_sid,
        ..NumberRelease::default()
    };
    let reply = bus
        .request(bench.envelope(&release), Duration::from_secs(15))
        .await
        .unwrap();
    assert!(reply.decode::<NumberReleased>().unwrap().ok);
    assert!(emulator.handle().numbers().is_empty());
    assert_eq!(
        bench.get("/api/twilio/debug/").await["accounts"][0]["credentials"],
        "ok"
    );
}

/// A call rings, is taken back while it does, and is placed once.
pub async fn emulator_is_called_like_twilio((emulator, bench): Both) {
    let (account, handle) = (emulator.credentials(), emulator.handle());
    let buy = NumberBuy {
        number_id: "n1".to_owned(),
        number: FROM.to_owned(),
        ..NumberBuy::default()
    };
    let bus = bench.bus();
    let bought = bus.request(bench.envelope(&buy), Duration::from_secs(15));
    assert!(bought.await.unwrap().decode::<NumberBought>().unwrap().ok);

    handle.fault(Fault::Callee(Callee {
        behaviour: Behaviour::NoAnswer,
        ..Callee::default()
    }));
    handle.fault(lose_answer("/Calls.json"));
    let mut command = call("p1");
    account.account_sid.clone_into(&mut command.account_sid);
    // No server listens there.
    command.url = "http://127.0.0.1:9/".to_owned();
    command.status_callback = "http://127.0.0.1:9/".to_owned();
    command.machine_detection = "Enable".to_owned();
    bench.place(&command).await;
    let first = bench.placed(1).await.remove(0);
    assert!(first.reconciled);
    command.place_id = "p2".to_owned();
    bench.place(&command).await;
    let second = bench.placed(2).await.remove(1);
    assert_ne!(first.call_sid, second.call_sid);
    assert_eq!(bench.ids::<CallPlaced>().len(), 2);

    for placed in [&first, &second] {
        let command = CallHangUp {
            call_sid: placed.call_sid.clone(),
            account_sid: account.account_sid.clone(),
            ..CallHangUp::default()
        };
        bench.publish(&bench.envelope(&command)).await;
        let over = handle.finished(&placed.call_sid);
        let over = tokio::time::timeout(Duration::from_secs(20), over)
            .await
            .unwrap()
            .unwrap();
        assert_eq!((over.to.as_str(), over.outcome), (TO, Some("canceled")));
    }
}
