//! Leaving nothing behind.

use bus::{Bus, Subscription};
use role::Parts;
use settings::Settings;

use crate::{PATIENCE, amqp_url};

/// Removes what a case had on the broker and in the database, when nobody works there any more.
pub(crate) async fn sweep(settings: &Settings, opened: &[Parts], schemas: &[&str]) {
    if let Some(parts) = opened.last() {
        parts.database.drop_schemas(schemas).await.unwrap();
    }
    sweep_broker(settings, opened).await;
}

/// Removes what a case had on the broker, if there is one, when its consumers have stopped: a broker bears it badly that
/// queues go while their consumers stay, who make them again.
pub(crate) async fn sweep_broker(settings: &Settings, opened: &[Parts]) {
    let (Some(_), Some(namespace)) = (&settings.amqp_url, &settings.namespace) else {
        return;
    };
    // Not by the way that the case took: a wire of its own may be cut.
    let config = bus::Config::Amqp {
        url: amqp_url(),
        namespace: format!("trunkline.{namespace}"),
    };
    let declared: Vec<Subscription> = opened.iter().flat_map(|p| p.bus.declared()).collect();
    let swept = async {
        let broom = Bus::connect(&config).await.unwrap();
        broom.ready().await;
        for subscription in &declared {
            broom.declare(subscription).await.unwrap();
        }
        broom.delete_namespace().await.unwrap();
        broom.close().await;
    };
    tokio::time::timeout(PATIENCE, swept)
        .await
        .expect("the broker does not answer");
}
