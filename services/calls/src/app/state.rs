//! The state of a call, and when it is settled.
//!
//! Webhooks come late, twice and out of order, so nothing here depends on which came first: a status only moves
//! up, times only move towards the earlier, and an outcome is set once, by a fact that alone says how the call went.
//! A fact that another may still explain (the end of the call, before the end of its dial) sets none: it starts a
//! timer, and when nothing else comes Twilio is asked. All facts that do set an outcome set the same.

use clock::Time;
use events::v1::call_looked_up::Leg;

use super::served;
use crate::db::CallRow;

/// Somebody of the business took the call.
pub const ANSWERED: &str = "answered";
/// Nobody did.
pub const MISSED: &str = "missed";
/// An app's call did not reach anybody, or Twilio does not know the call.
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
        /// Why, when it was missed or failed.
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

    pub(super) fn answered() -> Self {
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

/// How the call went, by what its own webhooks have said.
pub fn verdict(row: &CallRow) -> Verdict {
    if served::is_served(row) {
        return served::verdict(row);
    }
    match row.dial_status.as_deref() {
        Some(status) if was_up(status) => {
            match (row.dial_bridged, is_unpressed(row)) {
                // The leg was up and the two were never connected: his voicemail, or nobody pressed 1.
                (Some(false), _) => Verdict::missed(unconnected(row)),
                (Some(true), _) | (None, false) => Verdict::answered(),
                // The key that he pressed may still be on its way.
                (None, true) => Verdict::Unknown,
            }
        }
        Some(reason @ ("no-answer" | "busy" | "failed" | "canceled")) => Verdict::missed(reason),
        Some(_) => Verdict::Unknown,
        // The end of the call says nothing of the dial, whose own end may be late, or lost.
        None if is_final(&row.status) => Verdict::Unknown,
        None => Verdict::Open,
    }
}

/// How a call that is over went, by Twilio's own books: the legs that were dialled from it. `turned_away` is why the
/// business would not have it forwarded, if so.
pub fn verdict_by_legs(row: &CallRow, legs: &[Leg], turned_away: Option<&str>) -> Verdict {
    let up = |leg: &&Leg| was_up(&leg.status);
    if legs.iter().filter(up).any(|_| is_unpressed(row)) {
        Verdict::missed(unconnected(row))
    } else if legs.iter().filter(up).any(|leg| leg.duration_s != Some(0)) {
        Verdict::answered()
    } else if let Some(leg) = legs.iter().find(|leg| !up(leg)) {
        Verdict::missed(&leg.status)
    } else if legs.is_empty() {
        Verdict::missed(turned_away.unwrap_or("abandoned"))
    } else {
        Verdict::missed(unconnected(row))
    }
}

/// Whether a dial with this end had somebody, or something, pick up. `completed` is how an answered number ends;
/// `answered` is a conference's word (Twilio, `<Dial action>`).
pub fn was_up(dial_status: &str) -> bool {
    matches!(dial_status, "completed" | "answered")
}

fn is_unpressed(row: &CallRow) -> bool {
    row.whispered && !row.accepted
}

fn unconnected(row: &CallRow) -> &'static str {
    if row.whispered {
        "not-accepted"
    } else {
        "no-answer"
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

fn take_end(row: &mut CallRow, at: Time) {
    let earliest = row.ended_at.map_or(at, |known| known.0.min(at));
    row.ended_at = Some(earliest.into());
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start() -> Time {
        "2026-11-21T10:00:00Z".parse().unwrap()
    }

    fn row() -> CallRow {
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
            started_at: start().into(),
            ended_at: None,
            served: false,
            elsewhere: false,
            answered_by: String::new(),
            interview_id: String::new(),
            interview_flow: String::new(),
            interview_status: String::new(),
            interview_outcome: String::new(),
        }
    }

    fn after_dial(status: &str, bridged: Option<bool>, whispered: bool, accepted: bool) -> Verdict {
        let mut row = CallRow {
            whispered,
            accepted,
            ..row()
        };
        let at = row.started_at.0;
        take_dial(&mut row, status, bridged, None, at);
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
        take_status(&mut call, "completed", start());
        assert_eq!(verdict(&call), Verdict::Unknown);
        let mut call = row();
        take_status(&mut call, "no-answer", start());
        assert_eq!(
            verdict(&call),
            Verdict::Unknown,
            "his dial's own end says why"
        );
    }

    #[test]
    fn the_legs_say_what_the_dial_would_have_said() {
        let by = |legs: &[(&str, Option<u32>)], whispered, accepted, turned_away| {
            let row = CallRow {
                whispered,
                accepted,
                ..row()
            };
            let legs: Vec<_> = legs
                .iter()
                .map(|(status, duration_s)| Leg {
                    status: (*status).to_owned(),
                    duration_s: *duration_s,
                    ..Leg::default()
                })
                .collect();
            verdict_by_legs(&row, &legs, turned_away)
        };
        let talked = [("completed", Some(30))];
        assert_eq!(by(&talked, false, false, None), Verdict::answered());
        assert_eq!(by(&talked, true, true, None), Verdict::answered());
        assert_eq!(
            by(&talked, true, false, None),
            Verdict::missed("not-accepted")
        );
        assert_eq!(
            by(&[("completed", Some(0))], false, false, None),
            Verdict::missed("no-answer")
        );
        assert_eq!(
            by(&[("busy", None)], true, false, None),
            Verdict::missed("busy")
        );
        assert_eq!(
            by(&[("busy", None), ("completed", None)], false, false, None),
            Verdict::answered()
        );
        assert_eq!(by(&[], false, false, None), Verdict::missed("abandoned"));
        assert_eq!(
            by(&[], false, false, Some("closed")),
            Verdict::missed("closed")
        );
        assert_eq!(
            by(&talked, false, false, Some("closed")),
            Verdict::answered()
        );
    }

    #[test]
    fn a_call_that_an_app_serves_cannot_be_missed() {
        let outbound = CallRow {
            direction: "outbound".into(),
            ..row()
        };
        let on_an_apps_number = CallRow {
            forwarded: false,
            served: true,
            ..row()
        };
        let interviewed = CallRow {
            interview_id: "i1".into(),
            ..row()
        };
        for call in [outbound, on_an_apps_number, interviewed] {
            assert_eq!(verdict(&call), Verdict::Open);
            for (status, answered_by, settled) in [
                ("completed", "", Verdict::answered()),
                ("completed", "human", Verdict::answered()),
                ("completed", "machine_end_beep", served::failed("machine")),
                ("busy", "", served::failed("busy")),
                ("no-answer", "", served::failed("no-answer")),
            ] {
                let mut call = call.clone();
                take_status(&mut call, status, start());
                call.answered_by = answered_by.into();
                assert_eq!(
                    verdict(&call),
                    Verdict::Unknown,
                    "the interview may say more"
                );
                assert_eq!(served::verdict_by_status(&call), settled);
            }
        }
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
