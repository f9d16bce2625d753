//! `IncomingPhoneNumbers.json`: the numbers of the account and where they send their calls and messages.

use phone::E164;
use serde_json::{Value, json};

use crate::http::{Exchange, Fields, Reply};
use crate::ids::mix;
use crate::rest::{formatted, missing, paging};
use crate::state::{Number, Route};
use crate::time::rfc2822;

/// Settings that say that a number is answered elsewhere than at its own URLs.
const ELSEWHERE: [(&str, &str); 3] = [
    ("VoiceApplicationSid", "applications"),
    ("SmsApplicationSid", "applications"),
    ("TrunkSid", "trunks"),
];

fn bad(code: u32, message: impl Into<String>) -> Reply {
    Reply::refused(400, code, message)
}

/// Buys a number: the one that is asked for, or any of an area.
pub(super) fn create(exchange: &Exchange) -> Result<Reply, Reply> {
    let form = &exchange.form;
    let now = exchange.shared.time.now();
    let mut state = exchange.shared.state();
    let phone_number = match (form.get("PhoneNumber"), form.get("AreaCode")) {
        (Some(number), _) if E164::parse(number).is_err() => {
            return Err(bad(21421, format!("{number} is not a valid number")));
        }
        (Some(number), _) => number.to_owned(),
        (None, Some(area))
            if area.len() != 3
                || area.starts_with(['0', '1'])
                || !area.bytes().all(|byte| byte.is_ascii_digit()) =>
        {
            return Err(bad(
                21451,
                "AreaCode has three digits, the first from 2 to 9",
            ));
        }
        (None, Some(area)) => (0..1000)
            .map(|n| {
                format!(
                    "+1{area}5550{:03}",
                    (mix(exchange.shared.seed, area, 0) + n) % 1000
                )
            })
            .find(|number| state.number(number).is_none())
            .ok_or_else(|| bad(21452, format!("No phone numbers found in area code {area}")))?,
        (None, None) => return Err(bad(21421, "PhoneNumber or AreaCode is required")),
    };
    if state.number(&phone_number).is_some() {
        return Err(bad(21422, format!("{phone_number} is not available")));
    }
    let mut number = Number {
        sid: state.ids.sid("PN"),
        friendly_name: formatted(&phone_number),
        phone_number,
        voice: Route {
            method: "POST".to_owned(),
            fallback_method: "POST".to_owned(),
            ..Route::default()
        },
        sms: Route {
            method: "POST".to_owned(),
            fallback_method: "POST".to_owned(),
            ..Route::default()
        },
        status_callback: String::new(),
        status_callback_method: "POST".to_owned(),
        caller_id_lookup: false,
        created: now,
        updated: now,
    };
    settle(&mut number, form)?;
    let shown = object(exchange, &number);
    state.numbers.push(number);
    Ok(Reply::Json(201, shown))
}

/// Takes over what the form sets; an empty value takes a setting back.
fn settle(number: &mut Number, form: &Fields) -> Result<(), Reply> {
    if form
        .given("FriendlyName")
        .is_some_and(|name| name.chars().count() > 64)
    {
        return Err(bad(20001, "FriendlyName has at most 64 characters"));
    }
    // An empty value takes such a setting back, and there is none.
    for (setting, what) in ELSEWHERE {
        if form.get(setting).is_some() {
            return Err(bad(
                20001,
                format!(
                    "{setting} cannot be set: the emulator has no {what}; set the number's own urls"
                ),
            ));
        }
    }
    let set = |name: &str, field: &mut String| {
        if let Some(value) = form.given(name) {
            *field = value.to_owned();
        }
    };
    set("FriendlyName", &mut number.friendly_name);
    set("VoiceUrl", &mut number.voice.url);
    set("VoiceMethod", &mut number.voice.method);
    set("VoiceFallbackUrl", &mut number.voice.fallback_url);
    set("VoiceFallbackMethod", &mut number.voice.fallback_method);
    set("SmsUrl", &mut number.sms.url);
    set("SmsMethod", &mut number.sms.method);
    set("SmsFallbackUrl", &mut number.sms.fallback_url);
    set("SmsFallbackMethod", &mut number.sms.fallback_method);
    set("StatusCallback", &mut number.status_callback);
    set("StatusCallbackMethod", &mut number.status_callback_method);
    if let Some(lookup) = form.get("VoiceCallerIdLookup") {
        number.caller_id_lookup = lookup.eq_ignore_ascii_case("true");
    }
    Ok(())
}

pub(super) fn fetch(exchange: &Exchange) -> Result<Reply, Reply> {
    let state = exchange.shared.state();
    let number = state
        .numbers
        .iter()
        .find(|number| number.sid == exchange.var("sid"));
    Ok(Reply::Json(
        200,
        object(exchange, number.ok_or_else(|| missing(exchange))?),
    ))
}

pub(super) fn update(exchange: &Exchange) -> Result<Reply, Reply> {
    let now = exchange.shared.time.now();
    let mut state = exchange.shared.state();
    let number = state
        .numbers
        .iter_mut()
        .find(|number| number.sid == exchange.var("sid"));
    let number = number.ok_or_else(|| missing(exchange))?;
    settle(number, &exchange.form)?;
    number.updated = now;
    Ok(Reply::Json(200, object(exchange, number)))
}

pub(super) fn delete(exchange: &Exchange) -> Result<Reply, Reply> {
    let mut state = exchange.shared.state();
    let before = state.numbers.len();
    state
        .numbers
        .retain(|number| number.sid != exchange.var("sid"));
    if state.numbers.len() == before {
        Err(missing(exchange))
    } else {
        Ok(Reply::Empty(204))
    }
}

pub(super) fn list(exchange: &Exchange) -> Result<Reply, Reply> {
    let (number, name) = (
        exchange.query.get("PhoneNumber"),
        exchange.query.get("FriendlyName"),
    );
    // No number here is a beta, and none was brought along from elsewhere.
    let is = |name: &str, what: &str| {
        let wanted = exchange.query.get(name);
        wanted.is_none_or(|wanted| wanted.eq_ignore_ascii_case(what))
    };
    let is_plain = is("Beta", "false") && is("Origin", "twilio");
    let state = exchange.shared.state();
    let numbers: Vec<&Number> = state
        .numbers
        .iter()
        .filter(|owned| number.is_none_or(|pattern| fits(pattern, &owned.phone_number)))
        .filter(|owned| name.is_none_or(|name| name == owned.friendly_name))
        .filter(|_| is_plain)
        .collect();
    paging::page(
        exchange,
        "incoming_phone_numbers",
        &numbers,
        |number| &number.sid,
        |number| object(exchange, number),
    )
}

/// A pattern where `*` stands for one digit and what is missing at either end stands for anything, as Twilio searches.
pub(super) fn fits(pattern: &str, number: &str) -> bool {
    let digits = |text: &str| text.trim_start_matches('+').as_bytes().to_vec();
    let (pattern, number) = (digits(pattern), digits(number));
    if pattern.is_empty() {
        return true;
    }
    let same = |wanted: &u8, digit: &u8| *wanted == b'*' || wanted == digit;
    number.windows(pattern.len()).any(|window| {
        pattern
            .iter()
            .zip(window)
            .all(|(wanted, digit)| same(wanted, digit))
    })
}

fn object(exchange: &Exchange, number: &Number) -> Value {
    let account = &exchange.shared.account.sid;
    json!({
        "sid": number.sid,
        "account_sid": account,
        "phone_number": number.phone_number,
        "friendly_name": number.friendly_name,
        "capabilities": { "voice": true, "sms": true, "mms": true, "fax": false },
        "voice_url": number.voice.url,
        "voice_method": number.voice.method,
        "voice_fallback_url": number.voice.fallback_url,
        "voice_fallback_method": number.voice.fallback_method,
        "sms_url": number.sms.url,
        "sms_method": number.sms.method,
        "sms_fallback_url": number.sms.fallback_url,
        "sms_fallback_method": number.sms.fallback_method,
        "status_callback": number.status_callback,
        "status_callback_method": number.status_callback_method,
        "voice_application_sid": "",
        "sms_application_sid": "",
        "trunk_sid": null,
        "voice_caller_id_lookup": number.caller_id_lookup,
        "voice_receive_mode": "voice",
        "address_requirements": "none",
        "address_sid": null,
        "bundle_sid": null,
        "identity_sid": null,
        "emergency_status": "Inactive",
        "emergency_address_sid": null,
        "emergency_address_status": "unregistered",
        "origin": "twilio",
        "beta": false,
        "status": "in-use",
        "type": "local",
        "api_version": "2010-04-01",
        "date_created": rfc2822(number.created),
        "date_updated": rfc2822(number.updated),
        "uri": format!("/2010-04-01/Accounts/{account}/IncomingPhoneNumbers/{}.json", number.sid),
        "subresource_uris": {
            "assigned_add_ons": format!("/2010-04-01/Accounts/{account}/IncomingPhoneNumbers/{}/AssignedAddOns.json", number.sid),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::fits;

    #[test]
    fn star_is_one_digit() {
        assert!(fits("+15550100001", "+15550100001"));
        assert!(fits("555010****", "+15550100001"));
        assert!(fits("0100", "+15550100001"));
        assert!(!fits("+15550100002", "+15550100001"));
    }
}
