//! What is told of a call, and what comes out.

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
        dialled: String::new(),
        code: 0,
        error: String::new(),
        sip_code: 0,
        quarter: 0,
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
fn dial_completed_is_answered() {
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
fn dial_completed_unpressed_is_missed() {
    assert_eq!(
        after_dial("completed", Some(false), true, false),
        Verdict::missed(MissedReason::NotAccepted)
    );
    assert_eq!(after_dial("completed", None, true, false), Verdict::Unknown);
    assert_eq!(
        after_dial("completed", None, true, true),
        Verdict::answered()
    );
}

#[test]
fn dial_not_reached_is_missed() {
    for (status, reason) in [
        ("no-answer", MissedReason::NoAnswer),
        ("busy", MissedReason::Busy),
        ("failed", MissedReason::Failed),
        ("canceled", MissedReason::Canceled),
    ] {
        assert_eq!(
            after_dial(status, None, false, false),
            Verdict::missed(reason)
        );
    }
}

#[test]
fn end_of_call_alone_is_unknown() {
    let mut call = row();
    take_status(&mut call, "completed", start());
    assert_eq!(verdict(&call), Verdict::Unknown);
    let mut call = row();
    take_status(&mut call, "no-answer", start());
    assert_eq!(
        verdict(&call),
        Verdict::Unknown,
        "the dial's own end says why"
    );
}

#[test]
fn legs_say_what_the_dial_would_have_said() {
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
        Verdict::missed(MissedReason::NotAccepted)
    );
    assert_eq!(
        by(&[("completed", Some(0))], false, false, None),
        Verdict::missed(MissedReason::NoAnswer)
    );
    assert_eq!(
        by(&[("busy", None)], true, false, None),
        Verdict::missed(MissedReason::Busy)
    );
    assert_eq!(
        by(&[("busy", None), ("completed", None)], false, false, None),
        Verdict::answered()
    );
    assert_eq!(
        by(&[], false, false, None),
        Verdict::missed(MissedReason::Abandoned)
    );
    assert_eq!(
        by(&[], false, false, Some(MissedReason::Closed)),
        Verdict::missed(MissedReason::Closed)
    );
    assert_eq!(
        by(&talked, false, false, Some(MissedReason::Closed)),
        Verdict::answered()
    );
}

#[test]
fn app_call_is_never_missed() {
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
            ("completed", "machine_end_beep", Verdict::failed("machine")),
            ("busy", "", Verdict::failed("busy")),
            ("no-answer", "", Verdict::failed("no-answer")),
        ] {
            let mut call = call.clone();
            take_status(&mut call, status, start());
            call.answered_by = answered_by.into();
            assert_eq!(
                verdict(&call),
                Verdict::Unknown,
                "the interview may say more"
            );
            assert_eq!(app_handled::verdict_by_status(&call), settled);
        }
    }
}

#[test]
fn status_never_goes_back() {
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

#[test]
fn signed_word_settles_what_twilio_does_not_tell() {
    for (status, reason) in [
        ("no-answer", MissedReason::NoAnswer),
        ("busy", MissedReason::Busy),
        ("failed", MissedReason::Failed),
        ("canceled", MissedReason::Canceled),
    ] {
        let mut call = row();
        take_status(&mut call, status, start());
        assert_eq!(verdict_by_word(&call), Verdict::missed(reason), "{status}");
    }
    let mut call = row();
    assert_eq!(verdict_by_word(&call), Verdict::Open);
    take_status(&mut call, "completed", start());
    assert_eq!(verdict_by_word(&call), Verdict::Unknown);
}
