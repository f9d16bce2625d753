//! Whether what a carrier says names a phone.

use crate::Address;

/// The fewest digits that tell a phone, where the carrier leaves out the country.
const NATIONAL_DIGITS: usize = 7;

/// Whether a carrier's word, such as Twilio's `ForwardedFrom`, names the phone with this E.164 number. Some carriers leave
/// out the plus, or the country.
#[must_use]
pub fn same_phone(said: &str, phone: &str) -> bool {
    if said.is_empty() {
        return false;
    }
    if let Some(number) = Address::parse(said).as_e164() {
        return number.as_str() == phone;
    }
    let is_number = said
        .chars()
        .all(|c| c.is_ascii_digit() || " +-().".contains(c));
    let digits: String = said.chars().filter(char::is_ascii_digit).collect();
    let national = digits.trim_start_matches('0');
    is_number && national.len() >= NATIONAL_DIGITS && phone.ends_with(national)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_phone_is_found_however_the_carrier_writes_it() {
        for said in [
            "+15550100002",
            "15550100002",
            "5550100002",
            "(555) 010-0002",
            "005550100002",
        ] {
            assert!(same_phone(said, "+15550100002"), "{said}");
        }
        for said in ["", "+15550100003", "0002", "anonymous", "sip:5550100002@x"] {
            assert!(!same_phone(said, "+15550100002"), "{said}");
        }
    }
}
