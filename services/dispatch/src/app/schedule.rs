//! When the AI answers: after the time that a person has, and when a burst of texts is over.

use chrono::TimeDelta;
use clock::Time;
use events::v1::{ReplyDue, TenantContext};
use store::types;

use super::ahead::AHEAD;
use super::follow::{Follow, Out};
use crate::db::Conversation;

/// How quiet it must be before several texts count as one question.
pub const QUIET: TimeDelta = TimeDelta::seconds(3);
/// How long a burst may put the answer off, beyond the time that a person has.
pub const BURST: TimeDelta = TimeDelta::seconds(30);

/// When the answer is due to texts of which the first came at `first` and the last at `last`.
pub fn due(first: Time, last: Time, window: TimeDelta) -> Time {
    let by_window = first + window;
    let by_quiet = last + QUIET;
    by_window
        .max(by_quiet)
        .min(by_window + BURST)
        .max(by_window)
}

/// Has the AI look at the thread when its time has come, and, where there is time to read it, write its answer before; a timer that was set before finds another revision.
pub fn schedule(thread: &mut Conversation, tenant: &TenantContext, at: Time, follow: &mut Follow) {
    let window = TimeDelta::seconds(i64::from(tenant.human_window_s));
    let first = thread.waiting_since.map_or(at, |it| it.0.min(at));
    let due = due(first, at, window);
    thread.revision += 1;
    thread.waiting_since = Some(types::Time(first));
    thread.reply_due_at = Some(types::Time(due));
    thread.drop_draft();
    let timer = ReplyDue {
        tenant_id: thread.tenant_id.clone(),
        conversation_id: thread.id.clone(),
        revision: thread.revision.unsigned_abs(),
        tenant: Some(tenant.clone()),
        ahead: false,
    };
    let ahead = ReplyDue {
        ahead: true,
        ..timer.clone()
    };
    follow.push(Out::Due(Box::new(timer), due - at));
    if due - AHEAD >= at + QUIET {
        follow.push(Out::Due(Box::new(ahead), due - AHEAD - at));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    #[test]
    fn burst_is_answered_when_it_is_quiet_and_after_the_window() {
        let at = |s: i64| DateTime::from_timestamp(1_750_000_000 + s, 0).unwrap();
        for (last, window, expected) in [
            (0, 60, 60),
            (6, 60, 60),
            (58, 60, 61),
            (70, 60, 73),
            (200, 60, 90),
            (0, 0, 3),
            (6, 0, 9),
            (40, 0, 30),
        ] {
            let due = due(at(0), at(last), TimeDelta::seconds(window));
            assert_eq!(due, at(expected), "{last} {window}");
        }
    }
}
