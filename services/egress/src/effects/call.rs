//! Placing a call.

use std::time::Duration;

use async_trait::async_trait;
use chrono::TimeDelta;
use clock::Time;
use events::Event;
use events::v1::{CallPlace, CallPlaced, CallRefused};
use phone::Address;
use role::{Cause, HandlerError, Outcome, OutgoingEvent, Performer, Tx, derive_id};
use tracing::info;
use twilio_api::{Call, CallFilter, Error, NewCall};
use twilio_types::REPEATED;

use crate::accounts::Account;
use crate::admission::{Admission, PREFETCH};
use crate::db::effects::{Entry, State};
use crate::effect::{Done, Doubt, Effect, EffectKey, Refusal};
use crate::effect_runner::EffectRunner;
use crate::guards::{EMERGENCY, Guards};

/// How far Twilio's clock may be behind ours; its dates have whole seconds besides.
const SKEW: TimeDelta = TimeDelta::seconds(5);
/// The most that Twilio gives in one page, and how many pages between two numbers are looked through.
const PAGE: u32 = 1000;
const PAGES: usize = 5;
/// What we want to be told of. Twilio's default is the end alone.
const PROGRESS: [&str; 4] = ["initiated", "ringing", "answered", "completed"];
/// The longest that Twilio lets a phone ring, in seconds.
const LONGEST_RINGING_S: u32 = 600;

/// Places calls.
pub(crate) struct Place {
    pub runner: EffectRunner,
    pub admission: Admission,
    pub guards: Guards,
}

#[async_trait]
impl Performer for Place {
    type Command = CallPlace;
    const NAME: &'static str = "call-place";

    /// As for messages.
    fn prefetch(&self) -> u16 {
        PREFETCH
    }

    fn retry_delays(&self) -> Vec<Duration> {
        self.runner.timings.retry_delays.clone()
    }

    async fn perform(&self, cause: &Cause, command: CallPlace) -> Result<Outcome, HandlerError> {
        if command.place_id.is_empty() {
            return Err(HandlerError::Reject("a call without place_id".into()));
        }
        let placing = Placing {
            command: &command,
            guards: &self.guards,
        };
        let key = placing.key();
        let Some(mut admitted) = self.admission.admit(&key, cause, &command).await? else {
            return Ok(Outcome::nothing());
        };
        admitted.unlock_line();
        admitted.finish(self.place(&placing, cause).await).await
    }
}

impl Place {
    async fn place(&self, placing: &Placing<'_>, cause: &Cause) -> Result<Outcome, HandlerError> {
        let entry = self.runner.execute(placing, cause).await?;
        let told = self.guards.spend.told_by(&entry).await?;
        let outcome = outcome(placing.command, &entry);
        Ok(match told {
            Some(limited) => outcome.publish(limited),
            None => outcome,
        })
    }
}

/// The same for every attempt, so that a consumer recognizes a repeat by its id.
fn outcome(command: &CallPlace, entry: &Entry) -> Outcome {
    let id = &command.place_id;
    let event = if entry.state() == State::Done {
        let placed = CallPlaced {
            place_id: id.clone(),
            tenant_id: command.tenant_id.clone(),
            interview_id: command.interview_id.clone(),
            call_sid: entry.sid.clone().unwrap_or_default(),
            status: entry.status.clone().unwrap_or_default(),
            reconciled: entry.reconciled,
        };
        OutgoingEvent::new(&placed).id(derive_id(&[CallPlaced::TYPE, id]))
    } else {
        let refused = CallRefused {
            place_id: id.clone(),
            tenant_id: command.tenant_id.clone(),
            interview_id: command.interview_id.clone(),
            code: u32::try_from(entry.code).unwrap_or_default(),
            reason: entry.reason.clone().unwrap_or_default(),
            message: entry.detail.clone().unwrap_or_default(),
        };
        OutgoingEvent::new(&refused).id(derive_id(&[CallRefused::TYPE, id]))
    };
    Outcome::nothing().publish(event.tenant(&command.tenant_id))
}

struct Placing<'a> {
    command: &'a CallPlace,
    guards: &'a Guards,
}

impl Placing<'_> {
    fn request(&self) -> NewCall {
        let some = |text: &String| Some(text.clone()).filter(|t| !t.is_empty());
        let seconds = |n: u32| Some(n).filter(|n| *n > 0);
        let callback = some(&self.command.status_callback).map(|url| {
            // What follows a # tells Twilio how to repeat; the sender of the command may know better.
            if url.contains('#') {
                url
            } else {
                format!("{url}{REPEATED}")
            }
        });
        NewCall {
            to: self.command.to.clone(),
            from: self.command.from.clone(),
            url: some(&self.command.url),
            twiml: some(&self.command.twiml),
            method: Some("POST".to_owned()),
            status_callback_event: if callback.is_some() {
                PROGRESS.map(str::to_owned).to_vec()
            } else {
                Vec::new()
            },
            // By POST, which is Twilio's default.
            status_callback: callback,
            timeout_s: seconds(self.command.ring_s.min(LONGEST_RINGING_S)),
            time_limit_s: seconds(self.command.time_limit_s),
            machine_detection: some(&self.command.machine_detection),
            ..NewCall::default()
        }
    }
}

#[async_trait]
impl Effect for Placing<'_> {
    /// Who calls whom is all that tells two calls apart at Twilio: a call there does not know its address.
    fn key(&self) -> EffectKey {
        let CallPlace {
            place_id,
            tenant_id,
            account_sid,
            from,
            to,
            ..
        } = self.command;
        EffectKey {
            kind: CallPlace::TYPE,
            id: place_id.clone(),
            tenant_id: tenant_id.clone(),
            account_sid: account_sid.clone(),
            fingerprint: derive_id(&[CallPlace::TYPE, from, to]),
            // Twilio limits the rate of an account's calls, from all its numbers together.
            lane: Some("calls".to_owned()),
            urgent: self.command.purpose == EMERGENCY,
            sender: Address::parse(from).redacted(),
            recipient: Address::parse(to).redacted(),
        }
    }

    /// Without Twilio's filter by date: it goes by the start, which a call that is queued does not have.
    async fn find(&self, account: &Account, since: Time) -> Result<Vec<Done>, Error> {
        let from = since - SKEW;
        let filter = CallFilter {
            to: Some(self.command.to.clone()),
            from: Some(self.command.from.clone()),
            page_size: Some(PAGE),
            ..CallFilter::default()
        };
        let mut found = Vec::new();
        let mut pages = account.client.calls().list(&filter);
        for _ in 0..PAGES {
            let Some(page) = account.ask("calls.list", pages.next()).await? else {
                break;
            };
            let all_old = page.iter().all(|call| at(call).is_some_and(|at| at < from));
            let ours = |call: &Call| {
                call.direction == "outbound-api" && at(call).is_some_and(|at| at >= from)
            };
            found.extend(page.into_iter().filter(ours));
            if all_old {
                break;
            }
        }
        found.sort_by_key(at);
        Ok(found.into_iter().map(done).collect())
    }

    fn doubt(&self) -> Doubt {
        Doubt::Long
    }

    async fn execute(&self, account: &Account) -> Result<Done, Error> {
        let request = self.request();
        let placed = account
            .ask("calls.create", account.client.calls().create(&request))
            .await?;
        info!(
            place.id = self.command.place_id,
            call.sid = placed.sid,
            interview.id = self.command.interview_id,
            status = %placed.status,
            "twilio has taken a call"
        );
        Ok(done(placed))
    }

    async fn check_policy(&self) -> Result<Option<Refusal>, HandlerError> {
        Ok(self.guards.check_call(self.command))
    }

    async fn check_departure(
        &self,
        tx: &mut Tx,
        counted: bool,
    ) -> Result<Option<Refusal>, HandlerError> {
        let guards = self.guards;
        guards.check_call_departure(tx, self.command, counted).await
    }

    fn refusal(&self, code: u32, words: &str) -> Refusal {
        Refusal {
            code,
            reason: "refused_by_twilio",
            detail: words.to_owned(),
        }
    }
}

/// When it was made.
fn at(call: &Call) -> Option<Time> {
    call.date_created.or(call.start_time)
}

fn done(call: Call) -> Done {
    Done {
        sid: Some(call.sid),
        status: call.status.to_string(),
        detail: String::new(),
    }
}
