//! `AvailablePhoneNumbers`: numbers that can be bought.

use serde_json::{Value, json};

use crate::http::{Exchange, Fields, Reply};
use crate::ids::mix;
use crate::rest::numbers::fits;
use crate::rest::places::{self, Place};
use crate::rest::{formatted, missing};

/// Twilio shows this many unless asked for more.
const DEFAULT: usize = 30;
const MOST: usize = 1000;

/// Numbers that nobody has, in an order that the seed decides.
pub(super) fn search(exchange: &Exchange) -> Result<Reply, Reply> {
    let country = exchange.var("country");
    let query = &exchange.query;
    let places = wanted(exchange)?;
    let size = query
        .get("PageSize")
        .and_then(|size| size.parse().ok())
        .unwrap_or(DEFAULT)
        .min(MOST);
    let offset = mix(exchange.shared.seed, "available", 0);
    let state = exchange.shared.state();
    let numbers: Vec<Value> = (0..1000)
        .flat_map(|n| {
            places
                .iter()
                .map(move |place| (place, place.number(offset.wrapping_add(n * 7))))
        })
        .filter(|(_, number)| {
            query
                .get("Contains")
                .is_none_or(|pattern| fits(pattern, number))
        })
        .filter(|(_, number)| state.number(number).is_none())
        .take(size)
        .map(|(place, number)| object(&number, place, country))
        .collect();
    Ok(Reply::Json(
        200,
        json!({ "uri": exchange.path, "available_phone_numbers": numbers }),
    ))
}

/// The places that have what is searched for.
fn wanted(exchange: &Exchange) -> Result<Vec<Place<'_>>, Reply> {
    let known = places::of(exchange.var("country")).ok_or_else(|| missing(exchange))?;
    let is_american = known.iter().any(|place| place.prefix == "+1");
    let near = exchange
        .query
        .get("NearNumber")
        .filter(|_| is_american)
        .and_then(area_of);
    let area = exchange.query.get("AreaCode").or(near);
    let mut found: Vec<Place<'_>> = match (exchange.var("kind"), area) {
        ("TollFree", _) if is_american => vec![Place::toll_free()],
        ("Local" | "Mobile", None) => known,
        ("Local" | "Mobile", Some(area)) => {
            let known = known.into_iter().find(|place| place.area == area);
            let made_up = is_american.then(|| Place::somewhere(area));
            known.or(made_up).into_iter().collect()
        }
        _ => return Err(missing(exchange)),
    };
    found.retain(|place| lies_in(place, &exchange.query));
    Ok(found)
}

/// The area of an American number: what lies near it here.
fn area_of(number: &str) -> Option<&str> {
    // A plus that nobody has escaped comes as a space.
    let digits = number.trim_start_matches(['+', ' ']);
    let area = digits.strip_prefix('1').unwrap_or(digits).get(..3)?;
    area.bytes()
        .all(|digit| digit.is_ascii_digit())
        .then_some(area)
}

fn lies_in(place: &Place<'_>, query: &Fields) -> bool {
    let is = |name: &str, known: &str| {
        query
            .get(name)
            .is_none_or(|wanted| wanted.eq_ignore_ascii_case(known))
    };
    is("InLocality", place.locality)
        && is("InRegion", place.region)
        && is("InPostalCode", place.postal)
}

fn object(number: &str, place: &Place<'_>, country: &str) -> Value {
    let known = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    json!({
        "phone_number": number,
        "friendly_name": formatted(number),
        "lata": null,
        "locality": known(place.locality),
        "rate_center": known(place.locality).map(|name| name.to_uppercase()),
        "latitude": null,
        "longitude": null,
        "region": known(place.region),
        "postal_code": known(place.postal),
        "iso_country": country,
        "address_requirements": "none",
        "beta": false,
        "capabilities": { "voice": true, "SMS": true, "MMS": true },
    })
}
