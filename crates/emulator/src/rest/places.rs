//! Where numbers for sale are made up: in each country a few places, with numbers that nobody has.

/// What numbers begin with, and where that is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place<'a> {
    /// With its `+`.
    pub(super) prefix: &'static str,
    /// After the country's prefix.
    pub(super) area: &'a str,
    /// What stands before the last three digits.
    pub(super) exchange: &'static str,
    /// Empty when it is not known, as the two after it.
    pub(super) locality: &'static str,
    pub(super) region: &'static str,
    pub(super) postal: &'static str,
}

/// A country, its prefix, the exchange of its made-up numbers, and its places: area, locality, region, postal code.
type Country = (
    &'static str,
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str, &'static str, &'static str)],
);

/// The exchanges are those that each country keeps for films and examples, where it has such.
const COUNTRIES: &[Country] = &[
    (
        "US",
        "+1",
        "5550",
        &[
            ("415", "San Francisco", "CA", "94105"),
            ("212", "New York", "NY", "10001"),
            ("312", "Chicago", "IL", "60601"),
            ("617", "Boston", "MA", "02108"),
            ("206", "Seattle", "WA", "98101"),
            ("512", "Austin", "TX", "78701"),
        ],
    ),
    (
        "CA",
        "+1",
        "5550",
        &[
            ("416", "Toronto", "ON", "M5H"),
            ("604", "Vancouver", "BC", "V6B"),
        ],
    ),
    ("GB", "+44", "79460", &[("20", "London", "", "SW1A")]),
    ("DE", "+49", "23125", &[("30", "Berlin", "BE", "10115")]),
    ("FR", "+33", "99000", &[("1", "Paris", "IDF", "75001")]),
    ("ES", "+34", "0000", &[("91", "Madrid", "MD", "28001")]),
    ("IE", "+353", "9100", &[("20", "Dublin", "", "D01")]),
    ("AU", "+61", "55500", &[("2", "Sydney", "NSW", "2000")]),
];

/// The area of free numbers where the prefix is `+1`.
const TOLL_FREE: &str = "888";

/// The places of a country; `None` when there are no numbers for sale in it.
pub(super) fn of(country: &str) -> Option<Vec<Place<'static>>> {
    let &(_, prefix, exchange, places) = COUNTRIES.iter().find(|known| known.0 == country)?;
    let places = places
        .iter()
        .map(|&(area, locality, region, postal)| Place {
            prefix,
            area,
            exchange,
            locality,
            region,
            postal,
        });
    Some(places.collect())
}

impl<'a> Place<'a> {
    /// An area that is asked for and not in the table. Only where the prefix is `+1`, as at Twilio.
    pub(super) fn somewhere(area: &'a str) -> Self {
        Self {
            prefix: "+1",
            area,
            exchange: "5550",
            locality: "",
            region: "",
            postal: "",
        }
    }

    /// Where free numbers are.
    pub(super) fn toll_free() -> Place<'static> {
        Place::somewhere(TOLL_FREE)
    }

    /// The number with these last three digits.
    pub(super) fn number(&self, last: u64) -> String {
        format!(
            "{}{}{}{:03}",
            self.prefix,
            self.area,
            self.exchange,
            last % 1000
        )
    }
}

#[cfg(test)]
mod tests {
    use phone::E164;

    use super::*;

    #[test]
    fn every_place_has_numbers_that_can_be_dialled() {
        for (country, prefix, _, _) in COUNTRIES {
            for place in of(country).unwrap() {
                let number = place.number(7);
                assert!(E164::parse(&number).is_ok(), "{number}");
                assert!(number.starts_with(prefix) && number.ends_with("007"));
            }
        }
        assert_eq!(of("XX"), None);
        assert_eq!(Place::toll_free().number(1_012), "+18885550012");
    }
}
