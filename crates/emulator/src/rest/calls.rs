//! `Calls.json`: placing, reading, changing and deleting calls.

use std::ops::RangeInclusive;

use phone::E164;
use serde_json::{Value, json};
use url::Url;

use crate::call::{Detection, Outbound, RecordWish, outbound};
use crate::http::{Exchange, Fields, Reply};
use crate::leg_control::{Ask, By, Goto};
use crate::rest::dates::Span;
use crate::rest::{events, formatted, missing, paging, recordings};
use crate::state::{Call, Direction, StatusCallback};
use crate::status::Status;
use crate::time::rfc2822;
use crate::wire::Params;

/// Characters of the `Twiml` parameter.
const LONGEST_TWIML: usize = 4000;
/// Twilio's default and limit for ringing.
const RINGS_S: u32 = 60;
const LONGEST_RINGS_S: u32 = 600;
/// What `StatusCallbackEvent` may name.
const CALL_EVENTS: [&str; 4] = ["initiated", "ringing", "answered", "completed"];
/// Characters of `SendDigits`.
const MOST_KEYS: usize = 32;
/// How machine detection can be tuned; the emulator knows who picks up without it.
const THRESHOLDS_MS: [(&str, RangeInclusive<u32>); 3] = [
    ("MachineDetectionSpeechThreshold", 1_000..=6_000),
    ("MachineDetectionSpeechEndThreshold", 500..=5_000),
    ("MachineDetectionSilenceTimeout", 2_000..=10_000),
];

fn bad(code: u32, message: impl Into<String>) -> Reply {
    Reply::refused(400, code, message)
}

pub(super) fn create(exchange: &Exchange) -> Result<Reply, Reply> {
    let wish = wish(exchange)?;
    let sid = outbound(&exchange.shared, wish);
    let state = exchange.shared.state();
    let call = state.call(&sid).ok_or_else(|| missing(exchange))?;
    Ok(Reply::Json(201, object(exchange, call)))
}

/// Twilio's checks, in its order.
fn wish(exchange: &Exchange) -> Result<Outbound, Reply> {
    let form = &exchange.form;
    let to = form
        .get("To")
        .ok_or_else(|| bad(21201, "No 'To' number is specified"))?;
    let from = form
        .get("From")
        .ok_or_else(|| bad(21213, "No 'From' number is specified"))?;
    // Twilio would take the urls of the application in place of Url, so it must not be passed over.
    if let Some(application) = form.get("ApplicationSid") {
        let words = format!(
            "Invalid ApplicationSid {application}: the emulator has no applications; give Url or Twiml"
        );
        return Err(bad(21218, words));
    }
    let first = first(form)?.ok_or_else(|| bad(21205, "Url parameter is required."))?;
    if E164::parse(to).is_err() || to == "+15005550001" {
        return Err(bad(
            21211,
            format!("The phone number you are attempting to call, {to}, is not valid."),
        ));
    }
    if exchange.shared.state().number(from).is_none() {
        return Err(bad(
            21210,
            format!(
                "The source phone number provided, {from}, is not yet verified for your account."
            ),
        ));
    }
    let timeout_s = within(form, "Timeout", 0..=LONGEST_RINGS_S)?.unwrap_or(RINGS_S);
    unheeded(form)?;
    let track = recordings::track(exchange)?;
    let recorded = recordings::callback(exchange)?;
    Ok(Outbound {
        to: to.to_owned(),
        from: from.to_owned(),
        first,
        fallback: fallback(form),
        callback: callback(exchange)?,
        timeout_s,
        time_limit_s: number(form, "TimeLimit")?,
        send_digits: form.get("SendDigits").map(str::to_owned),
        detect: detection(form)?,
        record: (form.get("Record") == Some("true")).then(|| RecordWish {
            channels: recordings::channels(exchange),
            track,
            trim: form.get("Trim") != Some("do-not-trim"),
            callback: recorded,
        }),
    })
}

/// Checks what is not needed here and must be right all the same.
fn unheeded(form: &Fields) -> Result<(), Reply> {
    let keys = form.get("SendDigits").unwrap_or_default();
    let is_key = |key: char| key.is_ascii_digit() || matches!(key, 'w' | 'W' | '#' | '*');
    if keys.len() > MOST_KEYS || !keys.chars().all(is_key) {
        return Err(bad(
            20001,
            "SendDigits is at most 32 characters of 0-9, w, W, # and *",
        ));
    }
    for (name, range) in THRESHOLDS_MS {
        within(form, name, range)?;
    }
    Ok(())
}

/// Twilio ignores `MachineDetection` when keys are to be sent (specification, section 2.7).
fn detection(form: &Fields) -> Result<Option<Detection>, Reply> {
    let until_end = match form.get("MachineDetection") {
        None => return Ok(None),
        Some("Enable") => false,
        Some("DetectMessageEnd") => true,
        Some(_) => return Err(bad(20001, "MachineDetection is Enable or DetectMessageEnd")),
    };
    if form.get("SendDigits").is_some() {
        return Ok(None);
    }
    let timeout_s = number(form, "MachineDetectionTimeout")?.unwrap_or(30);
    let callback = form
        .get("AsyncAmdStatusCallback")
        .map(|url| (url.to_owned(), method(form, "AsyncAmdStatusCallbackMethod")));
    Ok(Some(Detection {
        until_end,
        timeout_s: f64::from(timeout_s),
        meanwhile: form.get("AsyncAmd") == Some("true"),
        callback,
    }))
}

/// Where the call goes on: `Url` wins over `Twiml` in a new call; an update has one of them.
fn first(form: &Fields) -> Result<Option<Goto>, Reply> {
    if let Some(url) = form.get("Url") {
        if !Url::parse(url)
            .is_ok_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        {
            return Err(bad(21205, format!("Url is not a valid URL: {url}")));
        }
        let ask = Ask {
            kind: "voice",
            url: url.to_owned(),
            method: method(form, "Method"),
            extra: Params::new(),
        };
        return Ok(Some(Goto::Fetch(ask)));
    }
    match form.get("Twiml") {
        Some(twiml) if twiml.chars().count() > LONGEST_TWIML => Err(bad(
            32018,
            "The Twiml parameter is longer than 4000 characters",
        )),
        twiml => Ok(twiml.map(|twiml| Goto::Inline(twiml.to_owned()))),
    }
}

fn method(form: &Fields, name: &str) -> String {
    form.get(name)
        .map_or_else(|| "POST".to_owned(), str::to_uppercase)
}

/// Who is asked when TwiML cannot be had.
fn fallback(form: &Fields) -> Option<(String, String)> {
    form.get("FallbackUrl")
        .map(|url| (url.to_owned(), method(form, "FallbackMethod")))
}

fn number(form: &Fields, name: &str) -> Result<Option<u32>, Reply> {
    let parse = |text: &str| {
        text.parse()
            .map_err(|_| bad(20001, format!("{name} is not a whole number")))
    };
    form.get(name).map(parse).transpose()
}

/// A whole number that Twilio takes only from a range.
fn within(form: &Fields, name: &str, range: RangeInclusive<u32>) -> Result<Option<u32>, Reply> {
    match number(form, name)? {
        Some(value) if !range.contains(&value) => {
            let (least, most) = (range.start(), range.end());
            let message = format!("{name} is {value} and must be from {least} to {most}");
            Err(bad(20001, message))
        }
        value => Ok(value),
    }
}

fn callback(exchange: &Exchange) -> Result<Option<StatusCallback>, Reply> {
    let form = &exchange.form;
    let events = events::wanted(exchange, "StatusCallbackEvent", &CALL_EVENTS)?;
    let method = method(form, "StatusCallbackMethod");
    Ok(form.get("StatusCallback").map(|url| StatusCallback {
        url: url.to_owned(),
        method,
        events,
        sent: 0,
    }))
}

pub(super) fn fetch(exchange: &Exchange) -> Result<Reply, Reply> {
    let state = exchange.shared.state();
    let call = state
        .call(exchange.var("sid"))
        .ok_or_else(|| missing(exchange))?;
    Ok(Reply::Json(200, object(exchange, call)))
}

/// Takes back, hangs up or redirects a call. The call's own task does it; the answer shows what is known now.
pub(super) fn update(exchange: &Exchange) -> Result<Reply, Reply> {
    let form = &exchange.form;
    if form.get("Url").is_some() && form.get("Twiml").is_some() {
        return Err(bad(
            20001,
            "Url and Twiml exclude each other: send one of them",
        ));
    }
    let (first, time_limit_s) = (first(form)?, number(form, "TimeLimit")?);
    let callback = callback(exchange)?;
    let mut state = exchange.shared.state();
    let call = state
        .call_mut(exchange.var("sid"))
        .ok_or_else(|| missing(exchange))?;
    let ends = ending(form, call, first.is_some())?;
    if let Some(callback) = callback {
        let sent = call.callback.as_ref().map_or(0, |callback| callback.sent);
        call.callback = Some(StatusCallback { sent, ..callback });
    }
    if let Some(fallback) = fallback(form) {
        call.fallback = Some(fallback);
    }
    if let Some(time_limit_s) = time_limit_s {
        call.time_limit_s = time_limit_s;
        call.control.change_limit();
    }
    let mut shown = object(exchange, call);
    match (ends, first) {
        (Some(status), _) => {
            call.control.end(By::Api(status));
            shown["status"] = status.as_str().into();
        }
        (None, Some(goto)) => call.control.redirect(goto),
        (None, None) => {}
    }
    Ok(Reply::Json(200, shown))
}

/// Refuses what cannot be done to the call where it is now. Answers the status that it is to end with, if it is to end.
fn ending(form: &Fields, call: &Call, redirects: bool) -> Result<Option<Status>, Reply> {
    let not_in_progress = || bad(21220, "Call is not in-progress. Cannot redirect.");
    if call.status.is_final() {
        return Err(not_in_progress());
    }
    if form.0.is_empty() {
        return Err(bad(20001, "Nothing to update"));
    }
    let waiting = matches!(
        call.status,
        Status::Queued | Status::Initiated | Status::Ringing
    );
    match form.get("Status") {
        Some("canceled" | "completed") if waiting => Ok(Some(Status::Canceled)),
        Some("canceled") => Err(bad(
            21220,
            "Call is in-progress. Cannot be canceled; use completed.",
        )),
        Some("completed") => Ok(Some(Status::Completed)),
        Some(_) => Err(bad(20001, "Status is canceled or completed")),
        // An inbound call runs its TwiML while it still rings, so that one can be sent elsewhere.
        None if redirects && waiting && call.direction != Direction::Inbound => {
            Err(not_in_progress())
        }
        None => Ok(None),
    }
}

pub(super) fn delete(exchange: &Exchange) -> Result<Reply, Reply> {
    let mut state = exchange.shared.state();
    let call = state
        .call(exchange.var("sid"))
        .ok_or_else(|| missing(exchange))?;
    if !call.status.is_final() {
        return Err(bad(20001, "A call in progress cannot be deleted"));
    }
    state.calls.retain(|call| call.sid != exchange.var("sid"));
    Ok(Reply::Empty(204))
}

pub(super) fn list(exchange: &Exchange) -> Result<Reply, Reply> {
    let query = &exchange.query;
    let (started, ended) = (
        Span::read(exchange, "StartTime")?,
        Span::read(exchange, "EndTime")?,
    );
    let is = |name: &str, value: Option<&str>| {
        query.get(name).is_none_or(|wanted| Some(wanted) == value)
    };
    let state = exchange.shared.state();
    let listed = paging::listed_until(exchange, &state);
    let calls: Vec<&Call> = state
        .calls
        .iter()
        .rev()
        .filter(|call| is("To", Some(&call.to)) && is("From", Some(&call.from)))
        .filter(|call| {
            is("Status", Some(call.status.shown())) && is("ParentCallSid", call.parent.as_deref())
        })
        .filter(|call| started.has(call.started) && ended.has(call.ended))
        .filter(|call| call.created <= listed)
        .collect();
    paging::page(
        exchange,
        "calls",
        &calls,
        |call| &call.sid,
        |call| object(exchange, call),
    )
}

fn object(exchange: &Exchange, call: &Call) -> Value {
    let account = &exchange.shared.account.sid;
    let path = format!("/2010-04-01/Accounts/{account}/Calls/{}", call.sid);
    let over = call.status.is_final();
    let sub = |name: &str| format!("{path}/{name}.json");
    json!({
        "sid": call.sid,
        "parent_call_sid": call.parent,
        "account_sid": account,
        "to": call.to,
        "to_formatted": formatted(&call.to),
        "from": call.from,
        "from_formatted": formatted(&call.from),
        "phone_number_sid": call.number_sid.clone().unwrap_or_default(),
        "status": call.status.shown(),
        "start_time": call.started.map(rfc2822),
        "end_time": call.ended.map(rfc2822),
        "duration": over.then(|| call.duration_s().to_string()),
        "price": (over && call.answered.is_some()).then_some("-0.01300"),
        "price_unit": "USD",
        "direction": call.direction.as_str(),
        "answered_by": call.answered_by,
        "api_version": "2010-04-01",
        "forwarded_from": call.forwarded_from,
        "group_sid": null,
        "caller_name": null,
        "queue_time": "0",
        "trunk_sid": "",
        "date_created": rfc2822(call.created),
        "date_updated": rfc2822(call.updated),
        "uri": format!("{path}.json"),
        "subresource_uris": {
            "notifications": sub("Notifications"),
            "recordings": sub("Recordings"),
            "payments": sub("Payments"),
            "events": sub("Events"),
            "siprec": sub("Siprec"),
            "streams": sub("Streams"),
            "transcriptions": sub("Transcriptions"),
            "user_defined_message_subscriptions": sub("UserDefinedMessageSubscriptions"),
            "user_defined_messages": sub("UserDefinedMessages"),
        },
    })
}
