use chrono::{DateTime, Utc};
use serde::Deserialize;
use twilio_types::CallStatus;

use crate::form::Form;
use crate::wire::{date, debug_only, number, text};
use crate::{Client, Error, Pages};

/// A call to place. One of `url` and `twiml` is needed.
#[derive(Clone, Default)]
pub struct NewCall {
    /// Whom to call.
    pub to: String,
    /// From which of the account's numbers.
    pub from: String,
    /// Where the TwiML is.
    pub url: Option<String>,
    /// The TwiML itself, up to 4000 characters.
    pub twiml: Option<String>,
    /// How `url` is asked; POST when unset.
    pub method: Option<String>,
    /// Asked when `url` fails.
    pub fallback_url: Option<String>,
    /// Told about progress.
    pub status_callback: Option<String>,
    /// About which progress: `initiated`, `ringing`, `answered`, `completed`; only the last when empty.
    pub status_callback_event: Vec<String>,
    /// How long it may ring, in seconds (Twilio adds about 5; 60 when unset, at most 600).
    pub timeout_s: Option<u32>,
    /// How long the call may last, in seconds.
    pub time_limit_s: Option<u32>,
    /// Keys to press once it is answered.
    pub send_digits: Option<String>,
    /// Record the whole call.
    pub record: Option<bool>,
    /// `mono` or `dual`.
    pub recording_channels: Option<String>,
    /// Told about the recording.
    pub recording_status_callback: Option<String>,
    /// About which of its states: `in-progress`, `completed`, `absent`.
    pub recording_status_callback_event: Vec<String>,
    /// `Enable` or `DetectMessageEnd`.
    pub machine_detection: Option<String>,
    /// Detect while the TwiML runs.
    pub async_amd: Option<bool>,
    /// Told what was detected.
    pub async_amd_status_callback: Option<String>,
}
debug_only!(NewCall {
    status_callback_event,
    timeout_s
});

impl NewCall {
    fn form(&self) -> Form {
        Form::default()
            .with("To", &self.to)
            .with("From", &self.from)
            .maybe("Url", &self.url)
            .maybe("Twiml", &self.twiml)
            .maybe("Method", &self.method)
            .maybe("FallbackUrl", &self.fallback_url)
            .maybe("StatusCallback", &self.status_callback)
            .each("StatusCallbackEvent", &self.status_callback_event)
            .maybe("Timeout", &self.timeout_s)
            .maybe("TimeLimit", &self.time_limit_s)
            .maybe("SendDigits", &self.send_digits)
            .maybe("Record", &self.record)
            .maybe("RecordingChannels", &self.recording_channels)
            .maybe("RecordingStatusCallback", &self.recording_status_callback)
            .each(
                "RecordingStatusCallbackEvent",
                &self.recording_status_callback_event,
            )
            .maybe("MachineDetection", &self.machine_detection)
            .maybe("AsyncAmd", &self.async_amd)
            .maybe("AsyncAmdStatusCallback", &self.async_amd_status_callback)
    }
}

/// What to change on a live call. `url` and `twiml` exclude each other.
#[derive(Clone, Default)]
pub struct CallChange {
    /// `Canceled` for a call that still rings, `Completed` to hang up.
    pub status: Option<CallStatus>,
    /// Go on with the TwiML found there.
    pub url: Option<String>,
    /// How `url` is asked; POST when unset.
    pub method: Option<String>,
    /// Go on with this TwiML.
    pub twiml: Option<String>,
    /// A new status callback.
    pub status_callback: Option<String>,
}
debug_only!(CallChange { status });

/// Which calls to list.
#[derive(Clone, Default)]
pub struct CallFilter {
    /// To this number.
    pub to: Option<String>,
    /// From this number.
    pub from: Option<String>,
    /// In this state.
    pub status: Option<CallStatus>,
    /// The legs that this call dialled.
    pub parent_call_sid: Option<String>,
    /// Started on or after this day.
    pub started_from: Option<DateTime<Utc>>,
    /// Started on or before this day.
    pub started_until: Option<DateTime<Utc>>,
    /// Items in a page, 1 to 1000 (50 when unset).
    pub page_size: Option<u32>,
}
debug_only!(CallFilter {
    status,
    parent_call_sid,
    page_size
});

/// A call, as Twilio tells it. Eventually consistent: a fresh call may not be listed yet.
#[derive(Clone, Default, Deserialize)]
#[serde(default)]
pub struct Call {
    /// `CA` and 32 hex digits.
    pub sid: String,
    /// The call that dialled this leg.
    #[serde(deserialize_with = "text")]
    pub parent_call_sid: Option<String>,
    /// Whose call it is.
    pub account_sid: String,
    /// The called address.
    pub to: String,
    /// The calling address.
    pub from: String,
    /// Where it is.
    pub status: CallStatus,
    /// `inbound`, `outbound-api` or `outbound-dial`.
    pub direction: String,
    /// Its length in seconds, once it is over.
    #[serde(deserialize_with = "number", rename = "duration")]
    pub duration_s: Option<u32>,
    /// `human`, `machine_start` and so on, when detection was asked for.
    #[serde(deserialize_with = "text")]
    pub answered_by: Option<String>,
    /// When it was made.
    #[serde(deserialize_with = "date")]
    pub date_created: Option<DateTime<Utc>>,
    /// When it began.
    #[serde(deserialize_with = "date")]
    pub start_time: Option<DateTime<Utc>>,
    /// When it ended.
    #[serde(deserialize_with = "date")]
    pub end_time: Option<DateTime<Utc>>,
}
debug_only!(Call {
    sid,
    status,
    direction,
    duration_s
});

impl Client {
    /// Calls: create, fetch, change, list.
    pub fn calls(&self) -> Calls<'_> {
        Calls(self)
    }
}

/// `/Calls`. See [`Client::calls`].
pub struct Calls<'a>(pub(crate) &'a Client);

impl<'a> Calls<'a> {
    /// Places a call. Twilio does not deduplicate: after an error whose outcome is unknown, list before placing another.
    ///
    /// # Errors
    /// As any request.
    pub async fn create(&self, call: &NewCall) -> Result<Call, Error> {
        self.0.post(&self.0.path("/Calls.json"), &call.form()).await
    }

    /// One call.
    ///
    /// # Errors
    /// As any request.
    pub async fn fetch(&self, sid: &str) -> Result<Call, Error> {
        self.0
            .get(
                &self.0.path(&format!("/Calls/{sid}.json")),
                &Form::default(),
            )
            .await
    }

    /// Hangs up, takes back, or redirects a call.
    ///
    /// # Errors
    /// Code 21220 when the call is not in the state for it; as any request.
    pub async fn update(&self, sid: &str, change: &CallChange) -> Result<Call, Error> {
        let form = Form::default()
            .maybe("Status", &change.status)
            .maybe("Url", &change.url)
            .maybe("Method", &change.method)
            .maybe("Twiml", &change.twiml)
            .maybe("StatusCallback", &change.status_callback);
        self.0
            .post(&self.0.path(&format!("/Calls/{sid}.json")), &form)
            .await
    }

    /// Removes a call that is over.
    ///
    /// # Errors
    /// 400 while the call goes on; as any request.
    pub async fn delete(&self, sid: &str) -> Result<(), Error> {
        self.0
            .delete(&self.0.path(&format!("/Calls/{sid}.json")))
            .await
    }

    /// Calls, the newest first.
    pub fn list(&self, filter: &CallFilter) -> Pages<'a, Call> {
        let day =
            |date: &Option<DateTime<Utc>>| date.map(|date| date.format("%Y-%m-%d").to_string());
        let query = Form::default()
            .maybe("To", &filter.to)
            .maybe("From", &filter.from)
            .maybe("Status", &filter.status)
            .maybe("ParentCallSid", &filter.parent_call_sid)
            .maybe("StartTime>", &day(&filter.started_from))
            .maybe("StartTime<", &day(&filter.started_until))
            .maybe("PageSize", &filter.page_size);
        Pages::new(self.0, &self.0.path("/Calls.json"), "calls", query)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answer_may_lack_fields_and_have_others() {
        let call: Call = serde_json::from_str(
            r#"{"sid": "CA1", "status": "on-hold", "duration": "12", "to": "+15550100002", "new": [1],
                "start_time": "Tue, 31 Mar 2026 20:36:28 +0000", "end_time": "soon", "parent_call_sid": null}"#,
        )
        .unwrap();
        assert_eq!(call.status, CallStatus::Other("on-hold".into()));
        assert!(!call.status.is_terminal());
        assert_eq!(
            (call.duration_s, call.parent_call_sid.as_deref()),
            (Some(12), None)
        );
        assert_eq!(
            call.start_time.unwrap().to_rfc3339(),
            "2026-03-31T20:36:28+00:00"
        );
        assert_eq!(call.end_time, None);
    }

    #[test]
    fn debug_shows_no_number() {
        let call = NewCall {
            to: "+15550100002".into(),
            twiml: Some("<Say>secret</Say>".into()),
            ..NewCall::default()
        };
        let shown = format!("{call:?}");
        assert!(
            !shown.contains("555") && !shown.contains("secret"),
            "{shown}"
        );
    }
}
