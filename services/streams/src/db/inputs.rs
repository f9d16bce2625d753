//! Which sessions keep their inputs, and until when.

use clock::Time;
use store::prelude::*;
use store::types;
use store::{Error, Tx, on};

use super::schema::sessions::dsl;

/// As many are looked at in one go.
const BATCH: i64 = 100;

/// A session, and the key of its inputs.
pub type Kept = (String, String);

/// A session's inputs are kept. False where the session is forgotten by now.
pub async fn session_inputs(tx: &mut Tx, id: &str, key: &str, until: Time) -> Result<bool, Error> {
    let until: types::Time = until.into();
    let known = on!(tx, c => diesel::update(dsl::sessions.find(id))
        .set((dsl::inputs_key.eq(key), dsl::inputs_until.eq(Some(until))))
        .execute(c)
        .await)?;
    Ok(known == 1)
}

/// A session's inputs are gone.
pub async fn session_without_inputs(tx: &mut Tx, id: &str) -> Result<(), Error> {
    on!(tx, c => diesel::update(dsl::sessions.find(id))
        .set((dsl::inputs_key.eq(""), dsl::inputs_until.eq(None::<types::Time>)))
        .execute(c)
        .await)?;
    Ok(())
}

/// Those whose time is over.
pub async fn inputs_over(tx: &mut Tx, now: Time) -> Result<Vec<Kept>, Error> {
    let now: types::Time = now.into();
    Ok(on!(tx, c => dsl::sessions
        .filter(dsl::inputs_until.le(now))
        .select((dsl::id, dsl::inputs_key))
        .limit(BATCH)
        .load::<Kept>(c)
        .await)?)
}

/// Those of these calls.
pub async fn inputs_of_calls(tx: &mut Tx, call_sids: &[String]) -> Result<Vec<Kept>, Error> {
    Ok(on!(tx, c => dsl::sessions
        .filter(dsl::call_sid.eq_any(call_sids))
        .filter(dsl::inputs_key.ne(""))
        .select((dsl::id, dsl::inputs_key))
        .load::<Kept>(c)
        .await)?)
}
