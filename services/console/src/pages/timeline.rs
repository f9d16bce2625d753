//! The lines of a call's timeline as a page shows them.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::format::{clock_time, tone, words};
use super::shapes::Line;

/// A line.
#[derive(Debug, Default)]
pub struct ShownLine {
    /// Its class in the style.
    pub kind: &'static str,
    /// What happened.
    pub what: String,
    /// The time of day.
    pub at: String,
    /// After the call's begin.
    pub after: String,
    /// How long it took.
    pub took: String,
    /// Of a webhook: the signature's verdict in words, with its colour.
    pub verdict: Option<(String, &'static str)>,
    /// Why, in a sentence.
    pub explanation: String,
    /// Small facts, by name.
    pub facts: Vec<(String, String)>,
    /// TwiML.
    pub document: String,
    /// Longer things, by name.
    pub more: Vec<(String, String)>,
    /// A webhook's parameters as they came.
    pub raw: Vec<(String, String)>,
    /// Whether a process noted it beside the call, at best.
    pub noted: bool,
}

/// All lines, each with its distance from the first.
pub fn lines(items: Vec<Line>) -> Vec<ShownLine> {
    let start = items.first().and_then(|line| line.at);
    items.into_iter().map(|line| shown(line, start)).collect()
}

/// One.
pub fn shown(line: Line, start: Option<DateTime<Utc>>) -> ShownLine {
    let after = line.at.zip(start).map(|(at, start)| at - start);
    let mut shown = ShownLine {
        kind: kind(&line.kind),
        at: line.at.map_or_else(String::new, clock_time),
        after: after.map_or_else(String::new, span),
        ..ShownLine::default()
    };
    for (name, value) in line.detail.as_object().into_iter().flatten() {
        take(&mut shown, name, value);
    }
    if shown.what.is_empty() {
        shown.what = words(&line.kind);
    }
    shown
}

fn take(shown: &mut ShownLine, name: &str, value: &Value) {
    let text = match value {
        Value::Null => return,
        Value::String(text) if text.is_empty() => return,
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    match (name, value) {
        ("what", _) => shown.what = text,
        ("xml" | "twiml", _) => shown.document = text,
        ("explanation", _) => shown.explanation = text,
        ("verdict", _) => shown.verdict = Some(verdict(&text)),
        ("noted_by", _) => {
            shown.noted = true;
            shown.facts.push(("role".to_owned(), text));
        }
        ("took_ms", _) => shown.took = value.as_i64().map_or_else(String::new, milliseconds),
        ("cost_micro_usd", _) => shown.facts.push(("cost".to_owned(), cost(value))),
        ("raw", Value::Object(parameters)) => {
            let plain = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            shown.raw = parameters
                .iter()
                .map(|(name, value)| (name.clone(), plain(value)))
                .collect();
        }
        ("parameters", Value::Array(names)) => {
            let names: Vec<&str> = names.iter().filter_map(Value::as_str).collect();
            shown.more.push(("Parameters".to_owned(), names.join(", ")));
        }
        (_, Value::Object(_) | Value::Array(_)) => {
            let text = serde_json::to_string_pretty(value).unwrap_or(text);
            shown.more.push((capital(&words(name)), text));
        }
        _ => shown.facts.push((words(name), text)),
    }
}

/// A webhook's verdict for people, with its colour.
pub fn verdict(word: &str) -> (String, &'static str) {
    let (words, tone) = match word {
        "valid" => ("signature valid", "good"),
        "refused" => ("refused", "bad"),
        "unreadable" => ("cannot be read", "bad"),
        "not_checked" => ("not checked yet", "warn"),
        other => (other, tone(other)),
    };
    (words.to_owned(), tone)
}

/// A time from the call's begin; nothing for the first line.
fn span(after: TimeDelta) -> String {
    match after.num_milliseconds() {
        ..=0 => String::new(),
        ms => milliseconds(ms),
    }
}

/// A time for people.
pub fn milliseconds(ms: i64) -> String {
    match ms {
        ..1000 => format!("{ms} ms"),
        1000..60_000 => format!("{}.{} s", ms / 1000, ms % 1000 / 100),
        _ => format!("{} min {:02} s", ms / 60_000, ms % 60_000 / 1000),
    }
}

/// Millionths of a dollar.
fn cost(value: &Value) -> String {
    let micro = value.as_u64().unwrap_or_default();
    format!("${}.{:06}", micro / 1_000_000, micro % 1_000_000)
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|c| c.to_uppercase().to_string());
    format!("{}{}", first.unwrap_or_default(), letters.as_str())
}

/// A kind as a class of the style.
fn kind(word: &str) -> &'static str {
    match word {
        "webhook" => "webhook",
        "twiml" => "twiml",
        "event" => "event",
        "effect" => "effect",
        "provider" => "provider",
        "turn" => "turn",
        _ => "note",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn line(detail: Value, ms: i64) -> Line {
        let at = DateTime::from_timestamp(1_800_000_000, 0);
        Line {
            at: at.map(|at| at + TimeDelta::milliseconds(ms)),
            kind: "twiml".to_owned(),
            detail,
        }
    }

    #[test]
    fn line_shows_facts_and_keeps_its_document_apart() {
        let shown = lines(vec![
            line(
                json!({ "what": "call comes in", "status": "ringing", "origin": "" }),
                0,
            ),
            line(json!({ "plan": "forward", "xml": "<Response/>" }), 1_540),
        ]);
        assert_eq!(shown[0].what, "call comes in");
        assert_eq!(
            shown[0].facts,
            [("status".to_owned(), "ringing".to_owned())]
        );
        assert_eq!(
            (shown[1].after.as_str(), shown[1].document.as_str()),
            ("1.5 s", "<Response/>")
        );
    }

    #[test]
    fn noted_line_shows_verdict_duration_cost_and_parameters() {
        let detail = json!({
            "what": "/webhooks/twilio/call", "noted_by": "ingress", "verdict": "valid", "took_ms": 12,
            "cost_micro_usd": 1_250, "parameters": ["CallSid", "From"], "raw": { "From": "+15550109999" },
        });
        let shown = lines(vec![line(detail, 0)]).remove(0);
        assert!(shown.noted);
        assert_eq!(shown.took, "12 ms");
        assert_eq!(shown.verdict, Some(("signature valid".to_owned(), "good")));
        assert!(
            shown
                .facts
                .contains(&("cost".to_owned(), "$0.001250".to_owned()))
        );
        assert_eq!(shown.more[0].1, "CallSid, From");
        assert_eq!(shown.raw[0].1, "+15550109999");
    }

    #[test]
    fn time_is_said_as_people_say_it() {
        assert_eq!(milliseconds(7), "7 ms");
        assert_eq!(milliseconds(61_500), "1 min 01 s");
    }
}
