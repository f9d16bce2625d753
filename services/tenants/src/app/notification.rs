//! What is posted to a tenant's `notify_url`: the body of each event, and the signature of Standard Webhooks.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::SecondsFormat;
use clock::Time;
use encryption::new_key;
use events::Event;
use events::v1::{
    Call, CallAnswered, CallEnded, CallMissed, CallStarted, ConversationChanged, MessageFailed,
    MessageRefused, MessageSent, SmsInbound,
};
use hmac::{Hmac, Mac};
use serde::Serialize;
use settings::Secret;
use sha2::Sha256;

/// A new signing secret.
pub fn new_secret() -> Secret {
    Secret::new(format!("whsec_{}", STANDARD.encode(new_key(""))))
}

/// The header `webhook-signature`: an HMAC of id, time and body. `None` when the secret cannot be read.
pub fn sign(secret: &Secret, id: &str, timestamp: i64, body: &[u8]) -> Option<String> {
    let key = STANDARD
        .decode(secret.reveal().strip_prefix("whsec_")?)
        .ok()?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).ok()?;
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body);
    Some(format!(
        "v1,{}",
        STANDARD.encode(mac.finalize().into_bytes())
    ))
}

/// The body: CloudEvents attributes, and beside them what is known.
#[derive(Debug, Default, Serialize)]
pub struct Note {
    specversion: &'static str,
    id: String,
    #[serde(rename = "type")]
    kind: &'static str,
    source: &'static str,
    time: String,
    /// Whose it is.
    pub tenant_id: String,
    #[serde(flatten)]
    call: Option<CallPart>,
    #[serde(flatten)]
    message: Option<MessagePart>,
    #[serde(skip_serializing_if = "String::is_empty")]
    reason: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    conversation_id: String,
    #[serde(flatten)]
    thread: Option<ThreadPart>,
}

#[derive(Debug, Default, Serialize)]
struct ThreadPart {
    change: String,
    customer: String,
    number: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    lead_id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    appointment_at: String,
}

#[derive(Debug, Default, Serialize)]
struct CallPart {
    call_id: String,
    call_sid: String,
    from: String,
    to: String,
    status: String,
    direction: String,
    outcome: String,
    duration_s: Option<u32>,
    started_at: Option<String>,
    ended_at: Option<String>,
}

#[derive(Debug, Default, Serialize)]
struct MessagePart {
    #[serde(skip_serializing_if = "String::is_empty")]
    message_id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    message_sid: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    call_id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    from: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    to: String,
    direction: &'static str,
    status: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    media: Vec<Media>,
    #[serde(skip_serializing_if = "Option::is_none")]
    segments: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<u32>,
    #[serde(skip_serializing_if = "String::is_empty")]
    purpose: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    opt_out_type: String,
}

#[derive(Debug, Serialize)]
struct Media {
    url: String,
    content_type: String,
}

/// An event that tenants are told of.
pub trait Notable: Event {
    /// The consumer's name within the role.
    const NAME: &'static str;
    /// The routing key that it comes by.
    const KEY: &'static str = Self::TYPE;
    /// What is said of it.
    fn note(self, time: Time) -> Note;
}

/// The narrowed copy of `sms.inbound`. The plain one is a command for dispatch, and must stay without a taker while
/// dispatch has none: then it is kept and tried again, where a second queue would make it count as taken.
pub const SMS_COPY: &str = "notify";

impl Note {
    /// Completes it with what its event's envelope says, and writes it.
    pub fn body<E: Event>(self, id: &str, time: Time) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(&Self {
            specversion: "1.0",
            id: id.to_owned(),
            kind: E::TYPE,
            source: "trunkline",
            time: rfc3339(time),
            ..self
        })
    }

    fn of_call(call: Option<Call>) -> Self {
        let call = call.unwrap_or_default();
        Self {
            tenant_id: call.tenant_id,
            call: Some(CallPart {
                call_id: call.id,
                call_sid: call.call_sid,
                from: call.from,
                to: call.to,
                status: call.status,
                direction: call.direction,
                outcome: call.outcome,
                duration_s: call.duration_s,
                started_at: Some(call.started_at).filter(|t| !t.is_empty()),
                ended_at: Some(call.ended_at).filter(|t| !t.is_empty()),
            }),
            ..Self::default()
        }
    }
}

fn rfc3339(time: Time) -> String {
    time.to_rfc3339_opts(SecondsFormat::Millis, true)
}

macro_rules! plain_calls {
    ($($event:ident = $name:literal),+) => { $(
        impl Notable for $event {
            const NAME: &'static str = $name;

            fn note(self, _: Time) -> Note {
                Note::of_call(self.call)
            }
        }
    )+ };
}

plain_calls!(
    CallStarted = "notify-call-started",
    CallAnswered = "notify-call-answered",
    CallEnded = "notify-call-ended"
);

impl Notable for CallMissed {
    const NAME: &'static str = "notify-call-missed";

    fn note(self, time: Time) -> Note {
        let tenant = self.tenant.unwrap_or_default().tenant_id;
        let mut note = Note::of_call(self.call);
        if note.tenant_id.is_empty() {
            note.tenant_id = tenant;
        }
        note.reason = self.reason;
        if let Some(call) = &mut note.call {
            // Nobody of the business spoke, however long the line was open.
            call.duration_s = Some(0);
            call.ended_at.get_or_insert_with(|| rfc3339(time));
            if call.outcome.is_empty() {
                call.outcome = "missed".to_owned();
            }
        }
        note
    }
}

impl Notable for MessageSent {
    const NAME: &'static str = "notify-message-sent";

    fn note(self, _: Time) -> Note {
        Note {
            tenant_id: self.tenant_id,
            conversation_id: self.conversation_id,
            message: Some(MessagePart {
                message_id: self.message_id,
                message_sid: self.message_sid,
                call_id: self.call_id,
                direction: "outbound",
                status: self.status,
                segments: Some(self.segments),
                purpose: self.purpose,
                ..MessagePart::default()
            }),
            ..Note::default()
        }
    }
}

impl Notable for MessageRefused {
    const NAME: &'static str = "notify-message-refused";

    fn note(self, _: Time) -> Note {
        Note {
            tenant_id: self.tenant_id,
            conversation_id: self.conversation_id,
            reason: self.reason,
            message: Some(MessagePart {
                message_id: self.message_id,
                call_id: self.call_id,
                to: self.to,
                direction: "outbound",
                status: "refused".to_owned(),
                code: Some(self.code),
                purpose: self.purpose,
                ..MessagePart::default()
            }),
            ..Note::default()
        }
    }
}

impl Notable for MessageFailed {
    const NAME: &'static str = "notify-message-failed";

    fn note(self, _: Time) -> Note {
        Note {
            tenant_id: self.tenant_id,
            conversation_id: self.conversation_id,
            reason: self.message,
            message: Some(MessagePart {
                message_id: self.message_id,
                message_sid: self.message_sid,
                call_id: self.call_id,
                to: self.to,
                direction: "outbound",
                status: self.status,
                code: Some(self.code),
                purpose: self.purpose,
                ..MessagePart::default()
            }),
            ..Note::default()
        }
    }
}

impl Notable for ConversationChanged {
    const NAME: &'static str = "notify-conversation-changed";

    fn note(self, _: Time) -> Note {
        Note {
            tenant_id: self.tenant_id,
            conversation_id: self.conversation_id,
            reason: self.reason,
            thread: Some(ThreadPart {
                change: self.change,
                customer: self.customer,
                number: self.number,
                lead_id: self.lead_id,
                appointment_at: self.appointment_at,
            }),
            ..Note::default()
        }
    }
}

impl Notable for SmsInbound {
    const NAME: &'static str = "notify-sms-inbound";
    const KEY: &'static str = "sms.inbound.notify";

    fn note(self, _: Time) -> Note {
        let text = self.text.unwrap_or_default();
        let media = text.media.into_iter().map(|m| Media {
            url: m.url,
            content_type: m.content_type,
        });
        Note {
            tenant_id: self.tenant.unwrap_or_default().tenant_id,
            message: Some(MessagePart {
                message_sid: text.message_sid,
                from: text.from,
                to: text.to,
                direction: "inbound",
                status: "received".to_owned(),
                body: Some(text.body),
                media: media.collect(),
                segments: Some(text.segments),
                opt_out_type: text.opt_out_type,
                ..MessagePart::default()
            }),
            ..Note::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;
    use serde_json::Value;

    #[test]
    fn signature_of_the_standard() {
        // The example of the Standard Webhooks specification.
        let secret = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let body = br#"{"test": 2432232314}"#;
        assert_eq!(
            sign(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body).as_deref(),
            Some("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
        );
        assert_eq!(sign(&Secret::new("whsec_%"), "m", 1, body), None);
        assert!(sign(&new_secret(), "m", 1, body).is_some());
    }

    #[test]
    fn missed_call_lasted_no_time() {
        let time = DateTime::from_timestamp(1_700_000_000, 0).unwrap();
        let event = CallMissed {
            call: Some(Call {
                call_sid: "CA1".into(),
                tenant_id: "t".into(),
                duration_s: Some(25),
                ..Call::default()
            }),
            reason: "no-answer".into(),
            ..CallMissed::default()
        };
        let body = event.note(time).body::<CallMissed>("e1", time).unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(
            (&body["id"], &body["type"]),
            (&"e1".into(), &"call.missed".into())
        );
        assert_eq!(
            (&body["duration_s"], &body["reason"]),
            (&0.into(), &"no-answer".into())
        );
        assert_eq!(body["ended_at"], "2023-11-14T22:13:20.000Z");
        assert_eq!(body["time"], body["ended_at"]);
    }
}
