//! `<Say>` and `<Pause>`, alone and in a `<Gather>`.

use twiml::{Pause, Prompt, Say};

use crate::call::Stage;
use crate::call::control::Interrupt;
use crate::time::seconds;

/// `loop="0"` is for ever; nobody listens longer than this.
const FOR_EVER: u32 = 1000;

pub(crate) async fn say(stage: &Stage, say: &Say) -> Result<(), Interrupt> {
    let times = match say.repeat {
        Some(0) => FOR_EVER,
        times => times.unwrap_or(1),
    };
    let text = say.text();
    for _ in 0..times {
        stage.say(text.trim()).await?;
    }
    Ok(())
}

pub(crate) async fn pause(stage: &Stage, pause: &Pause) -> Result<(), Interrupt> {
    stage
        .wait(seconds(f64::from(pause.length.unwrap_or(1))))
        .await
}

pub(crate) async fn prompt(stage: &Stage, prompt: &Prompt) -> Result<(), Interrupt> {
    match prompt {
        Prompt::Say(it) => say(stage, it).await,
        Prompt::Pause(it) => pause(stage, it).await,
        Prompt::Play(_) => {
            stage.moment("unsupported", "<Play>: skipped");
            Ok(())
        }
    }
}
