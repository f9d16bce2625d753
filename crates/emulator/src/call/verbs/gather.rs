//! `<Gather>`: keys and words (specification, sections 2.6 and 3).

use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;
use twiml::{Gather, Input as Wanted, SpeechTimeout};

use crate::call::control::Interrupt;
use crate::call::leg::Flow;
use crate::call::verbs::speech;
use crate::call::{Input, Leg, Stage};
use crate::document::method;
use crate::time::seconds;
use crate::webhooks::Params;

/// Twilio stops listening to speech here.
const LONGEST_SPEECH_S: f64 = 60.0;

/// What came of listening.
enum Caught {
    Nothing,
    Keys {
        digits: String,
        finished_on: Option<char>,
    },
    Words(String),
}

pub(crate) async fn run(leg: &mut Leg, gather: &Gather) -> Result<Flow, Interrupt> {
    let listening = Listening::new(gather);
    let result = listening
        .listen(&leg.stage, &mut leg.inputs, gather)
        .await?;
    let extra = match result {
        Caught::Nothing if gather.action_on_empty_result == Some(true) => keys(String::new(), None),
        Caught::Nothing => return Ok(Flow::Next),
        Caught::Keys {
            digits,
            finished_on,
        } => keys(digits, finished_on),
        Caught::Words(text) => words(text, gather.language.as_deref()),
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

struct Listening {
    keys: bool,
    words: bool,
    finish: Option<char>,
    most: usize,
    timeout: Duration,
    speech_timeout: Duration,
}

impl Listening {
    fn new(gather: &Gather) -> Self {
        let input = gather.input.unwrap_or(Wanted::Dtmf);
        let timeout = seconds(f64::from(gather.timeout.unwrap_or(5)));
        Self {
            keys: input != Wanted::Speech,
            words: input != Wanted::Dtmf,
            finish: gather
                .finish_on_key
                .as_deref()
                .unwrap_or("#")
                .chars()
                .next(),
            most: gather.num_digits.map_or(usize::MAX, |most| most as usize),
            timeout,
            speech_timeout: match gather.speech_timeout {
                Some(SpeechTimeout::Seconds(length)) => seconds(f64::from(length)),
                Some(SpeechTimeout::Auto) => seconds(1.0),
                None => timeout,
            },
        }
    }

    /// Speaks the prompts until something comes, then listens until it is complete or the time is up.
    async fn listen(
        &self,
        stage: &Stage,
        inputs: &mut UnboundedReceiver<Input>,
        gather: &Gather,
    ) -> Result<Caught, Interrupt> {
        let mut next = None;
        for prompt in &gather.prompts {
            tokio::select! {
                biased;
                input = self.useful(inputs) => next = Some(input),
                spoken = speech::prompt(stage, prompt) => spoken?,
            }
            if next.is_some() {
                break;
            }
        }
        let mut digits = String::new();
        loop {
            let input = match next.take() {
                Some(input) => input,
                None => tokio::select! {
                    biased;
                    input = self.useful(inputs) => input,
                    time = stage.wait(self.timeout) => {
                        time?;
                        return Ok(if digits.is_empty() {
                            Caught::Nothing
                        } else {
                            Caught::Keys { digits, finished_on: None }
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
                Input::Speech {
                    text,
                    seconds: length,
                } => {
                    stage
                        .wait(seconds(length.min(LONGEST_SPEECH_S)) + self.speech_timeout)
                        .await?;
                    return Ok(Caught::Words(text));
                }
            }
        }
    }

    /// The next input of a kind that is listened for. Ends never once nobody can press any more: the leg's end interrupts.
    async fn useful(&self, inputs: &mut UnboundedReceiver<Input>) -> Input {
        loop {
            match inputs.recv().await {
                Some(input @ Input::Digit(_)) if self.keys => return input,
                Some(input @ Input::Speech { .. }) if self.words => return input,
                Some(_) => {}
                None => std::future::pending().await,
            }
        }
    }
}
