//! `Recordings.json`: starting, holding, reading and deleting recordings, and their files.

use std::sync::Arc;

use serde_json::{Value, json};
use twiml::Track;

use crate::http::{Exchange, Reply};
use crate::recording::{self, API, Plan};
use crate::rest::dates::Span;
use crate::rest::{events, missing, paging};
use crate::state::{Recording, RecordingCallback, RecordingStatus};
use crate::status::Status;
use crate::time::rfc2822;

/// What `RecordingStatusCallbackEvent` may name.
const RECORDING_EVENTS: [&str; 3] = ["in-progress", "completed", "absent"];

fn bad(code: u32, message: impl Into<String>) -> Reply {
    Reply::refused(400, code, message)
}

/// The recording that a path names; under a call only what is that call's.
fn named(exchange: &Exchange) -> Result<Recording, Reply> {
    let call = exchange.var("call");
    exchange
        .shared
        .state()
        .recording(exchange.var("sid"))
        .filter(|recording| call.is_empty() || recording.call_sid == call)
        .cloned()
        .ok_or_else(|| missing(exchange))
}

pub(super) fn list(exchange: &Exchange) -> Result<Reply, Reply> {
    let created = Span::read(exchange, "DateCreated")?;
    let call = match exchange.var("call") {
        "" => exchange.query.get("CallSid"),
        call => Some(call),
    };
    let conference = exchange.query.get("ConferenceSid");
    let shows_deleted = exchange.query.get("IncludeSoftDeleted") == Some("true");
    let state = exchange.shared.state();
    let recordings: Vec<&Recording> = state
        .recordings
        .iter()
        .rev()
        .filter(|recording| {
            // A conference's are not a call's own.
            let is_calls =
                |call: &str| recording.call_sid == call && recording.conference_sid.is_empty();
            call.is_none_or(is_calls)
        })
        .filter(|recording| conference.is_none_or(|sid| recording.conference_sid == sid))
        .filter(|recording| created.has(Some(recording.created)))
        .filter(|recording| shows_deleted || recording.status != RecordingStatus::Deleted)
        .collect();
    paging::page(
        exchange,
        "recordings",
        &recordings,
        |recording| &recording.sid,
        |recording| object(exchange, recording),
    )
}

pub(super) fn fetch(exchange: &Exchange) -> Result<Reply, Reply> {
    Ok(Reply::Json(200, object(exchange, &named(exchange)?)))
}

/// Deletes the file. What is known of it can still be read, as at Twilio for 40 days.
pub(super) fn delete(exchange: &Exchange) -> Result<Reply, Reply> {
    let sid = named(exchange)?.sid;
    let now = exchange.shared.time.now();
    let mut state = exchange.shared.state();
    let recording = state
        .recording_mut(&sid)
        .filter(|recording| recording.status != RecordingStatus::Deleted)
        .ok_or_else(|| missing(exchange))?;
    recording.status = RecordingStatus::Deleted;
    recording.updated = now;
    recording.file = Arc::default();
    recording.words = None;
    recording.pieces.clear();
    Ok(Reply::Empty(204))
}

/// Who is told about a recording that the API asks for; the parameters have the same names in both places.
pub(super) fn callback(exchange: &Exchange) -> Result<Option<RecordingCallback>, Reply> {
    let form = &exchange.form;
    let events = events::wanted(exchange, "RecordingStatusCallbackEvent", &RECORDING_EVENTS)?;
    let method = form.get("RecordingStatusCallbackMethod").unwrap_or("POST");
    Ok(form
        .get("RecordingStatusCallback")
        .map(|url| RecordingCallback {
            url: url.to_owned(),
            method: method.to_uppercase(),
            events,
        }))
}

/// 2 for `dual`, else 1: Twilio's default.
pub(super) fn channels(exchange: &Exchange) -> u16 {
    1 + u16::from(exchange.form.get("RecordingChannels") == Some("dual"))
}

/// Whose sound is recorded: both sides' unless the form says otherwise.
pub(super) fn track(exchange: &Exchange) -> Result<Track, Reply> {
    match exchange.form.get("RecordingTrack") {
        None => Ok(Track::Both),
        Some(word) => Track::parse(word)
            .ok_or_else(|| bad(20001, "RecordingTrack is inbound, outbound or both")),
    }
}

/// Begins to record a live call.
pub(super) fn create(exchange: &Exchange) -> Result<Reply, Reply> {
    let call = exchange.var("call");
    let status = exchange.shared.state().call(call).map(|call| call.status);
    match status {
        None => return Err(missing(exchange)),
        Some(Status::InProgress) => {}
        Some(_) => {
            return Err(bad(
                21220,
                "Requested resource is not eligible for recording",
            ));
        }
    }
    let plan = Plan {
        call_sid: call.to_owned(),
        source: API,
        name: None,
        channels: channels(exchange),
        track: track(exchange)?,
        trim: exchange.form.get("Trim") == Some("trim-silence"),
        callback: callback(exchange)?,
    };
    let sid = recording::begin(&exchange.shared, plan);
    let state = exchange.shared.state();
    let recording = state.recording(&sid).ok_or_else(|| missing(exchange))?;
    Ok(Reply::Json(201, object(exchange, recording)))
}

/// Holds, goes on with or ends a recording of a live call.
pub(super) fn update(exchange: &Exchange) -> Result<Reply, Reply> {
    let recording = named(exchange)?;
    if !recording.status.is_live() {
        return Err(bad(21220, "The recording is over"));
    }
    let to = match exchange.form.get("Status") {
        Some("stopped") => None,
        Some("paused") => Some(RecordingStatus::Paused),
        Some("in-progress") => Some(RecordingStatus::InProgress),
        _ => return Err(bad(20001, "Status is stopped, paused or in-progress")),
    };
    let is_skipped = match exchange.form.get("PauseBehavior") {
        None | Some("silence") => false,
        Some("skip") => true,
        Some(_) => return Err(bad(20001, "PauseBehavior is skip or silence")),
    };
    let mut shown = object(exchange, &recording);
    match to {
        None => {
            recording::stop(&exchange.shared, &recording.call_sid, Some(&recording.sid));
            shown["status"] = "stopped".into();
        }
        Some(status) => {
            if let Some(recording) = exchange.shared.state().recording_mut(&recording.sid) {
                let is_held = status == RecordingStatus::Paused;
                recording.hold(is_held, is_skipped, exchange.shared.time.now());
            }
            shown["status"] = status.as_str().into();
        }
    }
    Ok(Reply::Json(200, shown))
}

/// The file: 404 until it is processed, and for as long as a fault says so.
pub(super) fn media(exchange: &Exchange) -> Result<Reply, Reply> {
    let file = file(exchange)?;
    Ok(Reply::Bytes("audio/x-wav".to_owned(), file))
}

/// The same as MP3.
pub(super) fn mp3(exchange: &Exchange) -> Result<Reply, Reply> {
    let file = file(exchange)?;
    // The file is one of ours.
    match audio::Sound::read(&file).and_then(|sound| sound.to_mp3()) {
        Ok(mp3) => Ok(Reply::Bytes("audio/mpeg".to_owned(), mp3)),
        // 404 would say that it may come yet.
        Err(error) => {
            let message = format!("{error}; ask for .wav, as Twilio's default is");
            Err(Reply::refused(501, 20501, message))
        }
    }
}

/// The recording as a WAV file, with the channels that are asked for.
fn file(exchange: &Exchange) -> Result<Vec<u8>, Reply> {
    let sid = named(exchange)?.sid;
    let mut state = exchange.shared.state();
    let recording = state.recording_mut(&sid).ok_or_else(|| missing(exchange))?;
    if recording.not_found_times > 0 {
        recording.not_found_times -= 1;
        return Err(Reply::refused(
            404,
            20404,
            "The recording cannot be found yet (a fault of the emulator)",
        ));
    }
    if recording.status != RecordingStatus::Completed {
        let message = format!(
            "The recording is {}, it has no media",
            recording.status.as_str()
        );
        return Err(Reply::refused(404, 20404, message));
    }
    match exchange.query.get("RequestedChannels") {
        None | Some("1") => {}
        Some("2") if recording.channels == 2 => {}
        _ => {
            return Err(bad(
                20001,
                "The recording does not have the requested channels",
            ));
        }
    }
    let mixed = recording.channels == 2 && exchange.query.get("RequestedChannels") == Some("1");
    let file = recording.file.as_ref().clone();
    drop(state);
    Ok(if mixed { one_channel(&file) } else { file })
}

fn one_channel(file: &[u8]) -> Vec<u8> {
    // The file is one of ours.
    audio::Sound::read(file)
        .and_then(|sound| audio::Sound::mono(sound.telephone()).to_wav(audio::Encoding::Pcm16))
        .unwrap_or_default()
}

fn object(exchange: &Exchange, recording: &Recording) -> Value {
    let account = &exchange.shared.account.sid;
    let path = format!(
        "/2010-04-01/Accounts/{account}/Recordings/{}",
        recording.sid
    );
    json!({
        "sid": recording.sid,
        "account_sid": account,
        "call_sid": recording.call_sid,
        "conference_sid": Some(&recording.conference_sid).filter(|sid| !sid.is_empty()),
        "channels": recording.channels,
        "duration": recording.duration_s.map(|seconds| seconds.to_string()),
        "start_time": rfc2822(recording.created),
        "date_created": rfc2822(recording.created),
        "date_updated": rfc2822(recording.updated),
        "price": recording.duration_s.map(|_| "-0.00250"),
        "price_unit": "USD",
        "status": recording.status.as_str(),
        "source": recording.source,
        "track": recording.track.as_str(),
        "error_code": recording.error_code(),
        "encryption_details": null,
        "api_version": "2010-04-01",
        "media_url": recording::url(&exchange.shared, &recording.sid),
        "uri": format!("{path}.json"),
        "subresource_uris": {
            "add_on_results": format!("{path}/AddOnResults.json"),
            "transcriptions": format!("{path}/Transcriptions.json"),
        },
    })
}
