//! A leg that `<Dial>` made: it rings, may hear a whisper, is connected, talks, and ends. The API may send it elsewhere meanwhile.

use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::Notify;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::call::amd::{Detection, detect_meanwhile};
use crate::call::control::{By, Interrupt};
use crate::call::leg::Kind;
use crate::call::place::{finish, hang_up_after, limit};
use crate::call::verbs::play;
use crate::call::{End, Goto, Input, Leg, Stage};
use crate::faults::{Behaviour, Callee};
use crate::script::{Part, Step, play as act};
use crate::state::Status;
use crate::time::seconds;

/// How long a phone rings before somebody picks up, and how long they talk, unless a fault says otherwise.
const RINGS_S: f64 = 2.0;
const TALKS_S: f64 = 5.0;

/// What the dialling leg is told.
#[derive(Clone, Copy, Debug)]
pub(crate) enum News {
    Answered,
    /// Has heard the whisper and stayed.
    Ready,
    /// Is over, or at least for the dialling leg.
    Ended(Status),
}

/// What is to happen on the leg.
pub(crate) struct Plan {
    pub(crate) callee: Callee,
    /// Keys that are sent as soon as somebody picks up.
    pub(crate) send_digits: Option<String>,
    pub(crate) detect: Option<Detection>,
    pub(crate) whisper: Option<Goto>,
    pub(crate) bridge: Arc<Notify>,
}

pub(crate) async fn run(
    stage: Stage,
    inputs: UnboundedReceiver<Input>,
    plan: Plan,
    tell: impl Fn(News),
) {
    let status = match leg(&stage, inputs, plan, &tell).await {
        Ok(status) => status,
        Err(by) => left(&stage, by),
    };
    stage.control.end(By::Parent(status));
    stage.status(status);
    tell(News::Ended(status));
}

/// How a leg counts that was ended from outside.
fn left(stage: &Stage, by: By) -> Status {
    let answered = stage.look(|call| call.answered.is_some());
    match by {
        _ if answered => Status::Completed,
        By::Parent(status) => status,
        By::Api(_) | By::Phone => Status::Canceled,
    }
}

async fn leg(
    stage: &Stage,
    inputs: UnboundedReceiver<Input>,
    plan: Plan,
    tell: &impl Fn(News),
) -> Result<Status, By> {
    if let Some(status) = ring(stage, &plan.callee).await? {
        return Ok(status);
    }
    tell(News::Answered);
    limit(stage);
    if plan.callee.behaviour == Behaviour::HangUp {
        return Ok(Status::Completed);
    }
    person(stage, &plan.callee);
    if let Some(detection) = &plan.detect {
        detect_meanwhile(stage, &plan.callee, detection);
    }
    if let Some(digits) = &plan.send_digits
        && let Err(Interrupt::Over(by)) = play::keys(stage, digits).await
    {
        return Err(by);
    }
    let mut leg = Leg::new(stage.clone(), Kind::Whisper, inputs);
    if let Some(whisper) = plan.whisper {
        match documents(&mut leg, whisper).await {
            End::Done => {}
            End::HungUp | End::Rejected(_) => return Ok(Status::Completed),
            End::Over(by) => return Err(by),
        }
    }
    tell(News::Ready);
    match talk(stage, &plan.callee, &plan.bridge).await {
        Ok(()) => Ok(Status::Completed),
        Err(Interrupt::Over(by)) => Err(by),
        Err(Interrupt::Goto(goto)) => {
            tell(News::Ended(Status::Completed));
            go(leg, *goto, plan.callee.talk_s).await;
            Ok(Status::Completed)
        }
    }
}

/// Waits for the connection with the caller, and talks until one of both has had enough.
async fn talk(stage: &Stage, callee: &Callee, bridge: &Notify) -> Result<(), Interrupt> {
    tokio::select! {
        biased;
        why = stage.control.interrupted() => return Err(why),
        () = bridge.notified() => {}
    }
    if let Some(call) = stage.shared.state().call_mut(&stage.sid) {
        call.bridged = true;
    }
    stage.moment("bridged", "connected with the caller");
    let hangs_up = |step: &Step| matches!(step, Step::HangUp(_));
    let talks_s = match callee.talk_s {
        Some(talks_s) => talks_s,
        None if callee.steps.iter().any(hangs_up) => {
            return Err(stage.control.interrupted().await);
        }
        None => TALKS_S,
    };
    stage.wait(seconds(talks_s)).await
}

/// Goes on with other TwiML than the conversation: to the dialling leg that is the end of it, here it is a call like any other.
async fn go(mut leg: Leg, goto: Goto, talks_s: Option<f64>) {
    leg.stage
        .moment("redirected", "leaves the conversation with the caller");
    leg.kind = Kind::Call;
    // What was pressed and said in the conversation was not meant for the document.
    leg.ready();
    if let Some(talks_s) = talks_s {
        hang_up_after(&leg.stage, talks_s);
    }
    let end = documents(&mut leg, goto).await;
    finish(leg, end, Status::Completed).await;
}

/// Runs TwiML for the callee. Its type is spelled out because it comes round to itself: a leg dials a leg.
fn documents(leg: &mut Leg, first: Goto) -> Pin<Box<dyn Future<Output = End> + Send + '_>> {
    Box::pin(leg.run(first))
}

/// Waits for the end: what still rings is sent nowhere else.
async fn over(stage: &Stage) -> By {
    loop {
        if let Interrupt::Over(by) = stage.control.interrupted().await {
            return by;
        }
    }
}

/// Lets simulated time pass, unless the leg ends.
pub(crate) async fn pass(stage: &Stage, time_s: f64) -> Result<(), By> {
    tokio::select! {
        biased;
        over = over(stage) => Err(over),
        () = stage.shared.time.sleep(seconds(time_s)) => Ok(()),
    }
}

/// Lets a phone ring. `None` once somebody has picked up, otherwise how it ended.
pub(crate) async fn ring(stage: &Stage, callee: &Callee) -> Result<Option<Status>, By> {
    stage.status(Status::Initiated);
    pass(stage, 0.2).await?;
    let after = callee.after_s.unwrap_or(RINGS_S);
    match callee.behaviour {
        Behaviour::Failed => {
            pass(stage, callee.after_s.unwrap_or(0.3)).await?;
            return Ok(Some(Status::Failed));
        }
        Behaviour::Busy => {
            pass(stage, callee.after_s.unwrap_or(0.5)).await?;
            return Ok(Some(Status::Busy));
        }
        Behaviour::NoAnswer => {
            stage.status(Status::Ringing);
            return Err(over(stage).await);
        }
        Behaviour::Answer | Behaviour::HangUp | Behaviour::Machine => {
            stage.status(Status::Ringing);
            pass(stage, after).await?;
        }
    }
    stage.status(Status::InProgress);
    Ok(None)
}

/// Somebody is on the phone now: they do what they were told to.
pub(crate) fn person(stage: &Stage, callee: &Callee) {
    let steps = match (&callee.steps[..], &callee.press) {
        ([], None) => return,
        ([], Some(keys)) => vec![Step::WaitFor(String::new()), Step::Press(keys.clone())],
        (steps, _) => steps.to_vec(),
    };
    let (phone, number) = stage.look(|call| (call.to.clone(), call.from.clone()));
    let part = Part {
        stage: stage.clone(),
        phone,
        number,
    };
    let shared = stage.shared.clone();
    shared.spawn(async move { act(&part, &steps).await });
}
