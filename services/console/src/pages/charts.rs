//! More charts as SVG. Only numbers and words of ours go into them.

use std::fmt::Write as _;

/// A bar: its name, its value, and what is written beside it.
pub struct Bar {
    /// One of our words.
    pub name: String,
    /// How long it is.
    pub value: f64,
    /// What is written at its end.
    pub text: String,
    /// `answered`, `missed`, `other` or `over`.
    pub class: &'static str,
}

/// Horizontal bars, the longest as wide as there is room; `mark` draws a line at a value.
pub fn bars(title: &str, all: &[Bar], mark: Option<f64>) -> String {
    const LEFT: f64 = 150.0;
    const ROOM: f64 = 420.0;
    let longest = all.iter().map(|it| it.value).fold(0.0, f64::max);
    let most = longest.max(mark.unwrap_or_default()).max(1e-9);
    let height = all.len() * 26 + 8;
    let mut svg = format!(
        "<svg class=\"chart\" viewBox=\"0 0 680 {height}\" role=\"img\" aria-label=\"{}\">",
        plain(title)
    );
    for (n, bar) in all.iter().enumerate() {
        let y = n * 26 + 4;
        let width = (bar.value / most * ROOM).max(0.0);
        let _ = write!(
            svg,
            "<text class=\"axis end\" x=\"{}\" y=\"{}\">{}</text><rect class=\"{}\" x=\"{LEFT}\" y=\"{y}\" width=\"{width:.1}\" height=\"18\" rx=\"2\"/><text class=\"axis\" x=\"{:.1}\" y=\"{}\">{}</text>",
            LEFT - 8.0,
            y + 13,
            plain(&bar.name),
            bar.class,
            LEFT + width + 6.0,
            y + 13,
            plain(&bar.text),
        );
    }
    if let Some(mark) = mark {
        let x = LEFT + mark / most * ROOM;
        let _ = write!(
            svg,
            "<line class=\"budget\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"0\" y2=\"{height}\"/>"
        );
    }
    svg.push_str("</svg>");
    svg
}

/// Counts by weekday (a row each, Monday first) and hour.
pub fn heat(title: &str, counts: &[[i64; 24]; 7]) -> String {
    const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    let most = counts.iter().flatten().copied().max().unwrap_or(0).max(1);
    let mut svg = format!(
        "<svg class=\"chart heat\" viewBox=\"0 0 680 200\" role=\"img\" aria-label=\"{}\">",
        plain(title)
    );
    for (row, (name, hours)) in DAYS.iter().zip(counts).enumerate() {
        let y = row * 24 + 4;
        let _ = write!(
            svg,
            "<text class=\"axis end\" x=\"36\" y=\"{}\">{name}</text>",
            y + 15
        );
        for (hour, count) in hours.iter().enumerate() {
            // Five steps, so that they can be told apart.
            let step = if *count == 0 {
                0
            } else {
                (count * 4).div_euclid(most).clamp(1, 4)
            };
            let x = 42 + hour * 26;
            let _ = write!(
                svg,
                "<rect class=\"heat{step}\" x=\"{x}\" y=\"{y}\" width=\"24\" height=\"22\" rx=\"2\"><title>{name} {hour}:00: {count}</title></rect>"
            );
        }
    }
    for hour in [0, 6, 12, 18, 23] {
        let _ = write!(
            svg,
            "<text class=\"axis\" x=\"{}\" y=\"188\">{hour}</text>",
            46 + hour * 26
        );
    }
    svg.push_str("</svg>");
    svg
}

/// Letters, digits and a few marks, nothing that SVG would read.
fn plain(text: &str) -> String {
    let good = |c: &char| c.is_alphanumeric() || " .,:%+-–/()$".contains(*c);
    text.chars().filter(good).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_take_no_markup() {
        let bar = |name: &str, value| Bar {
            name: name.to_owned(),
            value,
            text: "1 <b>".to_owned(),
            class: "answered",
        };
        let svg = bars("a \"b\"", &[bar("<script>", 1.0), bar("x", 2.0)], Some(4.0));
        assert!(!svg.contains("<script>") && !svg.contains("<b>"), "{svg}");
        // Half of the mark, which is the longest.
        assert!(svg.contains("width=\"210.0\""), "{svg}");
        assert!(svg.contains("class=\"budget\" x1=\"570.0\""), "{svg}");
        assert!(!bars("none", &[], None).contains("rect"));
    }

    #[test]
    fn most_is_darkest() {
        let mut counts = [[0; 24]; 7];
        (counts[0][9], counts[6][23]) = (8, 1);
        let svg = heat("Missed", &counts);
        assert!(
            svg.contains("Mon 9:00: 8") && svg.contains("heat4"),
            "{svg}"
        );
        assert_eq!(svg.matches("heat1").count(), 1);
    }
}
