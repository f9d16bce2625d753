//! Twilio's list envelope. The next page is named by the last item of this one, so that items which arrive meanwhile do
//! not push others onto the next page twice.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Map, Value, json};

use crate::http::{Exchange, Reply};
use crate::state::State;

/// Twilio's default and limit.
const DEFAULT: usize = 50;
const MOST: usize = 1000;

/// What was made later than this is not listed yet: at Twilio lists come late, here when a fault wants it.
pub(super) fn listed_until(exchange: &Exchange, state: &State) -> DateTime<Utc> {
    let lag_ms = (state.faults.list_lag_s() * 1000.0) as i64;
    exchange.shared.time.now() - TimeDelta::milliseconds(lag_ms)
}

/// Cuts a page out of all items (the first to be shown first) and wraps it.
pub(super) fn page<T>(
    exchange: &Exchange,
    key: &str,
    items: &[T],
    sid: fn(&T) -> &str,
    json: impl Fn(&T) -> Value,
) -> Result<Reply, Reply> {
    let number = |name: &str| {
        exchange
            .query
            .get(name)
            .map(str::parse::<usize>)
            .transpose()
    };
    let bad = |_| Reply::refused(400, 20001, "Page and PageSize are whole numbers");
    let size = number("PageSize")
        .map_err(bad)?
        .unwrap_or(DEFAULT)
        .clamp(1, MOST);
    let page = number("Page").map_err(bad)?.unwrap_or(0);
    let token = exchange
        .query
        .get("PageToken")
        .and_then(|token| token.strip_prefix("PA"));
    let start = token
        .and_then(|token| {
            items
                .iter()
                .position(|item| sid(item) == token)
                .map(|at| at + 1)
        })
        .unwrap_or(page.saturating_mul(size))
        .min(items.len());
    let shown = &items[start..(start + size).min(items.len())];
    let uri = |page: usize, token: Option<&str>| {
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in &exchange.query.0 {
            if !matches!(name.as_str(), "Page" | "PageSize" | "PageToken") {
                query.append_pair(name, value);
            }
        }
        query
            .append_pair("PageSize", &size.to_string())
            .append_pair("Page", &page.to_string());
        if let Some(token) = token {
            query.append_pair("PageToken", &format!("PA{token}"));
        }
        format!("{}?{}", exchange.path, query.finish())
    };
    let more = start + shown.len() < items.len();
    let next = shown
        .last()
        .filter(|_| more)
        .map(|last| uri(page + 1, Some(sid(last))));
    let previous = (page > 0).then(|| uri(page - 1, None));
    let mut envelope = Map::new();
    envelope.insert(key.to_owned(), shown.iter().map(json).collect());
    let rest = json!({
        "page": page,
        "page_size": size,
        "start": start,
        "end": (start + shown.len()).saturating_sub(1),
        "uri": uri(page, None),
        "first_page_uri": uri(0, None),
        "next_page_uri": next,
        "previous_page_uri": previous,
    });
    if let Value::Object(rest) = rest {
        envelope.extend(rest);
    }
    Ok(Reply::Json(200, Value::Object(envelope)))
}
