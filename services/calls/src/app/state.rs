//! The state of a call, and when it is settled.
//!
//! Webhooks come late, twice and out of order, so nothing here depends on which came first: a status only moves
//! up, times only move towards the earlier, and an outcome is set once, from facts that do not change.

use clock::Time;

use crate::db::CallRow;

/// Somebody of the business took the call.
pub const ANSWERED: &str = "answered";
/// Nobody did.
pub const MISSED: &str = "missed";
/// A call of ours did not reach anybody.
pub const FAILED: &str = "failed";

/// What is known of how a call went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It is still going on.
    Open,
    /// It is over, and what came does not say how it went: look it up at Twilio.
    Unknown,
    /// It is over, and this is how it went.
    Settled {
        /// [`ANSWERED`], [`MISSED`] or [`FAILED`].
        outcome: &'static str,
        /// Why, when it was missed.
        reason: String,
    },
}

impl Verdict {
    fn missed(reason: &str) -> Self {
        Self::Settled {
            outcome: MISSED,
            reason: reason.to_owned(),
        }
    }

    fn answered() -> Self {
        Self::Settled {
            outcome: ANSWERED,
            reason: String::new(),
        }
    }
}

/// The rank of Twilio's word for a call's state: a higher one replaces a lower one, whenever it comes. Among final
/// words the order only serves to have one winner.
pub fn rank(status: &str) -> u8 {
    match status {
        "initiated" => 1,
        "ringing" => 2,
        "in-progress" => 3,
        "canceled" => 4,
        "no-answer" => 5,
        "busy" => 6,
        "failed" => 7,
        "completed" => 8,
        _ => 0,
    }
}

/// Whether a call with this status is over.
pub fn is_final(status: &str) -> bool {
    rank(status) >= 4
}

/// How the call went, by what is known now.
pub fn verdict(row: &CallRow) -> Verdict {
    if row.direction != "inbound" {
        return match row.status.as_str() {
            "completed" => Verdict::answered(),
            status if is_final(status) => Verdict::Settled {
                outcome: FAILED,
                reason: status.to_owned(),
            },
            _ => Verdict::Open,
        };
    }
    match (row.dial_status.as_deref(), row.status.as_str()) {
        // `completed` is how an answered number ends; `answered` is a conference's word (Twilio, <Dial> action).
        (Some("completed" | "answered"), _) => {
            match (row.dial_bridged, row.whispered && !row.accepted) {
                // The leg was up and the two were never connected: his voicemail, or nobody pressed 1.
                (Some(false), _) => Verdict::missed(if row.whispered {
                    "not-accepted"
                } else {
                    "no-answer"
                }),
                (Some(true), _) | (None, false) => Verdict::answered(),
                // The key that he pressed may still be on its way.
                (None, true) => Verdict::Unknown,
            }
        }
        (Some(reason @ ("no-answer" | "busy" | "failed" | "canceled")), _) => {
            Verdict::missed(reason)
        }
        (Some(_), _) => Verdict::Unknown,
        // The end of the call without the end of the dial: that may be late, or lost.
        (None, "completed") => Verdict::Unknown,
        (None, "failed") => Verdict::missed("failed"),
        (None, status) if is_final(status) => Verdict::missed("abandoned"),
        (None, _) => Verdict::Open,
    }
}

/// Takes in a status.
pub fn take_status(row: &mut CallRow, status: &str, at: Time) {
    if rank(status) > rank(&row.status) {
        status.clone_into(&mut row.status);
    }
    if is_final(status) {
        take_end(row, at);
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
    row.dial_status = Some(status.to_owned());
    row.dial_bridged = bridged.or(row.dial_bridged);
    row.dial_duration_s = duration_s.map(i64::from).max(row.dial_duration_s);
    take_status(row, "completed", at);
}

fn take_end(row: &mut CallRow, at: Time) {
    let earliest = row.ended_at.map_or(at, |known| known.0.min(at));
    row.ended_at = Some(earliest.into());
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(crate) fn row() -> CallRow {
        let start: Time = "2026-11-21T10:00:00Z".parse().unwrap();
        CallRow {
            call_sid: "CA1".into(),
            id: "c1".into(),
            tenant_id: "smith".into(),
            account_sid: String::new(),
            direction: "inbound".into(),
            from_address: "+15550109999".into(),
            to_address: "+15550100001".into(),
            status: "ringing".into(),
            forwarded: true,
            whispered: false,
            accepted: false,
            dial_status: None,
            dial_bridged: None,
            dial_duration_s: None,
            duration_s: None,
            outcome: String::new(),
            reason: String::new(),
            conversation_id: None,
            started_at: start.into(),
            ended_at: None,
        }
    }

    fn after_dial(status: &str, bridged: Option<bool>, whispered: bool, accepted: bool) -> Verdict {
        let mut row = CallRow {
            whispered,
            accepted,
            ..row()
        };
        take_dial(&mut row, status, bridged, None, row.started_at.0);
        verdict(&row)
    }

    #[test]
    fn an_answered_number_ends_as_completed() {
        assert_eq!(
            after_dial("completed", None, false, false),
            Verdict::answered()
        );
        assert_eq!(
            after_dial("completed", Some(true), true, false),
            Verdict::answered()
        );
        assert_eq!(
            after_dial("answered", None, false, false),
            Verdict::answered()
        );
    }

    #[test]
    fn a_voicemail_is_no_answer_where_one_must_press_1() {
        assert_eq!(
            after_dial("completed", Some(false), true, false),
            Verdict::missed("not-accepted")
        );
        assert_eq!(after_dial("completed", None, true, false), Verdict::Unknown);
        assert_eq!(
            after_dial("completed", None, true, true),
            Verdict::answered()
        );
    }

    #[test]
    fn each_way_of_not_reaching_anybody_is_missed() {
        for status in ["no-answer", "busy", "failed", "canceled"] {
            assert_eq!(
                after_dial(status, None, false, false),
                Verdict::missed(status)
            );
        }
    }

    #[test]
    fn the_end_of_a_call_alone_does_not_say_how_it_went() {
        let mut call = row();
        take_status(&mut call, "completed", call.started_at.0);
        assert_eq!(verdict(&call), Verdict::Unknown);
        let mut call = row();
        take_status(&mut call, "no-answer", call.started_at.0);
        assert_eq!(verdict(&call), Verdict::missed("abandoned"));
    }

    #[test]
    fn a_status_never_goes_back() {
        let mut call = row();
        let at = call.started_at.0;
        for status in [
            "completed",
            "ringing",
            "queued",
            "in-progress",
            "something-new",
        ] {
            take_status(&mut call, status, at);
        }
        assert_eq!(call.status, "completed");
    }
}
