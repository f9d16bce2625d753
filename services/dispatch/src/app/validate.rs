//! What a model has answered is checked by our own rules: area, trade, time and prices are the business's, not the model's.

use chrono_tz::Tz;
use clock::Time;
use events::v1::offer::Service;
use events::v1::{ReplyDrafted, ReplyFacts, reply_facts};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::business::Business;
use super::calendar::{Free, label};
use super::human::rfc3339;
use super::wording::cheap;

/// What is known of a customer's wish, as a thread keeps it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Facts {
    /// What is to be done.
    pub job: Fact,
    /// Where.
    pub address: Fact,
    /// When the customer would like it.
    pub preferred_time: Fact,
    /// The customer's name.
    pub name: Fact,
}

/// A fact, and the customer's words that it rests on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Fact {
    /// In few words; empty: unknown.
    pub value: String,
    /// The words.
    pub quote: String,
}

/// What our own rules say.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Validation {
    /// `inside`, `outside` or `unknown`.
    pub area: &'static str,
    /// `open` or `closed`, now.
    pub hours: &'static str,
    /// `offered`, `not_offered` or `unknown`.
    pub trade: &'static str,
    /// `available`, `full` or `none` (there is no calendar).
    pub capacity: &'static str,
}

/// An answer that may be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// `ask`, `propose`, `answer`, `decline` or `hand_over`.
    pub action: &'static str,
    /// The appointment that is proposed.
    pub slot: Option<Free>,
    /// The text.
    pub text: String,
    /// What the rules said.
    pub validation: Validation,
}

impl Facts {
    /// What was told over the bus.
    pub fn told(facts: Option<ReplyFacts>) -> Self {
        let facts = facts.unwrap_or_default();
        let fact = |fact: Option<reply_facts::Fact>| {
            let fact = fact.unwrap_or_default();
            Fact {
                value: fact.value,
                quote: fact.quote,
            }
        };
        Self {
            job: fact(facts.job),
            address: fact(facts.address),
            preferred_time: fact(facts.preferred_time),
            name: fact(facts.name),
        }
    }

    /// As it is told over the bus.
    pub fn to_event(&self) -> ReplyFacts {
        let fact = |fact: &Fact| {
            Some(reply_facts::Fact {
                value: fact.value.clone(),
                quote: fact.quote.clone(),
            })
        };
        ReplyFacts {
            job: fact(&self.job),
            address: fact(&self.address),
            preferred_time: fact(&self.preferred_time),
            name: fact(&self.name),
        }
    }

    /// With what is new; what was known stays where nothing is.
    pub fn updated_by(&self, new: Self) -> Self {
        let pick = |old: &Fact, new: Fact| {
            if new.value.is_empty() {
                old.clone()
            } else {
                new
            }
        };
        Self {
            job: pick(&self.job, new.job),
            address: pick(&self.address, new.address),
            preferred_time: pick(&self.preferred_time, new.preferred_time),
            name: pick(&self.name, new.name),
        }
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// What our own rules say of a wish.
pub fn validation(business: Business<'_>, at: Time, facts: &Facts, free: &[Free]) -> Validation {
    Validation {
        area: match business.covers(&facts.address.value) {
            Some(true) => "inside",
            Some(false) => "outside",
            None => "unknown",
        },
        hours: if business.is_open(at) {
            "open"
        } else {
            "closed"
        },
        trade: match business
            .offers(&facts.job.value)
            .filter(|_| !facts.job.value.is_empty())
        {
            Some(true) => "offered",
            // A job may be said in words that no service has: only a person knows.
            Some(false) | None => "unknown",
        },
        capacity: match (business.calendar(), free) {
            (None, _) => "none",
            (Some(_), []) => "full",
            _ => "available",
        },
    }
}

/// Makes of a draft what may be sent: a model's words where they hold, our own where they do not.
pub fn check(
    business: Business<'_>,
    at: Time,
    facts: &Facts,
    free: &[Free],
    drafted: &ReplyDrafted,
) -> Checked {
    let validation = validation(business, at, facts, free);
    let zone = business.zone();
    let name = &business.tenant.name;
    if validation.area == "outside" {
        let area = match business.area() {
            "" => "a limited area".to_owned(),
            area => area.to_owned(),
        };
        let text = format!(
            "Thanks for asking! {name} works in {area} only and cannot come to that address. Sorry."
        );
        return Checked {
            action: "decline",
            slot: None,
            text: cheap(&text),
            validation,
        };
    }
    let slot = free
        .iter()
        .find(|slot| rfc3339(slot.starts_at) == drafted.slot)
        .copied();
    let ready = !facts.job.value.is_empty() && !facts.address.value.is_empty();
    let (action, slot, own) = match drafted.next_action.as_str() {
        "propose" if ready => match slot.or(free.first().copied()) {
            Some(slot) => ("propose", Some(slot), proposal(slot, zone)),
            None => ("hand_over", None, later(name)),
        },
        "propose" | "ask" => ("ask", None, question(facts)),
        "decline" => ("decline", None, later(name)),
        "answer" => ("answer", None, question(facts)),
        _ => ("hand_over", None, later(name)),
    };
    let honest = holds(&drafted.text, business.services());
    let names_slot = slot.is_none_or(|slot| {
        drafted
            .text
            .contains(&label(slot.starts_at, slot.ends_at, zone))
    });
    // A text that was written for something else than what is done does not say it.
    let fits = action == drafted.next_action;
    let text = if honest && names_slot && fits {
        drafted.text.as_str()
    } else {
        own.as_str()
    };
    Checked {
        action,
        slot,
        text: cheap(text),
        validation,
    }
}

/// What asks for a yes to an appointment.
pub fn proposal(slot: Free, zone: Tz) -> String {
    let label = label(slot.starts_at, slot.ends_at, zone);
    format!("We can come {label}. Shall I book it? Reply YES, or tell us another time.")
}

fn question(facts: &Facts) -> String {
    if facts.job.value.is_empty() {
        "Thanks for your message! What do you need help with?".to_owned()
    } else if facts.address.value.is_empty() {
        "Thanks! What is the address of the job?".to_owned()
    } else {
        "Thanks! When would suit you?".to_owned()
    }
}

fn later(name: &str) -> String {
    format!("Thanks for your message! A person from {name} will read it and answer here.")
}

/// Words that promise what no catalog holds.
const PROMISES: &[&str] = &[
    "guarantee",
    "for free",
    "free of charge",
    "no charge",
    "at no cost",
    "discount",
    "% off",
    "refund",
    "you are booked",
    "you're booked",
    "is booked",
    "has been booked",
    "appointment is confirmed",
    "http://",
    "https://",
    "www.",
];

/// Whether a text says nothing that the business has not said: no other price, no promise, no link.
pub fn holds(text: &str, services: &[Service]) -> bool {
    let lower = text.to_lowercase();
    let promises = PROMISES.iter().any(|promise| lower.contains(promise));
    let known = |cents: u64| {
        services.iter().any(|it| {
            let prices = [it.price_from_cents, it.price_to_cents];
            prices
                .iter()
                .flatten()
                .any(|price| u64::from(*price) == cents)
        })
    };
    !promises && amounts(&lower).into_iter().all(known)
}

/// The amounts of money that a text in small letters names, in hundredths.
fn amounts(text: &str) -> Vec<u64> {
    const BEFORE: [char; 3] = ['$', '€', '£'];
    const AFTER: [&str; 9] = [
        "dollar", "dollars", "usd", "bucks", "eur", "euro", "euros", "pounds", "gbp",
    ];
    let mut found = Vec::new();
    let mut rest = text;
    let mut before = ' ';
    while let Some(at) = rest.find(|c: char| c.is_ascii_digit()) {
        let head = rest.get(..at).unwrap_or_default();
        before = head.trim_end().chars().next_back().unwrap_or(before);
        let tail = rest.get(at..).unwrap_or_default();
        let end = tail
            .find(|c: char| !c.is_ascii_digit() && c != '.' && c != ',')
            .unwrap_or(tail.len());
        let (number, after) = tail.split_at(end);
        let next = after
            .trim_start()
            .split(|c: char| !c.is_alphabetic())
            .next()
            .unwrap_or_default();
        let sign_after = after.trim_start().starts_with(BEFORE);
        if BEFORE.contains(&before) || AFTER.contains(&next) || sign_after {
            found.push(cents(number.trim_end_matches(['.', ','])));
        }
        before = number.chars().next_back().unwrap_or(' ');
        rest = after;
    }
    found
}

fn cents(number: &str) -> u64 {
    let plain = number.replace(',', "");
    let (whole, part) = plain.split_once('.').unwrap_or((&plain, ""));
    let part: String = format!("{part}00").chars().take(2).collect();
    let whole: u64 = whole.parse().unwrap_or(u64::MAX / 200);
    whole * 100 + part.parse::<u64>().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_holds_only_with_prices_of_the_catalog_and_without_promises() {
        let services = [Service {
            name: "Leak repair".into(),
            price_from_cents: Some(12_000),
            price_to_cents: Some(30_050),
            ..Service::default()
        }];
        for (text, expected) in [
            ("Leak repair is usually $120 to $300.50.", true),
            ("That is 120 dollars or so", true),
            (
                "We can come Tue Dec 1, 8-10 AM to 789 Sunset Blvd, 94110",
                true,
            ),
            ("It costs $1", false),
            ("only 99 bucks!", false),
            ("$ 1,200", false),
            ("that is 80 € all in", false),
            ("We guarantee it", false),
            ("You're booked for Tuesday", false),
            ("see https://example.com", false),
            ("We will come for free", false),
        ] {
            assert_eq!(holds(text, &services), expected, "{text}");
        }
    }
}
