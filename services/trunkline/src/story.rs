//! A call, told: what the caller's side saw and what the platform did, in one order.

use chrono::{DateTime, Utc};
use serde_json::Value;

use crate::screen::{Colour, paint, say};

/// One line of the story.
struct Line {
    at: DateTime<Utc>,
    side: &'static str,
    text: String,
}

/// Prints the timelines of the phone (the emulator's view of a call) and of the platform, merged. The phone's time may
/// run faster than ours, so both are told from the call's start.
pub fn tell(phone: &Value, platform: &Value, speed: f64) {
    let mut lines = phone_lines(phone, speed);
    lines.extend(platform_lines(platform));
    let Some(start) = lines.iter().map(|line| line.at).min() else {
        return;
    };
    lines.sort_by_key(|line| line.at);
    for line in lines {
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
    use super::phone_words;

    #[test]
    fn a_simulated_voice_is_called_one() {
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
