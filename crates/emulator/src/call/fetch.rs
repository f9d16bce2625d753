//! Getting the next TwiML document.

use tokio::sync::oneshot;
use twiml::{Medium, Response};
use url::Url;

use crate::call::broken::{Broken, FALLBACK};
use crate::call::leg::Leg;
use crate::document::{self, Voice};
use crate::leg_context::LegContext;
use crate::leg_control::{Ask, Goto, Interrupt};
use crate::state::Fetched;
use crate::webhooks::{self, deliver};
use crate::wire::{Answer, Failure, Params, Request};

/// A document to run.
pub(crate) struct Document {
    pub(crate) response: Response,
    /// Where it came from: the fallback URL when that has answered.
    pub(crate) here: Goto,
    /// What its relative URLs are relative to; TwiML from the API has nothing.
    pub(crate) base: Option<Url>,
}

impl Leg {
    /// Gets a document, if need be from the fallback URL. `None` when there is none to be had.
    pub(crate) async fn fetch(&self, goto: Goto) -> Result<Option<Document>, Interrupt> {
        let ask = match goto {
            Goto::Inline(xml) => return Ok(self.inline(xml)),
            Goto::Fetch(ask) => ask,
        };
        let failure = match self.context.ask(&ask).await? {
            Ok(answer) => return Ok(Some(document(&answer, ask))),
            Err(failure) => failure,
        };
        if ask.kind == FALLBACK {
            return Ok(None);
        }
        let broken = Broken {
            code: failure.code,
            url: ask.url,
        };
        let Some(fallback) = self.fallback(&broken, ask.extra) else {
            return Ok(None);
        };
        Ok(self
            .context
            .ask(&fallback)
            .await?
            .ok()
            .map(|answer| document(&answer, fallback)))
    }

    /// What is asked when something fails.
    pub(crate) fn fallback(&self, broken: &Broken, mut extra: Params) -> Option<Ask> {
        let (url, method) = self.context.look(|call| call.fallback.clone())?;
        extra.push(("ErrorCode".to_owned(), broken.code.to_string()));
        extra.push(("ErrorUrl".to_owned(), broken.url.clone()));
        Some(Ask {
            kind: FALLBACK,
            url,
            method,
            extra,
        })
    }

    fn inline(&self, xml: String) -> Option<Document> {
        let read = document::read(&xml, Medium::Voice);
        let code = read.as_ref().err().map(|failure| failure.code);
        self.context.keep(String::new(), None, code, xml.clone());
        match read {
            Ok(response) => Some(Document {
                response,
                here: Goto::Inline(xml),
                base: None,
            }),
            Err(failure) => {
                self.context.note("twiml", &failure);
                None
            }
        }
    }
}

fn document(answer: &Answer, ask: Ask) -> Document {
    let response = match document::voice(answer) {
        Ok(Voice::Twiml(response)) => response,
        Ok(Voice::Spoken(text)) => Response::new().say(text.as_str()),
        Ok(Voice::Audio) | Err(_) => Response::new().play(twiml::Play::new(answer.url.as_str())),
    };
    Document {
        response,
        here: Goto::Fetch(ask),
        base: Some(answer.url.clone()),
    }
}

impl LegContext {
    /// Asks the application for TwiML. If the leg is interrupted meanwhile the request still runs to its end, as Twilio's would.
    async fn ask(&self, ask: &Ask) -> Result<Result<Answer, Failure>, Interrupt> {
        let request = self.request(ask);
        let (sender, receiver) = oneshot::channel();
        let (shared, url) = (self.shared.clone(), webhooks::shown(&ask.url));
        let context = self.clone();
        self.shared.spawn(async move {
            let outcome = deliver(&shared, &request, document::check_voice).await;
            match &outcome {
                Ok(answer) => context.keep(url, Some(answer.status), None, answer.body.clone()),
                Err(failure) => context.keep(url, None, Some(failure.code), String::new()),
            }
            let _ = sender.send(outcome);
        });
        tokio::select! {
            biased;
            interrupt = self.control.interrupted() => Err(interrupt),
            outcome = receiver => Ok(outcome.unwrap_or_else(|_| Err(Failure::new(11200, "stopped")))),
        }
    }

    /// The request with the call's parameters as they are now.
    pub(crate) fn request(&self, ask: &Ask) -> Request {
        let mut state = self.shared.state();
        let token = state.ids.token();
        let mut params = state
            .call(&self.sid)
            .map(|call| webhooks::of_call(&self.shared.account.sid, call))
            .unwrap_or_default();
        params.extend(ask.extra.iter().cloned());
        Request {
            kind: ask.kind,
            sid: Some(self.sid.clone()),
            url: ask.url.clone(),
            method: ask.method.clone(),
            params,
            token,
        }
    }

    fn keep(&self, url: String, status: Option<u16>, error_code: Option<u32>, body: String) {
        let at = self.shared.time.now();
        let mut state = self.shared.state();
        state.moment(
            &self.sid,
            "twiml",
            if url.is_empty() {
                "inline"
            } else {
                url.as_str()
            },
        );
        if let Some(call) = state.call_mut(&self.sid) {
            call.twiml.push(Fetched {
                at,
                url,
                status,
                error_code,
                body,
            });
        }
    }
}
