//! `<Gather>`: keys and words (specification, sections 2.6 and 3).

use std::collections::VecDeque;

use tokio::sync::mpsc::UnboundedReceiver;
use twiml::{Gather, Input as Wanted, Prompt, SpeechTimeout};

use crate::call::leg::Flow;
use crate::call::verbs::{play, speech};
use crate::call::{Broken, Leg};
use crate::document::method;
use crate::leg_context::LegContext;
use crate::leg_control::{Input, Interrupt, Utterance};
use crate::state::Wait;
use crate::time::seconds;
use crate::wire::Params;

/// Twilio stops listening to speech here.
const LONGEST_SPEECH_S: f64 = 60.0;

/// How long a pause ends speech when Twilio is to decide.
const AUTO_S: f64 = 1.0;

/// What came of listening.
enum Caught {
    Nothing,
    Keys {
        digits: String,
        finished_on: Option<char>,
    },
    Words(String),
    /// A prompt could not be had.
    Broken(Broken),
}

pub(crate) async fn run(leg: &mut Leg, gather: &Gather) -> Result<Flow, Interrupt> {
    let sounds: Result<Vec<String>, Broken> = gather
        .prompts
        .iter()
        .map(|prompt| match prompt {
            Prompt::Play(play) => play::place(leg, play),
            Prompt::Say(_) | Prompt::Pause(_) => Ok(String::new()),
        })
        .collect();
    let result = match sounds {
        Err(broken) => Caught::Broken(broken),
        Ok(sounds) => {
            let mut listening = Listening::new(gather, sounds);
            listening.listen(&leg.context, &mut leg.inputs).await?
        }
    };
    let extra = match result {
        Caught::Nothing if gather.action_on_empty_result == Some(true) => keys(String::new(), None),
        Caught::Nothing => return Ok(Flow::Next),
        Caught::Keys {
            digits,
            finished_on,
        } => keys(digits, finished_on),
        Caught::Words(text) => words(text, gather.language.as_deref()),
        Caught::Broken(broken) => return leg.broken(broken).await,
    };
    leg.goto(
        "gather",
        gather.action.as_deref(),
        &method(gather.method),
        extra,
    )
    .await
}

fn keys(digits: String, finished_on: Option<char>) -> Params {
    vec![
        ("Digits".to_owned(), digits),
        (
            "FinishedOnKey".to_owned(),
            finished_on.map(String::from).unwrap_or_default(),
        ),
        ("msg".to_owned(), "Gather End".to_owned()),
    ]
}

fn words(text: String, language: Option<&str>) -> Params {
    vec![
        ("SpeechResult".to_owned(), text),
        ("Confidence".to_owned(), "0.9".to_owned()),
        (
            "Language".to_owned(),
            language.unwrap_or("en-US").to_owned(),
        ),
    ]
}

struct Listening<'a> {
    gather: &'a Gather,
    /// Where each prompt's sound is, for those that have one.
    sounds: Vec<String>,
    keys: bool,
    words: bool,
    finish: Option<char>,
    most: usize,
    timeout_s: f64,
    speech_timeout_s: f64,
    longest_speech_s: f64,
    /// What came while nobody was to be interrupted.
    waiting: VecDeque<Input>,
}

impl<'a> Listening<'a> {
    fn new(gather: &'a Gather, sounds: Vec<String>) -> Self {
        let input = gather.input.unwrap_or(Wanted::Dtmf);
        let timeout_s = f64::from(gather.timeout.unwrap_or(5));
        Self {
            gather,
            sounds,
            keys: input != Wanted::Speech,
            words: input != Wanted::Dtmf,
            finish: gather
                .finish_on_key
                .as_deref()
                .unwrap_or("#")
                .chars()
                .next(),
            most: gather.num_digits.map_or(usize::MAX, |most| most as usize),
            timeout_s,
            speech_timeout_s: match gather.speech_timeout {
                Some(SpeechTimeout::Seconds(length)) => f64::from(length),
                Some(SpeechTimeout::Auto) => AUTO_S,
                None => timeout_s,
            },
            longest_speech_s: gather.max_speech_time.map_or(LONGEST_SPEECH_S, |most| {
                f64::from(most).min(LONGEST_SPEECH_S)
            }),
            waiting: VecDeque::new(),
        }
    }

    /// Speaks the prompts until something comes, then listens until it is complete or the time is up.
    async fn listen(
        &mut self,
        context: &LegContext,
        inputs: &mut UnboundedReceiver<Input>,
    ) -> Result<Caught, Interrupt> {
        if let Err(broken) = self.speak(context, inputs).await? {
            return Ok(Caught::Broken(broken));
        }
        let mut digits = String::new();
        let mut speaks = false;
        loop {
            let patience_s = if speaks {
                LONGEST_SPEECH_S
            } else {
                self.timeout_s
            };
            let input = match self.waiting.pop_front() {
                Some(input) => input,
                None => tokio::select! {
                    biased;
                    input = self.useful(inputs) => input,
                    interrupt = context.control.interrupted() => return Err(interrupt),
                    () = context.patience(patience_s) => {
                        return Ok(match digits.is_empty() {
                            true => Caught::Nothing,
                            false => Caught::Keys { digits, finished_on: None },
                        });
                    }
                },
            };
            match input {
                Input::Digit(key) if Some(key) == self.finish => {
                    return Ok(Caught::Keys {
                        digits,
                        finished_on: Some(key),
                    });
                }
                Input::Digit(key) => {
                    digits.push(key);
                    if digits.len() >= self.most {
                        return Ok(Caught::Keys {
                            digits,
                            finished_on: None,
                        });
                    }
                }
                Input::Begins => speaks = true,
                Input::Speech(said) => {
                    speaks = false;
                    if let Some(text) = self.recognize(context, said).await? {
                        return Ok(Caught::Words(text));
                    }
                }
                Input::Quiet | Input::Pause(_) | Input::Sound(_) => {}
            }
        }
    }

    /// The prompts, until they end or are interrupted: keys always do that, words unless `bargeIn` is false.
    async fn speak(
        &mut self,
        context: &LegContext,
        inputs: &mut UnboundedReceiver<Input>,
    ) -> Result<Result<(), Broken>, Interrupt> {
        let mut prompts = Box::pin(prompts(context, self.gather, &self.sounds));
        let mut waiting = VecDeque::new();
        let done = loop {
            tokio::select! {
                biased;
                input = self.useful(inputs) => {
                    let barges = match input {
                        Input::Speech(_) | Input::Begins => self.gather.barge_in != Some(false),
                        _ => true,
                    };
                    waiting.push_back(input);
                    if barges {
                        break Ok(Ok(()));
                    }
                }
                done = &mut prompts => break done,
            }
        };
        drop(prompts);
        self.waiting = waiting;
        done
    }

    /// Listens to what is said until it is over. Sound without words is nothing.
    async fn recognize(
        &self,
        context: &LegContext,
        said: Utterance,
    ) -> Result<Option<String>, Interrupt> {
        // What came by a microphone is over.
        let length_s = match said.live {
            true => 0.0,
            false => said.seconds.min(self.longest_speech_s),
        };
        context
            .wait(seconds(length_s + self.speech_timeout_s))
            .await?;
        let text = Some(said.text).filter(|text| !text.trim().is_empty());
        if text.is_some() {
            self.over(context);
        }
        Ok(text)
    }

    /// Takes note of the end of what was said: from here on the person waits for the next sound.
    fn over(&self, context: &LegContext) {
        let own_timeout_ms = seconds(self.speech_timeout_s).as_millis() as i64;
        let wait = Wait::new("", "silence", context.shared.time.now(), own_timeout_ms);
        if let Some(call) = context.shared.state().call_mut(&context.sid) {
            call.waits.push(wait);
        }
    }

    /// The next input of a kind that is listened for. Ends never once nobody can press any more: the leg's end interrupts.
    async fn useful(&self, inputs: &mut UnboundedReceiver<Input>) -> Input {
        loop {
            match inputs.recv().await {
                Some(input @ Input::Digit(_)) if self.keys => return input,
                Some(input @ (Input::Speech(_) | Input::Begins)) if self.words => return input,
                Some(_) => {}
                None => std::future::pending().await,
            }
        }
    }
}

async fn prompts(
    context: &LegContext,
    gather: &Gather,
    sounds: &[String],
) -> Result<Result<(), Broken>, Interrupt> {
    for (prompt, url) in gather.prompts.iter().zip(sounds) {
        match prompt {
            Prompt::Say(say) => speech::say(context, say).await?,
            Prompt::Pause(pause) => speech::pause(context, pause).await?,
            Prompt::Play(play) => {
                if let Err(broken) = play::sound(context, play, url).await? {
                    return Ok(Err(broken));
                }
            }
        }
    }
    Ok(Ok(()))
}
