//! A leg that `<Dial>` made: it rings, may hear a whisper, is connected, talks, and ends. The API may send it elsewhere meanwhile.

use std::pin::Pin;
use std::sync::Arc;

use tokio::sync::Notify;
use tokio::sync::mpsc::UnboundedReceiver;

use crate::call::amd::{Detection, detect_meanwhile};
use crate::call::callee::{person, ring};
use crate::call::ending::{finish, hang_up_after, limit};
use crate::call::leg::Kind;
use crate::call::verbs::play;
use crate::call::{End, Leg};
use crate::faults::{Behaviour, Callee};
use crate::leg_context::LegContext;
use crate::leg_control::{By, Goto, Input, Interrupt};
use crate::script::Step;
use crate::status::Status;
use crate::time::seconds;

/// How long those talk who were dialled, unless a fault says otherwise.
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
    /// Keys that are sent as soon as the callee picks up.
    pub(crate) send_digits: Option<String>,
    pub(crate) detect: Option<Detection>,
    pub(crate) whisper: Option<Goto>,
    pub(crate) bridge: Arc<Notify>,
}

pub(crate) async fn run(
    context: LegContext,
    inputs: UnboundedReceiver<Input>,
    plan: Plan,
    tell: impl Fn(News),
) {
    let status = match leg(&context, inputs, plan, &tell).await {
        Ok(status) => status,
        Err(by) => left(&context, by),
    };
    context.control.end(By::Parent(status));
    context.status(status);
    tell(News::Ended(status));
}

/// How a leg counts that was ended from outside.
fn left(context: &LegContext, by: By) -> Status {
    let answered = context.look(|call| call.answered.is_some());
    match by {
        _ if answered => Status::Completed,
        By::Parent(status) => status,
        By::Api(_) | By::Phone => Status::Canceled,
    }
}

async fn leg(
    context: &LegContext,
    inputs: UnboundedReceiver<Input>,
    plan: Plan,
    tell: &impl Fn(News),
) -> Result<Status, By> {
    if let Some(status) = ring(context, &plan.callee).await? {
        return Ok(status);
    }
    tell(News::Answered);
    limit(context);
    if plan.callee.behaviour == Behaviour::HangUp {
        return Ok(Status::Completed);
    }
    person(context, &plan.callee);
    if let Some(detection) = &plan.detect {
        detect_meanwhile(context, &plan.callee, detection);
    }
    if let Some(digits) = &plan.send_digits
        && let Err(Interrupt::Over(by)) = play::keys(context, digits).await
    {
        return Err(by);
    }
    let mut leg = Leg::new(context.clone(), Kind::Whisper, inputs);
    if let Some(whisper) = plan.whisper {
        match documents(&mut leg, whisper).await {
            End::Done => {}
            End::HungUp | End::Rejected(_) => return Ok(Status::Completed),
            End::Over(by) => return Err(by),
        }
    }
    tell(News::Ready);
    match talk(context, &plan.callee, &plan.bridge).await {
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
async fn talk(context: &LegContext, callee: &Callee, bridge: &Notify) -> Result<(), Interrupt> {
    tokio::select! {
        biased;
        why = context.control.interrupted() => return Err(why),
        () = bridge.notified() => {}
    }
    if let Some(call) = context.shared.state().call_mut(&context.sid) {
        call.bridged = true;
    }
    context.moment("bridged", "connected with the caller");
    let hangs_up = |step: &Step| matches!(step, Step::HangUp(_));
    let talks_s = match callee.talk_s {
        Some(talks_s) => talks_s,
        None if callee.steps.iter().any(hangs_up) => {
            return Err(context.control.interrupted().await);
        }
        None => TALKS_S,
    };
    context.wait(seconds(talks_s)).await
}

/// Goes on with other TwiML than the conversation: to the dialling leg that is the end of it, here it is a call like any other.
async fn go(mut leg: Leg, goto: Goto, talks_s: Option<f64>) {
    leg.context
        .moment("redirected", "leaves the conversation with the caller");
    leg.kind = Kind::Call;
    // What was pressed and said in the conversation was not meant for the document.
    leg.ready();
    if let Some(talks_s) = talks_s {
        hang_up_after(&leg.context, talks_s);
    }
    let end = documents(&mut leg, goto).await;
    finish(leg, end, Status::Completed).await;
}

/// Runs TwiML for the callee. Its type is spelled out because it comes round to itself: a leg dials a leg.
fn documents(leg: &mut Leg, first: Goto) -> Pin<Box<dyn Future<Output = End> + Send + '_>> {
    Box::pin(leg.run(first))
}
