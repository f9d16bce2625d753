//! What the other roles count, each as a chart with its table.

use serde::Deserialize;
use serde_json::Value;

use super::charts::{Bar, bars, heat};
use super::figure::{Figure, amount, bar, count, decimal, dollars, drawing, items, whole};
use super::format::words;

/// What the roles answer.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    /// `/calls/summary`.
    pub calls: Value,
    /// `/calls/latency`.
    pub latency: Value,
    /// `/conversations/summary`.
    pub conversations: Value,
    /// `/api/interviews/summary`.
    pub interviews: Value,
    /// `/api/recordings/summary`.
    pub recordings: Value,
}

/// Calls in an hour of the week.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Hour {
    weekday: usize,
    hour: usize,
    answered: i64,
    missed: i64,
}

/// Every chart that has a table of its own.
pub fn all(counts: &Counts) -> Vec<Figure> {
    vec![
        missed(&counts.calls),
        waiting(&counts.conversations),
        bookings(&counts.conversations),
        funnel(&counts.interviews),
        scores(&counts.interviews),
        cost(&counts.interviews),
        latency(&counts.latency),
        recordings(&counts.recordings),
    ]
}

/// Counted from 1.
const DAYS: [&str; 8] = [
    "",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
];

fn missed(calls: &Value) -> Figure {
    let hours: Vec<Hour> = Deserialize::deserialize(&calls["hours"]).unwrap_or_default();
    let mut grid = [[0_i64; 24]; 7];
    for it in &hours {
        let day = it.weekday.checked_sub(1).and_then(|day| grid.get_mut(day));
        if let Some(cell) = day.and_then(|day| day.get_mut(it.hour)) {
            *cell += it.missed;
        }
    }
    let row = |it: &Hour| {
        let day = DAYS.get(it.weekday).copied().unwrap_or_default();
        vec![
            format!("{day} {:02}:00", it.hour),
            it.missed.to_string(),
            it.answered.to_string(),
        ]
    };
    let any = hours.iter().any(|it| it.missed > 0);
    Figure {
        title: "Missed calls by hour and weekday",
        svg: if any {
            heat("Missed calls by hour and weekday", &grid)
        } else {
            String::new()
        },
        heads: vec!["Hour", "Missed", "Answered"],
        rows: hours.iter().map(row).collect(),
        empty: "No call was missed in this period.",
    }
}

fn waiting(conversations: &Value) -> Figure {
    let kinds = [
        ("time_to_text", "Missed call to text"),
        ("time_to_reply_ai", "Text to AI's reply"),
        ("time_to_reply_human", "Text to a person's reply"),
    ];
    let there = kinds
        .iter()
        .filter(|(key, _)| count(&conversations[*key]["count"]) > 0);
    let one = |(key, name): &(&str, &str)| Bar {
        name: (*name).to_owned(),
        value: amount(&conversations[*key]["p50_s"]),
        text: format!("{} s", decimal(&conversations[*key]["p50_s"])),
        class: "answered",
    };
    let drawn: Vec<Bar> = there.map(one).collect();
    let row = |(key, name): &(&str, &str)| {
        let it = &conversations[*key];
        vec![
            (*name).to_owned(),
            whole(&it["count"]),
            decimal(&it["p50_s"]),
            decimal(&it["p90_s"]),
            decimal(&it["max_s"]),
        ]
    };
    Figure {
        title: "Time to text and to reply, half of them within",
        svg: drawing("Time to text and to reply", &drawn, None),
        heads: vec![
            "From, to",
            "Times",
            "Half within, s",
            "90 % within, s",
            "Longest, s",
        ],
        rows: kinds.iter().map(row).collect(),
        empty: "No call was texted back and no text answered in this period.",
    }
}

fn bookings(conversations: &Value) -> Figure {
    let it = &conversations["bookings"];
    let kinds = [
        ("confirmed", "answered"),
        ("tentative", "missed"),
        ("released", "other"),
    ];
    let any = kinds.iter().any(|(key, _)| count(&it[*key]) > 0);
    let drawn: Vec<Bar> = kinds
        .iter()
        .map(|(key, class)| bar(key, &it[*key], class))
        .collect();
    let of_day = |day: &Value| {
        let cells = ["conversations", "texted_back", "booked", "opted_out"];
        let mut row = vec![day["day"].as_str().unwrap_or_default().to_owned()];
        row.extend(cells.iter().map(|key| whole(&day[*key])));
        row
    };
    Figure {
        title: "Bookings",
        svg: if any {
            bars("Bookings by state", &drawn, None)
        } else {
            String::new()
        },
        heads: vec!["Day", "Conversations", "Texted back", "Booked", "Opted out"],
        rows: items(&conversations["days"]).iter().map(of_day).collect(),
        empty: "Nothing was booked in this period.",
    }
}

fn funnel(interviews: &Value) -> Figure {
    let it = &interviews["funnel"];
    let steps = [
        "made",
        "called",
        "picked_up",
        "answered",
        "completed",
        "evaluated",
    ];
    let any = count(&it["made"]) > 0;
    let drawn: Vec<Bar> = steps
        .iter()
        .map(|key| bar(&words(key), &it[*key], "answered"))
        .collect();
    let made = count(&it["made"]).max(1);
    let row = |key: &&str| {
        let share = count(&it[*key]) * 100 / made;
        vec![words(key), whole(&it[*key]), format!("{share} %")]
    };
    Figure {
        title: "Interviews, from made to evaluated",
        svg: if any {
            bars("Interviews by how far they came", &drawn, None)
        } else {
            String::new()
        },
        heads: vec!["Step", "Interviews", "Of those made"],
        rows: steps.iter().map(row).collect(),
        empty: "No interview was made in this period.",
    }
}

fn scores(interviews: &Value) -> Figure {
    let all = items(&interviews["scores"]);
    let name = |it: &Value| format!("{}–{}", count(&it["from"]), count(&it["to"]));
    let drawn: Vec<Bar> = all
        .iter()
        .map(|it| bar(&name(it), &it["interviews"], "answered"))
        .collect();
    let any = drawn.iter().any(|it| it.value > 0.0);
    Figure {
        title: "Scores",
        svg: if any {
            bars("Interviews by score", &drawn, None)
        } else {
            String::new()
        },
        heads: vec!["Score", "Interviews"],
        rows: all
            .iter()
            .map(|it| vec![name(it), whole(&it["interviews"])])
            .collect(),
        empty: "No interview has a score in this period.",
    }
}

fn cost(interviews: &Value) -> Figure {
    let (ai, days) = (&interviews["ai"], items(&interviews["days"]));
    let one = |day: &Value| Bar {
        name: day["day"].as_str().unwrap_or_default().to_owned(),
        value: amount(&day["cost_micro_usd"]),
        text: dollars(&day["cost_micro_usd"]),
        class: "answered",
    };
    let any = count(&ai["interviews"]) > 0;
    let drawn: Vec<Bar> = days.iter().rev().take(14).map(one).collect();
    let rows = vec![
        vec!["Interviews with AI".to_owned(), whole(&ai["interviews"])],
        vec!["Cost, all".to_owned(), dollars(&ai["cost_micro_usd"])],
        vec![
            "Cost of a call, mean".to_owned(),
            dollars(&ai["mean_micro_usd"]),
        ],
        vec![
            "Cost of the dearest call".to_owned(),
            dollars(&ai["most_micro_usd"]),
        ],
        vec![
            "Tokens read".to_owned(),
            format!("{:.0}", amount(&ai["prompt_tokens"])),
        ],
        vec![
            "Tokens written".to_owned(),
            format!("{:.0}", amount(&ai["completion_tokens"])),
        ],
    ];
    Figure {
        title: "AI for interviews: cost and tokens",
        svg: if any {
            bars("Cost of AI by day", &drawn, None)
        } else {
            String::new()
        },
        heads: vec!["What", "How much"],
        rows,
        empty: "AI was not asked for an interview in this period.",
    }
}

fn latency(latency: &Value) -> Figure {
    let stages = items(&latency["stages"]);
    let any = count(&latency["turns"]) > 0;
    let one = |it: &Value| {
        let (p95, budget) = (amount(&it["p95_ms"]), amount(&it["budget_ms"]));
        Bar {
            name: it["stage"].as_str().unwrap_or_default().to_owned(),
            value: p95,
            text: format!("{} ms of {}", whole(&it["p95_ms"]), whole(&it["budget_ms"])),
            class: if p95 > budget { "over" } else { "answered" },
        }
    };
    let drawn: Vec<Bar> = stages.iter().map(one).collect();
    let row = |it: &Value| {
        let cells = [
            "count",
            "budget_ms",
            "p50_ms",
            "p90_ms",
            "p95_ms",
            "p99_ms",
            "max_ms",
        ];
        let mut row = vec![it["stage"].as_str().unwrap_or_default().to_owned()];
        row.extend(cells.iter().map(|key| whole(&it[*key])));
        row
    };
    Figure {
        title: "Latency of turns on a stream, 95 % within",
        svg: if any {
            bars("Latency of turns", &drawn, None)
        } else {
            String::new()
        },
        heads: vec![
            "Stage",
            "Turns",
            "Budget, ms",
            "50 %",
            "90 %",
            "95 %",
            "99 %",
            "Longest",
        ],
        rows: stages.iter().map(row).collect(),
        empty: "No turn was taken on a stream in this period.",
    }
}

fn recordings(recordings: &Value) -> Figure {
    let types = items(&recordings["types"]);
    let share = |it: &Value| {
        let (stored, missing) = (count(&it["stored"]), count(&it["missing"]));
        let settled = (stored + missing).max(1);
        stored * 100 / settled
    };
    let name = |it: &Value| it["recording_type"].as_str().unwrap_or_default().to_owned();
    let one = |it: &Value| Bar {
        name: name(it),
        value: f64::from(i32::try_from(share(it)).unwrap_or(100)),
        text: format!("{} %", share(it)),
        class: if share(it) < 100 {
            "missed"
        } else {
            "answered"
        },
    };
    let drawn: Vec<Bar> = types.iter().map(one).collect();
    let row = |it: &Value| {
        let mut row = vec![name(it)];
        row.extend(
            ["stored", "pending", "missing"]
                .iter()
                .map(|key| whole(&it[*key])),
        );
        row
    };
    Figure {
        title: "Recordings that are complete",
        svg: drawing("Recordings that are complete, by type", &drawn, None),
        heads: vec!["Type", "Stored", "On their way", "Missing"],
        rows: types.iter().map(row).collect(),
        empty: "No call was recorded in this period.",
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::figure::csv;
    use super::*;

    #[test]
    fn figures_are_there_while_data_is_missing() {
        let figures = all(&Counts::default());
        assert_eq!(figures.len(), 8);
        assert!(
            figures
                .iter()
                .all(|it| it.svg.is_empty() && !it.empty.is_empty())
        );
    }

    #[test]
    fn counts_are_drawn_and_told() {
        let counts = Counts {
            calls: json!({ "hours": [{ "weekday": 1, "hour": 9, "missed": 3, "answered": 1 }] }),
            latency: json!({ "turns": 1, "stages": [{ "stage": "response", "budget_ms": 1115, "count": 1, "p95_ms": 1200 }] }),
            interviews: json!({ "funnel": { "made": 4, "called": 2 }, "ai": { "interviews": 1, "cost_micro_usd": 3600.0 },
                "days": [{ "day": "2026-11-29", "cost_micro_usd": 3600.0 }] }),
            ..Counts::default()
        };
        let figures = all(&counts);
        assert_eq!(
            figures[0].rows,
            [["Monday 09:00", "3", "1"].map(str::to_owned)]
        );
        assert!(figures[0].svg.contains("Mon 9:00: 3"));
        assert_eq!(figures[3].rows[1], ["called", "2", "50 %"]);
        assert!(figures[5].svg.contains("$0.0036"), "{}", figures[5].svg);
        assert!(
            figures[6].svg.contains("class=\"over\""),
            "{}",
            figures[6].svg
        );
        let file = csv(&figures);
        assert!(file.contains("\"called\",\"2\",\"50 %\"\r\n"), "{file}");
    }
}
