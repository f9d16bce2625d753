//! A call with an assistant, summed up. The result is kept with the call by whoever asked, and nowhere else.

use std::time::Duration;

use ai::task::{AboutConversation, CallSummary, Utterance};
use ai::{Ai, Block, ChatRequest, Task};
use async_trait::async_trait;
use events::v1::{
    AiPreferences, CallFact, CallSummarize, CallSummarized, CallSummaryFailed, CallWords,
};
use role::budget::OVER_BUDGET;
use role::{Cause, HandlerError, Outcome, Performer};

use super::{answered, told};
use crate::prompts;
use crate::results::{Effect, EffectResult, Miss, Results};
use crate::text::{MOST, cut, plain, sentences, verbatim};
use crate::usage::Took;

/// What a call can have come to.
const OUTCOMES: [&str; 5] = ["answered", "booked", "message", "transferred", "unresolved"];
/// How many sentences a summary has.
const SENTENCES: usize = 3;
/// How many facts are kept, and bytes of each part of one.
const FACTS: usize = 12;
const FACT: usize = 300;

/// Sums calls up.
pub(crate) struct SumUpCall {
    pub results: Results,
    pub ai: Ai,
}

#[async_trait]
impl Performer for SumUpCall {
    type Command = CallSummarize;
    const NAME: &'static str = "call-summary";

    fn prefetch(&self) -> u16 {
        super::PREFETCH
    }

    fn retry_delays(&self) -> Vec<Duration> {
        self.results.timings.retry_delays.clone()
    }

    async fn perform(
        &self,
        cause: &Cause,
        command: CallSummarize,
    ) -> Result<Outcome, HandlerError> {
        let tenant = &command.tenant_id;
        let effect = Effect {
            kind: "call-summary",
            id: &command.session_id,
            tenant,
            made_of: String::new(),
        };
        let made = match self.results.budget.is_spent(tenant).await {
            true => Err(Miss::Never(OVER_BUDGET)),
            false => self.make(&command).await,
        };
        let reason = match made {
            Ok((summary, took)) => {
                self.results.spent(tenant, Some(&took));
                self.results.note(&effect, cause, Some(&took));
                let event = summarized(&command, summary, &took);
                return Ok(told(&event, &effect, tenant));
            }
            Err(miss) => match self.results.settle::<()>(&effect, cause, miss)? {
                EffectResult::Failed(reason) => reason,
                EffectResult::Done(_) => return Ok(Outcome::nothing()),
            },
        };
        let event = CallSummaryFailed {
            session_id: command.session_id.clone(),
            tenant_id: tenant.clone(),
            call_sid: command.call_sid.clone(),
            reason: reason.to_owned(),
        };
        Ok(answered(&event, effect.id, cause, tenant))
    }
}

impl SumUpCall {
    async fn make(&self, command: &CallSummarize) -> Result<(CallSummary, Took), Miss> {
        let usual = AiPreferences::default();
        let wishes = command.wishes.as_ref().unwrap_or(&usual);
        let about = AboutConversation {
            history: command.said.iter().map(utterance).collect(),
            ..AboutConversation::default()
        };
        let task = prompts::call_summary(wishes);
        let mut request =
            ChatRequest::new(Task::CallSummary, task).with(Block::json("call", &about));
        request.language.clone_from(&command.language);
        request.model.clone_from(&wishes.chat_model);
        let fits = |said: &CallSummary| {
            !said.summary.trim().is_empty() && OUTCOMES.contains(&said.outcome.as_str())
        };
        let said = self.ai.chat_that(&request, fits).await?;
        Ok((said.value, said.usage.into()))
    }
}

fn utterance(words: &CallWords) -> Utterance {
    Utterance {
        who: words.who.clone(),
        text: cut(&words.text, MOST).to_owned(),
    }
}

fn summarized(command: &CallSummarize, said: CallSummary, took: &Took) -> CallSummarized {
    let callers: Vec<&str> = command
        .said
        .iter()
        .filter(|it| it.who == "caller")
        .map(|it| it.text.as_str())
        .collect();
    let callers = callers.join("\n");
    // A fact rests on the caller's own words, or it is none.
    let facts = said.facts.into_iter().filter_map(|fact| {
        Some(CallFact {
            quote: verbatim(cut(&fact.quote, FACT), &callers)?,
            name: plain(cut(&fact.name, FACT)),
            value: plain(cut(&fact.value, FACT)),
        })
    });
    CallSummarized {
        session_id: command.session_id.clone(),
        tenant_id: command.tenant_id.clone(),
        call_sid: command.call_sid.clone(),
        account_sid: command.account_sid.clone(),
        summary: sentences(&said.summary, SENTENCES),
        outcome: said.outcome,
        facts: facts.take(FACTS).collect(),
        usage: Some(took.told()),
        voice: command.voice.clone(),
    }
}
