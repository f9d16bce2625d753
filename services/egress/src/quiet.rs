//! Quiet hours: what comes unasked waits until they are over at the customer's place. It is judged when the text leaves, since an
//! outage may have held back what was an answer once.

use std::time::Duration;

use chrono::DateTime;
use clock::Time;
use events::v1::MessageSend;
use flow::QuietHours;
use phone::E164;

/// A text that waits is looked at again after so long at most: its customer may have opted out, or its time be over.
pub(crate) const LOOK_AGAIN: Duration = Duration::from_secs(600);

/// Until when a text waits; none: it may leave now.
pub(crate) fn until(message: &MessageSend, to: &E164, now: Time) -> Option<Time> {
    let hours = message.quiet_hours.as_ref()?;
    let answers = DateTime::parse_from_rfc3339(&message.answers_until).ok();
    if answers.is_some_and(|until| now < until) {
        return None;
    }
    let hours = QuietHours::of_minutes(hours.from_minute, hours.to_minute)?;
    hours.end(now, to.time_zone().unwrap_or(&message.timezone))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quiet_hours_are_those_of_the_customers_area_and_spare_answers() {
        let message = |answers_until: &str| MessageSend {
            answers_until: answers_until.into(),
            quiet_hours: Some(events::v1::QuietHours {
                from_minute: 1260,
                to_minute: 480,
            }),
            timezone: "America/Los_Angeles".into(),
            ..MessageSend::default()
        };
        let wait = |to: &str, answers_until: &str, now: &str| {
            let to = E164::parse(to).unwrap();
            until(&message(answers_until), &to, now.parse().unwrap()).map(|end| end.to_rfc3339())
        };
        let (new_york, nowhere) = ("+12125550123", "+15550109999");
        // 19:30 in Los Angeles is 22:30 in New York.
        let evening = "2026-12-01T03:30:00Z";
        assert_eq!(
            wait(new_york, "", evening).unwrap(),
            "2026-12-01T13:00:00+00:00"
        );
        assert_eq!(wait(nowhere, "", evening), None);
        // 5:30 there is 8:30 in New York.
        let morning = "2026-12-01T13:30:00Z";
        assert_eq!(wait(new_york, "", morning), None);
        assert_eq!(
            wait(nowhere, "", morning).unwrap(),
            "2026-12-01T16:00:00+00:00"
        );
        // An answer is none any more when it leaves too late.
        assert_eq!(wait(new_york, "2026-12-01T03:31:00Z", evening), None);
        assert!(wait(new_york, "2026-12-01T03:29:00Z", evening).is_some());
        let mut never = message("");
        never.quiet_hours = None;
        let to = E164::parse(new_york).unwrap();
        assert_eq!(until(&never, &to, evening.parse().unwrap()), None);
    }
}
