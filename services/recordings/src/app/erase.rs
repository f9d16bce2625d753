//! Forgetting the recordings of a person's calls: row, objects, and Twilio's copy. What is under legal hold stays until that is lifted.

use std::collections::BTreeMap;

use async_trait::async_trait;
use clock::Time;
use events::v1::{CopiesForget, RecordingDelete, RecordingErase, RecordingForget};
use metrics::counter;
use role::erasure::Forgotten;
use role::{Cause, Decider, Decision, HandlerError, OutgoingEvent, Tx};
use tracing::info;

use super::{removal, row};
use crate::db::{self, CallRow, ForgottenRow, RecordingRow};

/// Takes `recording.forget`.
pub struct Forget;

#[async_trait]
impl Decider for Forget {
    type Event = RecordingForget;
    const NAME: &'static str = "forget";

    /// The rows go: nothing tells that there was a recording. What is under legal hold stays, and the receipt says so.
    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: RecordingForget,
    ) -> Result<Decision, HandlerError> {
        let mut forgotten = Forgotten::new(&event.receipt_id, format!("recordings/{}", event.part));
        let (mut removed, mut held) = (0, 0);
        let mut at_twilio: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for call_sid in &event.call_sids {
            let is_held = event.held_call_sids.contains(call_sid);
            let call = db::call_lock(tx, call_sid).await?;
            let recordings = db::recordings_lock(tx, call_sid).await?;
            remember(tx, call_sid, call.as_ref(), is_held, cause.time).await?;
            if is_held {
                held += recordings.len();
                for mut recording in recordings {
                    await_the_end_of_the_hold(&mut recording, cause.time);
                    db::recording_save(tx, &recording).await?;
                }
                continue;
            }
            for mut recording in recordings {
                let (mut erase, _) = removal::delete(&mut recording, cause.time, "erasure");
                if !erase.keys.is_empty() {
                    erase.receipt_id.clone_from(&event.receipt_id);
                    erase.part = format!("objects/{}", cause.derive_id(&recording.id));
                    let part = erase.part.clone();
                    forgotten.order(&erase, [part]);
                }
                if !recording.recording_sid.is_empty() {
                    let of_account = at_twilio.entry(recording.account_sid.clone());
                    of_account
                        .or_default()
                        .push(recording.recording_sid.clone());
                }
                db::recording_remove(tx, &recording.id).await?;
                removed += 1;
            }
            db::call_remove(tx, call_sid).await?;
        }
        forgotten.count("recordings", removed);
        forgotten.count("recordings_under_legal_hold", held);
        for (account_sid, recording_sids) in at_twilio {
            let part = cause.derive_id(&format!("copies {account_sid}"));
            let command = CopiesForget {
                receipt_id: event.receipt_id.clone(),
                part: part.clone(),
                account_sid,
                recording_sids,
                ..CopiesForget::default()
            };
            forgotten.order(&command, [format!("egress/{part}")]);
        }
        Ok(forgotten.decision())
    }
}

/// What comes of the call afterwards is not kept, or goes with the rest when the hold is lifted.
async fn remember(
    tx: &mut Tx,
    call_sid: &str,
    call: Option<&CallRow>,
    is_held: bool,
    now: Time,
) -> Result<(), HandlerError> {
    let known = db::forgotten_find(tx, call_sid).await?;
    let account_sid = match (call, known) {
        (Some(call), _) => call.account_sid.clone(),
        (None, Some(known)) => known.account_sid,
        (None, None) => String::new(),
    };
    let row = ForgottenRow {
        call_sid: call_sid.to_owned(),
        account_sid,
        is_held,
        forgotten_at: now.into(),
    };
    Ok(db::forgotten_put(tx, &row).await?)
}

/// The sweeper asks for it from now on.
pub fn await_the_end_of_the_hold(row: &mut RecordingRow, now: Time) {
    row::note(row, row::AWAITED, true);
    row.delete_at = Some(now.into());
}

/// Removes a recording whose hold is lifted, and its call with the last one.
pub async fn after_hold(
    tx: &mut Tx,
    mut recording: RecordingRow,
    now: Time,
) -> Result<Decision, HandlerError> {
    let call_sid = recording.call_sid.clone();
    let call = db::call_lock(tx, &call_sid).await?;
    let (erase, _) = removal::delete(&mut recording, now, "erasure");
    db::recording_remove(tx, &recording.id).await?;
    if db::recordings_lock(tx, &call_sid).await?.is_empty() {
        remember(tx, &call_sid, call.as_ref(), false, now).await?;
        db::call_remove(tx, &call_sid).await?;
    }
    counter!("recordings_deleted_total", "by" => "erasure").increment(1);
    info!(
        recording.id = recording.id,
        "recording of a person who was forgotten removed: the legal hold is lifted"
    );
    let key = recording.call_sid.clone();
    let mut decision = Decision::nothing().publish(OutgoingEvent::new(&erase).key(key.clone()));
    if !recording.recording_sid.is_empty() {
        let delete = at_twilio(&call_sid, &recording.account_sid, &recording.recording_sid);
        decision = decision.publish(OutgoingEvent::new(&delete).key(key));
    }
    Ok(decision)
}

/// Twilio's copy goes too.
fn at_twilio(call_sid: &str, account_sid: &str, recording_sid: &str) -> RecordingDelete {
    RecordingDelete {
        call_sid: call_sid.to_owned(),
        account_sid: account_sid.to_owned(),
        recording_sid: recording_sid.to_owned(),
        ..RecordingDelete::default()
    }
}

/// Whether a call was forgotten, and nothing of it is kept.
pub async fn is_forgotten(tx: &mut Tx, call_sid: &str) -> Result<bool, HandlerError> {
    let known = db::forgotten_find(tx, call_sid).await?;
    Ok(known.is_some_and(|it| !it.is_held))
}

/// Marks what comes of a call that goes when its hold is lifted.
pub async fn mark_if_awaited(
    tx: &mut Tx,
    row: &mut RecordingRow,
    now: Time,
) -> Result<(), HandlerError> {
    let known = db::forgotten_find(tx, &row.call_sid).await?;
    if known.is_some_and(|it| it.is_held) && !row::awaits_the_end_of_the_hold(row) {
        await_the_end_of_the_hold(row, now);
    }
    Ok(())
}

/// What comes of a call that was forgotten: a file in the store, a recording at Twilio.
pub enum Late<'a> {
    /// A live track was stored: its keys.
    Track(&'a str, Vec<String>),
    /// Twilio tells of a recording: whose, which, and whether it is there to be deleted.
    AtTwilio(&'a str, &'a str, bool),
}

/// Removes what comes of a call that was forgotten; none where the call was not, or is kept under legal hold.
pub async fn too_late(
    tx: &mut Tx,
    call_sid: &str,
    late: Late<'_>,
) -> Result<Option<Decision>, HandlerError> {
    let known = db::forgotten_find(tx, call_sid).await?;
    let Some(known) = known.filter(|it| !it.is_held) else {
        return Ok(None);
    };
    let key = call_sid.to_owned();
    let decision = match late {
        Late::Track(recording_id, keys) => {
            let command = RecordingErase {
                recording_id: recording_id.to_owned(),
                call_sid: key.clone(),
                keys,
                ..RecordingErase::default()
            };
            Decision::nothing().publish(OutgoingEvent::new(&command).key(key))
        }
        Late::AtTwilio(account_sid, recording_sid, true) if known.account_sid == account_sid => {
            let command = at_twilio(call_sid, account_sid, recording_sid);
            Decision::nothing().publish(OutgoingEvent::new(&command).key(key))
        }
        Late::AtTwilio(..) => Decision::nothing(),
    };
    counter!("recordings_too_late_total").increment(1);
    info!("a recording of a call that was forgotten is not kept");
    Ok(Some(decision))
}
