use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use url::Url;
use webhook::{Keyword, opt_out_keyword};

use crate::Error;
use crate::document;
use crate::log::{Direction, Entry};
use crate::sms::{Draft, optout, send};
use crate::state::{Attachment, Media, Message, MessageStatus, Route, Shared, Way};
use crate::webhooks::{self, Answer, Failure, Params, Request, deliver};

/// How many `<Redirect>`s a reply may take.
const DOCUMENTS: usize = 20;

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

fn attachment(sid: String, media: &Media) -> Attachment {
    let (content_type, url, data) = match media {
        Media::Url(url) => ("image/jpeg", url.clone(), Vec::new()),
        Media::Described {
            content_type,
            url,
            data,
        } => {
            let data = data
                .as_ref()
                .and_then(|data| STANDARD.decode(data).ok())
                .unwrap_or_default();
            (content_type.as_str(), url.clone().unwrap_or_default(), data)
        }
    };
    Attachment {
        sid,
        content_type: content_type.to_owned(),
        url,
        data,
    }
}

fn reply(customer: &str, number: &str, body: &str, automatic: bool) -> Draft {
    Draft {
        from: number.to_owned(),
        to: customer.to_owned(),
        body: body.to_owned(),
        media: Vec::new(),
        status_callback: None,
        service_sid: None,
        send_at: None,
        way: Way::OutboundReply,
        automatic,
    }
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

async fn ask(
    shared: &Arc<Shared>,
    sid: &str,
    url: &str,
    method: &str,
    extra: Params,
) -> Result<Answer, Failure> {
    let request = {
        let mut state = shared.state();
        let token = state.ids.token();
        let Some(message) = state.message(sid) else {
            return Err(Failure::new(20404, "the message is gone"));
        };
        let mut params = webhooks::of_message(&shared.account.sid, &shared.base_url, message);
        params.extend(extra);
        Request {
            kind: "message-inbound",
            sid: Some(sid.to_owned()),
            url: url.to_owned(),
            method: method.to_owned(),
            params,
            token,
        }
    };
    deliver(shared, &request, document::check_messaging).await
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
