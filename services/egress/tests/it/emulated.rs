//! The same against the emulator, which knows more of Twilio than a test's own fake does.

use std::time::Duration;

use emulator::{ApiFault, Config, Emulator, Fault};
use events::v1::{MessageSent, NumberBought, NumberBuy, NumberRelease, NumberReleased};

use crate::bench::{Bench, Engine, FROM, message};

fn lose_answer(path: &str) -> Fault {
    Fault::Api(ApiFault {
        path: path.to_owned(),
        method: Some("POST".to_owned()),
        status: 0,
        code: None,
        times: 1,
        after_effect: true,
        retry_after_s: None,
    })
}

pub async fn the_emulator_is_used_like_twilio(engine: Engine) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let emulator = Emulator::start(Config::default()).await.unwrap();
    let account = emulator.credentials();
    let bench = Bench::start_with(
        engine,
        &[
            ("TWILIO_API_BASE_URL", &emulator.base_url()),
            ("TWILIO_ACCOUNT_SID", &account.account_sid),
            ("TWILIO_AUTH_TOKEN", &account.auth_token),
        ],
    )
    .await;
    let bus = &bench.parts().bus;
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
    bench.close().await;
    emulator.stop().await;
}
