//! A chart with its table, its numbers in words, and tables as a file.

use std::fmt::Write as _;

use serde_json::Value;

use super::charts::{Bar, bars};

/// A chart with its table.
pub struct Figure {
    /// What it shows.
    pub title: &'static str,
    /// The chart; empty: there is nothing to draw.
    pub svg: String,
    /// The heads of the table's columns.
    pub heads: Vec<&'static str>,
    /// Its rows.
    pub rows: Vec<Vec<String>>,
    /// What is said where there is nothing.
    pub empty: &'static str,
}

/// A whole number, 0 where there is none.
pub fn count(value: &Value) -> i64 {
    value.as_i64().unwrap_or(0)
}

/// A number, 0 where there is none.
pub fn amount(value: &Value) -> f64 {
    value.as_f64().unwrap_or(0.0)
}

/// The rows of a list.
pub fn items(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

/// A bar of a count.
pub fn bar(name: &str, value: &Value, class: &'static str) -> Bar {
    Bar {
        name: name.to_owned(),
        value: amount(value),
        text: count(value).to_string(),
        class,
    }
}

/// A number with its decimals, or a dash.
pub fn decimal(value: &Value) -> String {
    value
        .as_f64()
        .map_or_else(|| "—".to_owned(), |it| format!("{it:.1}"))
}

/// A whole number for people, or a dash.
pub fn whole(value: &Value) -> String {
    value
        .as_i64()
        .map_or_else(|| "—".to_owned(), |it| it.to_string())
}

/// Millionths of a US dollar for people.
pub fn dollars(micro: &Value) -> String {
    format!("${:.4}", amount(micro) / 1_000_000.0)
}

/// Bars, or nothing where there are none.
pub fn drawing(title: &str, drawn: &[Bar], mark: Option<f64>) -> String {
    match drawn.is_empty() {
        true => String::new(),
        false => bars(title, drawn, mark),
    }
}

/// Every table, one after the other, as a file.
pub fn csv(figures: &[Figure]) -> String {
    let mut file = String::new();
    for figure in figures {
        let heads: Vec<String> = figure.heads.iter().map(|it| cell(it)).collect();
        let _ = write!(file, "{}\r\n{}\r\n", cell(figure.title), heads.join(","));
        for row in &figure.rows {
            let cells: Vec<String> = row.iter().map(|it| cell(it)).collect();
            let _ = write!(file, "{}\r\n", cells.join(","));
        }
        file.push_str("\r\n");
    }
    file
}

/// A cell in quotation marks, which no spreadsheet takes for a formula.
fn cell(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let guard = if formula { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\""))
}
