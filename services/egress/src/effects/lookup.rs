//! Looking at a call whose outcome Twilio has not told us.

use std::time::Duration;

use async_trait::async_trait;
use events::v1::call_looked_up::Leg;
use events::v1::{CallLookedUp, CallLookup};
use role::{Cause, HandlerError, Outcome, Performer};
use twilio_api::{Call, CallFilter, Error};

use super::is_sid;
use crate::accounts::{Account, Accounts};

/// More legs than a call can have dialled.
const LEGS: usize = 100;

/// Looks calls up. It changes nothing at Twilio, so the ledger does not know it.
pub(crate) struct LookUp {
    pub accounts: Accounts,
    pub retry_delays: Vec<Duration>,
}

#[async_trait]
impl Performer for LookUp {
    type Command = CallLookup;
    const NAME: &'static str = "call-lookup";

    fn retry_delays(&self) -> Vec<Duration> {
        self.retry_delays.clone()
    }

    async fn perform(&self, _: &Cause, command: CallLookup) -> Result<Outcome, HandlerError> {
        let sid = &command.call_sid;
        if !is_sid(sid) {
            return Err(HandlerError::Reject("a look-up without a CallSid".into()));
        }
        let account = self.accounts.of(&command.account_sid).await?;
        let looked_up =
            look_up(&account, &command)
                .await
                .map_err(|e| HandlerError::Unavailable {
                    reason: format!("call {sid}: {e}"),
                    retry_after: e.retry_after(),
                })?;
        Ok(Outcome::nothing().publish(&looked_up))
    }
}

async fn look_up(account: &Account, command: &CallLookup) -> Result<CallLookedUp, Error> {
    let mut seen = CallLookedUp {
        call_sid: command.call_sid.clone(),
        tenant: command.tenant.clone(),
        ..CallLookedUp::default()
    };
    let calls = account.client.calls();
    let call = match account
        .ask("calls.fetch", calls.fetch(&command.call_sid))
        .await
    {
        Ok(call) => call,
        Err(e) if e.is_not_found() => return Ok(seen),
        // The credentials are wrong, say. The requester has to go by what was told.
        Err(Error::Refused { status, code, .. }) => {
            seen.code = if code == 0 { status.into() } else { code };
            return Ok(seen);
        }
        Err(e) => return Err(e),
    };
    let filter = CallFilter {
        parent_call_sid: Some(command.call_sid.clone()),
        ..CallFilter::default()
    };
    let legs = account
        .ask("calls.list", calls.list(&filter).all(LEGS))
        .await?;
    seen.found = true;
    seen.status = call.status.to_string();
    seen.duration_s = call.duration_s;
    seen.legs = legs.into_iter().map(leg).collect();
    Ok(seen)
}

fn leg(call: Call) -> Leg {
    Leg {
        call_sid: call.sid,
        status: call.status.to_string(),
        duration_s: call.duration_s,
    }
}
