//! What of a document is not understood: Twilio warns about it and goes on.

use twiml::Response;

use crate::leg_context::LegContext;
use crate::wire::Failure;

/// Twilio's number for a document that is not as its schema has it.
const SCHEMA: u32 = 12200;

/// Of one document; a document of 64 kB has room for thousands.
const MOST: usize = 20;

impl LegContext {
    /// Writes a warning for each attribute that does not exist or cannot have its value.
    pub(crate) fn warn_of_unknown(&self, response: &Response) {
        for unknown in response.unknown().iter().take(MOST) {
            let words = format!("{unknown}: it has no effect");
            self.note("twiml", &Failure::new(SCHEMA, words));
        }
    }
}
