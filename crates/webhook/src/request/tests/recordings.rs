//! Recordings: what `<Record>` tells, and the callbacks.

use super::*;
use crate::RecordingStatus;

#[test]
fn record_results() {
    let it = RecordResult::parse(&call(&[
        ("RecordingUrl", RECORDING),
        ("RecordingDuration", "12"),
        ("Digits", "hangup"),
    ]))
    .unwrap();
    assert_eq!(it.recording_sid().map(|sid| sid.as_str()), Some(RE));
    assert_eq!((it.duration_s(), it.is_hangup()), (Some(12), true));
    let it = RecordResult::parse(&call(&[
        ("RecordingUrl", &format!("{RECORDING}.mp3")),
        ("Digits", ""),
    ]))
    .unwrap();
    assert_eq!(it.recording_sid().map(|sid| sid.as_str()), Some(RE));
    assert!(!it.is_hangup());
    for url in ["file:///etc/passwd", "/relative"] {
        let error = RecordResult::parse(&call(&[("RecordingUrl", url)])).unwrap_err();
        assert_eq!(
            error.to_string(),
            "RecordingUrl is not an http or https URL"
        );
    }
}

#[test]
fn record_result_may_lack_its_recording() {
    let result = |more: &[(&str, &str)]| RecordResult::parse(&call(more)).unwrap();
    for more in [
        &[][..],
        &[
            ("RecordingUrl", ""),
            ("RecordingSid", ""),
            ("RecordingDuration", ""),
            ("Digits", ""),
        ],
    ] {
        let it = result(more);
        assert_eq!((it.recording_url(), it.recording_sid()), (None, None));
        assert_eq!((it.duration_s(), it.digits()), (None, None));
    }
    let it = result(&[("RecordingSid", RE), ("RecordingDuration", "0")]);
    assert_eq!(it.recording_sid().map(|sid| sid.as_str()), Some(RE));
    assert_eq!((it.recording_url(), it.duration_s()), (None, Some(0)));
    // What is not documented may be anything; the URL tells it as well.
    let it = result(&[("RecordingUrl", RECORDING), ("RecordingSid", "none")]);
    assert_eq!(it.recording_sid().map(|sid| sid.as_str()), Some(RE));
    let it = result(&[("RecordingUrl", "https://api.twilio.com/odd/")]);
    assert_eq!(it.recording_sid(), None);
}

#[test]
fn recording_callbacks() {
    let params: Params = [
        ("AccountSid", AC),
        ("CallSid", CA),
        ("RecordingSid", RE),
        ("RecordingUrl", RECORDING),
        ("RecordingStatus", "completed"),
        ("RecordingDuration", "12"),
        ("RecordingChannels", "2"),
        ("RecordingStartTime", "Tue, 01 Sep 2026 20:36:28 +0000"),
        ("RecordingSource", "StartCallRecordingAPI"),
        ("RecordingTrack", "both"),
    ]
    .into_iter()
    .collect();
    let it = RecordingStatusCallback::parse(&params).unwrap();
    assert_eq!(
        (it.status(), it.channels(), it.duration_s()),
        (&RecordingStatus::Completed, Some(2), Some(12))
    );
    assert!(it.started_at().is_some());
    assert_eq!(it.dedupe_key(), format!("{RE}:completed"));
    for status in [
        "in-progress",
        "paused",
        "stopped",
        "processing",
        "absent",
        "failed",
        "deleted",
    ] {
        let it =
            RecordingStatusCallback::parse(&replaced(&params, "RecordingStatus", Some(status)))
                .unwrap();
        assert!(
            !matches!(it.status(), RecordingStatus::Other(_)),
            "{status}"
        );
    }
    let absent = replaced(
        &replaced(&params, "RecordingStatus", Some("absent")),
        "RecordingUrl",
        None,
    );
    assert_eq!(RecordingStatusCallback::parse(&absent).unwrap().url(), None);
}
