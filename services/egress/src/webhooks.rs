//! What a number of ours must have at Twilio, and what differs from it.

use settings::Settings;
use twilio_api::{IncomingNumber, NumberSettings};
use twilio_types::REPEATED;

/// The addresses that a number of ours calls.
#[derive(Debug, Clone)]
pub struct Webhooks {
    /// Where Twilio asks what to do with a call.
    pub voice: String,
    /// Where it tells of a text.
    pub sms: String,
}

/// What of a number is for us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ours {
    /// Its calls.
    pub voice: bool,
    /// Its texts.
    pub sms: bool,
}

impl Webhooks {
    /// Behind a public address.
    pub fn of(public_url: &str) -> Self {
        Self {
            voice: format!("{public_url}/webhooks/twilio/call"),
            sms: format!("{public_url}/webhooks/twilio/sms"),
        }
    }

    /// Where the end of a call is told.
    pub fn call_status(&self) -> String {
        format!("{}{REPEATED}", self.voice)
    }

    /// What has to be set, and what is wrong, in words. Instructions to repeat, and a slash at the end, make no difference.
    pub fn differences(&self, ours: Ours, there: &IncomingNumber) -> (NumberSettings, Vec<String>) {
        let mut settings = NumberSettings::default();
        let mut wrong = Vec::new();
        if ours.voice {
            let at = bare(there.voice_url.as_deref());
            if at != self.voice {
                wrong.push(format!("calls go to {}", told(at)));
                settings.voice_url = Some(self.voice.clone());
                settings.voice_method = Some("POST".to_owned());
            }
            let at = bare(there.status_callback.as_deref());
            if at != self.voice {
                wrong.push(format!("ends of calls are told to {}", told(at)));
                settings.status_callback = Some(self.call_status());
            }
        }
        let at = bare(there.sms_url.as_deref());
        if ours.sms && at != self.sms {
            wrong.push(format!("texts go to {}", told(at)));
            settings.sms_url = Some(self.sms.clone());
            settings.sms_method = Some("POST".to_owned());
        }
        (settings, wrong)
    }
}

fn bare(url: Option<&str>) -> &str {
    let url = url.unwrap_or_default();
    let url = url.split('#').next().unwrap_or_default();
    url.trim_end_matches('/')
}

fn told(url: &str) -> &str {
    if url.is_empty() { "nowhere" } else { url }
}

/// Where Twilio tells what becomes of a message.
pub(crate) fn message_status_url(settings: &Settings) -> String {
    format!("{}/webhooks/twilio/sms/status", settings.public_url())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_that_goes_elsewhere_is_told_and_set() {
        let ours = Webhooks::of("https://voice.example");
        let both = Ours {
            voice: true,
            sms: true,
        };
        let mut there = IncomingNumber {
            voice_url: Some("https://voice.example/webhooks/twilio/call/".to_owned()),
            status_callback: Some(ours.call_status()),
            sms_url: Some("https://demo.twilio.com/welcome/sms/reply".to_owned()),
            ..IncomingNumber::default()
        };
        let (settings, wrong) = ours.differences(both, &there);
        assert_eq!(
            wrong,
            ["texts go to https://demo.twilio.com/welcome/sms/reply"]
        );
        assert_eq!(
            settings.sms_url.as_deref(),
            Some("https://voice.example/webhooks/twilio/sms")
        );
        assert_eq!((settings.voice_url, settings.status_callback), (None, None));
        there.voice_url = None;
        let none = Ours {
            voice: false,
            sms: false,
        };
        assert!(ours.differences(none, &there).1.is_empty());
        let calls = Ours {
            voice: true,
            sms: false,
        };
        let (_, wrong) = ours.differences(calls, &there);
        assert_eq!(wrong, ["calls go to nowhere"]);
    }
}
