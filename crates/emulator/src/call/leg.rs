//! Running TwiML on one leg, document after document.

use tokio::sync::mpsc::UnboundedReceiver;
use twiml::{RejectReason, Response, Verb};
use url::Url;

use crate::call::control::{By, Input, Interrupt, Utterance};
use crate::call::fetch::{Broken, FALLBACK};
use crate::call::{Ask, Goto, Stage, verbs};
use crate::document::method;
use crate::state::Status;
use crate::webhooks::{Failure, Params};

/// A call that redirects itself in circles ends here.
const DOCUMENTS: usize = 1000;

/// What the caller hears when the application fails.
const APPLICATION_ERROR: &str = "We are sorry, an application error has occurred. Goodbye.";

/// What is said of a verb or noun that Twilio would run.
pub(crate) const NOT_RUN: &str = "not run by this emulator: skipped";

/// What a leg may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A whole call.
    Call,
    /// The TwiML for a callee before they are connected.
    Whisper,
}

/// How a leg's TwiML ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The last verb was done.
    Done,
    /// `<Hangup>`, or the application failed.
    HungUp,
    /// `<Reject>`
    Rejected(Status),
    /// From outside.
    Over(By),
}

/// What follows a verb.
#[derive(Debug)]
pub(crate) enum Flow {
    Next,
    Goto(Goto),
    End(End),
}

/// A leg with its interpreter.
pub(crate) struct Leg {
    pub(crate) stage: Stage,
    pub(crate) kind: Kind,
    pub(crate) inputs: UnboundedReceiver<Input>,
    /// Requests that are made once the leg is over, their answers ignored.
    pub(crate) parting: Vec<Ask>,
    /// How often a `<Record>` without `action` has come back to itself.
    pub(crate) rounds: u32,
    here: Goto,
    base: Option<Url>,
    answered: bool,
}

impl Leg {
    pub(crate) fn new(stage: Stage, kind: Kind, inputs: UnboundedReceiver<Input>) -> Self {
        let answered = stage.look(|call| call.answered.is_some());
        Self {
            stage,
            kind,
            inputs,
            parting: Vec::new(),
            rounds: 0,
            here: Goto::Inline(String::new()),
            base: None,
            answered,
        }
    }

    /// Runs TwiML until the leg ends.
    pub(crate) async fn run(&mut self, first: Goto) -> End {
        let mut goto = first;
        for _ in 0..DOCUMENTS {
            goto = match self.document(goto).await {
                Ok(Flow::Next) => return End::Done,
                Ok(Flow::End(end)) => return end,
                Ok(Flow::Goto(next)) => next,
                Err(Interrupt::Goto(next)) => *next,
                Err(Interrupt::Over(by)) => return End::Over(by),
            };
        }
        self.stage.note(
            "twiml",
            &Failure::new(
                11215,
                "the call has run through a thousand documents: it goes in circles",
            ),
        );
        End::HungUp
    }

    async fn document(&mut self, goto: Goto) -> Result<Flow, Interrupt> {
        let Some(document) = self.fetch(goto).await? else {
            return self.application_error().await;
        };
        self.here = document.here;
        self.base = document.base;
        self.stage.warn_of_unknown(&document.response);
        self.verbs(document.response).await
    }

    async fn verbs(&mut self, response: Response) -> Result<Flow, Interrupt> {
        for verb in &response.verbs {
            match self.verb(verb).await? {
                Flow::Next => {}
                flow => return Ok(flow),
            }
        }
        self.answer();
        Ok(Flow::Next)
    }

    /// One arm a verb; those with more to them have a file of their own in `verbs/`.
    async fn verb(&mut self, verb: &Verb) -> Result<Flow, Interrupt> {
        let silent = matches!(verb, Verb::Reject(_) | Verb::Redirect(_))
            || matches!(verb, Verb::Dial(dial) if dial.answer_on_bridge == Some(true));
        if !silent {
            self.answer();
        }
        match verb {
            Verb::Say(say) => verbs::speech::say(&self.stage, say)
                .await
                .map(|()| Flow::Next),
            Verb::Pause(pause) => verbs::speech::pause(&self.stage, pause)
                .await
                .map(|()| Flow::Next),
            Verb::Gather(gather) => verbs::gather::run(self, gather).await,
            Verb::Dial(dial) => Box::pin(verbs::dial::run(self, dial)).await,
            Verb::Redirect(redirect) => {
                let url = (!redirect.url.is_empty()).then_some(redirect.url.as_str());
                self.goto("redirect", url, &method(redirect.method), Params::new())
                    .await
            }
            Verb::Reject(_) if self.answered => {
                self.unsupported("Reject", "a call that has been answered is hung up");
                Ok(Flow::End(End::HungUp))
            }
            Verb::Reject(reject) => Ok(Flow::End(End::Rejected(match reject.reason {
                Some(RejectReason::Busy) => Status::Busy,
                _ => Status::NoAnswer,
            }))),
            Verb::Hangup(_) => Ok(Flow::End(End::HungUp)),
            Verb::Play(play) => verbs::play::run(self, play).await,
            Verb::Record(record) => verbs::record::run(self, record).await,
            Verb::Connect(connect) => Box::pin(verbs::connect::run(self, connect)).await,
            Verb::Start(start) => {
                verbs::start::start(self, start);
                Ok(Flow::Next)
            }
            Verb::Stop(stop) => {
                verbs::start::stop(self, stop);
                Ok(Flow::Next)
            }
            Verb::Other(_) => {
                self.unsupported(verb.name(), NOT_RUN);
                Ok(Flow::Next)
            }
            // The document was checked for this.
            Verb::Message(_) => Ok(Flow::Next),
        }
    }

    /// Picks up, if that has not happened.
    pub(crate) fn answer(&mut self) {
        if !self.answered {
            self.answered = true;
            self.stage.status(Status::InProgress);
        }
    }

    /// Takes note that the phone has been picked up already.
    pub(crate) fn answered(&mut self) {
        self.answered = true;
    }

    pub(crate) fn unsupported(&self, verb: &str, what: &str) {
        tracing::warn!(call.sid = %self.stage.sid, verb, "this verb is not supported here");
        self.stage
            .moment("unsupported", format!("<{verb}>: {what}"));
    }

    /// Goes on at a verb's URL: relative to this document, or this document's own when there is none.
    pub(crate) async fn goto(
        &mut self,
        kind: &'static str,
        url: Option<&str>,
        method: &str,
        extra: Params,
    ) -> Result<Flow, Interrupt> {
        match self.next(kind, url, method, extra) {
            Ok(ask) => Ok(Flow::Goto(Goto::Fetch(ask))),
            Err(failure) => {
                self.stage.note(kind, &failure);
                self.application_error().await
            }
        }
    }

    /// The request for a verb's URL, or for this document's own.
    pub(crate) fn next(
        &self,
        kind: &'static str,
        url: Option<&str>,
        method: &str,
        extra: Params,
    ) -> Result<Ask, Failure> {
        let url = match (url, &self.here) {
            (Some(url), _) => self.resolve(url)?,
            (None, Goto::Fetch(here)) => here.url.clone(),
            (None, Goto::Inline(_)) => {
                return Err(Failure::new(11100, "twiml from the api needs an action"));
            }
        };
        Ok(Ask {
            kind,
            url,
            method: method.to_owned(),
            extra,
        })
    }

    /// Goes on after something in the document could not be had: at the fallback URL, or not at all.
    pub(crate) async fn broken(&mut self, broken: Broken) -> Result<Flow, Interrupt> {
        let on_fallback = matches!(&self.here, Goto::Fetch(here) if here.kind == FALLBACK);
        match self.fallback(&broken, Params::new()) {
            Some(ask) if !on_fallback => Ok(Flow::Goto(Goto::Fetch(ask))),
            _ => self.application_error().await,
        }
    }

    /// Forgets what was pressed and said before. What somebody has begun to say and goes on with is not lost: people wait for the
    /// beep, and only this machine may be slower than they are.
    pub(crate) fn ready(&mut self) -> Option<Utterance> {
        let mut speaking = None;
        while let Ok(input) = self.inputs.try_recv() {
            match input {
                Input::Speech(utterance) => speaking = Some(utterance),
                Input::Quiet => speaking = None,
                Input::Digit(_) | Input::Pause(_) => {}
            }
        }
        speaking
    }

    /// An absolute URL, its fragment kept.
    pub(crate) fn resolve(&self, url: &str) -> Result<String, Failure> {
        let resolved = match &self.base {
            Some(base) => base.join(url),
            None => Url::parse(url),
        };
        resolved
            .map(Url::into)
            .map_err(|_| Failure::invalid_url(url))
    }

    async fn application_error(&mut self) -> Result<Flow, Interrupt> {
        self.answer();
        self.stage.say(APPLICATION_ERROR).await?;
        Ok(Flow::End(End::HungUp))
    }
}
