//! How a phone that is called behaves: it rings, and who picks it up does what they were told to.

use crate::call::player::{Part, play as act};
use crate::faults::{Behaviour, Callee};
use crate::leg_context::LegContext;
use crate::leg_control::{By, Interrupt};
use crate::script::Step;
use crate::status::Status;
use crate::time::seconds;

/// How long a phone rings before the callee picks up, unless a fault says otherwise.
const RINGS_S: f64 = 2.0;

/// Waits for the end: what still rings is sent nowhere else.
async fn over(context: &LegContext) -> By {
    loop {
        if let Interrupt::Over(by) = context.control.interrupted().await {
            return by;
        }
    }
}

/// Lets simulated time pass, unless the leg ends.
pub(crate) async fn pass(context: &LegContext, time_s: f64) -> Result<(), By> {
    tokio::select! {
        biased;
        over = over(context) => Err(over),
        () = context.shared.time.sleep(seconds(time_s)) => Ok(()),
    }
}

/// Lets a phone ring. `None` once the callee has picked up, otherwise how it ended.
pub(crate) async fn ring(context: &LegContext, callee: &Callee) -> Result<Option<Status>, By> {
    context.status(Status::Initiated);
    pass(context, 0.2).await?;
    let after = callee.after_s.unwrap_or(RINGS_S);
    match callee.behaviour {
        Behaviour::Failed => {
            pass(context, callee.after_s.unwrap_or(0.3)).await?;
            return Ok(Some(Status::Failed));
        }
        Behaviour::Busy => {
            pass(context, callee.after_s.unwrap_or(0.5)).await?;
            return Ok(Some(Status::Busy));
        }
        Behaviour::NoAnswer => {
            context.status(Status::Ringing);
            return Err(over(context).await);
        }
        Behaviour::Answer | Behaviour::HangUp | Behaviour::Machine => {
            context.status(Status::Ringing);
            pass(context, after).await?;
        }
    }
    context.status(Status::InProgress);
    Ok(None)
}

/// The callee is on the phone now: they do what they were told to.
pub(crate) fn person(context: &LegContext, callee: &Callee) {
    let steps = match (&callee.steps[..], &callee.press) {
        ([], None) => return,
        ([], Some(keys)) => vec![Step::WaitFor(String::new()), Step::Press(keys.clone())],
        (steps, _) => steps.to_vec(),
    };
    let (phone, number) = context.look(|call| (call.to.clone(), call.from.clone()));
    let part = Part {
        context: context.clone(),
        phone,
        number,
    };
    let shared = context.shared.clone();
    shared.spawn(async move { act(&part, &steps).await });
}
