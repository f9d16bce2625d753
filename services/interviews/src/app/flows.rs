//! Flows that were applied.

use async_trait::async_trait;
use events::v1::{AiPreferences, FlowDefine, FlowDefined, SpeechSynthesize};
use flow::{Definition, Flow};
use phrases::Language;
use role::{Cause, Decider, Decision, HandlerError, OutgoingEvent, Tx, derive_id};
use serde_json::Value;
use store::types::Json;
use tracing::info;

use super::{Env, speech};
use crate::db;

/// Takes `flow.define`: a new version, if it differs from the last one. Interviews under way keep theirs.
pub struct Define(pub Env);

#[async_trait]
impl Decider for Define {
    type Event = FlowDefine;
    const NAME: &'static str = "define";

    async fn decide(
        &self,
        tx: &mut Tx,
        cause: &Cause,
        event: FlowDefine,
    ) -> Result<Decision, HandlerError> {
        let value: Value = serde_json::from_str(&event.definition)
            .map_err(|e| HandlerError::Reject(format!("flow.define without a definition: {e}")))?;
        let flow = Flow::read(&value).map_err(|faults| {
            HandlerError::Reject(format!("flow.define with a bad definition: {faults:?}"))
        })?;
        let whose = (event.tenant_id.as_str(), event.name.as_str());
        let kept = Json(flow.to_value());
        let (version, is_new) =
            db::flow_put(tx, whose, flow.kind(), &kept, cause.time, None).await?;
        let defined = FlowDefined {
            tenant_id: event.tenant_id,
            name: event.name,
            version: u32::try_from(version).unwrap_or(u32::MAX),
        };
        // Whoever applied it waits until it can be named.
        let told = Decision::nothing().reply(&defined);
        if !is_new {
            return Ok(told);
        }
        info!(flow = defined.name, version, "a flow has a new version");
        let told = told.publish(&defined);
        Ok(match flow {
            Flow::Interview(definition) => told.merge(spoken(&definition, &self.0.speaker)),
            // What an assistant says is written while it speaks.
            Flow::Assistant(_) => told,
        })
    }
}

/// Has what is always said made into speech before the first call, as far as the flow itself says in which voice.
fn spoken(definition: &Definition, speaker: &str) -> Decision {
    ahead(definition, speaker)
        .into_iter()
        .fold(Decision::nothing(), |decision, order| {
            let id = derive_id(&["speech.ahead", &definition.name, &order.key]);
            decision.publish(OutgoingEvent::new(&order).id(id))
        })
}

/// The orders for it.
pub fn ahead(definition: &Definition, speaker: &str) -> Vec<SpeechSynthesize> {
    let language = match definition.language.as_str() {
        "" => "en-US",
        own => own,
    };
    let wishes = AiPreferences {
        speech_model: definition.ai.speech_model.clone(),
        voice: definition.ai.voice.clone(),
        voice_provider: definition.ai.voice_provider.clone(),
        ..AiPreferences::default()
    };
    let order = |line: String| {
        let language = Language::of_line(language, &line);
        SpeechSynthesize {
            key: speech::key(&line, language, &wishes, speaker),
            tenant_id: String::new(),
            language: language.to_owned(),
            wishes: Some(wishes.clone()),
            text: line,
        }
    };
    definition
        .fixed_lines(language, definition.records())
        .into_iter()
        .map(order)
        .collect()
}
