//! What an effect must be able to say of itself to be done once.

use std::time::Duration;

use async_trait::async_trait;
use clock::Time;
use role::{HandlerError, Tx};

use crate::accounts::Account;

/// What is done once.
#[async_trait]
pub(crate) trait Effect: Send + Sync {
    /// Who and what, for the ledger.
    fn key(&self) -> EffectKey;

    /// Looks for what an earlier attempt may have done, not before `since`; the oldest first.
    async fn find(&self, account: &Account, since: Time) -> Result<Vec<Done>, twilio_api::Error>;

    /// How long to wait for a sign of an earlier attempt before it is repeated.
    fn doubt(&self) -> Doubt;

    /// What an earlier attempt has made, when Twilio's callback has told its SID.
    fn witnessed(&self, _sid: String) -> Option<Done> {
        None
    }

    /// Does it.
    async fn execute(&self, account: &Account) -> Result<Done, twilio_api::Error>;

    /// Whether one of our own rules forbids it.
    async fn check_policy(&self) -> Result<Option<Refusal>, HandlerError> {
        Ok(None)
    }

    /// Asked last, in the transaction that lets the request leave: what forbids it is either committed before that, or
    /// waits for it. What it writes of a refusal stays. `counted`: an earlier attempt has counted it as spent.
    async fn check_departure(
        &self,
        _: &mut Tx,
        _counted: bool,
    ) -> Result<Option<Refusal>, HandlerError> {
        Ok(None)
    }

    /// What Twilio's refusal means.
    fn refusal(&self, code: u32, words: &str) -> Refusal;

    /// Writes down what else follows from Twilio's refusal, in the same transaction.
    async fn refused(&self, _: &mut Tx, _: &Refusal) -> Result<(), HandlerError> {
        Ok(())
    }

    /// Whether a new command may try again what was refused.
    fn may_try_again(&self) -> bool {
        false
    }
}

/// Who and what, for the ledger.
#[derive(Debug, Clone)]
pub(crate) struct EffectKey {
    pub kind: &'static str,
    /// The identity within the kind: the same id is done at most once.
    pub id: String,
    pub tenant_id: String,
    /// Empty: the platform's own.
    pub account_sid: String,
    /// Effects with the same one cannot be told apart at Twilio.
    pub fingerprint: String,
    /// What its rate is limited by, within its account: its sender, or all calls together.
    pub lane: Option<String>,
    /// A person waits for it, on the phone or for an answer: it goes before bulk.
    pub urgent: bool,
    /// Redacted.
    pub sender: String,
    /// Redacted.
    pub recipient: String,
}

/// How long an effect of unknown outcome is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Doubt {
    /// A person would notice that it was done twice.
    Long,
    /// The requester waits.
    Short,
    /// Doing it twice does no harm.
    None,
}

/// What Twilio made.
#[derive(Debug, Clone)]
pub(crate) struct Done {
    /// What it is called there; one effect has it and no other.
    pub sid: Option<String>,
    /// Twilio's first word on it.
    pub status: String,
    /// What else the outcome needs.
    pub detail: String,
}

/// Why it is never done.
#[derive(Debug, Clone)]
pub(crate) struct Refusal {
    /// Twilio's code; 0 when one of our rules refused.
    pub code: u32,
    /// In a word.
    pub reason: &'static str,
    /// What else the outcome needs.
    pub detail: String,
}

/// How an attempt ended.
pub(crate) enum Attempt {
    Done {
        done: Done,
        reconciled: bool,
    },
    Refused {
        refusal: Refusal,
        asked: bool,
    },
    /// This attempt surely did nothing.
    NotDone(String),
    /// The same, and Twilio said how long to wait.
    Busy(String, Duration),
    /// Twilio may have done it earlier, and does not show it yet.
    Undecided,
    /// Whether it was done is not known.
    Unknown(String),
}
