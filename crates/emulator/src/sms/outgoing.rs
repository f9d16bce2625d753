use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::log::{Direction, Entry};
use crate::sms::receive;
use crate::state::{Attachment, Heard, Message, MessageStatus, Shared, Way};
use crate::time::seconds;
use crate::webhooks::{self, Request};

/// A message that the application wants sent.
#[derive(Clone, Debug)]
pub(crate) struct Draft {
    pub(crate) from: String,
    pub(crate) to: String,
    pub(crate) body: String,
    pub(crate) media: Vec<String>,
    pub(crate) status_callback: Option<String>,
    pub(crate) service_sid: Option<String>,
    /// When it is due; at once if unset.
    pub(crate) send_at: Option<DateTime<Utc>>,
    pub(crate) way: Way,
    /// Twilio's own answer to STOP and the like, which no opt-out stops.
    pub(crate) automatic: bool,
}

/// The recipient has told this number to stop: code 21610.
#[derive(Debug)]
pub(crate) struct Refused;

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

/// Takes back what has not been sent, and reports it. False when it is too late.
pub(crate) fn cancel(shared: &Arc<Shared>, sid: &str) -> bool {
    advance(shared, sid, MessageStatus::Canceled, 0, true)
}

/// Waits until a scheduled message is due. Who has said STOP meanwhile does not get it: false.
async fn wait(shared: &Arc<Shared>, sid: &str, due: DateTime<Utc>) -> bool {
    loop {
        let left_s = (due - shared.time.now()).as_seconds_f64();
        if left_s <= 0.0 {
            break;
        }
        // One sleep may be shorter than what is left: a week is the longest.
        shared.time.sleep(seconds(left_s.max(0.001))).await;
    }
    let refused = {
        let state = shared.state();
        state.message(sid).is_some_and(|message| {
            state
                .opt_outs
                .contains(&(message.to.clone(), message.from.clone()))
        })
    };
    if refused {
        advance(shared, sid, MessageStatus::Failed, 21610, true);
    }
    !refused
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
    let end = match handset.as_ref().map(|handset| handset.status.as_str()) {
        None => MessageStatus::Delivered,
        Some("failed") => MessageStatus::Failed,
        Some("sent") => MessageStatus::Sent,
        Some(_) => MessageStatus::Undelivered,
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

/// Moves a message on and reports it. False when it cannot go there: it was canceled or deleted meanwhile, or is sent already.
fn advance(shared: &Arc<Shared>, sid: &str, status: MessageStatus, code: u32, last: bool) -> bool {
    let now = shared.time.now();
    let mut state = shared.state();
    let token = state.ids.token();
    let Some(message) = state
        .message_mut(sid)
        .filter(|message| message.status.may_become(status))
    else {
        return false;
    };
    message.status = status;
    message.updated = now;
    match status {
        MessageStatus::Sent => message.sent = Some(now),
        MessageStatus::Failed | MessageStatus::Undelivered => message.error_code = Some(code),
        _ => {}
    }
    let report = message.status_callback.clone().map(|url| Request {
        kind: "message-status",
        sid: Some(sid.to_owned()),
        url,
        method: "POST".to_owned(),
        params: webhooks::of_message_status(&shared.account.sid, message, status),
        token,
    });
    state.moment(sid, "status", status.as_str());
    if matches!(status, MessageStatus::Failed | MessageStatus::Undelivered) {
        let entry = Entry {
            sid: Some(sid.to_owned()),
            ..Entry::new(Direction::Note, "message")
        };
        state.record(entry.failed(code, "the message was not delivered"));
    }
    drop(state);
    if let Some(report) = report {
        webhooks::send(shared, report, last);
    }
    true
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
