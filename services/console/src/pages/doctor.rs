//! What `trunkline doctor` knows, as far as the running roles tell it: checks in words.

use serde::Deserialize;
use serde_json::Value;

use super::format::words;
use crate::api::{Api, Missing};
use crate::operator::Operator;

/// A check, and what came of it.
#[derive(Debug, Clone)]
pub struct Check {
    pub part: String,
    /// `ok`, `note` or `fault`.
    pub verdict: &'static str,
    pub tone: &'static str,
    pub words: String,
}

/// How our webhooks are written, and what keeps Twilio from reaching them.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Addresses {
    public_url: String,
    voice_url: String,
    sms_url: String,
    warnings: Vec<String>,
}

/// Asks the roles.
pub async fn checks(api: &Api, operator: &Operator, health: &Value, twilio: &Value) -> Vec<Check> {
    let (addresses, audio) = futures::future::join(
        api.get::<Addresses>(operator, "/api/webhook-test/"),
        api.get::<Value>(operator, "/api/audio-availability/"),
    )
    .await;
    let mut checks = parts(health);
    checks.extend(accounts(twilio));
    checks.extend(public_address(addresses));
    checks.extend(providers(audio));
    checks
}

fn check(part: impl Into<String>, verdict: &'static str, words: impl Into<String>) -> Check {
    Check {
        part: part.into(),
        verdict,
        tone: match verdict {
            "ok" => "good",
            "note" => "warn",
            _ => "bad",
        },
        words: words.into(),
    }
}

/// The parts of the process.
pub fn parts(health: &Value) -> Vec<Check> {
    let parts = health["parts"].as_object();
    let part = |(name, state): (&String, &Value)| {
        let name = words(&name.replace('.', ": "));
        match state.as_str().unwrap_or_default() {
            "ok" => check(name, "ok", "works"),
            other => check(name, "fault", other),
        }
    };
    parts.into_iter().flatten().map(part).collect()
}

fn accounts(twilio: &Value) -> Vec<Check> {
    let accounts = twilio["accounts"].as_array();
    let account = |it: &Value| {
        let sid = it["account_sid"].as_str().unwrap_or_default();
        let part = format!("Twilio account {sid}");
        match it["credentials"].as_str().unwrap_or_default() {
            "ok" => check(part, "ok", "its credentials are accepted"),
            "refused" => check(
                part,
                "fault",
                "Twilio refuses its credentials; give the tenant, or TWILIO_AUTH_TOKEN, a token that is valid",
            ),
            _ => check(part, "note", "Twilio did not answer just now"),
        }
    };
    accounts.into_iter().flatten().map(account).collect()
}

fn public_address(addresses: Result<Addresses, Missing>) -> Vec<Check> {
    let Ok(addresses) = addresses else {
        return vec![check(
            "public address",
            "note",
            "the role egress does not answer",
        )];
    };
    let mut checks: Vec<_> = addresses
        .warnings
        .iter()
        .map(|warning| check("public address", "note", warning.as_str()))
        .collect();
    if checks.is_empty() {
        let words = format!("Twilio reaches us at {}", addresses.public_url);
        checks.push(check("public address", "ok", words));
    }
    let words = format!("voice {}, texts {}", addresses.voice_url, addresses.sms_url);
    checks.push(check("webhooks of a number", "ok", words));
    checks
}

fn providers(audio: Result<Value, Missing>) -> Vec<Check> {
    let Ok(audio) = audio else {
        return vec![check(
            "AI providers",
            "note",
            "the role scoring does not answer",
        )];
    };
    let mut checks = Vec::new();
    for work in ["speech", "transcription", "chat"] {
        let it = &audio[work];
        let list = it["providers"].as_array().cloned().unwrap_or_default();
        let names: Vec<&str> = list.iter().filter_map(Value::as_str).collect();
        let simulated = it["simulated"] == Value::Bool(true);
        checks.push(match (it["available"].as_bool(), simulated) {
            (Some(false), _) => check(work, "note", "nobody does it; Twilio's own voice speaks"),
            (_, true) => check(
                work,
                "note",
                "simulated: set a provider's key for real work",
            ),
            _ => check(work, "ok", names.join(", ")),
        });
    }
    let store = &audio["objects"];
    let kind = store["kind"].as_str().unwrap_or_default();
    checks.push(match store["available"].as_bool() {
        Some(true) => check("object store", "ok", kind),
        _ => {
            let why = store["reason"].as_str().unwrap_or("it does not answer");
            check("object store", "fault", why)
        }
    });
    checks
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn part_that_does_not_work_is_a_fault_in_its_own_words() {
        let health = json!({ "parts": { "bus": "ok", "calls.database": "does not answer" } });
        let found = parts(&health);
        assert_eq!((found[0].verdict, found[0].tone), ("ok", "good"));
        assert_eq!(found[1].part, "calls: database");
        assert_eq!(
            (found[1].verdict, found[1].words.as_str()),
            ("fault", "does not answer")
        );
    }

    #[test]
    fn simulated_provider_and_store_that_is_away_are_told() {
        let audio = json!({
            "speech": { "available": true, "providers": ["openai"], "simulated": false },
            "transcription": { "available": true, "providers": [], "simulated": true },
            "chat": { "available": false, "providers": [], "simulated": false },
            "objects": { "kind": "s3", "available": false, "reason": "no such bucket" },
        });
        let found = providers(Ok(audio));
        let verdicts: Vec<_> = found.iter().map(|it| it.verdict).collect();
        assert_eq!(verdicts, ["ok", "note", "note", "fault"]);
        assert_eq!(found[3].words, "no such bucket");
        assert_eq!(providers(Err(Missing::Away)).len(), 1);
    }
}
