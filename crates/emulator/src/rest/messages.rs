//! `Messages.json`: sending, reading, cancelling and deleting text messages, and their media.

use chrono::{DateTime, Utc};
use phone::E164;
use serde_json::{Value, json};

use crate::http::{Exchange, Fields, Reply};
use crate::rest::dates::Span;
use crate::rest::{missing, paging};
use crate::sms::{Draft, cancel, send};
use crate::state::{Attachment, Message, State, Way};
use crate::time::rfc2822;

/// The longest text that Twilio takes.
const LONGEST: usize = 1600;
/// The most media of one message.
const MOST_MEDIA: usize = 10;
/// The longest that a message may wait: ten hours.
const LONGEST_VALIDITY_S: u32 = 36_000;
/// How far ahead a message is scheduled: from five minutes to 35 days.
const SOONEST_S: i64 = 300;
const LATEST_S: i64 = 35 * 24 * 60 * 60;

pub(super) fn create(exchange: &Exchange) -> Result<Reply, Reply> {
    let draft = draft(exchange)?;
    let (from, to) = (draft.from.clone(), draft.to.clone());
    let sid = send(&exchange.shared, draft).map_err(|_| {
        bad(
            21610,
            format!("Attempt to send to unsubscribed recipient (from {from} to {to})"),
        )
    })?;
    let state = exchange.shared.state();
    let message = state.message(&sid).ok_or_else(|| missing(exchange))?;
    Ok(Reply::Json(201, object(exchange, message)))
}

fn bad(code: u32, message: impl Into<String>) -> Reply {
    Reply::refused(400, code, message)
}

/// Twilio's checks, in its order.
fn draft(exchange: &Exchange) -> Result<Draft, Reply> {
    let form = &exchange.form;
    let to = form
        .get("To")
        .ok_or_else(|| bad(21604, "A 'To' phone number is required."))?;
    let service = form.get("MessagingServiceSid");
    if form.get("From").is_none() && service.is_none() {
        return Err(bad(
            21603,
            "A 'From' phone number or a 'MessagingServiceSid' is required.",
        ));
    }
    if form.get("ApplicationSid").is_some() {
        return Err(bad(
            20001,
            "ApplicationSid cannot be used: the emulator has no applications; give StatusCallback",
        ));
    }
    let (body, media) = content(form)?;
    validity(form)?;
    let send_at = due(exchange)?;
    recipient(to)?;
    let from = sender(exchange)?;
    if from == to {
        return Err(bad(21266, "'To' and 'From' number cannot be the same."));
    }
    Ok(Draft {
        from,
        to: to.to_owned(),
        body,
        media,
        status_callback: form.get("StatusCallback").map(str::to_owned),
        service_sid: service.map(str::to_owned),
        send_at,
        way: Way::OutboundApi,
        automatic: false,
    })
}

/// The text and the addresses of the media.
fn content(form: &Fields) -> Result<(String, Vec<String>), Reply> {
    let (body, media) = (form.get("Body").unwrap_or_default(), form.all("MediaUrl"));
    if body.is_empty() && media.is_empty() && form.get("ContentSid").is_none() {
        return Err(bad(21602, "Message body is required."));
    }
    if body.chars().count() > LONGEST {
        return Err(bad(
            21617,
            "The concatenated message body exceeds the 1600 character limit.",
        ));
    }
    if media.len() > MOST_MEDIA {
        return Err(bad(
            21623,
            "The number of media files exceeds the limit: give MediaUrl at most 10 times",
        ));
    }
    Ok((body.to_owned(), media))
}

/// How long a message may wait is checked and has no effect: nothing waits here.
fn validity(form: &Fields) -> Result<(), Reply> {
    let fits = |text: &str| {
        text.parse::<u32>()
            .is_ok_and(|seconds| (1..=LONGEST_VALIDITY_S).contains(&seconds))
    };
    match form.get("ValidityPeriod") {
        Some(text) if !fits(text) => Err(bad(
            20001,
            "ValidityPeriod is a whole number of seconds from 1 to 36000",
        )),
        _ => Ok(()),
    }
}

/// When a message is to be sent, if not at once. Twilio schedules only what a Messaging Service sends.
fn due(exchange: &Exchange) -> Result<Option<DateTime<Utc>>, Reply> {
    let form = &exchange.form;
    let at = match (form.get("SendAt"), form.get("ScheduleType")) {
        (None, None) => return Ok(None),
        (Some(at), Some("fixed")) => at,
        (None, Some("fixed")) => {
            return Err(bad(
                35111,
                "SendAt is missing: ScheduleType=fixed needs the time to send at",
            ));
        }
        _ => {
            return Err(bad(
                20001,
                "SendAt needs ScheduleType=fixed, the only type there is",
            ));
        }
    };
    if form.get("MessagingServiceSid").is_none() {
        return Err(bad(
            35118,
            "MessagingServiceSid is required to schedule a message",
        ));
    }
    let at = DateTime::parse_from_rfc3339(at)
        .map_err(|_| {
            bad(
                35114,
                "SendAt is not a time: write it as RFC 3339, such as 2026-04-01T12:00:00Z",
            )
        })?
        .with_timezone(&Utc);
    let now = exchange.shared.time.now();
    if !(SOONEST_S..=LATEST_S).contains(&(at - now).num_seconds()) {
        return Err(bad(
            35114,
            format!(
                "SendAt must be 300 seconds to 35 days ahead; here it is {} now",
                now.format("%Y-%m-%dT%H:%M:%SZ")
            ),
        ));
    }
    Ok(Some(at))
}

/// +15005550001 and +15005550009 are Twilio's magic numbers for these two errors.
fn recipient(to: &str) -> Result<(), Reply> {
    if E164::parse(to).is_err() || to == "+15005550001" {
        return Err(bad(
            21211,
            format!("The 'To' number {to} is not a valid phone number."),
        ));
    }
    if to == "+15005550009" {
        return Err(bad(
            21614,
            format!("'To' number {to} is not a valid mobile number"),
        ));
    }
    Ok(())
}

/// The number a message comes from: the one that is asked for, else the first that the account has.
fn sender(exchange: &Exchange) -> Result<String, Reply> {
    let state = exchange.shared.state();
    match exchange.form.get("From") {
        Some(from) if E164::parse(from).is_err() => Err(bad(
            21212,
            format!(
                "The 'From' number {from} is not a valid phone number, shortcode, or alphanumeric sender ID."
            ),
        )),
        Some(from) if state.number(from).is_none() => Err(bad(
            21606,
            format!(
                "The 'From' phone number {from} is not a valid, SMS-capable inbound phone number or short code for your account."
            ),
        )),
        Some(from) => Ok(from.to_owned()),
        None => state
            .numbers
            .first()
            .map(|number| number.phone_number.clone())
            .ok_or_else(|| {
                bad(
                    21703,
                    "The Messaging Service does not have a phone number available.",
                )
            }),
    }
}

pub(super) fn fetch(exchange: &Exchange) -> Result<Reply, Reply> {
    let state = exchange.shared.state();
    let message = state
        .message(exchange.var("sid"))
        .ok_or_else(|| missing(exchange))?;
    Ok(Reply::Json(200, object(exchange, message)))
}

/// An empty `Body` takes the text out; `Status=canceled` stops what has not been sent.
pub(super) fn update(exchange: &Exchange) -> Result<Reply, Reply> {
    let sid = exchange.var("sid");
    if exchange.shared.state().message(sid).is_none() {
        return Err(missing(exchange));
    }
    match (exchange.form.given("Body"), exchange.form.get("Status")) {
        (Some(""), _) => empty(exchange, sid),
        (Some(_), _) => return Err(bad(20001, "Body can only be set to an empty string")),
        (None, Some("canceled")) if cancel(&exchange.shared, sid) => {}
        (None, Some(_)) => {
            return Err(bad(
                30409,
                "Message cannot be canceled in its current status",
            ));
        }
        (None, None) => return Err(bad(20001, "Nothing to update")),
    }
    fetch(exchange)
}

fn empty(exchange: &Exchange, sid: &str) {
    let now = exchange.shared.time.now();
    if let Some(message) = exchange.shared.state().message_mut(sid) {
        message.body.clear();
        message.updated = now;
    }
}

pub(super) fn delete(exchange: &Exchange) -> Result<Reply, Reply> {
    let mut state = exchange.shared.state();
    let before = state.messages.len();
    state
        .messages
        .retain(|message| message.sid != exchange.var("sid"));
    if state.messages.len() == before {
        Err(missing(exchange))
    } else {
        Ok(Reply::Empty(204))
    }
}

pub(super) fn list(exchange: &Exchange) -> Result<Reply, Reply> {
    let sent = Span::read(exchange, "DateSent")?;
    let (to, from) = (exchange.query.get("To"), exchange.query.get("From"));
    let state = exchange.shared.state();
    let listed = paging::listed_until(exchange, &state);
    let messages: Vec<&Message> = state
        .messages
        .iter()
        .rev()
        .filter(|message| to.is_none_or(|to| to == message.to))
        .filter(|message| from.is_none_or(|from| from == message.from))
        .filter(|message| sent.has(message.sent))
        .filter(|message| message.created <= listed)
        .collect();
    paging::page(
        exchange,
        "messages",
        &messages,
        |message| &message.sid,
        |message| object(exchange, message),
    )
}

fn object(exchange: &Exchange, message: &Message) -> Value {
    let account = &exchange.shared.account.sid;
    let path = format!("/2010-04-01/Accounts/{account}/Messages/{}", message.sid);
    json!({
        "sid": message.sid,
        "account_sid": account,
        "messaging_service_sid": message.service_sid,
        "from": message.from,
        "to": message.to,
        "body": message.body,
        "num_segments": webhook::segments(&message.body).count.to_string(),
        "num_media": message.media.len().to_string(),
        "direction": message.way.as_str(),
        "status": message.status.as_str(),
        "error_code": message.error_code,
        "error_message": message.error_code.map(|code| format!("Error {code}")),
        "price": message.sent.filter(|_| message.status.is_final()).map(|_| "-0.00790"),
        "price_unit": "USD",
        "date_created": rfc2822(message.created),
        "date_updated": rfc2822(message.updated),
        "date_sent": message.sent.map(rfc2822),
        "api_version": "2010-04-01",
        "uri": format!("{path}.json"),
        "subresource_uris": { "media": format!("{path}/Media.json") },
    })
}

fn attachment<'a>(
    exchange: &Exchange,
    state: &'a State,
) -> Result<(&'a Message, &'a Attachment), Reply> {
    let message = state
        .message(exchange.var("sid"))
        .ok_or_else(|| missing(exchange))?;
    let media = message
        .media
        .iter()
        .find(|media| media.sid == exchange.var("media"));
    Ok((message, media.ok_or_else(|| missing(exchange))?))
}

fn media_object(exchange: &Exchange, message: &Message, media: &Attachment) -> Value {
    let account = &exchange.shared.account.sid;
    json!({
        "sid": media.sid,
        "account_sid": account,
        "parent_sid": message.sid,
        "content_type": media.content_type,
        "date_created": rfc2822(message.created),
        "date_updated": rfc2822(message.updated),
        "uri": format!("/2010-04-01/Accounts/{account}/Messages/{}/Media/{}.json", message.sid, media.sid),
    })
}

pub(super) fn media_list(exchange: &Exchange) -> Result<Reply, Reply> {
    let state = exchange.shared.state();
    let message = state
        .message(exchange.var("sid"))
        .ok_or_else(|| missing(exchange))?;
    paging::page(
        exchange,
        "media_list",
        &message.media,
        |media| &media.sid,
        |media| media_object(exchange, message, media),
    )
}

pub(super) fn media_fetch(exchange: &Exchange) -> Result<Reply, Reply> {
    let state = exchange.shared.state();
    let (message, media) = attachment(exchange, &state)?;
    Ok(Reply::Json(200, media_object(exchange, message, media)))
}

/// The file itself; what is elsewhere is redirected to, as Twilio does to its CDN.
pub(super) fn media_content(exchange: &Exchange) -> Result<Reply, Reply> {
    let state = exchange.shared.state();
    let (_, media) = attachment(exchange, &state)?;
    Ok(match media.url.as_str() {
        "" => Reply::Bytes(media.content_type.clone(), media.data.clone()),
        url => Reply::Redirect(url.to_owned()),
    })
}

pub(super) fn media_delete(exchange: &Exchange) -> Result<Reply, Reply> {
    let mut state = exchange.shared.state();
    let message = state
        .message_mut(exchange.var("sid"))
        .ok_or_else(|| missing(exchange))?;
    let before = message.media.len();
    message
        .media
        .retain(|media| media.sid != exchange.var("media"));
    if message.media.len() == before {
        Err(missing(exchange))
    } else {
        Ok(Reply::Empty(204))
    }
}
