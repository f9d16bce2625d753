//! The parts of a tenant that a form writes as lines: read from them, and written into them.

use serde_json::{Value, json};

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// The week of the form.
pub fn hours<'a>(field: impl Fn(&str) -> &'a str) -> Value {
    let mut week = serde_json::Map::new();
    for day in DAYS {
        let spans = field(day).split(',').map(str::trim);
        let spans: Vec<&str> = spans.filter(|span| !span.is_empty()).collect();
        if !spans.is_empty() {
            week.insert(day.to_owned(), json!(spans));
        }
    }
    Value::Object(week)
}

/// Services, a line each: name; from; to; currency; minutes; `emergency`.
pub fn services(text: &str) -> Value {
    let line = |line: &str| {
        let cells: Vec<&str> = line.split(';').map(str::trim).collect();
        let cell = |n: usize| cells.get(n).copied().unwrap_or_default();
        let mut service =
            json!({ "name": cell(0), "emergency": cell(5).eq_ignore_ascii_case("emergency") });
        for (n, name) in [(1, "price_from"), (2, "price_to"), (4, "duration_min")] {
            if !cell(n).is_empty() {
                // What is no number is refused by the API, in its own words.
                let number = serde_json::from_str::<serde_json::Number>(cell(n));
                service[name] = number.map_or(json!(cell(n)), Value::Number);
            }
        }
        if !cell(3).is_empty() {
            service["currency"] = json!(cell(3));
        }
        service
    };
    let lines = text.lines().map(str::trim).filter(|it| !it.is_empty());
    Value::Array(lines.map(line).collect())
}

/// The same, written as lines.
pub fn service_lines(services: &Value) -> String {
    let cell = |it: &Value| match it {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    let line = |it: &Value| {
        let emergency = it["emergency"].as_bool().unwrap_or(false);
        let names = ["name", "price_from", "price_to", "currency", "duration_min"];
        let mut cells: Vec<String> = names.iter().map(|name| cell(&it[*name])).collect();
        cells.push(if emergency { "emergency" } else { "" }.to_owned());
        cells.join("; ").trim_end_matches([';', ' ']).to_owned()
    };
    let all = services.as_array().map(Vec::as_slice).unwrap_or_default();
    all.iter().map(line).collect::<Vec<_>>().join("\n")
}

/// Where it works; neither: everywhere.
pub fn service_area(postal_codes: &str, text: &str) -> Value {
    let codes = postal_codes.split([',', '\n', ' ']).map(str::trim);
    let codes: Vec<&str> = codes.filter(|it| !it.is_empty()).collect();
    if codes.is_empty() && text.is_empty() {
        return Value::Null;
    }
    let mut area = json!({ "postal_codes": codes });
    if !text.is_empty() {
        area["text"] = json!(text);
    }
    area
}

/// When it can be booked.
pub fn calendar([slot_min, days_ahead, capacity]: [Value; 3], blocked: &str) -> Value {
    let days = blocked.split([',', '\n', ' ']).map(str::trim);
    let days: Vec<&str> = days.filter(|it| !it.is_empty()).collect();
    json!({ "slot_min": slot_min, "days_ahead": days_ahead, "capacity": capacity, "blocked": days })
}

/// A list of texts as one, with commas.
pub fn joined(list: &Value) -> String {
    let all = list.as_array().map(Vec::as_slice).unwrap_or_default();
    let texts = all.iter().filter_map(Value::as_str);
    texts.collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_come_back_as_they_were_written() {
        let text = "Leak repair; 120; 300; USD; 90; emergency\nCheck-up; ; 49.50";
        let all = services(text);
        assert_eq!(
            all[0],
            json!({ "name": "Leak repair", "price_from": 120, "price_to": 300, "currency": "USD", "duration_min": 90, "emergency": true })
        );
        assert_eq!(
            all[1],
            json!({ "name": "Check-up", "price_to": 49.5, "emergency": false })
        );
        assert_eq!(services(&service_lines(&all)), all);
        assert_eq!(services("x; cheap")[0]["price_from"], "cheap");
    }

    #[test]
    fn week_has_the_open_days_only() {
        let week = hours(|day| {
            if day == "sat" {
                "08:00-12:00, 13:00-16:00"
            } else {
                ""
            }
        });
        assert_eq!(week, json!({ "sat": ["08:00-12:00", "13:00-16:00"] }));
    }

    #[test]
    fn area_without_anything_is_everywhere() {
        assert_eq!(service_area(" ", ""), Value::Null);
        assert_eq!(
            service_area("94110, 94103", "")["postal_codes"],
            json!(["94110", "94103"])
        );
    }
}
