//! Asking Twilio's list for what nobody has told of.

use std::collections::BTreeSet;

use async_trait::async_trait;
use events::v1::recording_listed::Item;
use events::v1::{RecordingListed, RecordingLook};
use role::{Accounts, Cause, HandlerError, Outcome, OutgoingEvent, Performer};
use twilio_api::{Client, Recording, RecordingFilter};

use crate::app::row;

/// Looks.
pub(crate) struct Look {
    pub accounts: Accounts,
}

#[async_trait]
impl Performer for Look {
    type Command = RecordingLook;
    const NAME: &'static str = "look";

    async fn perform(&self, _: &Cause, command: RecordingLook) -> Result<Outcome, HandlerError> {
        let client = self.accounts.of(&command.account_sid).await;
        let client = client.ok_or_else(|| {
            HandlerError::unavailable("no credentials are known for the call's account")
        })?;
        let of_call = RecordingFilter {
            call_sid: Some(command.call_sid.clone()),
            ..RecordingFilter::default()
        };
        let mut found = list(&client, &of_call).await?;
        let mut conferences: BTreeSet<String> = command.conference_sids.into_iter().collect();
        conferences.extend(found.iter().filter_map(|it| it.conference_sid.clone()));
        for sid in conferences {
            let of_conference = RecordingFilter {
                conference_sid: Some(sid),
                ..RecordingFilter::default()
            };
            // What names another call is that call's.
            let is_ours = |it: &Recording| {
                it.call_sid
                    .as_ref()
                    .is_none_or(|sid| *sid == command.call_sid)
            };
            for it in list(&client, &of_conference).await? {
                if is_ours(&it) && found.iter().all(|known| known.sid != it.sid) {
                    found.push(it);
                }
            }
        }
        let listed = RecordingListed {
            call_sid: command.call_sid.clone(),
            account_sid: client.account_sid().to_owned(),
            items: found.into_iter().map(item).collect(),
            nth: command.nth,
        };
        Ok(Outcome::nothing().publish(OutgoingEvent::new(&listed).key(command.call_sid)))
    }
}

async fn list(client: &Client, filter: &RecordingFilter) -> Result<Vec<Recording>, HandlerError> {
    let recordings = client.recordings();
    let mut pages = recordings.list(filter);
    let page = pages.next().await.map_err(|e| HandlerError::Unavailable {
        reason: e.to_string(),
        retry_after: e.retry_after(),
    })?;
    Ok(page.unwrap_or_default())
}

fn item(it: Recording) -> Item {
    let started_at = it.start_time.or(it.date_created);
    Item {
        recording_sid: it.sid,
        status: it.status.as_str().to_owned(),
        duration_s: it.duration_s,
        channels: it.channels,
        source: it.source.unwrap_or_default(),
        track: it.track.unwrap_or_default(),
        error_code: it.error_code,
        started_at: started_at.map(row::text).unwrap_or_default(),
        conference_sid: it.conference_sid.unwrap_or_default(),
    }
}
