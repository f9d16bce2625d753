//! Running TwiML on one leg, document after document.

use twiml::{RejectReason, Response, Verb};

use crate::call::leg::{End, Flow, Leg, NOT_RUN};
use crate::call::verbs;
use crate::document::method;
use crate::leg_control::{Goto, Interrupt};
use crate::status::Status;
use crate::wire::{Failure, Params};

/// A call that redirects itself in circles ends here.
const DOCUMENTS: usize = 1000;

impl Leg {
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
        self.context.note(
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
        self.context.warn_of_unknown(&document.response);
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
            Verb::Say(say) => verbs::speech::say(&self.context, say)
                .await
                .map(|()| Flow::Next),
            Verb::Pause(pause) => verbs::speech::pause(&self.context, pause)
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
}
