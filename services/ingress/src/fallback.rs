//! What Twilio gets when the platform behind does not answer in time: always valid TwiML.

use role::directory::Entry;
use twiml::{Dial, Hangup, Method, Number, Response, Say};

use crate::webhooks::Answer;

/// An empty document: nothing more to do.
pub const EMPTY: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Response/>";

/// For a call that comes in: the business's phone rings if we know it, else the caller hears an apology. The dial
/// comes back to us as usual, so a missed call is noticed even then.
pub fn voice(entry: Option<&Entry>, call_sid: &str) -> String {
    let document = match entry.filter(|entry| entry.dialable) {
        Some(entry) => Response::new().dial(
            Dial::new()
                .timeout(entry.dial_timeout_s)
                .action(format!("/webhooks/twilio/call/status/{call_sid}"))
                .method(Method::Post)
                .number(Number::new(entry.forward_to.as_str())),
        ),
        None => Response::new()
            .say(Say::new("We are sorry, we can't take your call right now. Please try again in a few minutes."))
            .hangup(Hangup::new()),
    };
    document.to_xml().unwrap_or_else(|_| EMPTY.to_owned())
}

/// For a request whose parameters cannot be right.
pub fn bad(answer: Answer) -> String {
    match answer {
        Answer::Voice => Response::new()
            .say(Say::new(
                "We are sorry, something went wrong with this call.",
            ))
            .hangup(Hangup::new())
            .to_xml()
            .unwrap_or_else(|_| EMPTY.to_owned()),
        Answer::Messaging | Answer::Nothing => EMPTY.to_owned(),
    }
}
