//! `<Dial>`: phones that ring at once or one after the other (specification, sections 2.3 and 3).

use std::sync::Arc;

use phone::E164;
use tokio::sync::Notify;
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use twiml::{CallEvent, Dial, Noun, Number};

use crate::call::control::{By, Control, Interrupt};
use crate::call::leg::{Flow, Kind};
use crate::call::verbs::child::{self, News, Plan};
use crate::call::{Ask, Goto, Leg, Stage};
use crate::document::method;
use crate::faults::{Behaviour, Callee};
use crate::state::{Call, Direction, Status, StatusCallback};
use crate::time::seconds;
use crate::webhooks::{Failure, Params};

/// Twilio lets it ring about this much longer than it was told, and never shorter than the least.
const EXTRA_S: u32 = 5;
const LEAST_S: u32 = 5;
/// Four hours.
const LONGEST_S: u32 = 14_400;

/// How dialling ended.
#[derive(Clone, Debug)]
struct Outcome {
    status: Status,
    sid: Option<String>,
    duration_s: i64,
    bridged: bool,
}

/// A leg that was dialled, seen from the one that dials.
struct Child {
    stage: Stage,
    /// Told when both parties are connected.
    bridge: Arc<Notify>,
    answered: bool,
    ended: Option<Status>,
}

pub(crate) async fn run(leg: &mut Leg, dial: &Dial) -> Result<Flow, Interrupt> {
    if leg.kind == Kind::Whisper {
        leg.unsupported("Dial", "not in the TwiML for a callee");
        return Ok(Flow::Next);
    }
    let numbers: Vec<&Number> = dial
        .nouns
        .iter()
        .filter_map(|noun| phone(leg, noun))
        .collect();
    let groups: Vec<Vec<&Number>> = match dial.sequential {
        Some(true) => numbers.into_iter().map(|number| vec![number]).collect(),
        _ => vec![numbers],
    };
    let mut outcome = Outcome {
        status: Status::Failed,
        sid: None,
        duration_s: 0,
        bridged: false,
    };
    for group in groups {
        let (ended, interrupt) = ring(leg, dial, &group).await;
        outcome = ended;
        match interrupt {
            Some(Interrupt::Over(by)) => {
                part(leg, dial, &outcome);
                return Err(Interrupt::Over(by));
            }
            Some(elsewhere) => return Err(elsewhere),
            None if outcome.status == Status::Completed => break,
            None => {}
        }
    }
    leg.stage.moment(
        "dial",
        format!("{} (bridged: {})", outcome.status.as_str(), outcome.bridged),
    );
    match &dial.action {
        Some(action) => {
            leg.goto(
                "dial-action",
                Some(action),
                &method(dial.method),
                params(&outcome),
            )
            .await
        }
        None => Ok(Flow::Next),
    }
}

fn phone<'a>(leg: &Leg, noun: &'a Noun) -> Option<&'a Number> {
    match noun {
        Noun::Number(number) => Some(number),
        Noun::Client(_) => {
            leg.unsupported("Client", "not dialled");
            None
        }
        Noun::Sip(_) => {
            leg.unsupported("Sip", "not dialled");
            None
        }
    }
}

/// The caller has hung up: the action is still asked, and what it answers is not run.
fn part(leg: &mut Leg, dial: &Dial, outcome: &Outcome) {
    let Some(url) = dial
        .action
        .as_deref()
        .and_then(|action| leg.resolve(action).ok())
    else {
        return;
    };
    leg.parting.push(Ask {
        kind: "dial-action",
        url,
        method: method(dial.method),
        extra: params(outcome),
    });
}

fn params(outcome: &Outcome) -> Params {
    let mut params = vec![
        (
            "DialCallStatus".to_owned(),
            outcome.status.as_str().to_owned(),
        ),
        ("DialBridged".to_owned(), outcome.bridged.to_string()),
    ];
    if let Some(sid) = &outcome.sid {
        params.push(("DialCallSid".to_owned(), sid.clone()));
    }
    if outcome.status == Status::Completed {
        params.push((
            "DialCallDuration".to_owned(),
            outcome.duration_s.to_string(),
        ));
    }
    params
}

/// Lets a group of phones ring until one is connected and done, or none will be.
async fn ring(leg: &mut Leg, dial: &Dial, numbers: &[&Number]) -> (Outcome, Option<Interrupt>) {
    let (news, mut heard) = unbounded_channel();
    let mut children = Vec::new();
    for (index, number) in numbers.iter().enumerate() {
        let (child, plan, inputs) = prepare(leg, dial, number);
        let report = news.clone();
        let tell = move |what| {
            // Nobody listens any more once the caller is gone.
            let _ = report.send((index, what));
        };
        child.stage.shared.clone().spawn(Box::pin(child::run(
            child.stage.clone(),
            inputs,
            plan,
            tell,
        )));
        children.push(child);
    }
    drop(news);
    let interrupt = converse(leg, dial, &mut children, &mut heard).await;
    let bridged = children.iter().position(|child| child.bridged());
    (outcome(&children, bridged), interrupt)
}

impl Child {
    fn bridged(&self) -> bool {
        self.stage.look(|call| call.bridged)
    }

    fn end(&self, status: Status) {
        self.stage.control.end(By::Parent(status));
    }
}

/// Follows the phones' news. The first that is ready is connected, and then the others stop ringing.
async fn converse(
    leg: &mut Leg,
    dial: &Dial,
    children: &mut [Child],
    heard: &mut UnboundedReceiver<(usize, News)>,
) -> Option<Interrupt> {
    let rings = dial.timeout.unwrap_or(30).max(LEAST_S) + EXTRA_S;
    let stage = leg.stage.clone();
    let time = &stage.shared.time;
    let mut deadline = Box::pin(time.sleep(seconds(f64::from(rings))));
    let mut timed_out = false;
    let mut connected = false;
    let mut interrupt = None;
    while children.iter().any(|child| child.ended.is_none()) {
        tokio::select! {
            biased;
            news = heard.recv() => match news {
                None => break,
                Some((index, News::Answered)) => children[index].answered = true,
                Some((index, News::Ready)) if !connected => {
                    connected = true;
                    leg.answer();
                    for other in children.iter().enumerate().filter(|(at, _)| *at != index) {
                        other.1.end(Status::Canceled);
                    }
                    children[index].bridge.notify_one();
                    deadline = Box::pin(time.sleep(seconds(f64::from(dial.time_limit.unwrap_or(LONGEST_S)))));
                    timed_out = false;
                }
                Some((index, News::Ready)) => children[index].end(Status::Canceled),
                Some((index, News::Ended(status))) => children[index].ended = Some(status),
            },
            why = stage.control.interrupted(), if interrupt.is_none() => {
                interrupt = Some(why);
                children.iter().for_each(|child| child.end(Status::Canceled));
            }
            () = &mut deadline, if !timed_out => {
                timed_out = true;
                // Who has picked up is not ringing any more.
                children.iter().filter(|child| connected || !child.answered).for_each(|child| child.end(Status::NoAnswer));
            }
        }
    }
    interrupt
}

/// One word for all phones: the one that was connected, else the one that came closest.
fn outcome(children: &[Child], bridged: Option<usize>) -> Outcome {
    let rank = |status: Option<Status>| match status {
        Some(Status::Completed) => 4,
        Some(Status::NoAnswer) => 3,
        Some(Status::Busy) => 2,
        Some(Status::Canceled) => 1,
        _ => 0,
    };
    let best = bridged.or_else(|| {
        (0..children.len())
            .max_by_key(|index| (rank(children[*index].ended), std::cmp::Reverse(*index)))
    });
    match best.map(|index| &children[index]) {
        Some(child) => Outcome {
            status: child.ended.unwrap_or(Status::Failed),
            sid: Some(child.stage.sid.clone()),
            duration_s: child.stage.look(Call::duration_s),
            bridged: bridged.is_some(),
        },
        None => Outcome {
            status: Status::Failed,
            sid: None,
            duration_s: 0,
            bridged: false,
        },
    }
}

/// How the phone behaves; what is no phone number cannot be reached.
fn callee(leg: &Leg, number: &Number) -> Callee {
    if E164::parse(&number.number).is_ok() {
        return leg.stage.shared.state().faults.callee(&number.number);
    }
    leg.stage.note(
        "dial",
        &Failure::new(13223, "Dial: invalid phone number format"),
    );
    Callee {
        behaviour: Behaviour::Failed,
        ..Callee::default()
    }
}

fn prepare(
    leg: &Leg,
    dial: &Dial,
    number: &Number,
) -> (Child, Plan, UnboundedReceiver<crate::call::Input>) {
    let (control, inputs) = Control::new();
    let control = Arc::new(control);
    let shared = &leg.stage.shared;
    let now = shared.time.now();
    let callee = callee(leg, number);
    let (from, number_sid) = leg
        .stage
        .look(|call| (call.from.clone(), call.number_sid.clone()));
    let from = dial
        .caller_id
        .as_ref()
        .map_or(from, |caller_id| caller_id.as_str().to_owned());
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
    call.parent = Some(leg.stage.sid.clone());
    call.number_sid = number_sid;
    call.callback = number
        .status_callback
        .as_deref()
        .and_then(|url| leg.resolve(url).ok())
        .map(|url| StatusCallback {
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
        });
    state.call_insert(call);
    state.moment(
        &leg.stage.sid,
        "leg",
        format!("{sid} to {}", number.number.as_str()),
    );
    drop(state);
    let whisper = number
        .url
        .as_deref()
        .and_then(|url| match leg.resolve(url) {
            Ok(url) => Some(Goto::Fetch(Ask {
                kind: "whisper",
                url,
                method: method(number.method),
                extra: Params::new(),
            })),
            Err(failure) => {
                leg.stage.note("whisper", &failure);
                None
            }
        });
    let bridge = Arc::new(Notify::new());
    let stage = Stage {
        shared: Arc::clone(shared),
        sid,
        control,
    };
    let plan = Plan {
        callee,
        whisper,
        bridge: Arc::clone(&bridge),
    };
    (
        Child {
            stage,
            bridge,
            answered: false,
            ended: None,
        },
        plan,
        inputs,
    )
}
