//! What the emulator is told to do differently: phones that do not answer, an API that fails, callbacks that come late.

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
#[serde(default, deny_unknown_fields)]
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

/// How a message ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Delivery {
    /// It arrives: for a phone that goes its own way where the others are unreachable.
    Delivered,
    /// The carrier could not deliver it.
    #[default]
    Undelivered,
    /// It never left.
    Failed,
    /// It arrives, and the carrier gives no receipt.
    Sent,
}

/// A phone that is texted.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Handset {
    /// Which phone; all when unset.
    pub number: Option<String>,
    /// How each message to it ends.
    pub status: Delivery,
    /// Twilio's code for one that does not arrive (30003 when unset).
    pub error_code: Option<u32>,
}

/// An answer in place of the API's own.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiFault {
    /// Requests whose path begins so; the part up to the account's id may be left out (`/Messages.json`). Empty: all of them.
    #[serde(default)]
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
    /// In place of all that: lists of calls and messages do not show what is younger than this many seconds of the emulator's time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub list_lag_s: Option<f64>,
}

fn once() -> u32 {
    1
}

/// How status callbacks misbehave. TwiML is always fetched at once: a call waits for it.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
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
#[serde(default, deny_unknown_fields)]
pub struct RecordingFault {
    /// How many fetches of a fresh recording find nothing.
    pub not_found_times: u32,
    /// When the application is told that it is there.
    pub callback: CallbackTime,
    /// What becomes of it.
    pub end: RecordingEnd,
    /// The conference whose sound it is: it is found by that, not by its call. Empty: the call's own.
    pub conference_sid: String,
}

/// What becomes of a recording.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordingEnd {
    /// It has a file.
    #[default]
    Completed,
    /// Nothing was recorded (16101).
    Absent,
    /// It could not be made. Told to whoever asks for `absent`.
    Failed,
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

/// How a media stream breaks.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct StreamFault {
    /// The socket drops after this many seconds.
    pub drop_after_s: Option<f64>,
    /// The socket drops when the caller has heard these words to the end, in whatever case; once in a call.
    pub drop_after_heard: Option<String>,
    /// Frames are held up for as long as this, at most, and come at once.
    pub jitter_ms: u64,
    /// The share of frames that are lost, 0 to 1.
    pub loss: f64,
    /// One second after the start nothing comes for so long; then everything at once.
    pub stall_s: f64,
}

impl StreamFault {
    /// Whether the socket drops when these words have been heard.
    pub(crate) fn drops_after(&self, heard: &str) -> bool {
        self.drop_after_heard
            .as_ref()
            .is_some_and(|words| heard.to_lowercase().contains(&words.to_lowercase()))
    }
}

impl Fault {
    /// What is wrong with it, for whoever sent it.
    pub(crate) fn problem(&self) -> Option<&'static str> {
        match self {
            Self::Api(ApiFault {
                list_lag_s: None,
                path,
                ..
            }) if path.is_empty() => Some(
                "an api fault needs a path that it is for, such as /Messages.json, or list_lag_s",
            ),
            Self::Api(ApiFault {
                list_lag_s: Some(seconds),
                ..
            }) if !(0.0..=86_400.0).contains(seconds) => {
                Some("list_lag_s is a number of seconds from 0 to 86400")
            }
            _ => None,
        }
    }

    /// Whether this one takes the place of an earlier one. Failures of the API add up.
    fn replaces(&self, earlier: &Self) -> bool {
        match (self, earlier) {
            (Self::Callee(new), Self::Callee(old)) => new.number == old.number,
            (Self::Message(new), Self::Message(old)) => new.number == old.number,
            (Self::Api(new), Self::Api(old)) => {
                new.list_lag_s.is_some() && old.list_lag_s.is_some()
            }
            (Self::Callbacks(_), Self::Callbacks(_))
            | (Self::Recording(_), Self::Recording(_))
            | (Self::Stream(_), Self::Stream(_)) => true,
            _ => false,
        }
    }
}

/// A fault in force, with the name that it is withdrawn by.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct InForce {
    pub(crate) id: String,
    #[serde(flatten)]
    pub(crate) fault: Fault,
}

/// All faults in force, the oldest first.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    in_force: Vec<InForce>,
    made: u64,
}

impl Faults {
    /// Adds one, in place of the one that it replaces.
    pub(crate) fn add(&mut self, fault: Fault) -> InForce {
        self.made += 1;
        let added = InForce {
            id: format!("F{}", self.made),
            fault,
        };
        self.in_force
            .retain(|earlier| !added.fault.replaces(&earlier.fault));
        self.in_force.push(added.clone());
        added
    }

    /// Withdraws one. False when it is not in force.
    pub(crate) fn withdraw(&mut self, id: &str) -> bool {
        let before = self.in_force.len();
        self.in_force.retain(|fault| fault.id != id);
        self.in_force.len() < before
    }

    pub(crate) fn in_force(&self) -> &[InForce] {
        &self.in_force
    }

    fn find<'a, T>(&'a self, of: impl Fn(&'a Fault) -> Option<&'a T>) -> Option<&'a T> {
        self.in_force.iter().find_map(|it| of(&it.fault))
    }

    pub(crate) fn callee(&self, number: &str) -> Callee {
        let of = |wanted: Option<&str>| {
            self.find(|fault| match fault {
                Fault::Callee(callee) if callee.number.as_deref() == wanted => Some(callee),
                _ => None,
            })
        };
        of(Some(number))
            .or_else(|| of(None))
            .cloned()
            .unwrap_or_default()
    }

    pub(crate) fn handset(&self, number: &str) -> Option<&Handset> {
        let of = |wanted: Option<&str>| {
            self.find(|fault| match fault {
                Fault::Message(handset) if handset.number.as_deref() == wanted => Some(handset),
                _ => None,
            })
        };
        of(Some(number)).or_else(|| of(None))
    }

    pub(crate) fn callbacks(&self) -> Callbacks {
        let found = self.find(|fault| match fault {
            Fault::Callbacks(callbacks) => Some(callbacks),
            _ => None,
        });
        found.cloned().unwrap_or_default()
    }

    pub(crate) fn recording(&self) -> RecordingFault {
        let found = self.find(|fault| match fault {
            Fault::Recording(recording) => Some(recording),
            _ => None,
        });
        found.cloned().unwrap_or_default()
    }

    pub(crate) fn stream(&self) -> StreamFault {
        let found = self.find(|fault| match fault {
            Fault::Stream(stream) => Some(stream),
            _ => None,
        });
        found.cloned().unwrap_or_default()
    }

    /// How long a list does not show what is new, in seconds.
    pub(crate) fn list_lag_s(&self) -> f64 {
        let found = self.find(|fault| match fault {
            Fault::Api(api) => api.list_lag_s.as_ref(),
            _ => None,
        });
        found.copied().unwrap_or_default()
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
                && fault.list_lag_s.is_none()
                && fault
                    .method
                    .as_deref()
                    .is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
        };
        let at = self
            .in_force
            .iter()
            .position(|it| matches!(&it.fault, Fault::Api(api) if meets(api)))?;
        let Fault::Api(api) = &mut self.in_force[at].fault else {
            return None;
        };
        let fault = api.clone();
        api.times = fault.times.saturating_sub(1);
        if api.times == 0 {
            self.in_force.remove(at);
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
    fn api_fault_is_used_up() {
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
    fn phone_of_its_own_goes_before_all_phones() {
        let mut faults = Faults::default();
        assert_eq!(faults.callee("+15550100002").behaviour, Behaviour::Answer);
        faults.add(fault(r#"{"kind":"callee","behaviour":"busy"}"#));
        faults.add(fault(
            r#"{"kind":"callee","number":"+15550100002","behaviour":"no-answer"}"#,
        ));
        assert_eq!(faults.callee("+15550100002").behaviour, Behaviour::NoAnswer);
        assert_eq!(faults.callee("+15550100003").behaviour, Behaviour::Busy);
    }

    #[test]
    fn fault_with_unknown_field_is_refused() {
        for json in [
            r#"{"kind":"callee","numbr":"+15550100002","behaviour":"busy"}"#,
            r#"{"kind":"api","path":"/Messages.json","statuss":503}"#,
            r#"{"kind":"callbacks","delay":3}"#,
            r#"{"kind":"recording","never":true}"#,
            r#"{"kind":"message","behaviour":"failed"}"#,
        ] {
            let refused = serde_json::from_str::<Fault>(json).unwrap_err();
            assert!(refused.to_string().contains("unknown field"), "{refused}");
        }
        assert!(fault(r#"{"kind":"api","status":503}"#).problem().is_some());
        assert!(
            fault(r#"{"kind":"api","list_lag_s":5}"#)
                .problem()
                .is_none()
        );
    }

    #[test]
    fn fault_withdrawn_leaves_the_others() {
        let mut faults = Faults::default();
        let busy = faults.add(fault(r#"{"kind":"callee","behaviour":"busy"}"#));
        faults.add(fault(r#"{"kind":"api","list_lag_s":5}"#));
        assert!(faults.withdraw(&busy.id) && !faults.withdraw(&busy.id));
        assert_eq!(faults.callee("+15550100002").behaviour, Behaviour::Answer);
        assert!((faults.list_lag_s() - 5.0).abs() < f64::EPSILON);
        faults.add(fault(r#"{"kind":"api","list_lag_s":0}"#));
        assert_eq!(faults.in_force().len(), 1, "a new lag replaces the old one");
    }
}
