//! A call, told: what the caller's side saw and what the platform did, in one order.

use chrono::{DateTime, Utc};
use clock::Clock;
use serde_json::Value;

use crate::terminal::{Colour, paint, say};

/// How long a line of a call that goes on is held back, in milliseconds: what the other side did before it may still be
/// on its way.
const HELD_BACK_MS: i64 = 1_000;

/// One line of the printer.
#[derive(Debug, PartialEq)]
struct Line {
    at: DateTime<Utc>,
    side: &'static str,
    text: String,
}

/// The timelines of the phone (the emulator's view of a call) and of the platform, merged and printed. The phone's time
/// may run faster than ours, so both are told from the call's start.
pub struct TimelinePrinter {
    speed: f64,
    start: Option<DateTime<Utc>>,
    told: Vec<Line>,
}

impl TimelinePrinter {
    /// Nothing is told yet. `speed` is the phone's.
    pub fn new(speed: f64) -> Self {
        Self {
            speed,
            start: None,
            told: Vec::new(),
        }
    }

    /// Prints what is new of a call that goes on, but for the latest lines.
    pub fn tell_so_far(&mut self, phone: &Value, platform: &Value) {
        let until = Clock::system().now() - chrono::Duration::milliseconds(HELD_BACK_MS);
        self.tell_until(phone, platform, Some(until));
    }

    /// Prints whatever is not told yet.
    pub fn tell(&mut self, phone: &Value, platform: &Value) {
        self.tell_until(phone, platform, None);
    }

    fn tell_until(&mut self, phone: &Value, platform: &Value, until: Option<DateTime<Utc>>) {
        for line in self.fresh(phone, platform, until) {
            let start = *self.start.get_or_insert(line.at);
            print(&line, start);
            self.told.push(line);
        }
    }

    /// The lines up to a moment that are not told yet, in their order.
    fn fresh(&self, phone: &Value, platform: &Value, until: Option<DateTime<Utc>>) -> Vec<Line> {
        let mut lines = phone_lines(phone, self.speed);
        lines.extend(platform_lines(platform));
        lines.sort_by_key(|line| line.at);
        // The same may happen twice in one moment: each line that is told stands for one.
        let mut told: Vec<&Line> = self.told.iter().collect();
        lines.retain(|line| match told.iter().position(|it| *it == line) {
            Some(n) => {
                told.swap_remove(n);
                false
            }
            None => until.is_none_or(|until| line.at <= until),
        });
        lines
    }
}

fn print(line: &Line, start: DateTime<Utc>) {
    #[expect(clippy::cast_precision_loss, reason = "a call lasts less than 2^52 ms")]
    let since = (line.at - start).num_milliseconds() as f64 / 1000.0;
    let colour = if line.side == "phone" {
        Colour::Cyan
    } else {
        Colour::Green
    };
    say(format!(
        "  {since:>7.3} s  {}  {}",
        paint(colour, &format!("{:<9}", line.side)),
        line.text
    ));
}

fn phone_lines(view: &Value, speed: f64) -> Vec<Line> {
    let moments: Vec<&Value> = view["timeline"].as_array().into_iter().flatten().collect();
    let Some(start) = moments.first().and_then(|m| time(m)) else {
        return Vec::new();
    };
    moments
        .iter()
        .filter_map(|moment| {
            // The emulator's clock started at the real one and runs `speed` times as fast.
            let offset = (time(moment)? - start).num_microseconds()? as f64 / speed.max(0.001);
            let real =
                start_of(view).unwrap_or(start) + chrono::Duration::microseconds(offset as i64);
            let text = phone_words(moment["kind"].as_str()?, moment["text"].as_str()?);
            Some(Line {
                at: real,
                side: "phone",
                text,
            })
        })
        .collect()
}

/// What the phone's side saw. The emulator reads the words only of sounds that its own simulated voice made, so a file with words is one.
fn phone_words(kind: &str, text: &str) -> String {
    let file = |name: &str| name.ends_with(".wav") || name.ends_with(".mp3");
    match (kind, text.split_once(": ")) {
        ("heard", Some((name, words))) if file(name) => {
            format!("heard (simulated voice): {words}")
        }
        _ => format!("{kind}: {text}"),
    }
}

/// When the call was placed on our own clock, where the player of the script noted it.
fn start_of(view: &Value) -> Option<DateTime<Utc>> {
    view["placed_at"].as_str()?.parse().ok()
}

fn platform_lines(timeline: &Value) -> Vec<Line> {
    timeline["items"]
        .as_array()
        .into_iter()
        .flatten()
        // What processes noted beside the call is for the console.
        .filter(|item| item["detail"]["noted_by"].is_null())
        .filter_map(|item| {
            Some(Line {
                at: time(item)?,
                side: "platform",
                text: words(item),
            })
        })
        .collect()
}

fn time(item: &Value) -> Option<DateTime<Utc>> {
    item["at"].as_str()?.parse().ok()
}

/// `webhook: the dial ended (status no-answer)`; a TwiML's text as it is.
fn words(item: &Value) -> String {
    let kind = item["kind"].as_str().unwrap_or("event");
    let detail = &item["detail"];
    let what = detail["what"]
        .as_str()
        .or_else(|| detail["plan"].as_str())
        .unwrap_or("");
    let facts: Vec<String> = detail
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(name, value)| !matches!(name.as_str(), "what" | "plan" | "xml") && !blank(value))
        .map(|(name, value)| {
            format!(
                "{name} {}",
                value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned)
            )
        })
        .collect();
    let mut text = format!("{kind}: {what}");
    if !facts.is_empty() {
        text.push_str(&format!(" ({})", facts.join(", ")));
    }
    if let Some(xml) = detail["xml"].as_str() {
        let body = xml.split_once("?>").map_or(xml, |(_, body)| body.trim());
        text.push_str(&format!("  {}", paint(Colour::Faint, body)));
    }
    text
}

fn blank(value: &Value) -> bool {
    value.is_null() || value == "" || value == false || value.as_array().is_some_and(Vec::is_empty)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn each_line_is_told_once_and_in_its_order() {
        let at = |s: u32| format!("2026-01-01T00:00:{s:02}Z");
        let moment = |s: u32, text: &str| json!({ "at": at(s), "kind": "status", "text": text });
        let item = |s: u32, what: &str| json!({ "at": at(s), "kind": "webhook", "detail": { "what": what } });
        let mut printer = TimelinePrinter::new(1.0);
        let texts =
            |lines: &[Line]| -> Vec<String> { lines.iter().map(|it| it.text.clone()).collect() };

        let phone = json!({ "timeline": [moment(0, "ringing"), moment(4, "answered")] });
        let early = json!({ "items": [item(2, "a call comes in")] });
        let lines = printer.fresh(&phone, &early, at(3).parse().ok());
        assert_eq!(
            texts(&lines),
            ["status: ringing", "webhook: a call comes in"]
        );
        printer.told.extend(lines);

        // Twice the same in one moment is twice.
        let whole = json!({ "items": [item(2, "a call comes in"), item(2, "a call comes in"), item(5, "it ends")] });
        let lines = printer.fresh(&phone, &whole, None);
        assert_eq!(
            texts(&lines),
            [
                "webhook: a call comes in",
                "status: answered",
                "webhook: it ends"
            ]
        );
        printer.told.extend(lines);
        assert!(printer.fresh(&phone, &whole, None).is_empty());
    }

    #[test]
    fn simulated_voice_is_called_one() {
        assert_eq!(
            phone_words("heard", "0a1b.wav: Tell me: why?"),
            "heard (simulated voice): Tell me: why?"
        );
        assert_eq!(phone_words("heard", "welcome.mp3"), "heard: welcome.mp3");
        assert_eq!(
            phone_words("heard", "One thing: wait"),
            "heard: One thing: wait"
        );
    }
}
