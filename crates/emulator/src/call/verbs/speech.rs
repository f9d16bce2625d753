//! `<Say>` and `<Pause>`, alone and in a `<Gather>`.

use twiml::{Pause, Say};

use crate::leg_context::LegContext;
use crate::leg_control::Interrupt;
use crate::time::seconds;

/// `loop="0"` is for ever; nobody listens longer than this.
pub(crate) const FOR_EVER: u32 = 1000;

pub(crate) async fn say(context: &LegContext, say: &Say) -> Result<(), Interrupt> {
    let times = match say.repeat {
        Some(0) => FOR_EVER,
        times => times.unwrap_or(1),
    };
    let text = say.text();
    for _ in 0..times {
        context.say(text.trim()).await?;
    }
    Ok(())
}

pub(crate) async fn pause(context: &LegContext, pause: &Pause) -> Result<(), Interrupt> {
    context
        .wait(seconds(f64::from(pause.length.unwrap_or(1))))
        .await
}
