//! How times, numbers and words of the platform are shown.

use std::fmt;

use chrono::{DateTime, SecondsFormat, Utc};

/// A time: in UTC for whoever reads without script, in the reader's own zone with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct When(pub DateTime<Utc>);

impl fmt::Display for When {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let iso = iso(self.0);
        let text = self.0.format("%-d %b %H:%M UTC");
        write!(f, "<time datetime=\"{iso}\">{text}</time>")
    }
}

// Digits, letters of months and punctuation of its own: nothing in it comes from outside.
impl askama::filters::HtmlSafe for When {}

/// A time as script reads it.
pub fn iso(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// A time of day, to the millisecond.
pub fn clock_time(at: DateTime<Utc>) -> String {
    at.format("%H:%M:%S%.3f").to_string()
}

/// Seconds as people say them.
pub fn duration(seconds: i64) -> String {
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) => format!("{rest} s"),
        (0, _) => format!("{minutes} min {rest:02} s"),
        _ => format!("{hours} h {minutes:02} min"),
    }
}

/// A word of the platform for people: `not_eligible` is "not eligible".
pub fn words(word: &str) -> String {
    word.replace(['_', '-'], " ")
}

/// How a word of state is coloured: `good`, `bad`, `warn`, `live` or `quiet`.
pub fn tone(word: &str) -> &'static str {
    match word {
        "answered" | "completed" | "eligible" | "active" | "done" | "delivered" | "ok" | "sent"
        | "strong_yes" | "yes" | "ready" | "canonical" | "stored" | "available" => "good",
        "missed" | "abandoned" | "unclear" | "maybe" | "urgent" | "waiting" | "queued"
        | "unknown" | "degraded" | "pending" | "suspended" | "rejected" => "warn",
        "failed" | "not_eligible" | "emergency" | "refused" | "undelivered" | "no" | "error"
        | "opted_out" | "down" | "absent" => "bad",
        "in-progress" | "ringing" | "calling" | "started" | "initiated" => "live",
        _ => "quiet",
    }
}

/// North American numbers as people write them; others as they are.
pub fn phone(number: &str) -> String {
    match number.strip_prefix("+1") {
        Some(rest) if rest.len() == 10 && rest.bytes().all(|b| b.is_ascii_digit()) => {
            format!("+1 {} {} {}", &rest[..3], &rest[3..6], &rest[6..])
        }
        _ => number.to_owned(),
    }
}

/// An address of a page with filters, without those that are empty.
pub fn address(path: &str, filters: &[(&str, &str)]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    let set = filters.iter().filter(|(_, value)| !value.is_empty());
    let mut any = false;
    for (name, value) in set {
        query.append_pair(name, value);
        any = true;
    }
    match any {
        true => format!("{path}?{}", query.finish()),
        false => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn duration_is_said_as_people_say_it() {
        assert_eq!(duration(7), "7 s");
        assert_eq!(duration(65), "1 min 05 s");
        assert_eq!(duration(3_720), "1 h 02 min");
    }

    #[test]
    fn phone_is_grouped_where_the_plan_is_known() {
        assert_eq!(phone("+15550100001"), "+1 555 010 0001");
        assert_eq!(phone("+442071838750"), "+442071838750");
        assert_eq!(phone("client:joe"), "client:joe");
        assert_eq!(phone("+1555é0100001"), "+1555é0100001");
    }

    #[test]
    fn address_leaves_out_what_is_empty() {
        let filters = [("q", "a b"), ("outcome", "")];
        assert_eq!(address("/console/calls", &filters), "/console/calls?q=a+b");
        assert_eq!(address("/console/calls", &[("q", "")]), "/console/calls");
    }
}
