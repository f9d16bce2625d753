use serde_json::{Value, json};

use crate::http::{Exchange, Reply};
use crate::ids::mix;
use crate::rest::formatted;
use crate::rest::numbers::fits;

/// Twilio shows this many unless asked for more.
const DEFAULT: usize = 30;
const MOST: usize = 1000;
/// Area codes with a place each, so that a search shows something plausible.
const AREAS: [(&str, &str, &str, &str); 6] = [
    ("415", "San Francisco", "CA", "94105"),
    ("212", "New York", "NY", "10001"),
    ("312", "Chicago", "IL", "60601"),
    ("617", "Boston", "MA", "02108"),
    ("206", "Seattle", "WA", "98101"),
    ("512", "Austin", "TX", "78701"),
];

/// Numbers with the exchange 555-0, which nobody has, in an order that the seed decides.
pub(super) fn search(exchange: &Exchange) -> Result<Reply, Reply> {
    let (country, kind) = (exchange.var("country"), exchange.var("kind"));
    if !matches!(kind, "Local" | "TollFree" | "Mobile") {
        return Err(Reply::refused(
            404,
            20404,
            format!("The requested resource {} was not found", exchange.path),
        ));
    }
    if country.len() != 2 {
        return Err(Reply::refused(
            400,
            20001,
            format!("{country} is not a country"),
        ));
    }
    let query = &exchange.query;
    let size = query
        .get("PageSize")
        .and_then(|size| size.parse().ok())
        .unwrap_or(DEFAULT)
        .min(MOST);
    let wanted_area = query.get("AreaCode");
    let region = query.get("InRegion");
    let areas: Vec<(&str, &str, &str, &str)> = match (kind, wanted_area) {
        ("TollFree", _) => vec![("888", "", "", "")],
        (_, Some(area)) => {
            vec![
                AREAS
                    .into_iter()
                    .find(|known| known.0 == area)
                    .unwrap_or((area, "", "", "")),
            ]
        }
        (_, None) => AREAS
            .into_iter()
            .filter(|area| region.is_none_or(|region| region == area.2))
            .collect(),
    };
    let offset = mix(exchange.shared.seed, "available", 0);
    let state = exchange.shared.state();
    let numbers: Vec<Value> = (0..1000)
        .flat_map(|n| {
            areas.iter().map(move |area| {
                (
                    area,
                    format!("+1{}5550{:03}", area.0, (offset.wrapping_add(n * 7)) % 1000),
                )
            })
        })
        .filter(|(_, number)| {
            query
                .get("Contains")
                .is_none_or(|pattern| fits(pattern, number))
        })
        .filter(|(_, number)| state.number(number).is_none())
        .take(size)
        .map(|(area, number)| object(&number, area, country))
        .collect();
    Ok(Reply::Json(
        200,
        json!({ "uri": exchange.path, "available_phone_numbers": numbers }),
    ))
}

fn object(
    number: &str,
    (_, locality, region, postal): &(&str, &str, &str, &str),
    country: &str,
) -> Value {
    let known = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    json!({
        "phone_number": number,
        "friendly_name": formatted(number),
        "lata": "722",
        "locality": known(locality),
        "rate_center": known(locality).map(|name| name.to_uppercase()),
        "latitude": "37.780000",
        "longitude": "-122.420000",
        "region": known(region),
        "postal_code": known(postal),
        "iso_country": country,
        "address_requirements": "none",
        "beta": false,
        "capabilities": { "voice": true, "SMS": true, "MMS": true },
    })
}
