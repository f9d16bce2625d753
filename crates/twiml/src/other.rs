//! Elements that Twilio knows and that have no type here. They are kept as they were read.

use crate::attribute::Extra;
use crate::value::Private;
use crate::write::{Write, Writer};

/// Verbs without a type.
pub(crate) const VERBS: &[&str] = &[
    "Echo", "Enqueue", "Leave", "Pay", "Prompt", "Queue", "Refer", "Sms",
];
/// What `<Dial>` can dial beside a number, a client and a SIP address.
pub(crate) const DIALLED: &[&str] = &["Application", "Conference", "Queue", "Sim", "WhatsApp"];
/// What `<Connect>` can connect with beside a stream and a conversation relay.
pub(crate) const CONNECTED: &[&str] = &[
    "AiSession",
    "Assistant",
    "Autopilot",
    "Conversation",
    "ConversationRelaySession",
    "Room",
    "VirtualAgent",
];
/// What `<Start>` and `<Stop>` know beside a stream and a recording.
pub(crate) const STARTED: &[&str] = &["Siprec", "Transcription"];

/// An element that Twilio knows and that has no type here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Other {
    pub(crate) name: String,
    pub(crate) attributes: Extra,
    pub(crate) content: Vec<Piece>,
}

/// What is in it, unchecked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Piece {
    Text(Private),
    Element(Other),
}

impl Other {
    /// The element's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl Write for Other {
    fn write(&self, out: &mut Writer) {
        out.children(&self.name, &self.attributes, &self.content);
    }
}

impl Write for Piece {
    fn write(&self, out: &mut Writer) {
        match self {
            Self::Text(text) => out.characters(text),
            Self::Element(it) => it.write(out),
        }
    }
}
