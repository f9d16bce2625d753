//! What was said in a recording, turn by turn.

use actix_web::web;
use api::{ApiError, Caller};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::serve::away;
use super::state::{State, Which, find, stored};

/// A recording in words.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Transcript {
    recording_id: String,
    /// BCP 47; null: the model found out.
    language: Option<String>,
    /// Whether no provider was asked that hears.
    simulated: bool,
    /// Who transcribed it; null: nobody spoke.
    provider: Option<String>,
    model: Option<String>,
    turns: Vec<Turn>,
}

/// What one side says without a pause.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Turn {
    /// `customer` (the first channel), `business` (the second); `both` of a recording with one channel.
    speaker: String,
    /// From the recording's beginning.
    from_s: f64,
    to_s: f64,
    text: String,
    /// Each word with its place, where the provider gives it; else none.
    #[serde(default)]
    words: Vec<Word>,
}

/// A word.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Word {
    text: String,
    /// From the recording's beginning.
    from_s: f64,
    to_s: f64,
}

/// As scoring keeps it.
#[derive(Debug, Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Kept {
    language: String,
    turns: Vec<Turn>,
    usage: Option<Usage>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Usage {
    provider: String,
    model: String,
    simulated: bool,
}

pub(super) async fn get(
    state: web::Data<State>,
    caller: Caller,
    which: web::Path<Which>,
) -> Result<web::Json<Transcript>, ApiError> {
    let (_, row) = find(&state, Some(&caller), &which).await?;
    stored(&row)?;
    if row.transcript_key.is_empty() {
        let transcript = &row.metadata.0["transcript"];
        return match transcript["status"].as_str() {
            Some("pending") => Err(ApiError::conflict(
                "not_ready",
                "the recording is being transcribed; ask again shortly",
            )),
            Some(_) => Err(ApiError::conflict(
                "not_transcribed",
                format!(
                    "the recording could not be transcribed ({})",
                    transcript["reason"]
                ),
            )),
            None => Err(ApiError::not_found(
                "transcript: set recording.transcribe, and calls from then on have one",
            )),
        };
    }
    let found = state.objects.get(&row.transcript_key).await;
    let found = found.map_err(|e| away(&e))?;
    let missing = || ApiError::not_found("transcript of this recording in the store");
    let kept = found.and_then(|it| serde_json::from_slice::<Kept>(&it.bytes).ok());
    let kept = kept.ok_or_else(missing)?;
    let usage = kept.usage;
    Ok(web::Json(Transcript {
        recording_id: row.id,
        language: Some(kept.language).filter(|it| !it.is_empty()),
        simulated: usage.as_ref().is_some_and(|it| it.simulated),
        provider: usage.as_ref().map(|it| it.provider.clone()),
        model: usage.map(|it| it.model),
        turns: kept.turns,
    }))
}
