//! `<Dial>`: phones that ring at once or one after the other (specification, sections 2.3 and 3).

use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};
use twiml::{Dial, DialRecord, Number, Track, Trim};

use crate::call::Leg;
use crate::call::leg::{Flow, Kind};
use crate::call::verbs::child::{self, News};
use crate::call::verbs::noun::{Child, phones, prepare};
use crate::document::method;
use crate::leg_control::{Ask, Input, Interrupt};
use crate::recording::{self, DIAL, Plan};
use crate::status::Status;
use crate::time::seconds;
use crate::wire::Params;

/// Twilio lets it ring about this much longer than it was told, and never shorter than the least.
const EXTRA_S: u32 = 5;
const LEAST_S: u32 = 5;
/// The longest that it rings, whatever it is told.
const LONGEST_RINGS_S: u32 = 600;
/// Four hours.
const LONGEST_S: u32 = 14_400;

/// How dialling ended.
#[derive(Clone, Debug)]
struct Outcome {
    status: Status,
    sid: Option<String>,
    duration_s: i64,
    bridged: bool,
    /// Where what was recorded of it can be fetched.
    recording_url: Option<String>,
}

pub(crate) async fn run(leg: &mut Leg, dial: &Dial) -> Result<Flow, Interrupt> {
    if leg.kind == Kind::Whisper {
        leg.unsupported("Dial", "not in the TwiML for a callee");
        return Ok(Flow::Next);
    }
    let numbers = phones(leg, dial);
    let groups: Vec<Vec<&Number>> = match dial.sequential {
        Some(true) => numbers.into_iter().map(|number| vec![number]).collect(),
        _ => vec![numbers],
    };
    let mut taped = Taped {
        sid: None,
        how: dial.record.unwrap_or(DialRecord::DoNotRecord),
    };
    if taped.with_ringing() {
        taped.begin(leg, dial);
    }
    let mut outcome = outcome(&[], None);
    let mut interrupt = None;
    for group in groups {
        (outcome, interrupt) = ring(leg, dial, &group, &mut taped).await;
        if interrupt.is_some() || outcome.status == Status::Completed {
            break;
        }
    }
    // Also when the caller has hung up first: what was said is kept.
    outcome.recording_url = taped.end(leg);
    match interrupt {
        Some(Interrupt::Over(by)) => {
            part(leg, dial, &outcome);
            return Err(Interrupt::Over(by));
        }
        Some(elsewhere) => return Err(elsewhere),
        None => {}
    }
    leg.context.moment(
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

/// What is recorded of a dialled call, on the dialling call's account: channel 1 is whoever dials, channel 2 whoever is dialled.
struct Taped {
    /// The recording, once it has begun.
    sid: Option<String>,
    how: DialRecord,
}

impl Taped {
    fn with_ringing(&self) -> bool {
        matches!(
            self.how,
            DialRecord::FromRinging | DialRecord::FromRingingDual
        )
    }

    /// Begins it, unless nothing is to be recorded or it has begun.
    fn begin(&mut self, leg: &Leg, dial: &Dial) {
        if self.how == DialRecord::DoNotRecord || self.sid.is_some() {
            return;
        }
        let url = dial.recording_status_callback.as_deref();
        let url = url.map(|url| leg.resolve(url));
        let method = method(dial.recording_status_callback_method);
        let events = dial.recording_status_callback_event.as_deref();
        let callback = recording::callback(url, method, events).unwrap_or_else(|failure| {
            leg.context.note("recording-status", &failure);
            None
        });
        let is_dual = matches!(
            self.how,
            DialRecord::FromAnswerDual | DialRecord::FromRingingDual
        );
        let plan = Plan {
            call_sid: leg.context.sid.clone(),
            source: DIAL,
            name: None,
            channels: if is_dual { 2 } else { 1 },
            track: dial.recording_track.unwrap_or(Track::Both),
            trim: dial.trim == Some(Trim::TrimSilence),
            callback,
        };
        self.sid = Some(recording::begin(&leg.context.shared, plan));
    }

    /// Ends it. Answers where it can be fetched.
    fn end(&self, leg: &Leg) -> Option<String> {
        let sid = self.sid.as_deref()?;
        recording::stop(&leg.context.shared, &leg.context.sid, Some(sid));
        Some(recording::url(&leg.context.shared, sid))
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
    if let Some(url) = &outcome.recording_url {
        params.push(("RecordingUrl".to_owned(), url.clone()));
    }
    params
}

/// Lets a group of phones ring until one is connected and done, or none will be.
async fn ring(
    leg: &mut Leg,
    dial: &Dial,
    numbers: &[&Number],
    taped: &mut Taped,
) -> (Outcome, Option<Interrupt>) {
    let (news, mut heard) = unbounded_channel();
    let mut children = Vec::new();
    for (index, number) in numbers.iter().enumerate() {
        let (child, plan, inputs) = prepare(leg, dial, number);
        let report = news.clone();
        let tell = move |what| {
            // Nobody listens any more once the caller is gone.
            let _ = report.send((index, what));
        };
        child.context.shared.clone().spawn(Box::pin(child::run(
            child.context.clone(),
            inputs,
            plan,
            tell,
        )));
        children.push(child);
    }
    drop(news);
    let interrupt = converse(leg, dial, &mut children, &mut heard, taped).await;
    let bridged = children.iter().position(|child| child.bridged());
    (outcome(&children, bridged), interrupt)
}

/// Follows the phones' news. The first that is ready is connected, and then the others stop ringing.
async fn converse(
    leg: &mut Leg,
    dial: &Dial,
    children: &mut [Child],
    heard: &mut UnboundedReceiver<(usize, News)>,
    taped: &mut Taped,
) -> Option<Interrupt> {
    let rings = dial.timeout.unwrap_or(30).clamp(LEAST_S, LONGEST_RINGS_S) + EXTRA_S;
    let context = leg.context.clone();
    let time = &context.shared.time;
    let mut deadline = Box::pin(time.sleep(seconds(f64::from(rings))));
    let mut timed_out = false;
    let mut connected = false;
    let mut interrupt = None;
    let star = dial.hangup_on_star == Some(true);
    while children.iter().any(|child| child.ended.is_none()) {
        tokio::select! {
            biased;
            news = heard.recv() => match news {
                None => break,
                Some((index, News::Answered)) => children[index].answered = true,
                Some((index, News::Ready)) if !connected => {
                    connected = true;
                    leg.answer();
                    taped.begin(leg, dial);
                    if star {
                        // Only what is pressed from here on ends it.
                        let _ = leg.ready();
                    }
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
            Some(input) = leg.inputs.recv(), if star && connected => {
                if input == Input::Digit('*') {
                    children.iter().for_each(|child| child.end(Status::Completed));
                }
            }
            why = context.control.interrupted(), if interrupt.is_none() => {
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
            sid: Some(child.context.sid.clone()),
            duration_s: child.duration_s(),
            bridged: bridged.is_some(),
            recording_url: None,
        },
        None => Outcome {
            status: Status::Failed,
            sid: None,
            duration_s: 0,
            bridged: false,
            recording_url: None,
        },
    }
}
