//! Numbering plans: how many digits follow a country's calling code.

/// Calling codes whose plans are known, with the least and most digits of a national number in them, from the plans that
/// the countries have filed with the ITU; numbers of machines are the long ones. Of a country that is not here, only
/// the bounds of E.164 are known.
const PLANS: &[(&str, usize, usize)] = &[
    ("1", 10, 10),
    ("20", 8, 10),
    ("27", 9, 9),
    ("30", 10, 10),
    ("31", 7, 11),
    ("32", 8, 9),
    ("33", 9, 13),
    ("34", 9, 13),
    ("36", 8, 9),
    ("39", 6, 12),
    ("40", 9, 9),
    ("41", 9, 12),
    ("43", 4, 13),
    ("44", 7, 10),
    ("45", 8, 12),
    ("46", 6, 13),
    ("47", 5, 12),
    ("48", 9, 9),
    ("49", 5, 13),
    ("52", 10, 11),
    ("54", 10, 11),
    ("55", 10, 11),
    ("56", 8, 9),
    ("57", 8, 10),
    ("60", 8, 10),
    ("61", 6, 10),
    ("64", 7, 10),
    ("65", 8, 11),
    ("7", 10, 10),
    ("81", 9, 11),
    ("82", 8, 11),
    ("86", 9, 12),
    ("90", 10, 10),
    ("91", 10, 10),
];

/// The digits that may follow the calling code that these begin with, and the code. No code begins another.
pub(crate) fn of(digits: &str) -> Option<(&'static str, usize, usize)> {
    let mut plans = PLANS.iter().copied();
    plans.find(|(code, ..)| digits.starts_with(code))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plans_have_codes_of_which_none_begins_another() {
        for (one, least, most) in PLANS {
            assert!(least <= most && one.len() + most <= 15, "{one}");
            let begun = PLANS.iter().filter(|(other, ..)| other.starts_with(one));
            assert_eq!(begun.count(), 1, "{one}");
        }
    }
}
