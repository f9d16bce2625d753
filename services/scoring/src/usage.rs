//! What an answer took: as the crate `ai` says it, as it is kept, and as it is told.

use ai::Usage;
use events::v1::AiUsage;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// As it is kept beside a result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Took {
    pub provider: String,
    pub model: String,
    pub simulated: bool,
    pub latency_ms: u32,
    pub attempts: u32,
    pub prompt_tokens: Option<u32>,
    pub completion_tokens: Option<u32>,
    pub cost_micro_usd: Option<u64>,
}

impl From<Usage> for Took {
    fn from(usage: Usage) -> Self {
        let tokens = |n: Option<u64>| n.map(|n| u32::try_from(n).unwrap_or(u32::MAX));
        Self {
            provider: usage.provider.as_str().to_owned(),
            model: usage.model,
            simulated: usage.simulated,
            latency_ms: u32::try_from(usage.latency.as_millis()).unwrap_or(u32::MAX),
            attempts: usage.attempts,
            prompt_tokens: tokens(usage.prompt_tokens),
            completion_tokens: tokens(usage.completion_tokens),
            cost_micro_usd: usage.cost_micro_usd,
        }
    }
}

impl Took {
    /// Of two answers that one result took. What is not known of one is not known of both.
    pub(crate) fn and(self, later: Self) -> Self {
        let tokens = |a: Option<u32>, b: Option<u32>| Some(a?.saturating_add(b?));
        let cost = self.cost_micro_usd.zip(later.cost_micro_usd);
        Self {
            latency_ms: self.latency_ms.saturating_add(later.latency_ms),
            attempts: self.attempts.saturating_add(later.attempts),
            prompt_tokens: tokens(self.prompt_tokens, later.prompt_tokens),
            completion_tokens: tokens(self.completion_tokens, later.completion_tokens),
            cost_micro_usd: cost.map(|(a, b)| a.saturating_add(b)),
            ..later
        }
    }

    /// As diagnostic lines show it.
    pub(crate) fn facts(&self) -> Value {
        json!({
            "provider": self.provider, "model": self.model, "simulated": self.simulated, "attempts": self.attempts,
            "prompt_tokens": self.prompt_tokens, "completion_tokens": self.completion_tokens,
            "cost_micro_usd": self.cost_micro_usd,
        })
    }

    /// As it is told.
    pub(crate) fn told(&self) -> AiUsage {
        AiUsage {
            provider: self.provider.clone(),
            model: self.model.clone(),
            simulated: self.simulated,
            latency_ms: self.latency_ms,
            attempts: self.attempts,
            prompt_tokens: self.prompt_tokens,
            completion_tokens: self.completion_tokens,
            cost_micro_usd: self.cost_micro_usd,
        }
    }
}
