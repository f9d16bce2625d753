//! The rules for emergencies against messages written for this project: recall is asserted, false alarms are printed.

#![expect(clippy::unwrap_used, reason = "a test that fails says where")]

use triage::{Level, Season, Trade, urgency};

const MESSAGES: &str = include_str!("data/messages.txt");

struct Message<'a> {
    trade: &'a str,
    is_emergency: bool,
    season: Season,
    text: &'a str,
}

fn messages() -> Vec<Message<'static>> {
    let read = |line: &'static str| {
        let mut parts = line.splitn(4, '|');
        let mut part = || parts.next().unwrap();
        let (trade, label, season, text) = (part(), part(), part(), part());
        let season = match season {
            "winter" => Season::Winter,
            "summer" => Season::Summer,
            _ => Season::Mild,
        };
        Message {
            trade,
            is_emergency: label == "emergency",
            season,
            text,
        }
    };
    let lines = MESSAGES
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(read).collect()
}

fn flagged(message: &Message<'_>) -> bool {
    urgency(Trade::parse(message.trade), message.season, message.text).level == Level::Emergency
}

#[test]
fn emergencies_are_found_and_false_alarms_are_few() {
    let messages = messages();
    assert!(messages.len() >= 150, "{}", messages.len());
    for trade in ["plumbing", "electrical", "hvac", "locksmith", "garage_door"] {
        assert!(
            messages.iter().filter(|it| it.trade == trade).count() >= 25,
            "{trade}"
        );
    }
    let (emergencies, others): (Vec<_>, Vec<_>) = messages.iter().partition(|it| it.is_emergency);
    let missed: Vec<_> = emergencies
        .iter()
        .filter(|it| !flagged(it))
        .map(|it| it.text)
        .collect();
    let alarms: Vec<_> = others
        .iter()
        .filter(|it| flagged(it))
        .map(|it| it.text)
        .collect();
    let recall = 1.0 - missed.len() as f64 / emergencies.len() as f64;
    #[expect(clippy::print_stdout, reason = "an evaluation prints its figures")]
    {
        println!(
            "{} emergencies, recall {:.1} %, missed: {missed:#?}\n{} others, false alarms: {alarms:#?}",
            emergencies.len(),
            recall * 100.0,
            others.len()
        );
    }
    assert!(recall >= 0.95, "recall {recall}, missed {missed:#?}");
    assert!(
        alarms.len() * 20 <= others.len(),
        "false alarms: {alarms:#?}"
    );
}
