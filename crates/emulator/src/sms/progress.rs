//! How far a message has come, and who is told.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::log::{Direction, Entry};
use crate::state::{MessageStatus, Shared};
use crate::time::seconds;
use crate::webhooks;
use crate::wire::Request;

/// Takes back what has not been sent, and reports it. False when it is too late.
pub(crate) fn cancel(shared: &Arc<Shared>, sid: &str) -> bool {
    advance(shared, sid, MessageStatus::Canceled, 0, true)
}

/// Waits until a scheduled message is due. Who has said STOP meanwhile does not get it: false.
pub(super) async fn wait(shared: &Arc<Shared>, sid: &str, due: DateTime<Utc>) -> bool {
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

/// Moves a message on and reports it. False when it cannot go there: it was canceled or deleted meanwhile, or is sent already.
pub(super) fn advance(
    shared: &Arc<Shared>,
    sid: &str,
    status: MessageStatus,
    code: u32,
    last: bool,
) -> bool {
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
