//! Turns of a call on a stream: what the caller said or pressed, and what is said next. Composing sound is the stream's.

use async_trait::async_trait;
use events::v1::{TurnHeard, TurnSay};
use flow::{Kind, Stage, Step};
use phrases::Language;
use role::{Cause, Decider, Decision, HandlerError, Tx};
use tracing::warn;

use super::follow::follow_stream;
use super::locked_interview::{LockedInterview, is_others};
use super::turns::{limit, open};
use super::{Env, dial};
use crate::db;

/// Takes `turn.heard`.
pub struct Hear(pub Env);

#[async_trait]
impl Decider for Hear {
    type Event = TurnHeard;
    const NAME: &'static str = "turn-heard";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: TurnHeard,
    ) -> Result<Decision, HandlerError> {
        let (Some(mut tenant), Some(voice)) = (event.tenant, event.voice) else {
            return Err(HandlerError::Reject(
                "turn.heard without a tenant or parameters".to_owned(),
            ));
        };
        // Whoever offered the stream has told the caller of the recording, in the flow's own words where it has some.
        if let Some(recording) = &mut tenant.recording {
            recording.consent_notice = false;
        }
        let language = tenant.language.clone();
        let known = db::interview_lock_by_call(tx, &voice.call_sid).await?;
        let (mut held, watched) = match known {
            Some(row) if is_others(&row, &tenant.account_sid) => return refuse(&language),
            Some(row) => (LockedInterview::of(row)?, Decision::nothing()),
            None => {
                let held = open(tx, cause, tenant, &voice).await?;
                let watched = dial::silence(&self.0, &held).merge(limit(&held));
                (held, watched)
            }
        };
        held.definition.recording_notice.clear();
        if held.definition.kind != Kind::Eligibility {
            warn!(
                flow = held.definition.name,
                "a number's bot is no eligibility flow; its callers hear an apology"
            );
            return refuse(&language);
        }
        let step = step(
            &mut held,
            cause,
            &event.heard,
            &event.text,
            event.confidence,
        );
        Ok(watched.merge(follow_stream(&self.0, tx, cause, held, step).await?))
    }
}

/// What the machine makes of it. A stream that begins again goes on where it stood.
fn step(
    held: &mut LockedInterview,
    cause: &Cause,
    heard: &str,
    text: &str,
    confidence: Option<f64>,
) -> Step {
    let is_new = held.progress.stage == Stage::New;
    let mut machine = held.machine(cause.time);
    match heard {
        _ if is_new => machine.begin(""),
        "begin" => machine.go_on(),
        "digits" => machine.decided(None, text, "", None),
        _ => machine.decided(None, "", text, confidence),
    }
}

fn refuse(language: &str) -> Result<Decision, HandlerError> {
    Ok(Decision::nothing().reply(&TurnSay {
        lines: vec![Language::of(language).interview().apology.to_owned()],
        then: "hang_up".to_owned(),
        language: language.to_owned(),
        ..TurnSay::default()
    }))
}
