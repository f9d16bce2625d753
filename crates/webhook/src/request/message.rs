//! What Twilio says of a message.

use phone::Address;
use url::Url;

use super::{Fields, Invalid, Place, TEXT_LIMIT, Text, webhook};
use crate::{
    AccountSid, Keyword, MessageSid, MessageStatus, MessagingServiceSid, Params, opt_out_keyword,
};

/// The most media that are read of a message. Twilio sends up to ten.
const MEDIA_LIMIT: u32 = 32;

/// Characters the body of an SMS may have. Channels such as WhatsApp allow [`TEXT_LIMIT`].
pub const BODY_LIMIT: usize = 1600;

webhook! {
    /// A message that came in.
    InboundMessage {
        /// `MessageSid`
        one sid: MessageSid,
        /// `AccountSid`: whose token signs the request.
        one account: AccountSid,
        /// `MessagingServiceSid`, if it came by one.
        maybe service: MessagingServiceSid,
        /// `From`: a number, a short code, a channel's address.
        one from: Address,
        /// `To`
        one to: Address,
        /// `Body`, white space included; may be empty. One that is too long is cut, and ends with [`CUT`](crate::CUT).
        text body: Text,
        /// `MediaUrl0`, `MediaContentType0` and so on.
        list media: Media,
        /// `NumSegments`
        maybe_copy segments: u32,
        /// `OptOutType`: Twilio has recognised a keyword, and has answered it already.
        maybe_copy opt_out_type: Keyword,
        /// `FromCity` and so on.
        one from_place: Place,
        /// `ToCity` and so on.
        one to_place: Place,
        /// `ProfileName`, of a channel's user.
        maybe_text profile_name: Text,
        /// The names of the parameters that cannot be read and were left out, or were cut: the message is not lost for them.
        list left_out: String,
    }
}

webhook! {
    /// A picture or another file of a message. Fetching it needs the account's credentials, which only Twilio's hosts may see.
    Media {
        /// Where it is.
        one url: Url,
        /// Its MIME type, as the sender says.
        maybe_text content_type: Text,
    }
}

webhook! {
    /// A callback about a message that was sent. May come late, twice and out of order: see [`MessageStatus::rank`].
    MessageStatusCallback {
        /// `MessageSid`
        one sid: MessageSid,
        /// `AccountSid`
        one account: AccountSid,
        /// `MessagingServiceSid`, if it was sent by one.
        maybe service: MessagingServiceSid,
        /// `MessageStatus`
        one status: MessageStatus,
        /// `From`
        maybe from: Address,
        /// `To`
        maybe to: Address,
        /// `ErrorCode`, when it failed or was not delivered.
        maybe_copy error_code: u32,
        /// `ErrorMessage`, sometimes.
        maybe_text error_message: Text,
        /// `RawDlrDoneDate`: the carrier's time, in its own format.
        maybe_text carrier_time: Text,
    }
}

impl InboundMessage {
    /// Reads a message.
    ///
    /// # Errors
    ///
    /// [`Invalid`] without a right `MessageSid` and `AccountSid`, and without `From` and `To`. Whatever else is wrong is
    /// [left out](Self::left_out).
    pub fn parse(params: &Params) -> Result<Self, Invalid> {
        let fields = Fields(params);
        let from: Address = fields.required("From")?;
        let limit = match from {
            Address::Channel(_) => TEXT_LIMIT,
            _ => BODY_LIMIT,
        };
        let mut left_out = Vec::new();
        let body = fields.text("Body", limit).unwrap_or(Text(String::new()));
        if params.get("Body").is_some_and(|whole| whole != body.0) {
            left_out.push("Body".to_owned());
        }
        let service = fields.lenient("MessagingServiceSid");
        if service.is_none() && fields.present("MessagingServiceSid").is_some() {
            left_out.push("MessagingServiceSid".to_owned());
        }
        Ok(Self {
            sid: message_sid(fields)?,
            account: fields.required("AccountSid")?,
            service,
            to: fields.required("To")?,
            body,
            media: media(fields, &mut left_out),
            segments: fields.lenient("NumSegments"),
            opt_out_type: fields.present("OptOutType").and_then(Keyword::parse),
            from_place: Place::parse(fields, ["FromCity", "FromState", "FromZip", "FromCountry"]),
            to_place: Place::parse(fields, ["ToCity", "ToState", "ToZip", "ToCountry"]),
            profile_name: fields.words("ProfileName"),
            left_out,
            from,
        })
    }

    /// The keyword of the message: Twilio's finding if there is one, else ours.
    #[must_use]
    pub fn keyword(&self) -> Option<Keyword> {
        self.opt_out_type.or_else(|| opt_out_keyword(self.body()))
    }
}

/// The media that are there and can be read, whatever their number is said to be.
fn media(fields: Fields<'_>, left_out: &mut Vec<String>) -> Vec<Media> {
    let said: Option<u32> = fields.lenient("NumMedia");
    if said.is_none() && fields.present("NumMedia").is_some() {
        left_out.push("NumMedia".to_owned());
    }
    let mut media = Vec::new();
    for index in 0..MEDIA_LIMIT {
        let name = format!("MediaUrl{index}");
        match fields.lenient(&name) {
            Some(url) => {
                let content_type = fields.present(&format!("MediaContentType{index}"));
                let content_type = content_type.map(|it| Text(it.to_owned()));
                media.push(Media { url, content_type });
            }
            None if fields.present(&name).is_some() || said.is_some_and(|said| index < said) => {
                left_out.push(name);
            }
            None => {}
        }
    }
    media
}

/// The same identifier under its present and its former names.
fn message_sid(fields: Fields<'_>) -> Result<MessageSid, Invalid> {
    let names = ["MessageSid", "SmsMessageSid", "SmsSid"];
    let present = names
        .into_iter()
        .find(|name| fields.present(name).is_some());
    fields.required(present.unwrap_or("MessageSid"))
}

impl MessageStatusCallback {
    /// Reads a callback.
    ///
    /// # Errors
    ///
    /// [`Invalid`] without a right `MessageSid`, `AccountSid` and `MessageStatus`.
    pub fn parse(params: &Params) -> Result<Self, Invalid> {
        let fields = Fields(params);
        let former = fields.lenient("SmsStatus");
        let status = match fields.lenient("MessageStatus").or(former) {
            Some(status) => status,
            None => fields.required("MessageStatus")?,
        };
        Ok(Self {
            sid: message_sid(fields)?,
            account: fields.required("AccountSid")?,
            service: fields.lenient("MessagingServiceSid"),
            status,
            from: fields.lenient("From"),
            to: fields.lenient("To"),
            error_code: fields.lenient("ErrorCode"),
            error_message: fields.words("ErrorMessage"),
            carrier_time: fields.words("RawDlrDoneDate"),
        })
    }

    /// The same for a callback and its repetition.
    #[must_use]
    pub fn dedupe_key(&self) -> String {
        format!("{}:{}", self.sid, self.status)
    }
}
