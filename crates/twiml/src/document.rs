//! The document: `<Response>` and its verbs.

use crate::dial::Dial;
use crate::element::element;
use crate::error::Error;
use crate::limits::{INLINE_LIMIT, SIZE_LIMIT};
use crate::message::Message;
use crate::other::Other;
use crate::say::Say;
use crate::stream::{Connect, Start, Stop};
use crate::unknown::Unknown;
use crate::voice::{Gather, Hangup, Pause, Play, Record, Redirect, Reject};
use crate::write::{Write, Writer};

const DECLARATION: &str = r#"<?xml version="1.0" encoding="UTF-8"?>"#;

element! {
    /// A TwiML document.
    Response {
        /// What is done, in this order.
        pub verbs: Vec<Verb>,
    }
    attributes {}
}

/// What kind of webhook a document answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Medium {
    /// A call.
    Voice,
    /// A message.
    Messaging,
}

/// Adds a builder method per verb, and the enum.
macro_rules! verbs {
    ($( $(#[$doc:meta])* $method:ident $name:ident, )+) => {
        /// One step of a document.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub enum Verb {
            $( $(#[$doc])* $name($name), )+
            /// Does something that has no type here.
            Other(Other),
        }

        impl Verb {
            /// The element's name.
            #[must_use]
            pub fn name(&self) -> &str {
                match self {
                    $( Self::$name(_) => stringify!($name), )+
                    Self::Other(it) => it.name(),
                }
            }
        }

        impl Write for Verb {
            fn write(&self, out: &mut Writer) {
                match self {
                    $( Self::$name(it) => it.write(out), )+
                    Self::Other(it) => it.write(out),
                }
            }
        }

        $( impl From<$name> for Verb {
            fn from(verb: $name) -> Self {
                Self::$name(verb)
            }
        } )+

        impl Response {
            $( $(#[$doc])*
            #[must_use]
            pub fn $method(self, verb: impl Into<$name>) -> Self {
                self.push(verb.into())
            } )+
        }
    };
}

verbs! {
    /// Speaks.
    say Say,
    /// Plays a file.
    play Play,
    /// Waits.
    pause Pause,
    /// Listens for keys or words.
    gather Gather,
    /// Records the caller.
    record Record,
    /// Connects with another party.
    dial Dial,
    /// Goes on with another document.
    redirect Redirect,
    /// Refuses the call.
    reject Reject,
    /// Ends the call.
    hangup Hangup,
    /// Connects with a stream, both ways.
    connect Connect,
    /// Starts a stream or a recording beside the call.
    start Start,
    /// Stops it.
    stop Stop,
    /// Answers with a message.
    message Message,
}

impl Response {
    /// A document to add verbs to.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A document that does nothing: `<Response/>`. It answers a callback, ends a call, or leaves a message without a reply.
    #[must_use]
    pub fn empty() -> Self {
        Self::default()
    }

    /// Adds any verb.
    #[must_use]
    pub fn push(mut self, verb: impl Into<Verb>) -> Self {
        self.verbs.push(verb.into());
        self
    }

    /// The XML to answer a webhook with, as `text/xml`.
    ///
    /// Characters that XML 1.0 forbids are left out: U+0000 to U+001F except tab, line feed and carriage return, and U+FFFE and U+FFFF.
    ///
    /// # Errors
    ///
    /// [`Error::TooBig`] over [`SIZE_LIMIT`].
    pub fn to_xml(&self) -> Result<String, Error> {
        let xml = self.render(DECLARATION);
        match xml.len() {
            bytes if bytes > SIZE_LIMIT => Err(Error::TooBig { bytes }),
            _ => Ok(xml),
        }
    }

    /// The XML for the `Twiml` parameter of a REST request. It has no declaration, which is optional and would count.
    ///
    /// In such a document the `action` of `<Gather>` and `<Record>` must be absolute.
    ///
    /// # Errors
    ///
    /// [`Error::InlineTooLong`] over [`INLINE_LIMIT`].
    pub fn to_inline_xml(&self) -> Result<String, Error> {
        let xml = self.render("");
        match xml.chars().count() {
            characters if characters > INLINE_LIMIT => Err(Error::InlineTooLong { characters }),
            _ => Ok(xml),
        }
    }

    /// The first verb that does not belong in an answer of this kind, for which Twilio reports 12200.
    #[must_use]
    pub fn misplaced(&self, medium: Medium) -> Option<&Verb> {
        self.verbs.iter().find(|verb| match medium {
            Medium::Voice => matches!(verb, Verb::Message(_)),
            Medium::Messaging => !matches!(verb, Verb::Message(_) | Verb::Redirect(_)),
        })
    }

    /// The attributes that were read and not understood, in the order of the document. Twilio warns about them (12200) and goes on.
    #[must_use]
    pub fn unknown(&self) -> Vec<Unknown> {
        self.written("").unknown
    }

    fn render(&self, declaration: &str) -> String {
        self.written(declaration).out
    }

    fn written(&self, declaration: &str) -> Writer {
        let mut writer = Writer {
            out: declaration.to_owned(),
            ..Writer::default()
        };
        writer.children("Response", self, &self.verbs);
        writer
    }
}
