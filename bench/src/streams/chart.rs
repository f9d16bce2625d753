//! Calls against processors and lateness, as an SVG that needs nothing but itself.

use std::fmt::Write;

use serde_json::Value;

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 300.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 56.0;
const TOP: f64 = 40.0;
const BOTTOM: f64 = 44.0;

/// A row of figures: its name, its colour, what its axis ends with.
struct Series {
    name: &'static str,
    label: &'static str,
    colour: &'static str,
    most: f64,
}

/// Draws the steps of a run.
pub fn draw(steps: &[Value]) -> String {
    let figure = |step: &Value, name: &str| step[name].as_f64().unwrap_or_default();
    let most = |name: &str| steps.iter().map(|it| figure(it, name)).fold(0.0, f64::max);
    let calls = most("calls").max(1.0);
    let cores = Series {
        name: "cores",
        label: "cores, platform",
        colour: "#2563eb",
        most: round_up(most("cores")),
    };
    let echo = Series {
        name: "echo_cores",
        label: "cores, bare echo",
        colour: "#93a3b8",
        most: cores.most,
    };
    let late = Series {
        name: "late_p99_ms",
        label: "lateness p99, ms (right)",
        colour: "#c2410c",
        most: round_up(most("late_p99_ms").max(10.0)),
    };
    let mut svg = format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="system-ui, sans-serif" font-size="12" role="img" aria-label="Calls against processors and lateness of frames"><rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>"##
    );
    axes(&mut svg, calls, cores.most, late.most);
    for (place, series) in [&cores, &echo, &late].into_iter().enumerate() {
        let points = steps.iter().map(|step| {
            let x = across(figure(step, "calls") / calls);
            (x, up(figure(step, series.name) / series.most))
        });
        line(&mut svg, series, &points.collect::<Vec<_>>(), place);
    }
    svg.push_str("</svg>\n");
    svg
}

fn across(share: f64) -> f64 {
    LEFT + (WIDTH - LEFT - RIGHT) * share
}

fn up(share: f64) -> f64 {
    HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share.min(1.0)
}

/// 1, 2 or 5 of a power of ten.
fn round_up(value: f64) -> f64 {
    let power = 10f64.powf(value.max(1e-3).log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0].into_iter().map(|it| it * power);
    step.into_iter().find(|it| *it >= value).unwrap_or(value)
}

fn axes(svg: &mut String, calls: f64, cores: f64, late: f64) {
    // Writing to a String cannot fail.
    let mut put = |x: f64, y: f64, anchor: &str, text: &str| {
        let _ = write!(
            svg,
            r##"<text x="{x:.1}" y="{y:.1}" text-anchor="{anchor}" fill="#475569">{text}</text>"##
        );
    };
    for quarter in 0..=4 {
        let share = f64::from(quarter) / 4.0;
        put(
            across(share),
            HEIGHT - BOTTOM + 18.0,
            "middle",
            &format!("{:.0}", calls * share),
        );
        put(
            LEFT - 8.0,
            up(share) + 4.0,
            "end",
            &format!("{:.2}", cores * share),
        );
        put(
            WIDTH - RIGHT + 8.0,
            up(share) + 4.0,
            "start",
            &format!("{:.0}", late * share),
        );
    }
    put(WIDTH / 2.0, HEIGHT - 8.0, "middle", "calls at once");
    for quarter in 0..=4 {
        let y = up(f64::from(quarter) / 4.0);
        let (from, to) = (across(0.0), across(1.0));
        let _ = write!(
            svg,
            r##"<path d="M{from:.1} {y:.1}H{to:.1}" stroke="#e2e8f0"/>"##
        );
    }
}

fn line(svg: &mut String, series: &Series, points: &[(f64, f64)], place: usize) {
    let path: Vec<String> = points
        .iter()
        .map(|(x, y)| format!("{x:.1},{y:.1}"))
        .collect();
    let (colour, label) = (series.colour, series.label);
    let _ = write!(
        svg,
        r#"<polyline points="{}" fill="none" stroke="{colour}" stroke-width="2"/>"#,
        path.join(" ")
    );
    for (x, y) in points {
        let _ = write!(
            svg,
            r#"<circle cx="{x:.1}" cy="{y:.1}" r="3" fill="{colour}"/>"#
        );
    }
    let x = LEFT + 170.0 * place as f64;
    let _ = write!(
        svg,
        r##"<rect x="{x:.1}" y="14" width="12" height="4" fill="{colour}"/><text x="{:.1}" y="20" fill="#0f172a">{label}</text>"##,
        x + 18.0
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn chart_has_a_point_for_each_step_and_row() {
        let step = |calls: u64| json!({"calls": calls, "cores": 0.4, "echo_cores": 0.2, "late_p99_ms": 3.0});
        let svg = draw(&[step(100), step(250)]);
        assert_eq!(svg.matches("<circle").count(), 6);
        assert!(svg.starts_with("<svg") && svg.ends_with("</svg>\n"));
        assert_eq!(
            (round_up(0.34), round_up(7.0), round_up(10.0)),
            (0.5, 10.0, 10.0)
        );
    }
}
