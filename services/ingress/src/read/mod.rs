//! Parameters become events. One function for each kind of row; each says by its types what it insists on.

pub mod interview;

use bytes::Bytes;
use events::Event;
use events::v1::{
    self, InboundText, Media, Parameter, TwilioCallStatus, TwilioDialFinished, TwilioMessageStatus,
    TwilioSmsInbound, TwilioVoiceInbound, TwilioWhisper, VoiceParameters,
};
use tracing::warn;
use webhook::{
    Call, CallSid, CallStatusCallback, DialResult, GatherResult, InboundMessage, Invalid,
    MessageStatusCallback, Params, VoiceRequest,
};

use crate::request::SignedRequest;

/// The longest explanation that is kept of what Twilio says.
const LONGEST_WORDS: usize = 500;

/// An event about to be published.
pub struct InboundEvent {
    /// Its type.
    pub kind: &'static str,
    /// Its data.
    pub data: Bytes,
    /// The CallSid or MessageSid it belongs to.
    pub key: String,
    /// The business's number, which the account must own. Empty when the webhook names none.
    pub number: String,
    /// The call is over: nobody hears what is decided, whatever the row says.
    pub over: bool,
}

impl InboundEvent {
    fn new<E: Event>(event: &E, key: &str, number: &str) -> Self {
        Self {
            kind: E::TYPE,
            data: event.encode_to_vec().into(),
            key: key.to_owned(),
            number: number.to_owned(),
            over: false,
        }
    }
}

/// A call comes in, or (the number's StatusCallback may point here too) has ended.
pub fn call(signed: &SignedRequest) -> Result<InboundEvent, Invalid> {
    let request = VoiceRequest::parse(&signed.params)?;
    if request.status().is_terminal() {
        let ended = call_status(signed)?;
        return Ok(InboundEvent {
            over: true,
            ..ended
        });
    }
    let voice = voice(request.call(), request.status().as_str());
    let (sid, number) = (voice.call_sid.clone(), business(&voice));
    let event = TwilioVoiceInbound {
        webhook: Some(envelope(signed)),
        voice: Some(voice),
    };
    Ok(InboundEvent::new(&event, &sid, &number))
}

/// A call has changed its state.
pub fn call_status(signed: &SignedRequest) -> Result<InboundEvent, Invalid> {
    let callback = CallStatusCallback::parse(&signed.params)?;
    let voice = voice(callback.call(), callback.status().as_str());
    let (sid, number) = (voice.call_sid.clone(), business(&voice));
    let event = TwilioCallStatus {
        webhook: Some(envelope(signed)),
        voice: Some(voice),
        duration_s: callback.duration_s(),
        sequence_number: callback.sequence_number(),
        sip_response_code: callback.sip_response_code(),
        timestamp: callback
            .timestamp()
            .map(|t| t.to_rfc3339())
            .unwrap_or_default(),
        answered_by: signed.get("AnsweredBy").unwrap_or_default().to_owned(),
        error_code: figure(signed, "ErrorCode"),
        error_message: words(signed, "ErrorMessage"),
    };
    Ok(InboundEvent::new(&event, &sid, &number))
}

/// A `<Dial>` has ended.
pub fn dial_finished(signed: &SignedRequest) -> Result<InboundEvent, Invalid> {
    let result = DialResult::parse(&signed.params)?;
    let status = result.call().status().map_or("in-progress", |s| s.as_str());
    let voice = voice(result.call(), status);
    let (sid, number) = (voice.call_sid.clone(), business(&voice));
    let event = TwilioDialFinished {
        webhook: Some(envelope(signed)),
        voice: Some(voice),
        dial: Some(v1::DialResult {
            status: result.status().as_str().to_owned(),
            call_sid: result
                .dialled()
                .map(|sid| sid.as_str().to_owned())
                .unwrap_or_default(),
            duration_s: result.duration_s(),
            bridged: result.bridged(),
            error_code: figure(signed, "ErrorCode"),
            error_message: words(signed, "ErrorMessage"),
            sip_response_code: figure(signed, "DialSipResponseCode")
                .or_else(|| figure(signed, "SipResponseCode")),
        }),
    };
    Ok(InboundEvent::new(&event, &sid, &number))
}

/// Whoever was dialled picked up: what do they hear?
pub fn whisper(signed: &SignedRequest) -> Result<InboundEvent, Invalid> {
    let request = VoiceRequest::parse(&signed.params)?;
    let voice = voice(request.call(), request.status().as_str());
    whispered(signed, voice, String::new(), false)
}

/// What they pressed.
pub fn whisper_answer(signed: &SignedRequest) -> Result<InboundEvent, Invalid> {
    let gathered = GatherResult::parse(&signed.params)?;
    let voice = voice(gathered.call(), "in-progress");
    whispered(
        signed,
        voice,
        gathered.digits().unwrap_or_default().to_owned(),
        true,
    )
}

fn whispered(
    signed: &SignedRequest,
    voice: VoiceParameters,
    digits: String,
    answered: bool,
) -> Result<InboundEvent, Invalid> {
    // The parent stands in the path that we gave out ourselves.
    let parent = CallSid::parse(signed.call_sid.as_deref().unwrap_or_default())?
        .as_str()
        .to_owned();
    let number = signed.query.get("number").unwrap_or_default().to_owned();
    let key = parent.clone();
    let event = TwilioWhisper {
        webhook: Some(envelope(signed)),
        voice: Some(voice),
        parent_call_sid: parent,
        digits,
        answered,
    };
    Ok(InboundEvent::new(&event, &key, &number))
}

/// A text comes in.
pub fn sms(signed: &SignedRequest) -> Result<InboundEvent, Invalid> {
    let message = InboundMessage::parse(&signed.params)?;
    let media = message
        .media()
        .iter()
        .map(|media| Media {
            url: media.url().to_string(),
            content_type: media.content_type().unwrap_or_default().to_owned(),
        })
        .collect();
    let (sid, to) = (
        message.sid().as_str().to_owned(),
        message.to().as_str().to_owned(),
    );
    let event = TwilioSmsInbound {
        webhook: Some(envelope(signed)),
        text: Some(InboundText {
            message_sid: sid.clone(),
            from: message.from().as_str().to_owned(),
            to: to.clone(),
            body: message.body().to_owned(),
            media,
            segments: message.segments().unwrap_or(0),
            messaging_service_sid: message
                .service()
                .map(|s| s.as_str().to_owned())
                .unwrap_or_default(),
            opt_out_type: message
                .opt_out_type()
                .map(|k| k.as_str().to_owned())
                .unwrap_or_default(),
            left_out: message.left_out().to_vec(),
        }),
    };
    if !message.left_out().is_empty() {
        warn!(
            message.sid = sid,
            parameters = ?message.left_out(),
            "text kept without the parameters that cannot be read"
        );
    }
    Ok(InboundEvent::new(&event, &sid, &to))
}

/// The fate of a message that we sent.
pub fn message_status(signed: &SignedRequest) -> Result<InboundEvent, Invalid> {
    let callback = MessageStatusCallback::parse(&signed.params)?;
    let address = |a: Option<&phone::Address>| a.map(|a| a.as_str().to_owned()).unwrap_or_default();
    let (sid, from) = (callback.sid().as_str().to_owned(), address(callback.from()));
    let event = TwilioMessageStatus {
        webhook: Some(envelope(signed)),
        message_sid: sid.clone(),
        message_status: callback.status().as_str().to_owned(),
        from: from.clone(),
        to: address(callback.to()),
        error_code: callback.error_code(),
        error_message: callback.error_message().unwrap_or_default().to_owned(),
    };
    Ok(InboundEvent::new(&event, &sid, &from))
}

/// A number that Twilio sends where something failed; none when it is not one.
fn figure(signed: &SignedRequest, name: &str) -> Option<u32> {
    signed.get(name)?.trim().parse().ok()
}

/// What Twilio says to people where something failed, in bounds.
fn words(signed: &SignedRequest, name: &str) -> String {
    let words = signed.get(name).unwrap_or_default();
    words.chars().take(LONGEST_WORDS).collect()
}

/// The business's side of a call.
fn business(voice: &VoiceParameters) -> String {
    if voice.direction.starts_with("outbound") {
        voice.from.clone()
    } else {
        voice.to.clone()
    }
}

fn voice(call: &Call, status: &str) -> VoiceParameters {
    VoiceParameters {
        call_sid: call.sid().as_str().to_owned(),
        from: call.from().as_str().to_owned(),
        to: call.to().as_str().to_owned(),
        call_status: status.to_owned(),
        direction: call
            .direction()
            .map_or("inbound", |d| d.as_str())
            .to_owned(),
        parent_call_sid: call
            .parent()
            .map(|sid| sid.as_str().to_owned())
            .unwrap_or_default(),
        caller_name: call.caller_name().unwrap_or_default().to_owned(),
        forwarded_from: call
            .forwarded_from()
            .map(|a| a.as_str().to_owned())
            .unwrap_or_default(),
    }
}

fn envelope(signed: &SignedRequest) -> v1::Webhook {
    let list = |params: &Params| {
        params
            .iter()
            .map(|(name, value)| Parameter {
                name: name.to_owned(),
                value: value.to_owned(),
            })
            .collect()
    };
    v1::Webhook {
        path: signed.path.clone(),
        account_sid: signed.get("AccountSid").unwrap_or_default().to_owned(),
        parameters: list(&signed.params),
        query: list(&signed.query),
    }
}
