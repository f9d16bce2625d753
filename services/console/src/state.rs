//! What the pages are made with.

use api::KeyStore;
use clock::Clock;
use role::Relay;
use store::Store;

use crate::api::Api;
use crate::limit::SignInLimit;
use crate::line::Line;
use crate::watch::WebhookWatch;

/// What the handlers work with.
pub struct State {
    /// Operators and sessions.
    pub store: Store,
    /// The role's way out.
    pub relay: Relay,
    /// The time.
    pub clock: Clock,
    /// API keys, for who signs in with one.
    pub keys: KeyStore,
    /// The other roles.
    pub api: Api,
    /// Which numbers have other webhooks at Twilio than ours.
    pub watch: WebhookWatch,
    /// How often a sign-in may be tried.
    pub limit: SignInLimit,
    /// Whether browsers come by TLS.
    pub secure: bool,
    /// Where browsers come.
    pub public_url: String,
    /// What a segment of a text costs, in millionths of a US dollar.
    pub text_price_micro_usd: u32,
    /// The emulator, where it is the Twilio.
    pub line: Option<Line>,
}

impl State {
    /// Whether Twilio is the emulator, so that the telephone works.
    pub fn emulated(&self) -> bool {
        self.line.is_some()
    }
}
