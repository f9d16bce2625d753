//! Which end of a call or a message is the business's.

use crate::Direction;

/// The business's number: `To` of what comes in, `From` of what we began.
///
/// A direction that is missing or not known counts as inbound: Twilio's words for what we begin all start with `outbound`. The child leg of a
/// `<Dial>` has two ends that are other people; there the callback's own URL names the number.
#[must_use]
pub fn own_number<'a>(direction: &Direction, from: &'a str, to: &'a str) -> &'a str {
    if direction.is_outbound() { from } else { to }
}

/// The other end: the caller, the callee, the customer.
#[must_use]
pub fn other_number<'a>(direction: &Direction, from: &'a str, to: &'a str) -> &'a str {
    if direction.is_outbound() { to } else { from }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_number_each_direction_is_the_business_end() {
        for (word, own, other) in [
            ("inbound", "to", "from"),
            ("", "to", "from"),
            ("sideways", "to", "from"),
            ("outbound-api", "from", "to"),
            ("outbound-dial", "from", "to"),
            ("outbound-reply", "from", "to"),
            ("outbound", "from", "to"),
            ("outbound-tomorrow", "from", "to"),
        ] {
            let direction = Direction::parse(word);
            assert_eq!(own_number(&direction, "from", "to"), own, "{word}");
            assert_eq!(other_number(&direction, "from", "to"), other, "{word}");
        }
    }
}
