//! What becomes of a recording: it begins, ends, is processed, and can be fetched (specification, sections 2.4, 2.5 and 6).

use std::sync::Arc;

use audio::{Encoding, RATE, Sound};
use chrono::{DateTime, Utc};
use twiml::Track;

use crate::faults::{CallbackTime, RecordingEnd};
use crate::log::{Direction, Entry};
use crate::state::{
    Call, Hold, Piece, RECORD_VERB, Recording, RecordingCallback, RecordingStatus, Shared, Side,
    State,
};
use crate::time::seconds;
use crate::webhooks::{self, deliver};
use crate::wire::{Failure, Params, Request};

/// How long it takes until a recording can be fetched, in simulated time.
const PROCESSING_S: f64 = 2.0;

/// Quieter than this is silence when a recording is trimmed.
const SILENCE: u16 = 64;

/// What is to be recorded.
pub(crate) struct Plan {
    pub(crate) call_sid: String,
    pub(crate) source: &'static str,
    /// What `<Stop>` calls it by.
    pub(crate) name: Option<String>,
    /// One or two; a single track has one.
    pub(crate) channels: u16,
    pub(crate) track: Track,
    pub(crate) trim: bool,
    pub(crate) callback: Option<RecordingCallback>,
}

/// Begins a recording. Answers its SID.
pub(crate) fn begin(shared: &Arc<Shared>, plan: Plan) -> String {
    let now = shared.time.now();
    let mut state = shared.state();
    let sid = state.ids.sid("RE");
    let fault = state.faults.recording();
    state.moment(&plan.call_sid, "recording", format!("{sid} begins"));
    state.recording_insert(Recording {
        sid: sid.clone(),
        call_sid: plan.call_sid,
        status: RecordingStatus::InProgress,
        source: match fault.conference_sid.as_str() {
            "" => plan.source,
            _ => CONFERENCE,
        },
        conference_sid: fault.conference_sid,
        name: plan.name,
        channels: match plan.track {
            Track::Both => plan.channels,
            Track::Inbound | Track::Outbound => 1,
        },
        track: plan.track,
        trim: plan.trim,
        duration_s: None,
        created: now,
        updated: now,
        callback: plan.callback,
        file: Arc::default(),
        words: None,
        pieces: Vec::new(),
        holds: Vec::new(),
        not_found_times: fault.not_found_times,
        end: fault.end,
        when: fault.callback,
    });
    drop(state);
    if let Some((request, last)) = news(shared, &sid) {
        webhooks::send_for(shared, &sid, request, last);
    }
    sid
}

/// Ends a recording with what was recorded. It can be fetched a little later. Returns at once, unless a fault wants the callback to be
/// answered first.
pub(crate) async fn end(shared: &Arc<Shared>, sid: &str, sound: Sound) {
    match close(shared, sid) {
        None => {}
        Some(CallbackTime::After | CallbackTime::Never) => end_later(shared, sid, sound),
        Some(CallbackTime::Before) => {
            process(shared, sid, &sound);
            let times = 1 + usize::from(shared.state().faults.callbacks().duplicate);
            if let Some((request, _)) = news(shared, sid) {
                for _ in 0..times {
                    // How it went is in the log.
                    let _ = deliver(shared, &request, |_| Ok(())).await;
                }
            }
        }
    }
}

/// Answers when the callback is due; nothing when the recording has ended already.
fn close(shared: &Shared, sid: &str) -> Option<CallbackTime> {
    let mut state = shared.state();
    let recording = state
        .recording_mut(sid)
        .filter(|recording| recording.status.is_live())?;
    recording.status = RecordingStatus::Processing;
    recording.updated = shared.time.now();
    recording.pieces.clear();
    Some(recording.when)
}

/// What has ended is processed, and told.
fn end_later(shared: &Arc<Shared>, sid: &str, sound: Sound) {
    let (task, sid) = (Arc::clone(shared), sid.to_owned());
    shared.spawn(async move {
        task.time.sleep(seconds(PROCESSING_S)).await;
        process(&task, &sid, &sound);
        if let Some((request, last)) = news(&task, &sid) {
            webhooks::send_for(&task, &sid, request, last);
        }
    });
}

fn process(shared: &Shared, sid: &str, sound: &Sound) {
    let wish = |it: &Recording| (it.trim, it.end);
    let (trim, end) = shared
        .state()
        .recording(sid)
        .map_or_else(Default::default, wish);
    let sound = match (end, trim) {
        (RecordingEnd::Completed, true) => trimmed(sound),
        (RecordingEnd::Completed, false) => sound.clone(),
        (RecordingEnd::Absent | RecordingEnd::Failed, _) => Sound::mono(Vec::new()),
    };
    // Always writable: it has channels and a rate.
    let file = sound.to_wav(Encoding::Pcm16).unwrap_or_default();
    let words = sound.heard();
    let mut state = shared.state();
    let Some(recording) = state.recording_mut(sid) else {
        return;
    };
    if recording.status == RecordingStatus::Deleted {
        return;
    }
    recording.updated = shared.time.now();
    recording.duration_s = Some(whole_seconds(&sound));
    recording.status = match (end, sound.samples.is_empty()) {
        (RecordingEnd::Failed, _) => RecordingStatus::Failed,
        (_, true) => RecordingStatus::Absent,
        (_, false) => RecordingStatus::Completed,
    };
    recording.file = Arc::new(file);
    recording.words = words;
    let (call_sid, status) = (recording.call_sid.clone(), recording.status.as_str());
    state.moment(&call_sid, "recording", format!("{sid} {status}"));
    state.recordings_bound();
}

/// Seconds begun.
pub(crate) fn whole_seconds(sound: &Sound) -> u64 {
    sound.seconds().ceil() as u64
}

/// Without the silence at both ends; a recording that is all silence stays as it is.
fn trimmed(sound: &Sound) -> Sound {
    let step = usize::from(sound.channels.max(1));
    let loud = |sample: &i16| sample.unsigned_abs() > SILENCE;
    let first = sound.samples.iter().position(loud);
    let last = sound.samples.iter().rposition(loud);
    match (first, last) {
        (Some(first), Some(last)) => Sound {
            samples: sound.samples[first / step * step..(last / step + 1) * step].to_vec(),
            ..sound.clone()
        },
        _ => sound.clone(),
    }
}

/// The request to whoever asked to be told that a recording is where it is now, and whether it is the last.
fn news(shared: &Arc<Shared>, sid: &str) -> Option<(Request, bool)> {
    let mut state = shared.state();
    let token = state.ids.token();
    let recording = state
        .recording(sid)
        .filter(|recording| recording.when != CallbackTime::Never)?;
    // A failure has no event of its own: whoever wants to hear that there is nothing hears of it.
    let event = match recording.status {
        RecordingStatus::Failed => RecordingStatus::Absent.as_str(),
        status => status.as_str(),
    };
    let callback = recording
        .callback
        .as_ref()
        .filter(|callback| callback.events.iter().any(|asked| asked == event))?;
    let request = Request {
        kind: "recording-status",
        sid: Some(recording.call_sid.clone()),
        url: callback.url.clone(),
        method: callback.method.clone(),
        params: webhooks::of_recording(&shared.account.sid, &url(shared, sid), recording),
        token,
    };
    Some((request, !recording.status.is_live()))
}

/// Where a recording is fetched: without an extension it is WAV.
pub(crate) fn url(shared: &Shared, sid: &str) -> String {
    format!(
        "{}/2010-04-01/Accounts/{}/Recordings/{sid}",
        shared.base_url, shared.account.sid
    )
}

/// A person on the phone or the application has begun to make a sound: whatever records the call gets it.
pub(crate) fn tape(
    shared: &Shared,
    call_sid: &str,
    side: Side,
    samples: impl FnOnce() -> Vec<i16>,
) {
    tape_from(shared, call_sid, side, shared.time.now(), samples);
}

/// The same for a sound that began earlier.
pub(crate) fn tape_from(
    shared: &Shared,
    call_sid: &str,
    side: Side,
    from: DateTime<Utc>,
    samples: impl FnOnce() -> Vec<i16>,
) {
    let ears = ears(&shared.state(), call_sid, side);
    if ears.is_empty() {
        return;
    }
    let samples = Arc::new(samples());
    let mut state = shared.state();
    for (sid, side) in ears {
        let Some(recording) = state.recording_mut(&sid).filter(|it| it.status.is_live()) else {
            continue;
        };
        recording.pieces.push(Piece {
            side,
            at_s: (from - recording.created).as_seconds_f64(),
            samples: Arc::clone(&samples),
        });
    }
}

/// The recordings that get a sound, and on which side: those of its own call, and, once two are connected, those of the other
/// party, for whom it comes from the line.
fn ears(state: &State, call_sid: &str, side: Side) -> Vec<(String, Side)> {
    let bridged = |call: &&Call| call.bridged && !call.status.is_final();
    let other = match side {
        Side::Outbound => None,
        Side::Inbound => {
            let above = state.call(call_sid).filter(bridged);
            let above = above.and_then(|call| call.parent.clone());
            let below = || {
                let below = state.calls.iter().filter(bridged);
                let mut below = below.filter(|call| call.parent.as_deref() == Some(call_sid));
                below.next().map(|call| call.sid.clone())
            };
            above.or_else(below)
        }
    };
    let live = state
        .recordings
        .iter()
        .filter(|it| it.status.is_live() && it.source != RECORD_VERB);
    live.filter_map(|it| {
        if it.call_sid == call_sid {
            Some((it.sid.clone(), side))
        } else if other.as_deref() == Some(it.call_sid.as_str()) {
            Some((it.sid.clone(), Side::Outbound))
        } else {
            None
        }
    })
    .collect()
}

/// The source of what `<Start><Recording>` records.
pub(crate) const TWIML: &str = "StartCallRecordingTwiML";
/// The source of what `<Dial record>` records.
pub(crate) const DIAL: &str = "DialVerb";
/// The source of what the API records.
pub(crate) const API: &str = "StartCallRecordingAPI";
/// Of a conference.
const CONFERENCE: &str = "Conference";

/// The source of what records a whole call (`Record=true`).
pub(crate) const WHOLE_CALL: &str = "OutboundAPI";

/// What the last status callback says about the recording of the whole call, if there is one. It is as long as the call was recorded:
/// silence is cut only when the file is made.
pub(crate) fn of_whole_call(shared: &Shared, state: &State, call_sid: &str) -> Params {
    let whole = |it: &&Recording| it.call_sid == call_sid && it.source == WHOLE_CALL;
    let Some(recording) = state.recordings.iter().find(whole) else {
        return Params::new();
    };
    let until = match recording.status.is_live() {
        true => shared.time.now(),
        false => recording.updated,
    };
    let lasted_s = (until - recording.created).as_seconds_f64().ceil() as u64;
    let seconds = recording.duration_s.unwrap_or(lasted_s);
    vec![
        ("RecordingUrl".to_owned(), url(shared, &recording.sid)),
        ("RecordingSid".to_owned(), recording.sid.clone()),
        ("RecordingDuration".to_owned(), seconds.to_string()),
    ]
}

/// Ends what records a call while it goes on: one recording, or all of them.
pub(crate) fn stop(shared: &Arc<Shared>, call_sid: &str, only: Option<&str>) {
    let live = |state: &State| -> Vec<Recording> {
        let mine = |recording: &&Recording| {
            recording.call_sid == call_sid
                && recording.status.is_live()
                && recording.source != RECORD_VERB
                && only.is_none_or(|only| recording.sid == only)
        };
        state.recordings.iter().filter(mine).cloned().collect()
    };
    let recordings = live(&shared.state());
    let now = shared.time.now();
    for recording in recordings {
        let lasted_s = (now - recording.created).as_seconds_f64();
        if close(shared, &recording.sid).is_some() {
            end_later(shared, &recording.sid, mixed(&recording, lasted_s));
        }
    }
}

/// What was heard, each piece at its time.
fn mixed(recording: &Recording, lasted_s: f64) -> Sound {
    let length = (lasted_s.clamp(0.0, 14_400.0) * f64::from(RATE)) as usize;
    let side = |side: Side| {
        let mut samples = vec![0i16; length];
        for piece in recording.pieces.iter().filter(|piece| piece.side == side) {
            let start = (piece.at_s.max(0.0) * f64::from(RATE)) as usize;
            let place = samples.iter_mut().skip(start);
            for (sample, sound) in place.zip(piece.samples.iter()) {
                *sample = sample.saturating_add(*sound);
            }
        }
        held(&mut samples, &recording.holds);
        samples
    };
    let both = || Sound::stereo(&side(Side::Inbound), &side(Side::Outbound));
    match (recording.track, recording.channels) {
        (Track::Inbound, _) => Sound::mono(side(Side::Inbound)),
        (Track::Outbound, _) => Sound::mono(side(Side::Outbound)),
        (Track::Both, 2) => both(),
        (Track::Both, _) => Sound::mono(both().telephone()),
    }
}

/// Takes out what was said while the recording was held, or makes it silent. From the last to the first: what is left out moves what follows.
fn held(samples: &mut Vec<i16>, holds: &[Hold]) {
    let place = |at_s: f64| (at_s.max(0.0) * f64::from(RATE)) as usize;
    for hold in holds.iter().rev() {
        let until = hold.until_s.map_or(samples.len(), place).min(samples.len());
        let from = place(hold.from_s).min(until);
        match hold.is_skipped {
            true => drop(samples.drain(from..until)),
            false => samples[from..until].fill(0),
        }
    }
}

/// A remark for Twilio's debugger that is no error of its list.
pub(crate) fn remark(shared: &Shared, call_sid: &str, kind: &'static str, words: &str) {
    let entry = Entry {
        sid: Some(call_sid.to_owned()),
        error: Some(words.to_owned()),
        ..Entry::new(Direction::Note, kind)
    };
    let mut state = shared.state();
    state.moment(call_sid, "note", words);
    state.record(entry);
}

/// Who asked to be told about a recording, from TwiML.
pub(crate) fn callback(
    url: Option<Result<String, Failure>>,
    method: String,
    events: Option<&[twiml::RecordingEvent]>,
) -> Result<Option<RecordingCallback>, Failure> {
    let Some(url) = url.transpose()? else {
        return Ok(None);
    };
    let events = match events {
        None | Some([]) => vec!["completed".to_owned()],
        Some(events) => events
            .iter()
            .map(|event| event.as_str().to_owned())
            .collect(),
    };
    Ok(Some(RecordingCallback {
        url,
        method,
        events,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_while_it_is_held_is_silent_or_left_out() {
        let hold = |from_s, until_s, is_skipped| Hold {
            from_s,
            until_s,
            is_skipped,
        };
        let second = RATE as usize;
        let sound: Vec<i16> = (0..5).flat_map(|n| vec![n + 1; second]).collect();
        let after = |holds: &[Hold]| {
            let mut samples = sound.clone();
            held(&mut samples, holds);
            let middles = samples.iter().skip(second / 2).step_by(second);
            middles.copied().collect::<Vec<i16>>()
        };
        let (silent, skipped) = (hold(1.0, Some(2.0), false), hold(3.0, Some(4.0), true));
        assert_eq!(after(&[silent.clone(), skipped.clone()]), [1, 0, 3, 5]);
        assert_eq!(after(&[hold(0.0, Some(1.0), true), skipped]), [2, 3, 5]);
        assert_eq!(after(&[silent, hold(4.0, None, true)]), [1, 0, 3, 4]);
        assert_eq!(after(&[hold(9.0, None, false)]), [1, 2, 3, 4, 5]);
    }

    #[test]
    fn trimming_cuts_silence_at_both_ends_only() {
        let sound = Sound::mono(vec![0, 3, 900, 0, -900, 2, 0]);
        assert_eq!(trimmed(&sound).samples, [900, 0, -900]);
        let both = Sound::stereo(&[0, 0, 0], &[0, 900, 0]);
        assert_eq!(trimmed(&both).samples, [0, 900]);
        let silent = Sound::mono(vec![0; 8]);
        assert_eq!(trimmed(&silent), silent);
    }
}
