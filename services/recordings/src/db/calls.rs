//! Whose a call is, and how it is recorded.

use clock::Time;
use role::call_id;
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::prelude::*;
use store::types::{self, Json};
use store::{Error, Tx, on};

use super::schema::calls::{self, dsl};

/// A call, as far as its recordings need to know it.
#[derive(Debug, Clone, PartialEq, Queryable, Insertable, AsChangeset)]
#[diesel(table_name = calls, treat_none_as_default_value = false, treat_none_as_null = true)]
pub struct CallRow {
    /// Twilio's id.
    pub call_sid: String,
    /// Ours.
    pub id: String,
    /// Whose it is.
    pub tenant_id: String,
    /// The account it belongs to: the only one that may speak of its recordings.
    pub account_sid: String,
    /// The tenant's own number at one of its ends.
    pub number: String,
    /// How it is recorded: [`Settings`].
    pub settings: Json,
    /// When it began.
    pub started_at: types::Time,
    /// When it was heard to be over.
    pub ended_at: Option<types::Time>,
}

impl CallRow {
    /// A call of which a recording is known before anything else, or nothing else at all.
    pub fn unknown(call_sid: &str, tenant_id: &str, account_sid: &str, now: Time) -> Self {
        Self {
            call_sid: call_sid.to_owned(),
            id: call_id(call_sid),
            tenant_id: tenant_id.to_owned(),
            account_sid: account_sid.to_owned(),
            number: String::new(),
            settings: Json(json!(Settings::default())),
            started_at: now.into(),
            ended_at: None,
        }
    }
}

/// How a call is recorded, as its tenant had it then.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// Whether it is.
    pub enabled: bool,
    /// `wav` or `mp3`.
    pub format: String,
    /// For how many days its recordings are kept; 0: for ever.
    pub retention_days: u32,
    /// Nothing is deleted while it is set.
    pub legal_hold: bool,
    /// Whether Twilio's recordings are deleted with ours when their time is over.
    pub delete_at_twilio: bool,
    /// How the store encrypts the files: none or empty, `s3`, `kms`.
    pub encryption: String,
    /// Empty: the store's own.
    pub kms_key: String,
    /// The class that a file is moved to; empty: none.
    pub storage_class: String,
    /// After how many days.
    pub storage_class_after_days: u32,
    /// Whether Twilio's recording is transcribed.
    pub transcribe: bool,
    /// In which language; empty: the model finds out.
    pub transcribe_language: String,
    /// By which model; empty: the platform's.
    pub transcribe_model: String,
}

/// Keeps a call. One that is known keeps its owner; says whose it is.
pub async fn call_put(tx: &mut Tx, new: &CallRow) -> Result<CallRow, Error> {
    tx.lock(&name(&new.call_sid)).await?;
    let fresh = on!(tx, c => diesel::insert_into(calls::table)
        .values(new)
        .on_conflict(dsl::call_sid)
        .do_nothing()
        .execute(c)
        .await)?;
    if fresh == 1 {
        return Ok(new.clone());
    }
    let known = call_lock(tx, &new.call_sid).await?;
    let Some(mut row) = known.filter(|row| row.tenant_id == new.tenant_id) else {
        return Ok(new.clone());
    };
    if row.number.is_empty() {
        // A live track was told of before the call.
        row.number.clone_from(&new.number);
        row.started_at = new.started_at;
    }
    row.settings.clone_from(&new.settings);
    row.ended_at = row.ended_at.or(new.ended_at);
    on!(tx, c => diesel::update(dsl::calls.find(&row.call_sid)).set(&row).execute(c).await)?;
    Ok(row)
}

/// A call by its CallSid, locked until the transaction ends: two callbacks of one call are decided one after the other.
pub async fn call_lock(tx: &mut Tx, call_sid: &str) -> Result<Option<CallRow>, Error> {
    tx.lock(&name(call_sid)).await?;
    Ok(on!(tx, c => diesel::update(dsl::calls.find(call_sid))
        .set(dsl::call_sid.eq(call_sid))
        .returning(calls::all_columns)
        .get_result::<CallRow>(c)
        .await
        .optional())?)
}

/// A call and the first callback about its recording may come at the same moment. Without a common lock neither sees what the
/// other has written, and the recording waits for its call until it is adopted.
fn name(call_sid: &str) -> String {
    format!("recordings.call {call_sid}")
}

/// A call by its id or its CallSid.
pub async fn call_find(tx: &mut Tx, id: &str) -> Result<Option<CallRow>, Error> {
    Ok(on!(tx, c => dsl::calls
        .filter(dsl::call_sid.eq(id).or(dsl::id.eq(id)))
        .first::<CallRow>(c)
        .await
        .optional())?)
}

/// Those of these calls that there are.
pub async fn calls_find(tx: &mut Tx, call_sids: &[String]) -> Result<Vec<CallRow>, Error> {
    Ok(on!(tx, c => dsl::calls.filter(dsl::call_sid.eq_any(call_sids)).load::<CallRow>(c).await)?)
}

/// Forgets a call.
pub async fn call_remove(tx: &mut Tx, call_sid: &str) -> Result<(), Error> {
    on!(tx, c => diesel::delete(dsl::calls.find(call_sid)).execute(c).await)?;
    Ok(())
}
