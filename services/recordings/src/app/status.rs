//! What Twilio tells of a recording.

use async_trait::async_trait;
use clock::Time;
use directory::Directory;
use events::v1::{RecordingAdopt, TwilioRecordingStatus};
use metrics::counter;
use role::{Cause, Decider, Decision, HandlerError, OutgoingEvent, Tx, derive_id};
use tracing::{info, warn};
use twilio_types::RecordingStatus;

use super::Timings;
use super::erase::{Late, mark_if_awaited, too_late};
use super::row::{self, ANSWER};
use crate::db::{self, CallRow, RecordingRow};

/// Takes `twilio.recording.status`.
pub struct FollowStatus(pub Timings);

/// Takes `recording.adopt`: a recording has waited for its call for long enough. The tenant whose account signed it gets it.
pub struct Adopt(pub Timings, pub Directory);

#[async_trait]
impl Decider for FollowStatus {
    type Event = TwilioRecordingStatus;
    const NAME: &'static str = "status";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: TwilioRecordingStatus,
    ) -> Result<Decision, HandlerError> {
        let file = event.recording.clone().unwrap_or_default();
        if file.recording_sid.is_empty() || event.call_sid.is_empty() {
            return Err(HandlerError::Reject(
                "a recording's status without its SID or its call's".to_owned(),
            ));
        }
        let call = db::call_lock(tx, &event.call_sid).await?;
        let seen = Seen {
            status: RecordingStatus::parse(&event.status),
            call_sid: event.call_sid,
            account_sid: event.account_sid,
            recording_sid: file.recording_sid,
            url: file.url,
            duration_s: file.duration_s,
            error_code: event.error_code,
            source: event.source,
            channels: event.channels,
            started_at: row::time(&event.started_at),
            track: event.track,
            conference_sid: event.conference_sid,
        };
        follow(tx, cause.time, &self.0, call.as_ref(), seen).await
    }
}

#[async_trait]
impl Decider for Adopt {
    type Event = RecordingAdopt;
    const NAME: &'static str = "adopt";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: RecordingAdopt,
    ) -> Result<Decision, HandlerError> {
        let Some(row) = db::recording_lock(tx, &event.recording_id).await? else {
            return Ok(Decision::nothing());
        };
        if !row.tenant_id.is_empty() {
            return Ok(Decision::nothing());
        }
        if let Some(call) = db::call_lock(tx, &row.call_sid).await? {
            return attach(tx, cause.time, &self.0, &call, row).await;
        }
        let account = self.1.account(&row.account_sid);
        let Some(tenant) = account.and_then(|account| account.tenant.clone()) else {
            // The platform's account makes calls for many tenants.
            counter!("recordings_unclaimed_total").increment(1);
            warn!(
                recording.sid = row.recording_sid,
                call.sid = row.call_sid,
                "recording of an unknown call on the platform's account is not fetched: it may be any tenant's"
            );
            return Ok(Decision::nothing());
        };
        info!(
            recording.sid = row.recording_sid,
            call.sid = row.call_sid,
            tenant.id = tenant,
            "recording of an unknown call goes to the tenant whose account it is on"
        );
        let unknown = CallRow::unknown(&row.call_sid, &tenant, &row.account_sid, cause.time);
        let call = db::call_put(tx, &unknown).await?;
        attach(tx, cause.time, &self.0, &call, row).await
    }
}

/// What was heard of a recording, by a callback or from Twilio's list.
pub struct Seen {
    pub status: RecordingStatus,
    pub call_sid: String,
    pub account_sid: String,
    pub recording_sid: String,
    pub url: String,
    pub duration_s: Option<u32>,
    pub error_code: Option<u32>,
    pub source: String,
    pub channels: Option<u32>,
    pub started_at: Option<Time>,
    pub track: String,
    pub conference_sid: String,
}

/// Takes in what was heard. Whoever signs it must own the call: a tenant can sign whatever it likes with its own account.
pub async fn follow(
    tx: &mut Tx,
    now: Time,
    timings: &Timings,
    call: Option<&CallRow>,
    seen: Seen,
) -> Result<Decision, HandlerError> {
    if call.is_some_and(|call| !is_own(call, &seen.account_sid)) {
        return Ok(refuse(&seen, "foreign_call"));
    }
    if call.is_none() {
        // A file that is there is deleted there.
        let is_there = seen.status == RecordingStatus::Completed;
        let late = Late::AtTwilio(&seen.account_sid, &seen.recording_sid, is_there);
        if let Some(decision) = too_late(tx, &seen.call_sid, late).await? {
            return Ok(decision);
        }
    }
    let id = row::id_of_sid(&seen.account_sid, &seen.recording_sid);
    let mut new = row::blank(id, &seen.call_sid, seen.started_at.unwrap_or(now));
    new.account_sid.clone_from(&seen.account_sid);
    new.recording_sid.clone_from(&seen.recording_sid);
    new.tenant_id = call.map(|call| call.tenant_id.clone()).unwrap_or_default();
    let mut row = db::recording_open(tx, &new).await?;
    if row.account_sid != seen.account_sid || row.call_sid != seen.call_sid {
        return Ok(refuse(&seen, "foreign_recording"));
    }
    let known = RecordingStatus::parse(&row.twilio_status).rank();
    if row.twilio_status == seen.status.as_str() || seen.status.rank() < known {
        return Ok(Decision::nothing());
    }
    counter!("recordings_told_total", "status" => seen.status.as_str().to_owned()).increment(1);
    seen.status.as_str().clone_into(&mut row.twilio_status);
    take(&mut row, &seen);
    mark_if_awaited(tx, &mut row, now).await?;
    let decision = match call {
        Some(call) => settle(&mut row, call, now, timings),
        // A callback may come before the call is known: it waits for it.
        None => Decision::nothing().schedule(
            timings.adopt,
            OutgoingEvent::new(&RecordingAdopt {
                recording_id: row.id.clone(),
                account_sid: row.account_sid.clone(),
            })
            .id(derive_id(&["recording.adopt", &row.id]))
            .key(row.call_sid.clone()),
        ),
    };
    row.version += 1;
    db::recording_save(tx, &row).await?;
    Ok(decision)
}

/// Gives a recording that came before its call to that call, unless another account has told of it.
pub async fn attach(
    tx: &mut Tx,
    now: Time,
    timings: &Timings,
    call: &CallRow,
    mut row: RecordingRow,
) -> Result<Decision, HandlerError> {
    if !is_own(call, &row.account_sid) {
        counter!("recordings_refused_total", "reason" => "foreign_call").increment(1);
        warn!(
            call.sid = call.call_sid,
            recording.sid = row.recording_sid,
            "another account than the call's has told of its recording"
        );
        db::recording_remove(tx, &row.id).await?;
        return Ok(Decision::nothing());
    }
    row.tenant_id.clone_from(&call.tenant_id);
    let decision = settle(&mut row, call, now, timings);
    row.version += 1;
    db::recording_save(tx, &row).await?;
    Ok(decision)
}

fn is_own(call: &CallRow, account_sid: &str) -> bool {
    call.account_sid.is_empty() || call.account_sid == account_sid
}

fn refuse(seen: &Seen, reason: &'static str) -> Decision {
    counter!("recordings_refused_total", "reason" => reason).increment(1);
    warn!(
        call.sid = seen.call_sid,
        recording.sid = seen.recording_sid,
        reason,
        "a recording's callback is refused: it was signed by another account"
    );
    Decision::nothing()
}

fn take(row: &mut RecordingRow, seen: &Seen) {
    if !seen.source.is_empty() {
        row.source.clone_from(&seen.source);
    }
    row.channels = seen.channels.map_or(row.channels, i64::from);
    if row.stored_at.is_none() {
        let told = seen.duration_s.map(|s| i64::from(s) * 1000);
        row.duration_ms = told.or(row.duration_ms);
    }
    if let Some(at) = seen.started_at {
        row.started_at = at.into();
    }
    row::note(row, "source", "twilio");
    for (name, value) in [
        ("twilio_source", seen.source.as_str()),
        ("track", &seen.track),
        ("conference_sid", &seen.conference_sid),
        ("url", &seen.url),
    ] {
        if !value.is_empty() {
            row::note(row, name, value);
        }
    }
    if seen.source == ANSWER {
        row::note(row, "purpose", "answer");
    }
    if let Some(code) = seen.error_code {
        row::note(row, "error_code", code);
    }
}

/// What follows from Twilio's word on a recording whose call is known.
fn settle(row: &mut RecordingRow, call: &CallRow, now: Time, timings: &Timings) -> Decision {
    if row.stored_at.is_some() {
        // What is deleted there stays here.
        if row.twilio_status == "deleted" {
            row::note(row, "deleted_at_twilio", true);
        }
        return Decision::nothing();
    }
    match RecordingStatus::parse(&row.twilio_status) {
        RecordingStatus::Completed => {
            row.status = "processing".to_owned();
            row::fetch(row, &row::settings(Some(call)), now + timings.patience)
        }
        status @ (RecordingStatus::Absent | RecordingStatus::Failed | RecordingStatus::Deleted) => {
            status.as_str().clone_into(&mut row.status);
            let reason = format!("{}_at_twilio", status.as_str());
            counter!("recordings_missed_total", "reason" => reason.clone()).increment(1);
            row::note(row, "reason", reason);
            info!(
                recording.sid = row.recording_sid,
                status = status.as_str(),
                "Twilio has no recording"
            );
            row.version += 1;
            row::tell_absent(row)
        }
        RecordingStatus::Stopped | RecordingStatus::Processing => {
            row.status = "processing".to_owned();
            Decision::nothing()
        }
        _ => Decision::nothing(),
    }
}
