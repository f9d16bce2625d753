//! A leg that `<Dial>` made: it rings, may hear a whisper, is connected, talks, and ends.

use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::Notify;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::call::control::{By, Interrupt};
use crate::call::leg::Kind;
use crate::call::{End, Goto, Input, Leg, Stage};
use crate::faults::{Behaviour, Callee};
use crate::script::{Part, Step, play};
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
    Ended(Status),
}

/// What is to happen on the leg.
pub(crate) struct Plan {
    pub(crate) callee: Callee,
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
    if plan.callee.behaviour == Behaviour::HangUp {
        return Ok(Status::Completed);
    }
    person(stage, &plan.callee);
    if let Some(whisper) = plan.whisper {
        let mut leg = Leg::new(stage.clone(), Kind::Whisper, inputs, None);
        match whispered(&mut leg, whisper).await {
            End::Done => {}
            End::HungUp | End::Rejected(_) => return Ok(Status::Completed),
            End::Over(by) => return Err(by),
        }
    }
    tell(News::Ready);
    tokio::select! {
        biased;
        over = over(stage) => return Err(over),
        () = plan.bridge.notified() => {}
    }
    if let Some(call) = stage.shared.state().call_mut(&stage.sid) {
        call.bridged = true;
    }
    stage.moment("bridged", "connected with the caller");
    let talks = match plan.callee.talk_s {
        Some(talks) => Some(talks),
        None if plan
            .callee
            .steps
            .iter()
            .any(|step| matches!(step, Step::HangUp(_))) =>
        {
            None
        }
        None => Some(TALKS_S),
    };
    match talks {
        Some(talks) => tokio::select! {
            biased;
            over = over(stage) => Err(over),
            () = stage.shared.time.sleep(seconds(talks)) => Ok(Status::Completed),
        },
        None => Err(over(stage).await),
    }
}

/// Runs the TwiML for the callee. Its type is spelled out because it comes round to itself: a leg dials a leg.
fn whispered(leg: &mut Leg, whisper: Goto) -> Pin<Box<dyn Future<Output = End> + Send + '_>> {
    Box::pin(leg.run(whisper))
}

/// Waits for the end; a leg that `<Dial>` made is sent nowhere else.
async fn over(stage: &Stage) -> By {
    loop {
        if let Interrupt::Over(by) = stage.control.interrupted().await {
            return by;
        }
    }
}

/// Lets a phone ring. `None` once somebody has picked up, otherwise how it ended.
pub(crate) async fn ring(stage: &Stage, callee: &Callee) -> Result<Option<Status>, By> {
    let wait = |time: f64| async move {
        tokio::select! {
            biased;
            over = over(stage) => Err(over),
            () = stage.shared.time.sleep(seconds(time)) => Ok(()),
        }
    };
    stage.status(Status::Initiated);
    wait(0.2).await?;
    let after = callee.after_s.unwrap_or(RINGS_S);
    match callee.behaviour {
        Behaviour::Failed => {
            wait(callee.after_s.unwrap_or(0.3)).await?;
            return Ok(Some(Status::Failed));
        }
        Behaviour::Busy => {
            wait(callee.after_s.unwrap_or(0.5)).await?;
            return Ok(Some(Status::Busy));
        }
        Behaviour::NoAnswer => {
            stage.status(Status::Ringing);
            return Err(over(stage).await);
        }
        Behaviour::Answer | Behaviour::HangUp | Behaviour::Machine => {
            stage.status(Status::Ringing);
            wait(after).await?;
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
    shared.spawn(async move { play(&part, &steps).await });
}
