//! Messages on their way: what is sent arrives, and what arrives at a number of ours is answered, which is sent again.

use std::sync::Arc;

use url::Url;
use webhook::{Keyword, opt_out_keyword};

use crate::faults::Delivery;
use crate::log::{Direction, Entry};
use crate::media::Media;
use crate::sms::asking::{ask, attachment};
use crate::sms::draft::{Draft, Refused, reply};
use crate::sms::optout;
use crate::sms::progress::{advance, wait};
use crate::state::{Attachment, Heard, Message, MessageStatus, Route, Shared, Way};
use crate::time::seconds;
use crate::wire::{Answer, Params};
use crate::{Error, document};

/// How many `<Redirect>`s a reply may take.
const DOCUMENTS: usize = 20;

/// Takes a message and sees to its delivery. Answers its SID.
pub(crate) fn send(shared: &Arc<Shared>, draft: Draft) -> Result<String, Refused> {
    let now = shared.time.now();
    let send_at = draft.send_at;
    let sid = {
        let mut state = shared.state();
        if !draft.automatic
            && state
                .opt_outs
                .contains(&(draft.to.clone(), draft.from.clone()))
        {
            return Err(Refused);
        }
        let sid = state
            .ids
            .sid(if draft.media.is_empty() { "SM" } else { "MM" });
        let media = draft
            .media
            .into_iter()
            .map(|url| Attachment {
                sid: state.ids.sid("ME"),
                content_type: "application/octet-stream".to_owned(),
                url,
                data: Vec::new(),
            })
            .collect();
        let status = match (draft.send_at, &draft.service_sid) {
            (Some(_), _) => MessageStatus::Scheduled,
            (None, Some(_)) => MessageStatus::Accepted,
            (None, None) => MessageStatus::Queued,
        };
        state.message_insert(Message {
            sid: sid.clone(),
            service_sid: draft.service_sid,
            from: draft.from,
            to: draft.to,
            body: draft.body,
            way: draft.way,
            status,
            error_code: None,
            media,
            status_callback: draft.status_callback,
            created: now,
            updated: now,
            sent: None,
        });
        state.moment(&sid, "status", status.as_str());
        sid
    };
    let (task, message) = (Arc::clone(shared), sid.clone());
    shared.spawn(async move {
        if let Some(due) = send_at
            && !wait(&task, &message, due).await
        {
            return;
        }
        travel(&task, &message).await;
    });
    Ok(sid)
}

/// Queued, sending, sent, delivered; each but the first is reported (specification, section 7.3).
async fn travel(shared: &Arc<Shared>, sid: &str) {
    let Some((to, first)) = shared
        .state()
        .message(sid)
        .map(|message| (message.to.clone(), message.status))
    else {
        return;
    };
    let handset = shared.state().faults.handset(&to).cloned();
    let end = match handset.as_ref().map(|handset| handset.status) {
        None | Some(Delivery::Delivered) => MessageStatus::Delivered,
        Some(Delivery::Failed) => MessageStatus::Failed,
        Some(Delivery::Sent) => MessageStatus::Sent,
        Some(Delivery::Undelivered) => MessageStatus::Undelivered,
    };
    let code = handset
        .and_then(|handset| handset.error_code)
        .unwrap_or(30003);
    let mut way = vec![
        (0.2, MessageStatus::Sending),
        (0.3, MessageStatus::Sent),
        (0.5, end),
    ];
    way.dedup_by_key(|(_, status)| *status);
    if end == MessageStatus::Failed {
        way.remove(1);
    }
    if matches!(first, MessageStatus::Accepted | MessageStatus::Scheduled) {
        way.insert(0, (0.1, MessageStatus::Queued));
    }
    let last = way.len() - 1;
    for (n, (wait, status)) in way.into_iter().enumerate() {
        shared.time.sleep(seconds(wait)).await;
        if !advance(shared, sid, status, code, n == last) {
            return;
        }
    }
    if matches!(end, MessageStatus::Delivered | MessageStatus::Sent) {
        arrive(shared, sid);
    }
}

/// The phone beeps: whoever plays a script on it may be waiting for this, and another number of ours gets its webhook.
fn arrive(shared: &Arc<Shared>, sid: &str) {
    let now = shared.time.now();
    let mut state = shared.state();
    let Some(message) = state.message(sid) else {
        return;
    };
    let (from, to, body) = (
        message.from.clone(),
        message.to.clone(),
        message.body.clone(),
    );
    let mut listeners = Vec::new();
    for call in state
        .calls
        .iter_mut()
        .filter(|call| call.script.is_some() && call.phone() == to)
    {
        call.heard.push(Heard {
            at: now,
            kind: "sms",
            text: body.clone(),
        });
        call.control.heard();
        listeners.push(call.sid.clone());
    }
    for call in listeners {
        state.moment(&call, "sms", body.clone());
    }
    let ours = state.number(&to).is_some();
    drop(state);
    if ours {
        // It is ours, so it is known.
        let _ = receive(shared, &from, &to, &body, &[]);
    }
}

/// A phone texts one of our numbers. Answers the message's SID; the webhook follows.
pub(crate) fn receive(
    shared: &Arc<Shared>,
    from: &str,
    to: &str,
    body: &str,
    media: &[Media],
) -> Result<String, Error> {
    let now = shared.time.now();
    let (sid, route, keyword) = {
        let mut state = shared.state();
        let Some(number) = state.number(to) else {
            return Err(Error::UnknownNumber {
                number: to.to_owned(),
                owned: state
                    .numbers
                    .iter()
                    .map(|number| number.phone_number.clone())
                    .collect(),
            });
        };
        let route = number.sms.clone();
        let sid = state.ids.sid(if media.is_empty() { "SM" } else { "MM" });
        let media = media
            .iter()
            .map(|media| attachment(state.ids.sid("ME"), media))
            .collect();
        state.message_insert(Message {
            sid: sid.clone(),
            service_sid: None,
            from: from.to_owned(),
            to: to.to_owned(),
            body: body.to_owned(),
            way: Way::Inbound,
            status: MessageStatus::Received,
            error_code: None,
            media,
            status_callback: None,
            created: now,
            updated: now,
            sent: Some(now),
        });
        let pair = (from.to_owned(), to.to_owned());
        // Who is in that state already is not told again: YES is also how people answer questions.
        let keyword = opt_out_keyword(body).filter(|keyword| match keyword {
            Keyword::Stop => state.opt_outs.insert(pair),
            Keyword::Start => state.opt_outs.remove(&pair),
            Keyword::Help => true,
        });
        state.moment(&sid, "status", "received");
        (sid, route, keyword)
    };
    if let Some(keyword) = keyword {
        // Twilio's own words go through even after STOP.
        let _ = send(shared, reply(from, to, optout::reply(keyword), true));
    }
    let (task, message) = (Arc::clone(shared), sid.clone());
    shared.spawn(async move { answer(&task, &message, &route).await });
    Ok(sid)
}

/// Asks the application what to answer, and answers.
async fn answer(shared: &Arc<Shared>, sid: &str, route: &Route) {
    if route.url.is_empty() {
        let entry = Entry {
            sid: Some(sid.to_owned()),
            ..Entry::new(Direction::Note, "message-inbound")
        };
        shared.state().record(Entry {
            error: Some("the number has no SmsUrl".to_owned()),
            ..entry
        });
        return;
    }
    let (mut url, mut method) = (route.url.clone(), route.method.clone());
    for _ in 0..DOCUMENTS {
        let next = match ask(shared, sid, &url, &method, Params::new()).await {
            Ok(answer) => run(shared, sid, &answer),
            Err(failure) if !route.fallback_url.is_empty() => {
                let about = vec![
                    ("ErrorCode".to_owned(), failure.code.to_string()),
                    ("ErrorUrl".to_owned(), url.clone()),
                ];
                match ask(
                    shared,
                    sid,
                    &route.fallback_url,
                    &route.fallback_method,
                    about,
                )
                .await
                {
                    Ok(answer) => run(shared, sid, &answer),
                    Err(_) => None,
                }
            }
            Err(_) => None,
        };
        let Some(next) = next else { return };
        (url, method) = next;
    }
}

/// Does what the TwiML says; answers where it goes on, if it does.
fn run(shared: &Arc<Shared>, sid: &str, answer: &Answer) -> Option<(String, String)> {
    let (from, to) = shared
        .state()
        .message(sid)
        .map(|message| (message.from.clone(), message.to.clone()))?;
    for action in document::messaging(answer) {
        match action {
            document::Reply::Message {
                to: other,
                body,
                media,
                status_callback,
            } => {
                let absolute = |url: String| answer.url.join(&url).map(Url::into).unwrap_or(url);
                let draft = Draft {
                    to: other.unwrap_or_else(|| from.clone()),
                    media: media.into_iter().map(absolute).collect(),
                    status_callback: status_callback.map(absolute),
                    ..reply(&from, &to, &body, false)
                };
                if send(shared, draft).is_err() {
                    let entry = Entry {
                        sid: Some(sid.to_owned()),
                        ..Entry::new(Direction::Note, "message")
                    };
                    shared
                        .state()
                        .record(entry.failed(21610, "the recipient has opted out"));
                }
            }
            document::Reply::Redirect { url, method } => {
                let next = answer.url.join(&url).map(Url::into).unwrap_or(url);
                return Some((next, method));
            }
        }
    }
    None
}
