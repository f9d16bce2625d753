//! The parameters of each webhook (specification, sections 2 and 7).

use chrono::{DateTime, Utc};

use crate::state::{Call, Message, MessageStatus, RECORD_VERB, Recording, RecordingStatus, Way};
use crate::status::Status;
use crate::time::rfc2822;
use crate::wire::Params;

const API_VERSION: &str = "2010-04-01";

fn put(params: &mut Params, name: impl Into<String>, value: impl Into<String>) {
    params.push((name.into(), value.into()));
}

/// What every voice request carries (2.1), with the blank places that Twilio sends along.
pub(crate) fn of_call(account_sid: &str, call: &Call) -> Params {
    let mut params = Params::new();
    put(&mut params, "AccountSid", account_sid);
    put(&mut params, "ApiVersion", API_VERSION);
    put(&mut params, "CallSid", &call.sid);
    put(&mut params, "CallStatus", call.status.as_str());
    put(&mut params, "Direction", call.direction.as_str());
    for name in ["From", "Caller"] {
        put(&mut params, name, &call.from);
        places(&mut params, name, &call.from);
    }
    for name in ["To", "Called"] {
        put(&mut params, name, &call.to);
        places(&mut params, name, &call.to);
    }
    if let Some(parent) = &call.parent {
        put(&mut params, "ParentCallSid", parent);
    }
    if let Some(phone) = &call.forwarded_from {
        put(&mut params, "ForwardedFrom", phone);
    }
    params
}

fn places(params: &mut Params, name: &str, number: &str) {
    for place in ["City", "State", "Zip"] {
        put(params, format!("{name}{place}"), "");
    }
    let country = if number.starts_with("+1") { "US" } else { "" };
    put(params, format!("{name}Country"), country);
}

/// A status callback of a leg (2.2), for one event.
pub(crate) fn progress(
    account_sid: &str,
    call: &Call,
    sequence: u32,
    now: DateTime<Utc>,
) -> Params {
    let mut params = of_call(account_sid, call);
    put(&mut params, "Timestamp", rfc2822(now));
    put(&mut params, "CallbackSource", "call-progress-events");
    put(&mut params, "SequenceNumber", sequence.to_string());
    if call.status.is_final() {
        durations(&mut params, call);
        let sip = match call.status {
            Status::Completed => "200",
            Status::Busy => "486",
            Status::Failed => "404",
            _ => "487",
        };
        put(&mut params, "SipResponseCode", sip);
    }
    params
}

/// `Duration` counts minutes begun, `CallDuration` seconds.
fn durations(params: &mut Params, call: &Call) {
    let seconds = call.duration_s();
    put(params, "CallDuration", seconds.to_string());
    put(params, "Duration", ((seconds + 59) / 60).to_string());
}

/// What became of a recording (2.5): neither who called nor whom. What a `<Record>` made says neither when it began nor which track.
pub(crate) fn of_recording(account_sid: &str, url: &str, recording: &Recording) -> Params {
    let mut params = Params::new();
    put(&mut params, "AccountSid", account_sid);
    put(&mut params, "CallSid", &recording.call_sid);
    put(&mut params, "RecordingSid", &recording.sid);
    put(&mut params, "RecordingUrl", url);
    put(&mut params, "RecordingStatus", recording.status.as_str());
    if let Some(seconds) = recording.duration_s
        && recording.status == RecordingStatus::Completed
    {
        put(&mut params, "RecordingDuration", seconds.to_string());
    }
    put(
        &mut params,
        "RecordingChannels",
        recording.channels.to_string(),
    );
    put(&mut params, "RecordingSource", recording.source);
    if !recording.conference_sid.is_empty() {
        put(&mut params, "ConferenceSid", &*recording.conference_sid);
    }
    if let Some(code) = recording.error_code() {
        put(&mut params, "ErrorCode", code.to_string());
    }
    if recording.source != RECORD_VERB {
        put(
            &mut params,
            "RecordingStartTime",
            rfc2822(recording.created),
        );
        put(&mut params, "RecordingTrack", recording.track.as_str());
    }
    params
}

/// An inbound message (7.1).
pub(crate) fn of_message(account_sid: &str, base_url: &str, message: &Message) -> Params {
    let mut params = Params::new();
    for name in ["MessageSid", "SmsSid", "SmsMessageSid"] {
        put(&mut params, name, &message.sid);
    }
    put(&mut params, "AccountSid", account_sid);
    put(&mut params, "ApiVersion", API_VERSION);
    put(&mut params, "SmsStatus", "received");
    put(&mut params, "From", &message.from);
    places(&mut params, "From", &message.from);
    put(&mut params, "To", &message.to);
    places(&mut params, "To", &message.to);
    put(&mut params, "Body", &message.body);
    put(
        &mut params,
        "NumSegments",
        webhook::segments(&message.body).count.to_string(),
    );
    put(&mut params, "NumMedia", message.media.len().to_string());
    for (n, media) in message.media.iter().enumerate() {
        let url = format!(
            "{base_url}/2010-04-01/Accounts/{account_sid}/Messages/{}/Media/{}",
            message.sid, media.sid
        );
        put(&mut params, format!("MediaUrl{n}"), url);
        put(
            &mut params,
            format!("MediaContentType{n}"),
            &media.content_type,
        );
    }
    params
}

/// What became of a message (7.3).
pub(crate) fn of_message_status(
    account_sid: &str,
    message: &Message,
    status: MessageStatus,
) -> Params {
    let mut params = Params::new();
    for name in ["MessageSid", "SmsSid"] {
        put(&mut params, name, &message.sid);
    }
    for name in ["MessageStatus", "SmsStatus"] {
        put(&mut params, name, status.as_str());
    }
    put(&mut params, "AccountSid", account_sid);
    put(&mut params, "ApiVersion", API_VERSION);
    put(&mut params, "From", &message.from);
    put(&mut params, "To", &message.to);
    if let Some(service) = &message.service_sid {
        put(&mut params, "MessagingServiceSid", service);
    }
    if let Some(code) = message
        .error_code
        .filter(|_| matches!(status, MessageStatus::Failed | MessageStatus::Undelivered))
    {
        put(&mut params, "ErrorCode", code.to_string());
    }
    if status == MessageStatus::Delivered && message.way != Way::Inbound {
        // The carrier's own words: YYMMDDhhmm.
        put(
            &mut params,
            "RawDlrDoneDate",
            message.updated.format("%y%m%d%H%M").to_string(),
        );
    }
    params
}
