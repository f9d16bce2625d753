//! Parameters become events. One function for each kind of row; each says by its types what it insists on.

pub mod interview;

use bytes::Bytes;
use events::Event;
use events::v1::{
    self, InboundText, Media, Parameter, TwilioCallStatus, TwilioDialFinished, TwilioMessageStatus,
    TwilioSmsInbound, TwilioVoiceInbound, TwilioWhisper, VoiceParameters,
};
use webhook::{
    Call, CallSid, CallStatusCallback, DialResult, GatherResult, InboundMessage, Invalid,
    MessageStatusCallback, Params, VoiceRequest,
};

use crate::verify::Arrival;

/// An event about to be published.
pub struct Draft {
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

impl Draft {
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
pub fn call(arrival: &Arrival) -> Result<Draft, Invalid> {
    let request = VoiceRequest::parse(&arrival.params)?;
    if request.status().is_terminal() {
        let ended = call_status(arrival)?;
        return Ok(Draft {
            over: true,
            ..ended
        });
    }
    let voice = voice(request.call(), request.status().as_str());
    let (sid, number) = (voice.call_sid.clone(), business(&voice));
    let event = TwilioVoiceInbound {
        webhook: Some(envelope(arrival)),
        voice: Some(voice),
    };
    Ok(Draft::new(&event, &sid, &number))
}

/// A call has changed its state.
pub fn call_status(arrival: &Arrival) -> Result<Draft, Invalid> {
    let callback = CallStatusCallback::parse(&arrival.params)?;
    let voice = voice(callback.call(), callback.status().as_str());
    let (sid, number) = (voice.call_sid.clone(), business(&voice));
    let event = TwilioCallStatus {
        webhook: Some(envelope(arrival)),
        voice: Some(voice),
        duration_s: callback.duration_s(),
        sequence_number: callback.sequence_number(),
        sip_response_code: callback.sip_response_code(),
        timestamp: callback
            .timestamp()
            .map(|t| t.to_rfc3339())
            .unwrap_or_default(),
        answered_by: arrival.get("AnsweredBy").unwrap_or_default().to_owned(),
    };
    Ok(Draft::new(&event, &sid, &number))
}

/// A `<Dial>` has ended.
pub fn dial_finished(arrival: &Arrival) -> Result<Draft, Invalid> {
    let result = DialResult::parse(&arrival.params)?;
    let status = result.call().status().map_or("in-progress", |s| s.as_str());
    let voice = voice(result.call(), status);
    let (sid, number) = (voice.call_sid.clone(), business(&voice));
    let event = TwilioDialFinished {
        webhook: Some(envelope(arrival)),
        voice: Some(voice),
        dial: Some(v1::DialResult {
            status: result.status().as_str().to_owned(),
            call_sid: result
                .dialled()
                .map(|sid| sid.as_str().to_owned())
                .unwrap_or_default(),
            duration_s: result.duration_s(),
            bridged: result.bridged(),
        }),
    };
    Ok(Draft::new(&event, &sid, &number))
}

/// Whoever was dialled picked up: what does he hear?
pub fn whisper(arrival: &Arrival) -> Result<Draft, Invalid> {
    let request = VoiceRequest::parse(&arrival.params)?;
    let voice = voice(request.call(), request.status().as_str());
    whispered(arrival, voice, String::new(), false)
}

/// What he pressed.
pub fn whisper_answer(arrival: &Arrival) -> Result<Draft, Invalid> {
    let gathered = GatherResult::parse(&arrival.params)?;
    let voice = voice(gathered.call(), "in-progress");
    whispered(
        arrival,
        voice,
        gathered.digits().unwrap_or_default().to_owned(),
        true,
    )
}

fn whispered(
    arrival: &Arrival,
    voice: VoiceParameters,
    digits: String,
    answered: bool,
) -> Result<Draft, Invalid> {
    // The parent stands in the path that we gave out ourselves.
    let parent = CallSid::parse(arrival.call_sid.as_deref().unwrap_or_default())?
        .as_str()
        .to_owned();
    let number = arrival.query.get("number").unwrap_or_default().to_owned();
    let key = parent.clone();
    let event = TwilioWhisper {
        webhook: Some(envelope(arrival)),
        voice: Some(voice),
        parent_call_sid: parent,
        digits,
        answered,
    };
    Ok(Draft::new(&event, &key, &number))
}

/// A text comes in.
pub fn sms(arrival: &Arrival) -> Result<Draft, Invalid> {
    let message = InboundMessage::parse(&arrival.params)?;
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
        webhook: Some(envelope(arrival)),
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
        }),
    };
    Ok(Draft::new(&event, &sid, &to))
}

/// The fate of a message that we sent.
pub fn message_status(arrival: &Arrival) -> Result<Draft, Invalid> {
    let callback = MessageStatusCallback::parse(&arrival.params)?;
    let address = |a: Option<&phone::Address>| a.map(|a| a.as_str().to_owned()).unwrap_or_default();
    let (sid, from) = (callback.sid().as_str().to_owned(), address(callback.from()));
    let event = TwilioMessageStatus {
        webhook: Some(envelope(arrival)),
        message_sid: sid.clone(),
        message_status: callback.status().as_str().to_owned(),
        from: from.clone(),
        to: address(callback.to()),
        error_code: callback.error_code(),
    };
    Ok(Draft::new(&event, &sid, &from))
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

fn envelope(arrival: &Arrival) -> v1::Webhook {
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
        path: arrival.path.clone(),
        account_sid: arrival.get("AccountSid").unwrap_or_default().to_owned(),
        parameters: list(&arrival.params),
        query: list(&arrival.query),
    }
}
