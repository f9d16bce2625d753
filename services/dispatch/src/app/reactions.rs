//! A tapback is a reaction on the text that it quotes, and no text of its own.

use clock::Time;
use events::v1::InboundText;
use role::Tx;
use serde_json::json;
use store::types::Json;
use triage::{Reaction, ReactionKind};

use super::wording;
use crate::db::{self, Conversation, Message, Window};

/// How many messages are looked through for what a customer reacts to.
const LOOKED_AT: i64 = 50;

/// Whether this very tapback was noted before.
pub async fn reacted_before(
    tx: &mut Tx,
    thread: &Conversation,
    sid: &str,
) -> Result<bool, store::Error> {
    let window = Window {
        before: None,
        limit: LOOKED_AT,
    };
    let latest = db::message_list(tx, &thread.id, &window).await?;
    let has = |it: &Message| {
        it.reactions
            .0
            .as_array()
            .is_some_and(|all| all.iter().any(|one| one["message_sid"] == sid))
    };
    Ok(latest.iter().any(has))
}

/// Notes a reaction on the text that it quotes; false where there is no such text.
pub async fn react(
    tx: &mut Tx,
    at: Time,
    thread: &mut Conversation,
    text: &InboundText,
    reaction: &Reaction,
) -> Result<bool, store::Error> {
    let window = Window {
        before: None,
        limit: LOOKED_AT,
    };
    let latest = db::message_list(tx, &thread.id, &window).await?;
    let quotes = |it: &&Message| match &reaction.quoted {
        Some(quoted) => {
            let beginning = wording::cut(it.body.trim(), quoted.chars().count());
            triage::same_words(quoted, &it.body) || beginning == quoted
        }
        None => it.media.0.as_array().is_some_and(|media| !media.is_empty()),
    };
    let Some(quoted) = latest.iter().rev().find(quotes) else {
        return Ok(false);
    };
    let mut all = quoted.reactions.0.as_array().cloned().unwrap_or_default();
    all.push(json!({
        "sign": reaction.kind.sign(), "removed": reaction.removed, "message_sid": text.message_sid, "at": at,
    }));
    db::message_reactions(tx, &quoted.id, &Json(all.into())).await?;
    if reaction.kind == ReactionKind::Questioned && !reaction.removed {
        thread.ask_for_attention("questioned");
    }
    Ok(true)
}
