//! The platform's numbers, given to the emulator with their webhooks, as they would stand at Twilio.

use std::time::Duration;

use bus::Bus;
use events::Event;
use events::v1::{NumberChanged, TenantChanged};
use role::Parts;
use tracing::{debug, warn};
use twilio_api::Client as Twilio;
use twilio_types::REPEATED;

use crate::Failure;
use crate::client::Client;

/// How long until the bus is asked again for a view that it could not give, or that has ended.
const TAP_AGAIN: Duration = Duration::from_secs(1);

/// What a number needs to be given to the emulator.
pub struct NumbersLine {
    pub client: Client,
    pub twilio: Twilio,
    pub handle: emulator::Handle,
    pub public_url: String,
}

impl NumbersLine {
    /// Gives the emulator every active number that it has not got.
    pub async fn give(&self) -> Result<(), Failure> {
        let owned = self.handle.numbers();
        let mut path = "/phone-numbers/?limit=200".to_owned();
        loop {
            let page = self.client.get(&path).await?;
            for item in page["items"].as_array().into_iter().flatten() {
                let Some(number) = item["number"].as_str() else {
                    continue;
                };
                if item["status"] == "active" && !owned.iter().any(|n| n == number) {
                    self.give_one(number).await?;
                }
            }
            let Some(cursor) = page["next_cursor"].as_str() else {
                return Ok(());
            };
            path = format!("/phone-numbers/?limit=200&cursor={cursor}");
        }
    }

    async fn give_one(&self, number: &str) -> Result<(), Failure> {
        debug!("a number is given to the emulator");
        let voice_url = format!("{}/webhooks/twilio/call", self.public_url);
        let settings = twilio_api::NumberSettings {
            phone_number: Some(number.to_owned()),
            voice_url: Some(voice_url.clone()),
            sms_url: Some(format!("{}/webhooks/twilio/sms", self.public_url)),
            status_callback: Some(format!("{voice_url}{REPEATED}")),
            ..Default::default()
        };
        let given = self.twilio.incoming_numbers().create(&settings).await;
        match given {
            // Whoever hears of the same number at the same time may have been quicker.
            Err(e) if !self.handle.numbers().iter().any(|n| n == number) => Err(Failure::failed(e)),
            _ => Ok(()),
        }
    }

    /// A number that is applied later rings as well. Ends when the platform stops.
    pub async fn follow(self, parts: Parts) {
        let mut unseen = false;
        loop {
            tokio::select! {
                () = self.follow_once(&parts.bus, unseen) => {}
                () = parts.stopping.cancelled() => return,
            }
            // What changes until the next view is not seen by it.
            unseen = true;
            tokio::select! {
                () = tokio::time::sleep(TAP_AGAIN) => {}
                () = parts.stopping.cancelled() => return,
            }
        }
    }

    /// Until the view ends, or there is none to be had.
    async fn follow_once(&self, bus: &Bus, unseen: bool) {
        let mut tap = match bus.tap(&[NumberChanged::TYPE, TenantChanged::TYPE]).await {
            Ok(tap) => tap,
            Err(error) => {
                warn!(%error, "new numbers are not heard of; the bus is asked again");
                return;
            }
        };
        if unseen {
            self.give_or_warn().await;
        }
        while tap.next().await.is_some() {
            self.give_or_warn().await;
        }
    }

    async fn give_or_warn(&self) {
        if let Err(e) = self.give().await {
            warn!(error = ?e, "the emulator was not given a number");
        }
    }
}
