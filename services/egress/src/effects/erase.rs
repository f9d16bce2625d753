//! Deleting Twilio's copies of what belongs to a person who is to be forgotten.

use std::time::Duration;

use async_trait::async_trait;
use events::v1::CopiesForget;
use role::erasure::Forgotten;
use role::{Cause, HandlerError, Outcome, Performer};
use tracing::warn;
use twilio_api::{CallFilter, Error};

use super::is_sid;
use crate::accounts::{Account, Accounts};

/// Twilio deletes no call that goes on; it is tried again after its likely end.
const LATER: Duration = Duration::from_secs(600);

/// More legs than a call can have dialled.
const LEGS: usize = 100;

/// Deletes. It is safe to repeat, so the ledger does not know it.
pub(crate) struct Forget {
    pub accounts: Accounts,
}

/// What becomes of one copy.
enum Copy {
    Deleted,
    /// It was deleted before, or never there.
    Gone,
    /// Twilio does not delete it, and will not.
    Refused,
}

#[async_trait]
impl Performer for Forget {
    type Command = CopiesForget;
    const NAME: &'static str = "forget";

    async fn perform(&self, _: &Cause, command: CopiesForget) -> Result<Outcome, HandlerError> {
        let account = self.accounts.of(&command.account_sid).await?;
        let part = format!("egress/{}", command.part);
        let mut forgotten = Forgotten::new(&command.receipt_id, part);
        let (mut refused, mut later) = (0, None);
        let mut call_sids = command.call_sids.clone();
        for sid in command.call_sids.iter().filter(|sid| is_sid(sid)) {
            call_sids.extend(legs(&account, sid).await?);
        }
        for (what, op, sids) in [
            (
                "twilio_recordings",
                "recordings.delete",
                &command.recording_sids,
            ),
            ("twilio_messages", "messages.delete", &command.message_sids),
            ("twilio_calls", "calls.delete", &call_sids),
        ] {
            let mut deleted = 0;
            for sid in sids.iter().filter(|sid| is_sid(sid)) {
                let client = &account.client;
                let asked = match what {
                    "twilio_recordings" => account.ask(op, client.recordings().delete(sid)).await,
                    "twilio_messages" => account.ask(op, client.messages().delete(sid)).await,
                    _ => account.ask(op, client.calls().delete(sid)).await,
                };
                match became(asked) {
                    Ok(Copy::Deleted) => deleted += 1,
                    Ok(Copy::Gone) => {}
                    Ok(Copy::Refused) => refused += 1,
                    // One that cannot be deleted yet holds up none of the others.
                    Err(fault) => later = Some(fault),
                }
            }
            forgotten.count(what, deleted);
        }
        if let Some(fault) = later {
            return Err(fault);
        }
        forgotten.count("twilio_refused", refused);
        Ok(forgotten.outcome())
    }
}

/// The calls that this one has dialled: they have the caller's number too.
async fn legs(account: &Account, call_sid: &str) -> Result<Vec<String>, HandlerError> {
    let filter = CallFilter {
        parent_call_sid: Some(call_sid.to_owned()),
        ..CallFilter::default()
    };
    let listed = account.client.calls().list(&filter).all(LEGS);
    let listed = account.ask("calls.list", listed).await;
    match listed {
        Ok(legs) => Ok(legs.into_iter().map(|leg| leg.sid).collect()),
        Err(e) if e.is_not_found() => Ok(Vec::new()),
        Err(e) => Err(HandlerError::Unavailable {
            reason: e.to_string(),
            retry_after: e.retry_after(),
        }),
    }
}

fn became(asked: Result<(), Error>) -> Result<Copy, HandlerError> {
    match asked {
        Ok(()) => Ok(Copy::Deleted),
        Err(e) if e.is_not_found() => Ok(Copy::Gone),
        // The call goes on, or the message is on its way.
        Err(
            e @ Error::Refused {
                status: 400 | 409, ..
            },
        ) => Err(HandlerError::Unavailable {
            reason: e.to_string(),
            retry_after: Some(LATER),
        }),
        Err(e @ Error::Refused { .. }) => {
            warn!(error = %e, "Twilio does not delete a copy; delete it in its console");
            Ok(Copy::Refused)
        }
        Err(e) => Err(HandlerError::Unavailable {
            reason: e.to_string(),
            retry_after: e.retry_after(),
        }),
    }
}
