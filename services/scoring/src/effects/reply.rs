//! The next text of a thread.

use std::time::Duration;

use ai::task::{self, AboutThread, Fact, Facts, Reply};
use ai::{Ai, Block, ChatRequest, Picture, Task};
use async_trait::async_trait;
use events::v1::reply_facts;
use events::v1::{
    AiPreferences, OpenHours, ReplyDraft, ReplyDraftFailed, ReplyDrafted, ReplyFacts, TenantContext,
};
use role::{Cause, HandlerError, Outcome, Performer, derive_id};
use serde::{Deserialize, Serialize};

use super::{answered, told};
use crate::prompts;
use crate::results::{Effect, EffectResult, Made, Miss, Results};
use crate::text::{MOST, cut, plain, verbatim};
use crate::usage::Took;

/// As many as there may be customers who write at once.
const PREFETCH: u16 = 64;
/// What a model may decide on.
const ACTIONS: [&str; 5] = ["ask", "propose", "answer", "decline", "hand_over"];
const URGENCIES: [&str; 3] = ["normal", "urgent", "emergency"];
/// The longest text of a model that is looked at; it is made short by whoever sends it.
const LONGEST: usize = 1600;
/// How many texts of a thread a model is shown, the latest.
const TEXTS: usize = 60;
/// How many pictures.
const PICTURES: usize = 4;
/// Bytes of a fact.
const FACT: usize = 300;

/// Drafts replies.
pub(crate) struct Draft {
    pub results: Results,
    pub ai: Ai,
}

#[derive(Serialize, Deserialize)]
struct Drafted {
    reply: Reply,
}

#[async_trait]
impl Performer for Draft {
    type Command = ReplyDraft;
    const NAME: &'static str = "reply";

    fn prefetch(&self) -> u16 {
        PREFETCH
    }

    fn retry_delays(&self) -> Vec<Duration> {
        self.results.timings.retry_delays.clone()
    }

    async fn perform(&self, cause: &Cause, command: ReplyDraft) -> Result<Outcome, HandlerError> {
        let effect = Effect {
            kind: "reply",
            id: &command.draft_id,
            tenant: &command.tenant_id,
            made_of: made_of(&command),
        };
        let (id, tenant) = (command.draft_id.clone(), &command.tenant_id);
        let conversation_id = command.conversation_id.clone();
        let outcome = Box::pin(self.results.execute(&effect, cause, self.make(&command))).await?;
        Ok(match outcome {
            EffectResult::Done(kept) => {
                let Reply {
                    facts,
                    urgency,
                    next_action,
                    slot,
                    text,
                } = kept.value.reply;
                let event = ReplyDrafted {
                    draft_id: id,
                    tenant_id: tenant.clone(),
                    conversation_id,
                    facts: Some(facts_told(facts)),
                    urgency,
                    next_action,
                    slot,
                    text,
                    usage: kept.took.as_ref().map(Took::told),
                };
                told(&event, &effect, tenant).reply(&event)
            }
            EffectResult::Failed(reason) => {
                let event = ReplyDraftFailed {
                    draft_id: id,
                    tenant_id: tenant.clone(),
                    conversation_id,
                    reason: reason.to_owned(),
                };
                answered(&event, effect.id, cause, tenant).reply(&event)
            }
        })
    }
}

fn made_of(command: &ReplyDraft) -> String {
    let mut parts = Vec::new();
    for line in &command.history {
        parts.extend([line.sender.as_str(), line.body.as_str()]);
    }
    let pictures = command.history.iter().flat_map(|line| &line.pictures);
    parts.extend(pictures.map(|picture| picture.key.as_str()));
    parts.extend(command.slots.iter().map(|slot| slot.starts_at.as_str()));
    derive_id(&parts)
}

impl Draft {
    async fn make(&self, command: &ReplyDraft) -> Made<Drafted> {
        let about = about(command);
        if !about.texts.iter().any(|text| text.sender == "customer") {
            return Err(Miss::Never("nothing_said"));
        }
        let plain_tenant = TenantContext::default();
        let tenant = command.tenant.as_ref().unwrap_or(&plain_tenant);
        let usual = AiPreferences::default();
        let wishes = tenant.ai.as_ref().unwrap_or(&usual);
        let mut request = ChatRequest::new(Task::Reply, prompts::reply(wishes))
            .with(Block::json("thread", &about));
        request.language.clone_from(&tenant.language);
        request.model.clone_from(&wishes.chat_model);
        let fits = |reply: &Reply| {
            let known = about.slots.iter().any(|slot| slot.starts_at == reply.slot);
            !reply.text.trim().is_empty()
                && reply.text.chars().count() <= LONGEST
                && ACTIONS.contains(&reply.next_action.as_str())
                && URGENCIES.contains(&reply.urgency.as_str())
                && (reply.slot.is_empty() || known)
        };
        request.pictures = self.pictures(command).await?;
        let said = match self.ai.chat_that(&request, fits).await {
            // A model that cannot see refuses pictures; what was written is worth an answer.
            Err(ai::Error::Refused { .. }) if !request.pictures.is_empty() => {
                request.pictures.clear();
                self.ai.chat_that(&request, fits).await?
            }
            said => said?,
        };
        let mut reply = said.value;
        reply.facts = resting_on_words(reply.facts, &about);
        reply.text = plain(&reply.text);
        Ok((Drafted { reply }, Some(said.usage.into())))
    }
}

impl Draft {
    /// The pictures of the thread, from the store. One that is gone is left out.
    async fn pictures(&self, command: &ReplyDraft) -> Result<Vec<Picture>, Miss> {
        let own = format!("media/{}/", command.tenant_id);
        let wanted = command.history.iter().flat_map(|line| &line.pictures);
        let mut pictures = Vec::new();
        for picture in wanted.filter(|it| it.key.starts_with(&own)).take(PICTURES) {
            if let Some(object) = self.results.objects.get(&picture.key).await? {
                pictures.push(Picture {
                    content_type: picture.content_type.clone(),
                    bytes: object.bytes,
                });
            }
        }
        Ok(pictures)
    }
}

/// The facts whose words the customer has written; the others are left out.
fn resting_on_words(facts: Facts, about: &AboutThread) -> Facts {
    let written = |quote: &str| {
        let customer = about.texts.iter().filter(|text| text.sender == "customer");
        customer
            .filter_map(|text| verbatim(quote, &text.body))
            .next()
    };
    let check = |fact: Fact, known: &Fact| {
        let value = plain(cut(&fact.value, FACT));
        match written(&fact.quote) {
            Some(quote) if !value.is_empty() => Fact { value, quote },
            _ => known.clone(),
        }
    };
    Facts {
        job: check(facts.job, &about.known.job),
        address: check(facts.address, &about.known.address),
        preferred_time: check(facts.preferred_time, &about.known.preferred_time),
        name: check(facts.name, &about.known.name),
    }
}

fn about(command: &ReplyDraft) -> AboutThread {
    let plain_tenant = TenantContext::default();
    let tenant = command.tenant.as_ref().unwrap_or(&plain_tenant);
    let offer = tenant.offer.clone().unwrap_or_default();
    let services = offer.services.iter().map(|it| task::Service {
        name: it.name.clone(),
        price: price(it.price_from_cents, it.price_to_cents, &it.currency),
        duration_min: it.duration_min.unwrap_or_default(),
    });
    let area = offer.service_area.unwrap_or_default();
    let latest = command.history.len().saturating_sub(TEXTS);
    let texts = command.history.iter().skip(latest).map(|line| task::Text {
        sender: line.sender.clone(),
        body: match line.media {
            0 => cut(&line.body, MOST).to_owned(),
            n => format!("{} [{n} pictures]", cut(&line.body, MOST)),
        },
        pictures: line.media,
    });
    let slots = command.slots.iter().map(|slot| task::Slot {
        starts_at: slot.starts_at.clone(),
        label: slot.label.clone(),
    });
    AboutThread {
        business: tenant.name.clone(),
        trade: tenant.trade.clone(),
        local_now: command.local_now.clone(),
        open: command.open,
        hours: hours(&tenant.hours),
        area: [area.text, area.postal_codes.join(", ")]
            .join(" ")
            .trim()
            .to_owned(),
        services: services.collect(),
        slots: slots.collect(),
        known: command.known.clone().map(facts_known).unwrap_or_default(),
        urgency: command.urgency.clone(),
        texts: texts.collect(),
    }
}

/// `$120 to $300`; empty when there is no price.
fn price(from: Option<u32>, to: Option<u32>, currency: &str) -> String {
    let amount = |cents: u32| {
        let (whole, part) = (cents / 100, cents % 100);
        let number = if part == 0 {
            whole.to_string()
        } else {
            format!("{whole}.{part:02}")
        };
        if currency == "USD" || currency.is_empty() {
            format!("${number}")
        } else {
            format!("{number} {currency}")
        }
    };
    match (from, to) {
        (Some(from), Some(to)) if from != to => format!("{} to {}", amount(from), amount(to)),
        (Some(one), _) => format!("from {}", amount(one)),
        (None, Some(to)) => format!("up to {}", amount(to)),
        (None, None) => String::new(),
    }
}

fn hours(hours: &[OpenHours]) -> String {
    const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    let one = |it: &OpenHours| {
        let day = DAYS
            .get((it.weekday as usize).saturating_sub(1))
            .unwrap_or(&"?");
        let time = |minute: u32| format!("{:02}:{:02}", minute / 60, minute % 60);
        format!("{day} {}-{}", time(it.from_minute), time(it.to_minute))
    };
    hours.iter().map(one).collect::<Vec<_>>().join(", ")
}

fn facts_told(facts: Facts) -> ReplyFacts {
    let fact = |fact: Fact| {
        Some(reply_facts::Fact {
            value: fact.value,
            quote: fact.quote,
        })
    };
    ReplyFacts {
        job: fact(facts.job),
        address: fact(facts.address),
        preferred_time: fact(facts.preferred_time),
        name: fact(facts.name),
    }
}

fn facts_known(facts: ReplyFacts) -> Facts {
    let fact = |fact: Option<reply_facts::Fact>| {
        let fact = fact.unwrap_or_default();
        Fact {
            value: fact.value,
            quote: fact.quote,
        }
    };
    Facts {
        job: fact(facts.job),
        address: fact(facts.address),
        preferred_time: fact(facts.preferred_time),
        name: fact(facts.name),
    }
}
