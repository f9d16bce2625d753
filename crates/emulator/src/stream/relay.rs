//! ConversationRelay: Twilio hears and speaks, and the socket carries words (specification, section 3: ConversationRelay). Whoever is
//! on the phone says what their script has, so nothing is lost in hearing; what the application says is spoken sentence by sentence
//! while its tokens come.

use std::collections::VecDeque;

use chrono::{DateTime, Utc};
use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt, StreamExt};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio_tungstenite::tungstenite::Message;
use twiml::ConversationRelay;

use super::socket::{Ended, Socket, WRITE, connect};
use super::trouble::{self, dropped};
use crate::faults::StreamFault;
use crate::leg_context::LegContext;
use crate::leg_control::Input;
use crate::recording::tape;
use crate::state::Side;
use crate::time::seconds;
use crate::wire::Failure;

/// How long a sound that is played lasts: what is in it is not looked at.
const PLAYED_S: f64 = 1.0;

/// One conversation of one leg.
pub(crate) struct Relay {
    context: LegContext,
    out: SplitSink<Socket, Message>,
    incoming: Option<SplitStream<Socket>>,
    /// Its `VX` id.
    pub(crate) session: String,
    fault: StreamFault,
    language: String,
    /// Whether speech stops what is being said, and keys.
    by_speech: bool,
    by_keys: bool,
    tells_keys: bool,
    /// Tokens that are no sentence yet.
    pending: String,
    queue: VecDeque<Piece>,
    current: Option<Speaking>,
    /// Whether what comes may be interrupted.
    interruptible: bool,
    /// What has been said of the utterance that goes on.
    said: String,
    /// What the caller is saying.
    hears: Option<String>,
    /// What the application hands over at its end.
    pub(crate) handoff: Option<String>,
    warned: bool,
}

/// Something that is said in one go.
struct Piece {
    text: String,
    kind: &'static str,
    seconds: f64,
    /// Whether the utterance ends with it.
    last: bool,
    interruptible: bool,
}

struct Speaking {
    piece: Piece,
    began: DateTime<Utc>,
}

/// What an application says.
#[derive(Debug, Deserialize, PartialEq)]
#[serde(tag = "type", rename_all = "camelCase")]
enum Said {
    Text {
        token: String,
        #[serde(default)]
        last: bool,
        #[serde(default = "yes")]
        interruptible: bool,
    },
    Play {
        source: String,
    },
    SendDigits {
        digits: String,
    },
    #[serde(rename_all = "camelCase")]
    Language {
        #[serde(default)]
        transcription_language: Option<String>,
    },
    #[serde(rename_all = "camelCase")]
    End {
        #[serde(default)]
        handoff_data: Option<Value>,
    },
}

fn yes() -> bool {
    true
}

impl Relay {
    /// Opens the socket and begins.
    pub(crate) async fn open(
        context: &LegContext,
        noun: &ConversationRelay,
        session: String,
        parameters: Map<String, Value>,
    ) -> Result<Self, Failure> {
        let url = noun.url.as_deref().unwrap_or_default();
        let (out, incoming) = connect(context, url).await?.split();
        let stops = noun.interruptible.as_deref().unwrap_or("any");
        let stops = |by: &str| matches!(stops, "any" | "true") || stops == by;
        let mut relay = Self {
            context: context.clone(),
            out,
            incoming: Some(incoming),
            session,
            fault: trouble::fault(context),
            language: noun
                .transcription_language
                .clone()
                .or_else(|| noun.language.clone())
                .unwrap_or_else(|| "en-US".to_owned()),
            by_speech: stops("speech"),
            by_keys: stops("dtmf"),
            tells_keys: noun.dtmf_detection == Some(true),
            pending: String::new(),
            queue: VecDeque::new(),
            current: None,
            interruptible: true,
            said: String::new(),
            hears: None,
            handoff: None,
            warned: false,
        };
        let setup = relay.setup(parameters);
        relay.send(&setup).await?;
        if let Some(greeting) = &noun.welcome_greeting {
            relay.push("relay", greeting.as_str(), true);
        }
        Ok(relay)
    }

    fn setup(&self, parameters: Map<String, Value>) -> Value {
        self.context.look(|call| {
            json!({
                "type": "setup", "sessionId": self.session, "accountSid": self.context.shared.account.sid,
                "callSid": self.context.sid, "parentCallSid": call.parent.clone().unwrap_or_default(),
                "from": call.from, "to": call.to, "forwardedFrom": "", "callType": "PSTN", "callerName": "",
                "direction": call.direction.as_str(), "callStatus": call.status.as_str().to_uppercase(),
                "customParameters": parameters,
            })
        })
    }

    /// Runs until one of the two sides ends it.
    pub(crate) async fn run(&mut self, inputs: &mut UnboundedReceiver<Input>) -> Ended {
        let time = self.context.shared.time.clone();
        let began = time.now();
        let Some(mut incoming) = self.incoming.take() else {
            return Ended::Closed;
        };
        let ended = loop {
            self.speak();
            let now = time.now();
            let left = self.current.as_ref().map(|it| {
                let spoken = (now - it.began).as_seconds_f64();
                seconds((it.piece.seconds - spoken).max(0.0))
            });
            let drops = self.fault.drop_after_s.map(|after| {
                let since = (now - began).as_seconds_f64();
                seconds((after - since).max(0.0))
            });
            let control = self.context.control.clone();
            let told = tokio::select! {
                biased;
                why = control.interrupted() => break Ended::Interrupted(why),
                () = time.sleep(drops.unwrap_or_default()), if drops.is_some() => {
                    break Ended::Broken(dropped());
                }
                Some(input) = inputs.recv() => self.input(input).await,
                message = incoming.next() => match message {
                    Some(Ok(Message::Text(text))) => match self.take(&text).await {
                        Ok(true) => Ok(()),
                        Ok(false) => break Ended::Closed,
                        Err(failure) => Err(failure),
                    },
                    Some(Ok(Message::Binary(_))) => self.refuse("a binary message").await,
                    Some(Ok(Message::Close(_))) | None => break Ended::Closed,
                    Some(Ok(_)) => Ok(()),
                    Some(Err(e)) => break Ended::Broken(Failure::new(31921, format!("the socket broke: {e}"))),
                },
                () = time.sleep(left.unwrap_or_default()), if left.is_some() => {
                    self.spoken()
                }
            };
            if let Err(failure) = told {
                break Ended::Broken(failure);
            }
        };
        if let Some(it) = self.current.take() {
            let words = self.until(&it);
            self.context.heard(it.piece.kind, &words);
        }
        if !matches!(ended, Ended::Broken(_)) {
            // Whoever has closed it does not read this any more.
            let _ = tokio::time::timeout(WRITE, self.out.close()).await;
        }
        ended
    }

    async fn input(&mut self, input: Input) -> Result<(), Failure> {
        match input {
            Input::Digit(digit) => {
                if self.by_keys {
                    self.interrupt().await?;
                }
                if self.tells_keys {
                    let key = json!({"type": "dtmf", "digit": digit.to_string()});
                    self.send(&key).await?;
                }
            }
            Input::Begins => {
                if self.by_speech {
                    self.interrupt().await?;
                }
            }
            Input::Speech(said) => {
                if self.by_speech {
                    self.interrupt().await?;
                }
                // What is said while nobody may interrupt is not told.
                let is_quiet = self.current.is_none() && self.queue.is_empty();
                self.hears = is_quiet.then_some(said.text);
            }
            Input::Quiet => {
                let words = self.hears.take().unwrap_or_default();
                if !words.trim().is_empty() {
                    let prompt = json!({
                        "type": "prompt", "voicePrompt": words, "lang": self.language, "last": true,
                    });
                    self.send(&prompt).await?;
                }
            }
            Input::Pause(_) | Input::Sound(_) => {}
        }
        Ok(())
    }

    /// Does what the application says; false: it has ended the conversation.
    async fn take(&mut self, text: &str) -> Result<bool, Failure> {
        match serde_json::from_str(text) {
            Ok(Said::Text {
                token,
                last,
                interruptible,
            }) => {
                self.pending.push_str(&token);
                self.interruptible = interruptible;
                self.sentences(last);
            }
            Ok(Said::Play { source }) => self.push("relay", &source, true),
            Ok(Said::SendDigits { digits }) => self.context.moment("keys", digits),
            Ok(Said::Language {
                transcription_language,
            }) => self.language = transcription_language.unwrap_or(self.language.clone()),
            Ok(Said::End { handoff_data }) => {
                self.handoff = handoff_data.map(|data| match data {
                    Value::String(text) => text,
                    other => other.to_string(),
                });
                return Ok(false);
            }
            Err(why) => self.refuse(&format!("{why}")).await?,
        }
        Ok(true)
    }

    /// Takes whole sentences off what has come; all of it when the utterance is over.
    fn sentences(&mut self, last: bool) {
        while let Some(end) = self
            .pending
            .match_indices(['.', '!', '?'])
            .map(|(at, mark)| at + mark.len())
            .find(|end| self.pending[*end..].starts_with(char::is_whitespace))
        {
            let rest = self.pending.split_off(end);
            let sentence = std::mem::replace(&mut self.pending, rest);
            self.push("relay", &sentence, false);
        }
        if last {
            let rest = std::mem::take(&mut self.pending);
            self.push("relay", &rest, true);
        }
    }

    fn push(&mut self, kind: &'static str, text: &str, last: bool) {
        let text = text.trim();
        let is_sound = text.contains("://");
        if !text.is_empty() {
            self.queue.push_back(Piece {
                seconds: match is_sound {
                    true => PLAYED_S,
                    false => audio::speech_s(text, None),
                },
                text: text.to_owned(),
                kind,
                last,
                interruptible: self.interruptible,
            });
        } else if last {
            match (self.queue.back_mut(), &mut self.current) {
                (Some(piece), _) => piece.last = true,
                (None, Some(it)) => it.piece.last = true,
                (None, None) => self.said.clear(),
            }
        }
    }

    /// Begins with what is next, where nothing is being said.
    fn speak(&mut self) {
        if self.current.is_some() {
            return;
        }
        let Some(piece) = self.queue.pop_front() else {
            return;
        };
        self.context.begins(piece.kind, &piece.text);
        tape(
            &self.context.shared,
            &self.context.sid,
            Side::Outbound,
            || audio::speech(&piece.text, Some(piece.seconds)),
        );
        let began = self.context.shared.time.now();
        self.current = Some(Speaking { piece, began });
    }

    /// It was said to its end.
    fn spoken(&mut self) -> Result<(), Failure> {
        let Some(it) = self.current.take() else {
            return Ok(());
        };
        self.context.heard(it.piece.kind, &it.piece.text);
        if it.piece.last {
            self.said.clear();
        } else {
            self.said.push_str(&it.piece.text);
            self.said.push(' ');
        }
        if self.fault.drops_after(&it.piece.text) {
            return Err(dropped());
        }
        Ok(())
    }

    /// The caller interrupts: what follows is not said, and the application is told how far it came.
    async fn interrupt(&mut self) -> Result<(), Failure> {
        if self
            .current
            .as_ref()
            .is_some_and(|it| !it.piece.interruptible)
        {
            return Ok(());
        }
        let Some(it) = self.current.take() else {
            self.queue.clear();
            return Ok(());
        };
        let words = self.until(&it);
        let spoken_ms = (self.context.shared.time.now() - it.began).num_milliseconds();
        let utterance = format!("{}{words}", self.said);
        self.queue.clear();
        self.pending.clear();
        self.said.clear();
        self.context.moment("relay", "interrupted");
        self.context.heard(it.piece.kind, &words);
        let interrupt = json!({
            "type": "interrupt", "utteranceUntilInterrupt": utterance.trim(),
            "durationUntilInterruptMs": spoken_ms.to_string(),
        });
        self.send(&interrupt).await
    }

    /// The words of a piece that have been said by now.
    fn until(&self, it: &Speaking) -> String {
        let spoken = (self.context.shared.time.now() - it.began).as_seconds_f64();
        let words: Vec<&str> = it.piece.text.split_whitespace().collect();
        let share = (spoken / it.piece.seconds.max(0.001)).clamp(0.0, 1.0);
        let heard = (words.len() as f64 * share) as usize;
        words[..heard].join(" ")
    }

    /// Twilio says what is wrong with a message, and goes on.
    async fn refuse(&mut self, why: &str) -> Result<(), Failure> {
        if !std::mem::replace(&mut self.warned, true) {
            self.context.note("relay", &Failure::new(31951, why));
        }
        let error =
            json!({"type": "error", "description": format!("Invalid message received: {why}")});
        self.send(&error).await
    }

    async fn send(&mut self, message: &Value) -> Result<(), Failure> {
        let broken = |why: String| Failure::new(31921, why);
        let text = Message::text(message.to_string());
        match tokio::time::timeout(WRITE, self.out.send(text)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(e)) => Err(broken(format!("the socket broke: {e}"))),
            Err(_) => Err(broken("the application does not read".to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_of_an_application_are_read() {
        let read = |text: &str| serde_json::from_str::<Said>(text).ok();
        assert_eq!(
            read(r#"{"type":"text","token":"Hello","last":true,"interruptible":true}"#),
            Some(Said::Text {
                token: "Hello".into(),
                last: true,
                interruptible: true,
            })
        );
        assert_eq!(
            read(r#"{"type":"end","handoffData":"{\"why\":1}"}"#),
            Some(Said::End {
                handoff_data: Some("{\"why\":1}".into())
            })
        );
        assert_eq!(read(r#"{"type":"play"}"#), None);
        assert_eq!(read(r#"{"event":"media"}"#), None);
    }
}
