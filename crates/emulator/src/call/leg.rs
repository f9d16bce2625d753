//! One leg of a call, while its TwiML runs.

use tokio::sync::mpsc::UnboundedReceiver;
use url::Url;

use crate::call::broken::{Broken, FALLBACK};
use crate::leg_context::LegContext;
use crate::leg_control::{Ask, By, Goto, Input, Interrupt, Utterance};
use crate::status::Status;
use crate::wire::{Failure, Params};

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
    pub(crate) context: LegContext,
    pub(crate) kind: Kind,
    pub(crate) inputs: UnboundedReceiver<Input>,
    /// Requests that are made once the leg is over, their answers ignored.
    pub(crate) parting: Vec<Ask>,
    /// How often a `<Record>` without `action` has come back to itself.
    pub(crate) rounds: u32,
    pub(super) here: Goto,
    pub(super) base: Option<Url>,
    pub(super) answered: bool,
}

impl Leg {
    pub(crate) fn new(context: LegContext, kind: Kind, inputs: UnboundedReceiver<Input>) -> Self {
        let answered = context.look(|call| call.answered.is_some());
        Self {
            context,
            kind,
            inputs,
            parting: Vec::new(),
            rounds: 0,
            here: Goto::Inline(String::new()),
            base: None,
            answered,
        }
    }

    /// Picks up, if that has not happened.
    pub(crate) fn answer(&mut self) {
        if !self.answered {
            self.answered = true;
            self.context.status(Status::InProgress);
        }
    }

    /// Takes note that the phone has been picked up already.
    pub(crate) fn answered(&mut self) {
        self.answered = true;
    }

    pub(crate) fn unsupported(&self, verb: &str, what: &str) {
        tracing::warn!(call.sid = %self.context.sid, verb, "this verb is not supported here");
        self.context
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
                self.context.note(kind, &failure);
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

    /// Forgets what was pressed and said before. What a person has begun to say and goes on with is not lost: people wait for the
    /// beep, and only this machine may be slower than they are.
    pub(crate) fn ready(&mut self) -> Option<Utterance> {
        let mut speaking = None;
        while let Ok(input) = self.inputs.try_recv() {
            match input {
                Input::Begins => speaking = Some(Utterance::begun()),
                Input::Speech(utterance) => speaking = Some(utterance),
                Input::Quiet => speaking = None,
                Input::Digit(_) | Input::Pause(_) | Input::Sound(_) => {}
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

    pub(super) async fn application_error(&mut self) -> Result<Flow, Interrupt> {
        self.answer();
        self.context.say(APPLICATION_ERROR).await?;
        Ok(Flow::End(End::HungUp))
    }
}
