//! An answer that is written ahead of its time, so that operators read it before it leaves: it waits in its thread until it is due.

use chrono::TimeDelta;
use clock::Time;
use events::v1::{ReplyDraftFailed, ReplyDrafted, TenantContext};
use prost::Message as _;
use role::Tx;

use super::follow::{Follow, Out, changed};
use super::outgoing;
use crate::db::{self, Conversation};

/// So long before its time an answer is written: long enough to be read, short enough that most texts which would make it void
/// have come by then, since each draft costs.
pub const AHEAD: TimeDelta = TimeDelta::seconds(30);

/// The change that is told when an answer waits. It is nobody's business but that of operators who look at the thread, so it goes
/// by a key of its own.
pub const DRAFTED: &str = "drafted";

/// What came of a draft that was ordered ahead, as a thread keeps it.
#[derive(Clone, PartialEq, prost::Message)]
struct Kept {
    #[prost(message, optional, tag = "1")]
    drafted: Option<ReplyDrafted>,
    #[prost(message, optional, tag = "2")]
    failed: Option<ReplyDraftFailed>,
    #[prost(string, tag = "3")]
    text: String,
}

/// What came of it.
#[derive(Debug, Clone, PartialEq)]
pub enum Held {
    /// The draft as it came, which is checked again when it leaves, and the text that leaves, as far as it can be told now.
    Drafted {
        /// As it came.
        event: Box<ReplyDrafted>,
        /// What will be sent.
        text: String,
    },
    /// There is none.
    Failed(ReplyDraftFailed),
}

impl Held {
    /// What a thread holds.
    pub fn of(thread: &Conversation) -> Option<Self> {
        let kept = Kept::decode(thread.held.as_deref()?).ok()?;
        match (kept.drafted, kept.failed) {
            (Some(event), _) => Some(Self::Drafted {
                event: Box::new(event),
                text: kept.text,
            }),
            (None, failed) => failed.map(Self::Failed),
        }
    }
}

/// Whether an answer that has come is to wait.
pub fn is_early(thread: &Conversation, at: Time) -> bool {
    thread.reply_due_at.is_some_and(|due| at < due.0)
}

/// Keeps an answer until it is due, and says that it can be read.
pub async fn hold(
    tx: &mut Tx,
    mut thread: Conversation,
    tenant: &TenantContext,
    text: &str,
    event: &ReplyDrafted,
) -> Result<Follow, store::Error> {
    let kept = Kept {
        drafted: Some(event.clone()),
        failed: None,
        text: outgoing::introduced(tx, &thread, tenant, text, true).await?,
    };
    thread.held = Some(kept.encode_to_vec());
    db::conversation_save(tx, &thread).await?;
    let mut follow = Follow::default();
    follow.push(Out::Drafted(changed(&thread, DRAFTED, "")));
    Ok(follow)
}

/// Keeps that there will be none: until it is due, a person may still answer.
pub async fn hold_failure(
    tx: &mut Tx,
    mut thread: Conversation,
    event: &ReplyDraftFailed,
) -> Result<Follow, store::Error> {
    let kept = Kept {
        failed: Some(event.clone()),
        ..Kept::default()
    };
    thread.held = Some(kept.encode_to_vec());
    db::conversation_save(tx, &thread).await?;
    Ok(Follow::default())
}
