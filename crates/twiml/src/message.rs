//! `<Message>`, the verb of a messaging response.

use crate::element::element;
use crate::value::{Method, Private};
use crate::write::{Write, Writer};

element! {
    /// Answers a message with another. A messaging response may have it and `<Redirect>` only.
    Message {
        /// The text. Plain text in `<Message>` is read as its `<Body>`.
        pub body: Option<Private>,
        /// Addresses of media.
        pub media: Vec<String>,
    }
    attributes {
        /// To whom (the sender).
        into to: Private = "to",
        /// From which number (the one that was texted).
        into from: Private = "from",
        /// Where the status goes, and TwiML comes from.
        into action: String = "action",
        /// The request's method (POST).
        set method: Method = "method",
        /// Where the status goes.
        into status_callback: String = "statusCallback",
    }
}

impl Message {
    /// A text.
    #[must_use]
    pub fn new(body: impl Into<Private>) -> Self {
        Self {
            body: Some(body.into()),
            ..Self::default()
        }
    }

    /// Adds a picture or another file.
    #[must_use]
    pub fn media(mut self, url: impl Into<String>) -> Self {
        self.media.push(url.into());
        self
    }
}

impl Write for Message {
    fn write(&self, out: &mut Writer) {
        let is_empty = self.body.is_none() && self.media.is_empty();
        out.around("Message", self, is_empty, |out| {
            if let Some(body) = &self.body {
                out.text("Body", &(), body);
            }
            for url in &self.media {
                out.text("Media", &(), url);
            }
        });
    }
}
