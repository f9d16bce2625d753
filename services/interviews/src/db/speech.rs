//! Which prompts have been spoken into a file.

use store::prelude::*;
use store::{Error, Tx, on, types};

use super::schema::speech;
use super::schema::speech::dsl;

/// A prompt's sound.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = speech, treat_none_as_default_value = false)]
pub struct SpeechRow {
    /// Names the content: text, voice, provider, language.
    pub key: String,
    /// `asked`, `ready` or `failed`.
    pub state: String,
    /// Below `/audio/`; empty until it is ready.
    pub file: String,
    /// When that was.
    pub at: types::Time,
}

/// Those of these keys that are known, in no order.
pub async fn speech_find(tx: &mut Tx, keys: &[String]) -> Result<Vec<SpeechRow>, Error> {
    if keys.is_empty() {
        return Ok(Vec::new());
    }
    Ok(on!(tx, c => dsl::speech.filter(dsl::key.eq_any(keys)).load::<SpeechRow>(c).await)?)
}

/// Forgets a prompt: its file is gone.
pub async fn speech_forget(tx: &mut Tx, key: &str) -> Result<(), Error> {
    on!(tx, c => diesel::delete(dsl::speech.find(key)).execute(c).await)?;
    Ok(())
}

/// Notes that a prompt is asked for, if nobody has done so since it was `seen`: of two calls that want it at the same moment, in
/// whichever processes, one has it made and paid for. False: another has.
pub async fn speech_ask(
    tx: &mut Tx,
    row: &SpeechRow,
    seen: Option<&SpeechRow>,
) -> Result<bool, Error> {
    let rows = match seen {
        None => on!(tx, c => diesel::insert_into(speech::table)
                .values(row)
                .on_conflict(dsl::key)
                .do_nothing()
                .execute(c)
                .await)?,
        Some(seen) => {
            let same = dsl::speech
                .find(&row.key)
                .filter(dsl::state.eq(&seen.state))
                .filter(dsl::at.eq(seen.at));
            on!(tx, c => diesel::update(same)
                .set((dsl::state.eq(&row.state), dsl::file.eq(&row.file), dsl::at.eq(row.at)))
                .cached()
                .execute(c)
                .await)?
        }
    };
    Ok(rows == 1)
}

/// Notes how it stands with a prompt. What is ready stays ready, whatever comes late.
pub async fn speech_put(tx: &mut Tx, row: &SpeechRow) -> Result<(), Error> {
    let fresh = on!(tx, c => diesel::insert_into(speech::table)
        .values(row)
        .on_conflict(dsl::key)
        .do_nothing()
        .execute(c)
        .await)?;
    if fresh == 1 {
        return Ok(());
    }
    let behind = dsl::speech.find(&row.key).filter(dsl::state.ne("ready"));
    on!(tx, c => diesel::update(behind)
        .set((dsl::state.eq(&row.state), dsl::file.eq(&row.file), dsl::at.eq(row.at)))
        .cached()
        .execute(c)
        .await)?;
    Ok(())
}
