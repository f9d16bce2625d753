//! Charts and waveforms as SVG. Only numbers and words of ours go into them.

use std::fmt::Write as _;

use serde_json::Value;

use super::days::Day;

/// How many bars a waveform has at most.
const BARS: usize = 240;

/// A waveform with the first channel above the line and the second below it. The peaks are 0 to 1, a list a channel;
/// empty: there are none.
pub fn wave(peaks: &Value) -> String {
    let lists = peaks["channels"]
        .as_array()
        .or_else(|| peaks["peaks"].as_array());
    let Some(lists) = lists else {
        return String::new();
    };
    let lists: Vec<Vec<f64>> = match lists.first() {
        Some(Value::Array(_)) => lists.iter().map(numbers).collect(),
        Some(_) => vec![numbers(&Value::Array(lists.clone()))],
        None => return String::new(),
    };
    let (upper, lower) = (thinned(&lists[0]), lists.get(1).map(|it| thinned(it)));
    if upper.is_empty() {
        return String::new();
    }
    let width = upper.len() * 3;
    let mut svg = format!(
        "<svg class=\"wave\" viewBox=\"0 0 {width} 64\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"Waveform\" data-wave>"
    );
    bars(&mut svg, "caller", &upper, -1.0);
    bars(&mut svg, "callee", lower.as_deref().unwrap_or(&upper), 1.0);
    svg.push_str("<line class=\"play\" x1=\"0\" y1=\"0\" x2=\"0\" y2=\"64\"/></svg>");
    svg
}

fn numbers(list: &Value) -> Vec<f64> {
    let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
    let number = |it: &Value| it.as_f64().unwrap_or(0.0).abs();
    let list: Vec<f64> = list.iter().map(number).collect();
    // Bytes and samples of 16 bits are brought to 0..1.
    let most = list.iter().copied().fold(0.0, f64::max);
    let scale = match most {
        ..=1.0 => 1.0,
        ..=255.0 => 255.0,
        _ => 32_768.0,
    };
    list.iter().map(|it| (it / scale).min(1.0)).collect()
}

/// The loudest of each stretch.
fn thinned(list: &[f64]) -> Vec<f64> {
    let stretch = list.len().div_ceil(BARS).max(1);
    let loudest = |part: &[f64]| part.iter().copied().fold(0.0, f64::max);
    list.chunks(stretch).map(loudest).collect()
}

fn bars(svg: &mut String, class: &str, peaks: &[f64], side: f64) {
    let _ = write!(svg, "<path class=\"{class}\" d=\"");
    for (i, peak) in peaks.iter().enumerate() {
        let _ = write!(
            svg,
            "M{} 32v{:.1}",
            i * 3 + 1,
            side * (peak * 30.0).max(0.7)
        );
    }
    svg.push_str("\"/>");
}

/// Stacked columns of calls by day.
pub fn days(days: &[Day]) -> String {
    let most = days.iter().map(|it| it.total).max().unwrap_or(0).max(1);
    let count = i64::try_from(days.len()).unwrap_or(1).max(1);
    let step = (720 / count).clamp(8, 64);
    // The last label stands in the middle of its column, and may be wider.
    let width = step * count + 52;
    let mut svg = format!(
        "<svg class=\"chart\" viewBox=\"0 0 {width} 200\" role=\"img\" aria-label=\"Calls by day: answered, missed and other\">"
    );
    for share in [0, 1, 2] {
        let y = 160 - share * 70;
        let value = most * share / 2;
        let _ = write!(
            svg,
            "<line class=\"grid\" x1=\"36\" x2=\"{width}\" y1=\"{y}\" y2=\"{y}\"/><text x=\"30\" y=\"{}\" class=\"axis end\">{value}</text>",
            y + 4
        );
    }
    let label_every = (count / 8).max(1);
    for (i, day) in (0_i64..).zip(days) {
        let x = 40 + i * step;
        let mut y = 160;
        for (class, value) in [
            ("answered", day.answered),
            ("missed", day.missed),
            ("other", day.other()),
        ] {
            let height = value * 140 / most;
            y -= height;
            let _ = write!(
                svg,
                "<rect class=\"{class}\" x=\"{x}\" y=\"{y}\" width=\"{}\" height=\"{height}\"><title>{}: {value} {class}</title></rect>",
                step - 3,
                date(&day.day)
            );
        }
        if i % label_every == 0 {
            let _ = write!(
                svg,
                "<text class=\"axis middle\" x=\"{}\" y=\"180\">{}</text>",
                x + (step - 3) / 2,
                date(&day.day).get(5..).unwrap_or_default()
            );
        }
    }
    svg.push_str("</svg>");
    svg
}

/// A date's digits and dashes, nothing else.
fn date(text: &str) -> String {
    let plain = |c: &char| c.is_ascii_digit() || *c == '-';
    text.chars().filter(plain).take(10).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn wave_has_a_channel_on_each_side() {
        let svg = wave(&json!({ "channels": [[0.5, 1.0], [0.2, 0.1]] }));
        assert!(svg.contains("v-30.0") && svg.contains("v6.0"), "{svg}");
        assert_eq!(wave(&json!({})), "");
        assert_eq!(wave(&json!({ "peaks": [] })), "");
        assert!(wave(&json!({ "peaks": [0.1, 0.4] })).contains("v12.0"));
        let long = wave(&json!({ "peaks": vec![0.5; 10_000] }));
        assert!(long.len() < 10_000, "{}", long.len());
    }

    #[test]
    fn chart_takes_nothing_but_digits_from_outside() {
        let day = Day {
            day: "<script>2026-11-29".to_owned(),
            total: 3,
            answered: 2,
            missed: 1,
            ..Day::default()
        };
        let svg = days(&[day]);
        assert!(!svg.contains("<script>"), "{svg}");
        assert!(svg.contains("2026-11-29: 2 answered"), "{svg}");
    }
}
