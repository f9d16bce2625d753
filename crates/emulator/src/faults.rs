//! What the emulator is told to do differently: phones that do not answer, an API that fails, callbacks that come late.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::script::Step;

/// One wish, as `POST /emulator/faults` takes it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum Fault {
    /// How a phone behaves that the application dials.
    Callee(Callee),
    /// What becomes of messages to a phone.
    Message(Handset),
    /// The REST API fails.
    Api(ApiFault),
    /// Status callbacks come late, twice or out of order.
    Callbacks(Callbacks),
    /// Fresh recordings answer 404 that many times.
    Recording(RecordingFault),
    /// Media streams break.
    Stream(StreamFault),
}

/// What a dialled phone does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Behaviour {
    /// Picks up.
    #[default]
    Answer,
    /// Rings until the caller gives up.
    NoAnswer,
    /// Is engaged.
    Busy,
    /// Cannot be reached.
    Failed,
    /// Picks up and hangs up at once.
    HangUp,
    /// An answering machine picks up: answering machine detection finds it.
    Machine,
}

/// A dialled phone.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Callee {
    /// Which phone; all phones that have no wish of their own when unset.
    pub number: Option<String>,
    /// What it does.
    pub behaviour: Behaviour,
    /// After how many seconds it picks up or is found busy (2 when unset).
    pub after_s: Option<f64>,
    /// How long it talks once connected to the other party (5 when unset). A phone that the API called stays until the end when unset.
    pub talk_s: Option<f64>,
    /// How long an answering machine's greeting is (8 when unset).
    pub greeting_s: Option<f64>,
    /// Whether it beeps after its greeting (yes when unset).
    pub beep: Option<bool>,
    /// Keys it presses when it hears a prompt.
    pub press: Option<String>,
    /// What the person on that phone does, as in a caller's script; stands in for `press`.
    pub steps: Vec<Step>,
}

/// A phone that is texted.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Handset {
    /// Which phone; all when unset.
    pub number: Option<String>,
    /// `undelivered`, `failed`, or `sent` for a carrier that gives no receipt.
    pub status: String,
    /// Twilio's code for it (30003 when unset).
    pub error_code: Option<u32>,
}

/// An answer in place of the API's own.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ApiFault {
    /// Requests whose path begins so; the part up to the account's id may be left out (`/Messages.json`).
    pub path: String,
    /// Only this method.
    #[serde(default)]
    pub method: Option<String>,
    /// The HTTP status; 0 closes the connection without an answer.
    #[serde(default)]
    pub status: u16,
    /// Twilio's code in the body.
    #[serde(default)]
    pub code: Option<u32>,
    /// For how many requests.
    #[serde(default = "once")]
    pub times: u32,
    /// True: do what was asked and lose the answer. False: do nothing.
    #[serde(default, alias = "applied")]
    pub after_effect: bool,
    /// Sent as `Retry-After`.
    #[serde(default)]
    pub retry_after_s: Option<u32>,
}

fn once() -> u32 {
    1
}

/// How status callbacks misbehave. TwiML is always fetched at once: a call waits for it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Callbacks {
    /// Each one comes this much later.
    pub delay_s: f64,
    /// Each one comes twice.
    pub duplicate: bool,
    /// Those of one call or message are held until the last and then come in another order.
    pub shuffle: bool,
}

/// What becomes of recordings that begin from now on.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RecordingFault {
    /// How many fetches of a fresh recording find nothing.
    pub not_found_times: u32,
    /// When the application is told that it is there.
    pub callback: CallbackTime,
}

/// When `recordingStatusCallback` is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CallbackTime {
    /// Some seconds later, as Twilio does most of the time; mostly after the `action`.
    #[default]
    After,
    /// At once, and the `action` waits until it has been answered.
    Before,
    /// Not at all.
    Never,
}

/// Kept for media streams.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct StreamFault {
    /// The socket drops after this many seconds.
    pub drop_after_s: Option<f64>,
}

/// All wishes in force.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    callees: BTreeMap<Option<String>, Callee>,
    handsets: BTreeMap<Option<String>, Handset>,
    api: Vec<ApiFault>,
    pub(crate) callbacks: Callbacks,
    pub(crate) recording: RecordingFault,
    pub(crate) stream: StreamFault,
}

impl Faults {
    pub(crate) fn add(&mut self, fault: Fault) {
        match fault {
            Fault::Callee(callee) => {
                self.callees.insert(callee.number.clone(), callee);
            }
            Fault::Message(handset) => {
                self.handsets.insert(handset.number.clone(), handset);
            }
            Fault::Api(fault) => self.api.push(fault),
            Fault::Callbacks(callbacks) => self.callbacks = callbacks,
            Fault::Recording(fault) => self.recording = fault,
            Fault::Stream(fault) => self.stream = fault,
        }
    }

    pub(crate) fn callee(&self, number: &str) -> Callee {
        self.callees
            .get(&Some(number.to_owned()))
            .or_else(|| self.callees.get(&None))
            .cloned()
            .unwrap_or_default()
    }

    pub(crate) fn handset(&self, number: &str) -> Option<&Handset> {
        self.handsets
            .get(&Some(number.to_owned()))
            .or_else(|| self.handsets.get(&None))
    }

    /// The fault that this request meets, used up by one.
    pub(crate) fn take_api(&mut self, method: &str, path: &str) -> Option<ApiFault> {
        let short = path
            .split_once("/Accounts/")
            .and_then(|(_, rest)| rest.find('/').map(|at| &rest[at..]));
        let meets = |fault: &ApiFault| {
            let prefix = fault.path.as_str();
            let short_prefix = prefix.trim_start_matches('/');
            let by_path = path.starts_with(prefix)
                || short
                    .is_some_and(|short| short.trim_start_matches('/').starts_with(short_prefix));
            by_path
                && fault
                    .method
                    .as_deref()
                    .is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
        };
        let at = self.api.iter().position(meets)?;
        let fault = self.api[at].clone();
        self.api[at].times = fault.times.saturating_sub(1);
        if self.api[at].times == 0 {
            self.api.remove(at);
        }
        (fault.times > 0).then_some(fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(json: &str) -> Fault {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn an_api_fault_is_used_up() {
        let mut faults = Faults::default();
        faults.add(fault(
            r#"{"kind":"api","path":"/Messages.json","status":429,"code":20429,"times":2}"#,
        ));
        let path = "/2010-04-01/Accounts/AC1/Messages.json";
        assert!(
            faults
                .take_api("POST", "/2010-04-01/Accounts/AC1/Calls.json")
                .is_none()
        );
        assert_eq!(faults.take_api("POST", path).unwrap().status, 429);
        assert_eq!(faults.take_api("POST", path).unwrap().code, Some(20429));
        assert!(faults.take_api("POST", path).is_none());
    }

    #[test]
    fn a_phone_of_its_own_goes_before_all_phones() {
        let mut faults = Faults::default();
        assert_eq!(faults.callee("+15550100002").behaviour, Behaviour::Answer);
        faults.add(fault(r#"{"kind":"callee","behaviour":"busy"}"#));
        faults.add(fault(
            r#"{"kind":"callee","number":"+15550100002","behaviour":"no-answer"}"#,
        ));
        assert_eq!(faults.callee("+15550100002").behaviour, Behaviour::NoAnswer);
        assert_eq!(faults.callee("+15550100003").behaviour, Behaviour::Busy);
    }
}
