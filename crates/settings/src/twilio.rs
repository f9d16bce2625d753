//! Twilio's account, its address and ours.

use std::collections::HashSet;

use phone::E164;
use url::Url;

use super::Secret;
use crate::reader::Reader;

/// A Twilio account and its auth tokens, the first of which signs REST requests.
#[derive(Debug, Clone)]
pub struct TwilioAccount {
    /// `AC` and 32 hex digits.
    pub sid: String,
    /// One, or two while rotating.
    pub tokens: Vec<Secret>,
    /// One of its numbers, for people who look at how the platform is set up. Calls and texts come from the tenants' own.
    pub number: Option<E164>,
}

/// Whether the emulator runs beside the platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmulatorMode {
    /// Always.
    On,
    /// Never.
    Off,
    /// Where no Twilio credentials are set.
    Auto,
}

impl Reader<'_> {
    pub fn webhook_base_url(&mut self) -> Option<Url> {
        if let Some(url) = self.url("WEBHOOK_BASE_URL") {
            if url.query().is_some() || url.fragment().is_some() {
                self.fault("WEBHOOK_BASE_URL", "must not have a query or a fragment");
            }
            if url.host_str().is_some_and(|host| host.contains('_')) {
                self.fault(
                    "WEBHOOK_BASE_URL",
                    "has an underscore in its host name, which Twilio refuses",
                );
            }
            return Some(url);
        }
        let domain = self.get("TWILIO_DOMAIN")?;
        let text = if domain.contains("://") {
            domain
        } else {
            format!("https://{domain}")
        };
        let url = Url::parse(&text).ok().filter(Url::has_host);
        if url.is_none() {
            self.fault("TWILIO_DOMAIN", "is not a host name; write example.com");
        }
        url
    }

    pub fn emulator(&mut self) -> EmulatorMode {
        match self.on_off("TRUNKLINE_EMULATOR") {
            Some(true) => EmulatorMode::On,
            Some(false) => EmulatorMode::Off,
            None => EmulatorMode::Auto,
        }
    }

    pub fn account(&mut self) -> Option<TwilioAccount> {
        let (sid, tokens) = (
            self.get("TWILIO_ACCOUNT_SID"),
            self.get("TWILIO_AUTH_TOKEN"),
        );
        let number = self.get("TWILIO_PHONE_NUMBER").and_then(|value| {
            let number = value.parse().ok();
            if number.is_none() {
                self.fault(
                    "TWILIO_PHONE_NUMBER",
                    "is not an E.164 number; write +15550100001",
                );
            }
            number
        });
        let (sid, tokens) = match (sid, tokens) {
            (Some(sid), Some(tokens)) => (sid, tokens),
            (None, None) => return None,
            (Some(_), None) => {
                self.fault("TWILIO_AUTH_TOKEN", "is missing beside TWILIO_ACCOUNT_SID");
                return None;
            }
            (None, Some(_)) => {
                self.fault("TWILIO_ACCOUNT_SID", "is missing beside TWILIO_AUTH_TOKEN");
                return None;
            }
        };
        if !is_account_sid(&sid) {
            self.fault(
                "TWILIO_ACCOUNT_SID",
                "must be AC and 32 hex digits, as the Twilio console shows it",
            );
        }
        let tokens: Vec<Secret> = tokens
            .split(',')
            .map(str::trim)
            .filter(|t| !t.is_empty())
            .map(Secret::new)
            .collect();
        if tokens.is_empty() || tokens.len() > 2 {
            self.fault(
                "TWILIO_AUTH_TOKEN",
                "must hold one token, or two with a comma between while rotating",
            );
        }
        Some(TwilioAccount {
            sid,
            tokens,
            number,
        })
    }

    pub fn whitelist(&mut self) -> Option<HashSet<E164>> {
        let value = self.get("WHITELISTED_NUMBERS")?;
        let list: Option<HashSet<E164>> = serde_json::from_str::<Vec<String>>(&value)
            .ok()
            .and_then(|items| items.iter().map(|item| item.parse().ok()).collect());
        if list.is_none() {
            self.fault(
                "WHITELISTED_NUMBERS",
                "must be a JSON array of E.164 numbers, such as [\"+15550100001\"]",
            );
        }
        list
    }
}

/// Whether a text is an account's SID.
pub fn is_account_sid(text: &str) -> bool {
    text.len() == 34
        && text.starts_with("AC")
        && text
            .chars()
            .skip(2)
            .all(|c| c.is_ascii_digit() || ('a'..='f').contains(&c))
}
