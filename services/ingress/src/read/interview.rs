//! The webhooks of phone interviews. They go to the role that holds interviews, without a detour by the tenant: it
//! knows whose call it is.

use events::v1::{
    RecordingFile, TwilioCallContinued, TwilioGatherFinished, TwilioRecordFinished,
    TwilioRecordingStatus,
};
use url::Url;
use webhook::{
    AnsweredBy, Call, GatherResult, Invalid, RecordResult, RecordingSid, RecordingStatusCallback,
    VoiceRequest,
};

use super::{InboundEvent, business, envelope, voice};
use crate::request::SignedRequest;

/// A `<Gather>` has ended.
pub fn gather_finished(signed: &SignedRequest) -> Result<InboundEvent, Invalid> {
    let gathered = GatherResult::parse(&signed.params)?;
    let voice = voice(gathered.call(), status(gathered.call()));
    let (sid, number) = (voice.call_sid.clone(), business(&voice));
    let event = TwilioGatherFinished {
        webhook: Some(envelope(signed)),
        voice: Some(voice),
        digits: gathered.digits().unwrap_or_default().to_owned(),
        speech: gathered.speech().unwrap_or_default().to_owned(),
        confidence: gathered.confidence(),
    };
    Ok(InboundEvent::new(&event, &sid, &number))
}

/// A `<Record>` has ended, perhaps without a recording.
pub fn record_finished(signed: &SignedRequest) -> Result<InboundEvent, Invalid> {
    let recorded = RecordResult::parse(&signed.params)?;
    let voice = voice(recorded.call(), status(recorded.call()));
    let (sid, number) = (voice.call_sid.clone(), business(&voice));
    let event = TwilioRecordFinished {
        webhook: Some(envelope(signed)),
        voice: Some(voice),
        recording: Some(file(
            recorded.recording_sid(),
            recorded.recording_url(),
            recorded.duration_s(),
        )),
        digits: recorded.digits().unwrap_or_default().to_owned(),
    };
    Ok(InboundEvent::new(&event, &sid, &number))
}

/// A call goes on: after a `<Redirect>`, or because a callee of ours has picked up.
pub fn call_continued(signed: &SignedRequest) -> Result<InboundEvent, Invalid> {
    let request = VoiceRequest::parse(&signed.params)?;
    let voice = voice(request.call(), request.status().as_str());
    let (sid, number) = (voice.call_sid.clone(), business(&voice));
    let answered_by = request.answered_by().map_or("", AnsweredBy::as_str);
    let event = TwilioCallContinued {
        webhook: Some(envelope(signed)),
        voice: Some(voice),
        answered_by: answered_by.to_owned(),
    };
    Ok(InboundEvent::new(&event, &sid, &number))
}

/// A recording has changed its state. Twilio does not say whose call it was; the account and the call must do.
pub fn recording_status(signed: &SignedRequest) -> Result<InboundEvent, Invalid> {
    let callback = RecordingStatusCallback::parse(&signed.params)?;
    let sid = callback.call_sid().as_str().to_owned();
    let event = TwilioRecordingStatus {
        webhook: Some(envelope(signed)),
        account_sid: callback.account_sid().as_str().to_owned(),
        call_sid: sid.clone(),
        status: callback.status().as_str().to_owned(),
        recording: Some(file(
            Some(callback.recording_sid()),
            callback.url(),
            callback.duration_s(),
        )),
        error_code: callback.error_code(),
        source: callback.source().unwrap_or_default().to_owned(),
        channels: callback.channels(),
        started_at: callback
            .started_at()
            .map(|at| at.to_rfc3339())
            .unwrap_or_default(),
        track: callback.track().unwrap_or_default().to_owned(),
        conference_sid: callback
            .conference_sid()
            .map_or_else(String::new, ToString::to_string),
    };
    Ok(InboundEvent::new(&event, &sid, ""))
}

/// The call's state; what asks for its next verb is being talked on.
fn status(call: &Call) -> &str {
    call.status()
        .map_or("in-progress", |status| status.as_str())
}

fn file(sid: Option<&RecordingSid>, url: Option<&Url>, duration_s: Option<u32>) -> RecordingFile {
    RecordingFile {
        recording_sid: sid.map_or_else(String::new, ToString::to_string),
        url: url.map_or_else(String::new, ToString::to_string),
        duration_s,
    }
}
