//! How long the turns of a call on a stream took, against their budget.

use std::fmt::Write as _;

use serde_json::Value;

use super::shapes::Line;

/// The parts of a turn in their order, each with its class in the style.
const PARTS: [(&str, &str); 4] = [
    ("hangover", "hangover_ms"),
    ("transcription", "transcription_ms"),
    ("decision", "decision_ms"),
    ("speech", "speech_ms"),
];
/// A part without a budget of its own.
const HANGOVER_BUDGET_MS: u64 = 290;

/// A turn.
#[derive(Debug, Clone, Default)]
pub struct Turn {
    /// From 1.
    pub number: u64,
    /// Name, milliseconds, and the budget where there is one.
    pub parts: Vec<(&'static str, u64, Option<u64>)>,
    /// From the caller's last sound to our first.
    pub response_ms: Option<u64>,
    /// What that may take.
    pub budget_ms: u64,
    /// Whether the caller spoke over it.
    pub interrupted: bool,
}

impl Turn {
    /// Whether it took longer than it may.
    pub fn is_late(&self) -> bool {
        self.response_ms.is_some_and(|ms| ms > self.budget_ms)
    }

    /// What it took, for people.
    pub fn words(&self) -> String {
        match self.response_ms {
            Some(ms) => format!("{ms} ms of {} ms", self.budget_ms),
            None => "nothing was said".to_owned(),
        }
    }
}

/// The turns on a timeline.
pub fn turns(lines: &[Line]) -> Vec<Turn> {
    lines.iter().filter_map(turn).collect()
}

fn turn(line: &Line) -> Option<Turn> {
    let detail = &line.detail;
    let number = detail["turn"].as_u64()?;
    let budget = |name: &str| detail["budget_ms"][name].as_u64();
    let response_budget = budget("response")?;
    let parts = PARTS.iter().filter_map(|(name, field)| {
        let ms = detail[*field].as_u64()?;
        let own = match *name {
            "hangover" => Some(HANGOVER_BUDGET_MS),
            name => budget(name),
        };
        Some((*name, ms, own))
    });
    Some(Turn {
        number,
        parts: parts.collect(),
        response_ms: detail["response_ms"].as_u64(),
        budget_ms: response_budget,
        interrupted: detail["interrupted"] == Value::Bool(true),
    })
}

/// A bar for each turn, its parts one after another, with the budget as a line across all of them.
pub fn bars(turns: &[Turn]) -> String {
    if turns.is_empty() {
        return String::new();
    }
    let total = |turn: &Turn| {
        let sum: u64 = turn.parts.iter().map(|(_, ms, _)| ms).sum();
        sum.max(turn.response_ms.unwrap_or_default())
    };
    let budget = turns.iter().map(|it| it.budget_ms).max().unwrap_or(1);
    let most = turns
        .iter()
        .map(total)
        .max()
        .unwrap_or(1)
        .max(budget)
        .max(1);
    let scale = |ms: u64| ms * 600 / most;
    let height = turns.len() * 22 + 18;
    let mut svg = format!(
        "<svg class=\"chart turns\" viewBox=\"0 0 680 {height}\" role=\"img\" aria-label=\"How long each turn took, against {budget} ms\">"
    );
    for (nth, turn) in turns.iter().enumerate() {
        let y = nth * 22 + 2;
        let _ = write!(
            svg,
            "<text class=\"axis end\" x=\"34\" y=\"{}\">{}</text>",
            y + 13,
            turn.number
        );
        let mut x = 40;
        for (name, ms, own) in &turn.parts {
            let late = own.is_some_and(|own| *ms > own);
            let _ = write!(
                svg,
                "<rect class=\"{name}{}\" x=\"{x}\" y=\"{y}\" width=\"{}\" height=\"16\"><title>{name}: {ms} ms{}</title></rect>",
                if late { " late" } else { "" },
                scale(*ms).max(1),
                own.map_or_else(String::new, |own| format!(", may take {own} ms")),
            );
            x += scale(*ms);
        }
    }
    let at = 40 + scale(budget);
    let _ = write!(
        svg,
        "<line class=\"budget\" x1=\"{at}\" x2=\"{at}\" y1=\"0\" y2=\"{}\"/><text class=\"axis end\" x=\"{at}\" y=\"{}\">{budget} ms</text></svg>",
        height - 14,
        height - 3
    );
    svg
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn turn_is_read_with_its_budget_and_told_late() {
        let line = |response_ms: u64| Line {
            at: None,
            kind: "event".to_owned(),
            detail: json!({
                "what": "a turn was taken", "turn": 2, "hangover_ms": 250, "transcription_ms": 900, "decision_ms": 100,
                "speech_ms": 50, "response_ms": response_ms, "interrupted": true,
                "budget_ms": {"transcription": 350, "decision": 375, "speech": 100, "response": 1115},
            }),
        };
        let found = turns(&[line(1_300), Line::default()]);
        assert_eq!(found.len(), 1);
        assert!(found[0].is_late() && found[0].interrupted);
        assert_eq!(found[0].words(), "1300 ms of 1115 ms");
        let svg = bars(&found);
        assert!(svg.contains("class=\"transcription late\""), "{svg}");
        assert!(svg.contains("class=\"decision\""), "{svg}");
        assert!(!turns(&[line(800)])[0].is_late());
        assert_eq!(bars(&[]), "");
    }
}
