//! The ids of the calls of sessions that a version before has offered, which did not keep them. It may offer more while its
//! processes are being replaced.

use role::call_id;
use store::prelude::*;
use store::{Error, Tx, on};

use super::schema::sessions::dsl;

/// As many are looked at in one go.
const BATCH: i64 = 1_000;

/// The CallSids of sessions without their call's id, in one order: two processes may fill them in at once.
pub async fn calls_without_id(tx: &mut Tx) -> Result<Vec<String>, Error> {
    Ok(on!(tx, c => dsl::sessions
        .filter(dsl::call_id.eq(""))
        .select(dsl::call_sid)
        .distinct()
        .order(dsl::call_sid.asc())
        .limit(BATCH)
        .load::<String>(c)
        .await)?)
}

/// A call's sessions get its id.
pub async fn call_identify(tx: &mut Tx, call_sid: &str) -> Result<(), Error> {
    on!(tx, c => diesel::update(dsl::sessions.filter(dsl::call_sid.eq(call_sid)))
        .set(dsl::call_id.eq(call_id(call_sid)))
        .execute(c)
        .await)?;
    Ok(())
}

/// Makes a session one of the version before: what a test does to it.
pub async fn session_without_call_id(tx: &mut Tx, id: &str) -> Result<(), Error> {
    on!(tx, c => diesel::update(dsl::sessions.find(id))
        .set(dsl::call_id.eq(""))
        .execute(c)
        .await)?;
    Ok(())
}
