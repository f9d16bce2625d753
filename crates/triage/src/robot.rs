//! Texts that a telephone or another machine writes by itself. Two machines that answer each other never stop.

use crate::pattern::find;
use crate::words::words;

const SENTENCES: &[&str] = &[
    "im|i_am driving",
    "do_not_disturb|focus while|turned|is|mode|on|enabled",
    "have notifications|messages silenced|turned_off",
    "automatic|automated|auto response|reply|message|text|answer",
    "autoreply|autoresponder|autoresponse|noreply",
    "this_is_an|an automatic|automated",
    "out_of_office|out_of_the_office",
    "ill|i_will see|read|get your|the message|text when|once|as_soon_as i",
    "not|isnt|is_not monitored",
    "does_not|doesnt|cannot|cant|unable_to accept|receive|process|take * texts|messages|replies|text_messages",
    "please reply|respond with|by",
    "reply|text|respond|type yes|no|stop|help|y|n|1|2|c|menu|info to|for|if",
    "reply_stop|text_stop|reply_help|text_stop_to",
    "msg|message * data rates may apply",
    "thank_you|thanks for contacting|reaching_out|your_message|your_text|messaging|texting|your_inquiry",
    "we_have|weve received your message|request|inquiry|text",
    "did_not|didnt|dont|do_not understand|recognize your|that|this message|response|reply|request|input",
    "i_dont_understand please",
    "your verification|security|confirmation|one_time code|passcode|password",
    "sorry i_cant_talk_right_now|i_cant_talk_right_now|cant_talk_right_now",
    "is_your|is_the verification|security|one_time code|passcode",
    "message|text could_not_be|was_not|not delivered",
    "you_have_reached|youve_reached the * of|inbox|automated|number",
    "our business|office hours are",
    "unmonitored|no_longer_in_service|not_in_service",
];

/// Whether the text looks like one that no person wrote just now.
#[must_use]
pub fn is_automatic(body: &str) -> bool {
    let words = words(body);
    SENTENCES
        .iter()
        .any(|it| find(it, &words, |_| true).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn automatic_reply_is_known_by_its_words() {
        for body in [
            "I'm driving with Do Not Disturb While Driving turned on. I'll see your message when I get where I'm going.",
            "I’m Driving - Sent from My Car",
            "(I'm not receiving notifications. If this is urgent, reply \"urgent\" to send a notification.) Automatic reply",
            "I don't understand, please reply with YES or NO",
            "Automatic reply: I am out of the office until Monday",
            "This number does not accept text messages.",
            "Thank you for contacting Acme. Our business hours are 9 to 5.",
            "Thanks for your message! We have received your request.",
            "This inbox is not monitored.",
            "Reply 1 for sales, 2 for service",
            "Msg & data rates may apply",
            "Your verification code is 123456",
            "Sorry, I can't talk right now.",
        ] {
            assert!(is_automatic(body), "{body}");
        }
    }

    #[test]
    fn text_of_a_person_is_not_automatic() {
        for body in [
            "my sink is leaking",
            "can you come today",
            "Yes please",
            "I'm at work, can you text me",
            "I was driving home and the door fell",
            "my driving shoes got wet",
            "thanks for coming",
            "please reply",
            "Do you understand my problem?",
            "the message light on the thermostat blinks",
            "sorry I missed you",
            "we received a quote from you",
        ] {
            assert!(!is_automatic(body), "{body}");
        }
    }
}
