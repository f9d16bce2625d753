//! Whom a `<Dial>` dials: what it says of each is made into a leg, and what of it is not carried out is said aloud.

use std::sync::Arc;

use phone::E164;
use tokio::sync::Notify;
use tokio::sync::mpsc::UnboundedReceiver;
use twiml::{CallEvent, Dial, MachineDetection, Noun, Number};

use crate::call::leg::NOT_RUN;
use crate::call::verbs::child::Plan;
use crate::call::{Detection, Leg};
use crate::document::method;
use crate::faults::{Behaviour, Callee};
use crate::leg_context::LegContext;
use crate::leg_control::{Ask, By, Control, Goto, Input};
use crate::state::{Call, Direction, StatusCallback};
use crate::status::Status;
use crate::wire::{Failure, Params};

/// How long Twilio listens for a machine.
const DETECTION_S: u32 = 30;

/// A leg that was dialled, seen from the one that dials.
pub(crate) struct Child {
    pub(crate) context: LegContext,
    /// Told when both parties are connected.
    pub(crate) bridge: Arc<Notify>,
    pub(crate) answered: bool,
    pub(crate) ended: Option<Status>,
}

impl Child {
    pub(crate) fn bridged(&self) -> bool {
        self.context.look(|call| call.bridged)
    }

    /// Ends what still has to do with this dialling; a leg that was sent elsewhere has not.
    pub(crate) fn end(&self, status: Status) {
        if self.ended.is_none() {
            self.context.control.end(By::Parent(status));
        }
    }

    /// Seconds from the answer to the end of the conversation.
    pub(crate) fn duration_s(&self) -> i64 {
        let now = self.context.shared.time.now();
        self.context
            .look(|call| call.lasted_s(call.ended.unwrap_or(now)))
    }
}

/// The phones to dial; none when the number that is to be shown is not allowed.
pub(crate) fn phones<'a>(leg: &Leg, dial: &'a Dial) -> Vec<&'a Number> {
    if !may_show(leg, dial) {
        let words = "Dial: Invalid callerId: it is neither From nor To of the call, nor a number of the account";
        leg.context.note("dial", &Failure::new(13214, words));
        return Vec::new();
    }
    ignored(leg, dial);
    dial.nouns
        .iter()
        .filter_map(|noun| phone(leg, noun))
        .collect()
}

/// Whether `callerId` is a number that Twilio lets this call show.
fn may_show(leg: &Leg, dial: &Dial) -> bool {
    let Some(wanted) = dial.caller_id.as_ref().map(|number| number.as_str()) else {
        return true;
    };
    leg.context
        .look(|call| call.from == wanted || call.to == wanted)
        || leg.context.shared.state().number(wanted).is_some()
}

/// Says aloud what of a `<Dial>` is not carried out, so that nobody believes it worked.
fn ignored(leg: &Leg, dial: &Dial) {
    for (is_set, attribute) in [
        (dial.ring_tone.is_some(), "ringTone"),
        (dial.refer_url.is_some(), "referUrl"),
    ] {
        if is_set {
            leg.unsupported("Dial", &format!("{attribute} has no effect here"));
        }
    }
}

fn phone<'a>(leg: &Leg, noun: &'a Noun) -> Option<&'a Number> {
    let name = match noun {
        Noun::Number(number) => {
            if number.byoc.is_some() {
                leg.unsupported("Number", "byoc has no effect here");
            }
            return Some(number);
        }
        Noun::Client(_) => "Client",
        Noun::Sip(_) => "Sip",
        Noun::Other(other) => other.name(),
    };
    leg.unsupported(name, NOT_RUN);
    None
}

/// How the phone behaves; what is no phone number cannot be reached.
fn callee(leg: &Leg, number: &Number) -> Callee {
    if E164::parse(&number.number).is_ok() {
        return leg.context.shared.state().faults.callee(&number.number);
    }
    leg.context.note(
        "dial",
        &Failure::new(13223, "Dial: invalid phone number format"),
    );
    Callee {
        behaviour: Behaviour::Failed,
        ..Callee::default()
    }
}

/// Makes the leg's record, and what is to happen on it.
pub(crate) fn prepare(
    leg: &Leg,
    dial: &Dial,
    number: &Number,
) -> (Child, Plan, UnboundedReceiver<Input>) {
    let (control, inputs) = Control::new();
    let callee = callee(leg, number);
    let context = record(leg, dial, number, Arc::new(control));
    let bridge = Arc::new(Notify::new());
    let plan = Plan {
        callee,
        send_digits: number
            .send_digits
            .as_ref()
            .map(|digits| digits.as_str().to_owned()),
        detect: detection(leg, number),
        whisper: whisper(leg, number),
        bridge: Arc::clone(&bridge),
    };
    let child = Child {
        context,
        bridge,
        answered: false,
        ended: None,
    };
    (child, plan, inputs)
}

fn record(leg: &Leg, dial: &Dial, number: &Number, control: Arc<Control>) -> LegContext {
    let shared = &leg.context.shared;
    let now = shared.time.now();
    let (from, number_sid) = leg
        .context
        .look(|call| (call.from.clone(), call.number_sid.clone()));
    let from = dial
        .caller_id
        .as_ref()
        .map_or(from, |caller_id| caller_id.as_str().to_owned());
    let callback = callback(leg, number);
    let mut state = shared.state();
    let sid = state.ids.sid("CA");
    let mut call = Call::new(
        sid.clone(),
        Direction::OutboundDial,
        &from,
        &number.number,
        now,
        Arc::clone(&control),
    );
    call.parent = Some(leg.context.sid.clone());
    call.number_sid = number_sid;
    call.callback = callback;
    state.call_insert(call);
    state.moment(
        &leg.context.sid,
        "leg",
        format!("{sid} to {}", number.number.as_str()),
    );
    drop(state);
    LegContext {
        shared: Arc::clone(shared),
        sid,
        control,
    }
}

fn callback(leg: &Leg, number: &Number) -> Option<StatusCallback> {
    let url = leg.resolve(number.status_callback.as_deref()?).ok()?;
    Some(StatusCallback {
        url,
        method: method(number.status_callback_method),
        events: match number.status_callback_event.as_deref() {
            None | Some([]) => vec!["completed".to_owned()],
            Some(events) => events
                .iter()
                .map(|event| CallEvent::as_str(*event).to_owned())
                .collect(),
        },
        sent: 0,
    })
}

fn whisper(leg: &Leg, number: &Number) -> Option<Goto> {
    match leg.resolve(number.url.as_deref()?) {
        Ok(url) => Some(Goto::Fetch(Ask {
            kind: "whisper",
            url,
            method: method(number.method),
            extra: Params::new(),
        })),
        Err(failure) => {
            leg.context.note("whisper", &failure);
            None
        }
    }
}

/// What is to be found out of who picks up. It is told to `amdStatusCallback` and holds nothing up; not when keys are to be sent, as with
/// calls of the API.
fn detection(leg: &Leg, number: &Number) -> Option<Detection> {
    let how = number.machine_detection?;
    if number.send_digits.is_some() {
        leg.unsupported("Number", "machineDetection has no effect with sendDigits");
        return None;
    }
    let callback = number.amd_status_callback.as_deref().and_then(|url| {
        leg.resolve(url)
            .map_err(|failure| leg.context.note("amd-status", &failure))
            .ok()
    });
    Some(Detection {
        until_end: how == MachineDetection::DetectMessageEnd,
        timeout_s: f64::from(number.machine_detection_timeout.unwrap_or(DETECTION_S)),
        meanwhile: true,
        callback: callback.map(|url| (url, method(number.amd_status_callback_method))),
    })
}
