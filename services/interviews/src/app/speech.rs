//! What is said by a voice: which lines have their sound, and the making of those that have not.

use std::collections::{HashMap, HashSet};

use async_trait::async_trait;
use chrono::Duration;
use events::v1::{AiPreferences, SpeechSynthesisFailed, SpeechSynthesize, SpeechSynthesized};
use role::{Cause, Decider, Decision, HandlerError, OutgoingEvent, Tx, derive_id};

use super::Env;
use super::locked_interview::LockedInterview;
use crate::db::{self, SpeechRow};

/// How long after it was asked for, or has failed, a line is given to a voice again.
const AGAIN: Duration = Duration::minutes(10);

/// Why a prompt has no sound any more: its file is not there, and could not be made again.
const GONE: &str = "gone";

/// The files of those lines that have one, by their words; and the orders for the others.
pub async fn files(
    env: &Env,
    tx: &mut Tx,
    cause: &Cause,
    held: &LockedInterview,
    lines: &[String],
) -> Result<(HashMap<String, String>, Decision), HandlerError> {
    let wishes = held.wishes();
    let keys: Vec<String> = lines
        .iter()
        .map(|line| key(line, held.language_of(line), &wishes, &env.speaker))
        .collect();
    let known: HashMap<String, SpeechRow> = db::speech_find(tx, &keys)
        .await?
        .into_iter()
        .map(|row| (row.key.clone(), row))
        .collect();
    let (mut files, mut decision, mut asked) =
        (HashMap::new(), Decision::nothing(), HashSet::new());
    for (line, key) in lines.iter().zip(keys) {
        match known.get(&key) {
            Some(row) if row.state == "ready" => {
                files.insert(line.clone(), row.file.clone());
            }
            Some(row) if cause.time - row.at.0 < AGAIN => {}
            _ if !asked.insert(key.clone()) => {}
            seen => {
                if !db::speech_ask(tx, &row(cause, &key, "asked", ""), seen).await? {
                    continue;
                }
                let order = SpeechSynthesize {
                    key: key.clone(),
                    tenant_id: held.row.tenant_id.clone(),
                    text: line.clone(),
                    language: held.language_of(line).to_owned(),
                    wishes: Some(wishes.clone()),
                };
                decision = decision.publish(
                    OutgoingEvent::new(&order).id(derive_id(&["speech", &key, &cause.id])),
                );
            }
        }
    }
    Ok((files, decision))
}

/// Has these lines made, as far as they are not.
pub async fn prepare(
    env: &Env,
    tx: &mut Tx,
    cause: &Cause,
    held: &LockedInterview,
    lines: &[String],
) -> Result<Decision, HandlerError> {
    let (_, decision) = files(env, tx, cause, held, lines).await?;
    Ok(decision)
}

/// The name of a line's sound.
pub fn key(line: &str, language: &str, wishes: &AiPreferences, speaker: &str) -> String {
    let provider = match wishes.voice_provider.as_str() {
        "" => speaker,
        wished => wished,
    };
    flow::speech::key(
        line,
        language,
        provider,
        &wishes.voice,
        &wishes.speech_model,
    )
}

fn row(cause: &Cause, key: &str, state: &str, file: &str) -> SpeechRow {
    SpeechRow {
        key: key.to_owned(),
        state: state.to_owned(),
        file: file.to_owned(),
        at: cause.time.into(),
    }
}

async fn note(
    tx: &mut Tx,
    cause: &Cause,
    key: &str,
    state: &str,
    file: &str,
) -> Result<(), HandlerError> {
    Ok(db::speech_put(tx, &row(cause, key, state, file)).await?)
}

/// Takes `speech.synthesized`.
pub struct Spoken;

#[async_trait]
impl Decider for Spoken {
    type Event = SpeechSynthesized;
    const NAME: &'static str = "spoken";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: SpeechSynthesized,
    ) -> Result<Decision, HandlerError> {
        note(tx, cause, &event.key, "ready", &event.file).await?;
        Ok(Decision::nothing())
    }
}

/// Takes `speech.synthesis_failed`: callers go on hearing Twilio's voice.
pub struct NotSpoken;

#[async_trait]
impl Decider for NotSpoken {
    type Event = SpeechSynthesisFailed;
    const NAME: &'static str = "not-spoken";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: SpeechSynthesisFailed,
    ) -> Result<Decision, HandlerError> {
        if event.reason == GONE {
            // It is ordered when it is said next, and said by Twilio meanwhile.
            db::speech_forget(tx, &event.key).await?;
        } else {
            note(tx, cause, &event.key, "failed", "").await?;
        }
        Ok(Decision::nothing())
    }
}
