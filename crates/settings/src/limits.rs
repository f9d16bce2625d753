//! How many requests are too many.

use super::Reader;

/// Requests a second, each with twice as many at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitSettings {
    /// To the API with one key, or of one operator.
    pub key: u16,
    /// To the API from one address.
    pub address: u16,
    /// Webhooks that one Twilio account has signed.
    pub account: u16,
    /// Webhooks about one of our numbers.
    pub number: u16,
    /// How many proxies of ours a request passes; each adds the address that it has seen to `X-Forwarded-For`.
    pub trusted_proxies: u16,
}

impl Default for LimitSettings {
    /// Far above what one business causes: what is refused is a loop or an attack.
    fn default() -> Self {
        Self {
            key: 1_000,
            address: 1_000,
            account: 60_000,
            number: 20_000,
            trusted_proxies: 0,
        }
    }
}

impl Reader<'_> {
    pub fn limits(&mut self) -> LimitSettings {
        let unset = LimitSettings::default();
        LimitSettings {
            key: self.number("TRUNKLINE_LIMIT_KEY").unwrap_or(unset.key),
            address: self
                .number("TRUNKLINE_LIMIT_ADDRESS")
                .unwrap_or(unset.address),
            account: self
                .number("TRUNKLINE_LIMIT_ACCOUNT")
                .unwrap_or(unset.account),
            number: self
                .number("TRUNKLINE_LIMIT_NUMBER")
                .unwrap_or(unset.number),
            trusted_proxies: self
                .number("TRUNKLINE_TRUSTED_PROXIES")
                .unwrap_or(unset.trusted_proxies),
        }
    }
}
