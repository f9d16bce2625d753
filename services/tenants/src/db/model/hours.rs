//! Business hours: as people write them, and as the minutes that consumers compare.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use events::v1::OpenHours;
use serde::{Deserialize, Serialize};

const DAY_MINUTES: u32 = 24 * 60;

/// A day of the week, Monday first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "they are the days")]
pub enum Day {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

impl Day {
    /// All, with their names in a file.
    pub const ALL: [(Self, &'static str); 7] = [
        (Self::Mon, "mon"),
        (Self::Tue, "tue"),
        (Self::Wed, "wed"),
        (Self::Thu, "thu"),
        (Self::Fri, "fri"),
        (Self::Sat, "sat"),
        (Self::Sun, "sun"),
    ];
}

/// `07:00-18:00`; `18:00-02:00` ends on the next day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Span {
    from: u32,
    to: u32,
}

/// Why a text is not a [`Span`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Invalid {
    /// It is something else.
    #[error("must be two times of day such as 07:00-18:00, or 18:00-02:00 over midnight")]
    Shape,
    /// It has no length.
    #[error("begins and ends at the same time; write 00:00-24:00 for the whole day")]
    Empty,
}

impl Span {
    /// Both ends, in minutes since midnight.
    pub fn minutes(self) -> (u32, u32) {
        (self.from, self.to)
    }
}

impl FromStr for Span {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let (from, to) = text.split_once('-').ok_or(Invalid::Shape)?;
        let (from, to) = (minute(from)?, minute(to)?);
        if from == to {
            return Err(Invalid::Empty);
        }
        if from == DAY_MINUTES {
            return Err(Invalid::Shape);
        }
        Ok(Self { from, to })
    }
}

fn minute(text: &str) -> Result<u32, Invalid> {
    let number = |digits: &str| {
        let plain = (1..=2).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
        plain
            .then(|| digits.parse::<u32>().ok())
            .flatten()
            .ok_or(Invalid::Shape)
    };
    let (hour, minute) = text.trim().split_once(':').ok_or(Invalid::Shape)?;
    if minute.len() != 2 {
        return Err(Invalid::Shape);
    }
    let (hour, minute) = (number(hour)?, number(minute)?);
    match hour * 60 + minute {
        total if minute < 60 && total <= DAY_MINUTES => Ok(total),
        _ => Err(Invalid::Shape),
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { from, to } = self;
        write!(
            f,
            "{:02}:{:02}-{:02}:{:02}",
            from / 60,
            from % 60,
            to / 60,
            to % 60
        )
    }
}

impl TryFrom<String> for Span {
    type Error = Invalid;

    fn try_from(text: String) -> Result<Self, Invalid> {
        text.parse()
    }
}

impl From<Span> for String {
    fn from(span: Span) -> Self {
        span.to_string()
    }
}

/// The hours of a week. None at all: always open.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Hours(pub BTreeMap<Day, Vec<Span>>);

impl Hours {
    /// Whether nothing is said, which means always open.
    pub fn is_empty(&self) -> bool {
        self.0.values().all(Vec::is_empty)
    }

    /// In minutes of each day: cut at midnight, in order, without overlaps.
    pub fn flatten(&self) -> Vec<OpenHours> {
        let mut pieces: Vec<(u32, u32, u32)> = Vec::new();
        for (day, spans) in &self.0 {
            let day = *day as u32;
            for Span { from, to } in spans {
                if from < to {
                    pieces.push((day, *from, *to));
                } else {
                    pieces.push((day, *from, DAY_MINUTES));
                    pieces.push(((day + 1) % 7, 0, *to));
                }
            }
        }
        pieces.retain(|(_, from, to)| from < to);
        pieces.sort_unstable();
        let mut flat: Vec<OpenHours> = Vec::new();
        for (day, from_minute, to_minute) in pieces {
            let weekday = day + 1;
            match flat.last_mut() {
                Some(last) if last.weekday == weekday && from_minute <= last.to_minute => {
                    last.to_minute = last.to_minute.max(to_minute);
                }
                _ => flat.push(OpenHours {
                    weekday,
                    from_minute,
                    to_minute,
                }),
            }
        }
        flat
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn week(days: &[(Day, &[&str])]) -> Vec<(u32, u32, u32)> {
        let days = days
            .iter()
            .map(|(day, spans)| (*day, spans.iter().map(|s| s.parse().unwrap()).collect()));
        Hours(days.collect())
            .flatten()
            .iter()
            .map(|h| (h.weekday, h.from_minute, h.to_minute))
            .collect()
    }

    #[test]
    fn a_day() {
        assert_eq!(week(&[(Day::Mon, &["07:00-18:00"])]), [(1, 420, 1080)]);
        assert_eq!(week(&[(Day::Sun, &["00:00-24:00"])]), [(7, 0, 1440)]);
    }

    #[test]
    fn break_at_noon() {
        assert_eq!(
            week(&[(Day::Tue, &["13:00-17:00", "08:00-12:00"])]),
            [(2, 480, 720), (2, 780, 1020)]
        );
    }

    #[test]
    fn over_midnight_goes_on_the_next_day() {
        assert_eq!(
            week(&[(Day::Fri, &["18:00-02:00"])]),
            [(5, 1080, 1440), (6, 0, 120)]
        );
        assert_eq!(
            week(&[(Day::Sun, &["18:00-02:00"])]),
            [(1, 0, 120), (7, 1080, 1440)]
        );
        assert_eq!(week(&[(Day::Sat, &["20:00-00:00"])]), [(6, 1200, 1440)]);
    }

    #[test]
    fn overlaps_are_one() {
        assert_eq!(
            week(&[
                (Day::Fri, &["18:00-03:00"]),
                (Day::Sat, &["02:00-10:00", "09:00-12:00"])
            ]),
            [(5, 1080, 1440), (6, 0, 720)]
        );
    }

    #[test]
    fn what_is_no_span() {
        for bad in [
            "",
            "7-18",
            "07:00",
            "07:0-18:00",
            "25:00-26:00",
            "07:60-08:00",
            "24:00-25:00",
            "24:00-07:00",
            "a:bc-d:ef",
            "+7:00-18:00",
        ] {
            assert_eq!(bad.parse::<Span>(), Err(Invalid::Shape), "{bad}");
        }
        assert_eq!("07:00-07:00".parse::<Span>(), Err(Invalid::Empty));
        assert_eq!(
            "7:30 - 18:00".parse::<Span>().unwrap().to_string(),
            "07:30-18:00"
        );
    }

    #[test]
    fn nothing_is_always_open() {
        assert!(week(&[]).is_empty());
        assert!(Hours(BTreeMap::from([(Day::Mon, vec![])])).is_empty());
    }
}
