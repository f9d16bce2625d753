//! The state of a call, and when it is settled.
//!
//! Webhooks come late, twice and out of order, so nothing here depends on which came first: a status only moves
//! up, times only move towards the earlier, and an outcome is set once, by a fact that alone says how the call went.
//! A fact that another may still explain (the end of the call, before the end of its dial) sets none: it starts a
//! timer, and when nothing else comes Twilio is asked. All facts that do set an outcome set the same.

use clock::Time;
use events::v1::call_looked_up::Leg;
use twilio_types::{CallStatus, DialCallStatus};

use super::app_handled;
use super::reason::MissedReason;
use super::verdict::Verdict;
use crate::db::CallRow;

/// The rank of Twilio's word for a call's state: a higher one replaces a lower one, whenever it comes. Among final
/// words the order only serves to have one winner.
fn rank(status: &str) -> u8 {
    CallStatus::parse(status).rank()
}

/// Whether a call with this status is over.
pub fn is_final(status: &str) -> bool {
    CallStatus::parse(status).is_terminal()
}

/// How the call went, by what its own webhooks have said.
pub fn verdict(row: &CallRow) -> Verdict {
    if app_handled::is_served(row) {
        return app_handled::verdict(row);
    }
    let Some(status) = row.dial_status.as_deref().map(DialCallStatus::parse) else {
        // The end of the call says nothing of the dial, whose own end may be late, or lost.
        return if is_final(&row.status) {
            Verdict::Unknown
        } else {
            Verdict::Open
        };
    };
    if !was_up(&status) {
        return MissedReason::of_dial(&status).map_or(Verdict::Unknown, Verdict::missed);
    }
    match (row.dial_bridged, is_unpressed(row)) {
        // The leg was up and the two were never connected: a voicemail, or nobody pressed 1.
        (Some(false), _) => Verdict::missed(unconnected(row)),
        (Some(true), _) | (None, false) => Verdict::answered(),
        // The key that was pressed may still be on its way.
        (None, true) => Verdict::Unknown,
    }
}

/// How a call that is over went, by Twilio's own books: the legs that were dialled from it. `not_dialled` is why the
/// business would not have it forwarded, if so.
pub fn verdict_by_legs(row: &CallRow, legs: &[Leg], not_dialled: Option<MissedReason>) -> Verdict {
    let up = |leg: &&Leg| was_up(&DialCallStatus::parse(&leg.status));
    if legs.iter().filter(up).any(|_| is_unpressed(row)) {
        Verdict::missed(unconnected(row))
    } else if legs.iter().filter(up).any(|leg| leg.duration_s != Some(0)) {
        Verdict::answered()
    } else if let Some(leg) = legs.iter().find(|leg| !up(leg)) {
        let reason = MissedReason::of_dial(&DialCallStatus::parse(&leg.status));
        Verdict::missed(reason.unwrap_or(MissedReason::NoAnswer))
    } else if legs.is_empty() {
        Verdict::missed(not_dialled.unwrap_or(MissedReason::Abandoned))
    } else {
        Verdict::missed(unconnected(row))
    }
}

/// How a call went by what was told of it alone, when Twilio's books say nothing: a signed word is the best witness.
/// Unknown where no such word was said.
pub fn verdict_by_word(row: &CallRow) -> Verdict {
    if app_handled::is_served(row) {
        return app_handled::verdict_by_status(row);
    }
    let told = verdict(row);
    if told != Verdict::Unknown {
        return told;
    }
    let missed = match CallStatus::parse(&row.status) {
        CallStatus::NoAnswer => Some(MissedReason::NoAnswer),
        CallStatus::Busy => Some(MissedReason::Busy),
        CallStatus::Failed => Some(MissedReason::Failed),
        CallStatus::Canceled => Some(MissedReason::Canceled),
        _ => None,
    };
    missed.map_or(Verdict::Unknown, Verdict::missed)
}

/// Whether a dial with this end had a person, or a machine, pick up. `completed` is how an answered number ends;
/// `answered` is a conference's word (Twilio, `<Dial action>`).
pub fn was_up(dial_status: &DialCallStatus) -> bool {
    matches!(
        dial_status,
        DialCallStatus::Completed | DialCallStatus::Answered
    )
}

fn is_unpressed(row: &CallRow) -> bool {
    row.whispered && !row.accepted
}

fn unconnected(row: &CallRow) -> MissedReason {
    if row.whispered {
        MissedReason::NotAccepted
    } else {
        MissedReason::NoAnswer
    }
}

/// Takes in a status, and the time of the end if it is one.
pub fn take_status(row: &mut CallRow, status: &str, at: Time) {
    raise_status(row, status);
    if is_final(status) {
        take_end(row, at);
    }
}

/// Takes in a status. Of two words of the same rank one always wins, whichever comes first.
pub fn raise_status(row: &mut CallRow, status: &str) {
    if (rank(status), status) > (rank(&row.status), row.status.as_str()) {
        status.clone_into(&mut row.status);
    }
}

/// Takes in the end of a dial. We answer it with nothing more to do, so the call is over.
pub fn take_dial(
    row: &mut CallRow,
    status: &str,
    bridged: Option<bool>,
    duration_s: Option<u32>,
    at: Time,
) {
    row.forwarded = true;
    row.dial_status = Some(status.to_owned());
    row.dial_bridged = bridged.or(row.dial_bridged);
    row.dial_duration_s = duration_s.map(i64::from).max(row.dial_duration_s);
    take_status(row, "completed", at);
}

/// Takes in why it failed, in Twilio's codes. Of two the higher one is kept, whichever comes first.
pub fn take_error(row: &mut CallRow, code: Option<u32>, message: &str, sip_code: Option<u32>) {
    let code = code.map_or(0, i64::from);
    if (code, message) > (row.code, row.error.as_str()) {
        row.code = code;
        message.clone_into(&mut row.error);
    }
    row.sip_code = row.sip_code.max(sip_code.map_or(0, i64::from));
}

fn take_end(row: &mut CallRow, at: Time) {
    let earliest = row.ended_at.map_or(at, |known| known.0.min(at));
    row.ended_at = Some(earliest.into());
}

#[cfg(test)]
mod tests;
