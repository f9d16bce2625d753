//! What operators do with a thread beside writing: they read it, close it, open it.

use clock::Time;
use role::{Tx, derive_id};
use serde_json::json;
use store::types::{self, Json};

use super::follow::Follow;
use super::human::{self, rfc3339};
use crate::db::{self, Conversation, Entry, Status};

/// An operator has seen the thread.
pub async fn mark_read(tx: &mut Tx, thread: &Conversation) -> Result<(), store::Error> {
    db::opt_out_lock(tx, &thread.tenant_id, &thread.customer).await?;
    if let Some((mut thread, _)) = db::conversation_find(tx, &thread.id).await? {
        human::read(&mut thread);
        db::conversation_save(tx, &thread).await?;
    }
    Ok(())
}

/// Blocks a customer: what they write is kept and nothing follows, and their missed calls are not answered. Or takes that back.
pub async fn block(
    tx: &mut Tx,
    now: Time,
    thread: &Conversation,
    blocked: bool,
) -> Result<(), store::Error> {
    let customer = db::opt_out_lock(tx, &thread.tenant_id, &thread.customer).await?;
    if customer.blocked == blocked {
        return Ok(());
    }
    db::block_set(tx, &customer, blocked).await?;
    let entry = Entry {
        id: derive_id(&["blocked", &thread.id, &rfc3339(now)]),
        conversation_id: thread.id.clone(),
        kind: "blocked".to_owned(),
        at: types::Time(now),
        call_id: None,
        call_sid: None,
        detail: Json(json!({ "blocked": blocked })),
    };
    db::entry_put(tx, &entry).await?;
    if let Some((mut thread, _)) = db::conversation_find(tx, &thread.id).await? {
        thread.cancel_reply();
        db::conversation_save(tx, &thread).await?;
    }
    Ok(())
}

/// Closes or opens a thread.
pub async fn set_status(
    tx: &mut Tx,
    now: Time,
    thread: &Conversation,
    status: Status,
) -> Result<(Conversation, Follow), store::Error> {
    let mut follow = Follow::default();
    db::opt_out_lock(tx, &thread.tenant_id, &thread.customer).await?;
    let Some((mut thread, _)) = db::conversation_find(tx, &thread.id).await? else {
        return Ok((thread.clone(), follow));
    };
    if thread.status == status.as_str() {
        return Ok((thread, follow));
    }
    status.as_str().clone_into(&mut thread.status);
    thread.updated_at = thread.updated_at.max(types::Time(now));
    if status == Status::Active {
        thread.opened_at = Some(types::Time(now));
        thread.closed_at = None;
    } else {
        thread.closed_at = Some(types::Time(now));
        thread.cancel_reply();
        thread.question.clear();
        db::bookings_release(tx, &thread.id).await?;
    }
    let entry = Entry {
        id: derive_id(&["status", &thread.id, status.as_str(), &rfc3339(now)]),
        conversation_id: thread.id.clone(),
        kind: "status".to_owned(),
        at: types::Time(now),
        call_id: None,
        call_sid: None,
        detail: Json(json!({ "status": status.as_str() })),
    };
    db::entry_put(tx, &entry).await?;
    let change = match status {
        Status::Active => "reopened",
        other => other.as_str(),
    };
    follow.tell(&thread, change, "");
    db::conversation_save(tx, &thread).await?;
    Ok((thread, follow))
}
