//! A person on a simulated phone, going through their script.

use std::sync::Arc;
use std::time::Duration;

use audio::{Sound, speech_s};
use tokio::sync::mpsc::UnboundedReceiver;

use crate::leg_context::LegContext;
use crate::leg_control::{By, Input, Utterance};
use crate::recording::tape;
use crate::script::{Speech, Step};
use crate::sms;
use crate::state::{ScriptReport, Side};
use crate::time::seconds;

/// How long a script waits for a text message once the call is over: simulated, but really at least so long, because
/// the application is not sped up.
const PATIENCE: Duration = Duration::from_secs(30);
const REAL_PATIENCE: Duration = Duration::from_secs(15);

/// Between two keys.
const KEY_S: f64 = 0.1;

/// The person and their phone.
pub(crate) struct Part {
    pub(crate) context: LegContext,
    /// Their own number.
    pub(crate) phone: String,
    /// The number at the other end.
    pub(crate) number: String,
}

/// Plays the steps, one after the other.
pub(crate) async fn play(part: &Part, steps: &[Step]) {
    part.begin(steps);
    let mut ear = 0;
    for (index, step) in steps.iter().enumerate() {
        if let Err(problem) = part.step(step, index == 0, &mut ear).await {
            part.context.moment("script", &problem);
            part.report(|report| report.problem = Some(problem));
            break;
        }
        part.report(|report| report.done = index + 1);
    }
    part.report(|report| report.finished = true);
    part.context.moment("script", "done");
}

/// Does what the person at a page wishes, one thing after the other, until the call is over.
pub(crate) async fn play_live(part: &Part, mut wishes: UnboundedReceiver<Step>) {
    let mut ear = 0;
    loop {
        let step = tokio::select! {
            step = wishes.recv() => step,
            () = part.context.control.over() => None,
        };
        let Some(step) = step else { return };
        if let Err(problem) = part.step(&step, false, &mut ear).await {
            part.context.moment("script", &problem);
        }
    }
}

impl Part {
    /// Makes the call's record say that a script is being played.
    pub(crate) fn begin(&self, steps: &[Step]) {
        if let Some(call) = self.context.shared.state().call_mut(&self.context.sid) {
            call.script.get_or_insert_with(|| ScriptReport {
                steps: steps.len(),
                ..ScriptReport::default()
            });
        }
    }

    fn report(&self, change: impl FnOnce(&mut ScriptReport)) {
        let mut state = self.context.shared.state();
        if let Some(report) = state
            .call_mut(&self.context.sid)
            .and_then(|call| call.script.as_mut())
        {
            change(report);
        }
    }

    async fn step(&self, step: &Step, first: bool, ear: &mut usize) -> Result<(), String> {
        match step {
            Step::WaitFor(text) => self.listen(text, ear).await,
            Step::Press(keys) => {
                self.on_the_line("press a key")?;
                for key in keys.chars() {
                    self.pressed(key);
                    self.context.control.input(Input::Digit(key));
                    self.context.shared.time.sleep(seconds(KEY_S)).await;
                }
                Ok(())
            }
            Step::Speak(speech) => {
                self.on_the_line("speak")?;
                self.speak(utterance(speech)?).await;
                Ok(())
            }
            Step::Interrupt(interruption) => {
                self.on_the_line("interrupt")?;
                let said = utterance(&interruption.speech())?;
                self.listen_for_speech().await?;
                let after = seconds(interruption.after_s);
                self.context.shared.time.sleep(after).await;
                self.speak(said).await;
                Ok(())
            }
            Step::Text(text) => {
                let (body, media) = text.parts();
                sms::receive(&self.context.shared, &self.phone, &self.number, body, media)
                    .map(|_| ())
                    .map_err(|error| error.to_string())
            }
            Step::Pause(pause) => {
                self.context.shared.time.sleep(seconds(pause.seconds)).await;
                self.context.control.input(Input::Pause(pause.seconds));
                Ok(())
            }
            Step::HangUp(_) => {
                if first {
                    self.ringing().await;
                }
                self.context.moment("hang-up", "by the person on the phone");
                self.context.control.end(By::Phone);
                Ok(())
            }
        }
    }

    async fn speak(&self, said: Utterance) {
        self.said(&said.text);
        let (context, length) = (&self.context, seconds(said.seconds));
        tape(&context.shared, &context.sid, Side::Inbound, || {
            said.samples()
        });
        context.control.input(Input::Speech(said));
        context.shared.time.sleep(length).await;
        context.control.input(Input::Quiet);
    }

    /// Waits until something is heard that was not heard before and contains the text.
    async fn listen(&self, text: &str, ear: &mut usize) -> Result<(), String> {
        let wanted = text.to_lowercase();
        let mut news = self.context.control.ear();
        let time = &self.context.shared.time;
        loop {
            let found = self.context.look(|call| {
                call.heard
                    .iter()
                    .skip(*ear)
                    .position(|heard| heard.text.to_lowercase().contains(&wanted))
            });
            if let Some(at) = found {
                *ear += at + 1;
                return Ok(());
            }
            if self.context.control.is_over() {
                let patience = time.real(PATIENCE).max(REAL_PATIENCE);
                tokio::select! {
                    _ = news.changed() => {}
                    () = tokio::time::sleep(patience) => return Err(format!("{text:?} was never heard")),
                }
            } else {
                tokio::select! {
                    _ = news.changed() => {}
                    () = self.context.control.over() => {}
                }
            }
        }
    }

    /// Waits until the platform speaks.
    async fn listen_for_speech(&self) -> Result<(), String> {
        let mut playing = self.context.control.playing();
        let speaks = tokio::select! {
            heard = playing.wait_for(|plays| *plays) => heard.is_ok(),
            () = self.context.control.over() => false,
        };
        match speaks {
            true => Ok(()),
            false => Err("the call was over before there was anything to interrupt".to_owned()),
        }
    }

    /// Waits until the application has been asked and it has rung for a second: hanging up earlier is no call at all.
    async fn ringing(&self) {
        let asked = || self.context.look(|call| !call.twiml.is_empty());
        while !asked() && !self.context.control.is_over() {
            self.context
                .shared
                .time
                .sleep(seconds(0.1).max(Duration::from_millis(1)))
                .await;
        }
        self.context.shared.time.sleep(seconds(1.0)).await;
    }

    fn on_the_line(&self, what: &str) -> Result<(), String> {
        match self.context.control.is_over() {
            true => Err(format!("the call was over before the caller could {what}")),
            false => Ok(()),
        }
    }

    fn pressed(&self, key: char) {
        let mut state = self.context.shared.state();
        if let Some(call) = state.call_mut(&self.context.sid) {
            call.pressed.push(key);
        }
        state.moment(&self.context.sid, "pressed", key);
    }

    fn said(&self, text: &str) {
        let mut state = self.context.shared.state();
        if let Some(call) = state.call_mut(&self.context.sid) {
            call.said.push(text.to_owned());
        }
        state.moment(&self.context.sid, "said", text);
    }
}

/// What is said, with the sound of a file if the script names one.
fn utterance(speech: &Speech) -> Result<Utterance, String> {
    let Some(file) = &speech.wav else {
        return Ok(Utterance {
            text: speech.text.clone(),
            seconds: speech_s(&speech.text, speech.seconds),
            sound: None,
            live: false,
        });
    };
    let cannot = |why: &dyn std::fmt::Display| format!("{file} cannot be spoken: {why}");
    let bytes = std::fs::read(file).map_err(|why| cannot(&why))?;
    let sound = Sound::read(&bytes).map_err(|why| cannot(&why))?;
    let text = match speech.text.as_str() {
        "" => sound.heard().unwrap_or_default(),
        text => text.to_owned(),
    };
    Ok(Utterance {
        text,
        seconds: sound.seconds(),
        sound: Some(Arc::new(sound.telephone())),
        live: false,
    })
}
