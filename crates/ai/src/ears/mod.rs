//! Ears that listen while a caller speaks: sound goes out as it comes, words come back before the caller has ended. A WebSocket of
//! Deepgram's, or of a server that speaks its protocol (<https://developers.deepgram.com/reference/speech-to-text/listen-streaming>).
//!
//! Whoever uses them keeps the sound: where the socket breaks, or the words do not come in time, that is an error, and what was said
//! is transcribed as a whole in another request.

mod ledger;
mod orders;
mod socket;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::oneshot;

use crate::{Ai, Answer, Error};
use orders::{Order, Shared, broken};

/// Ears of one caller. They close when they are dropped.
pub struct Ears {
    orders: UnboundedSender<Order>,
    shared: Arc<Shared>,
    language: String,
}

/// The words of an utterance that has ended, when they are there.
#[derive(Debug)]
pub struct Words(oneshot::Receiver<Result<Answer<String>, Error>>);

impl Words {
    /// The words; empty when nothing was said.
    ///
    /// # Errors
    /// [`Error::Failed`] where the socket broke, or they did not come in time.
    pub async fn heard(self) -> Result<Answer<String>, Error> {
        self.0
            .await
            .unwrap_or_else(|_| Err(broken("the socket is gone")))
    }
}

impl Ai {
    /// Whether a provider is configured that listens while a caller speaks.
    #[must_use]
    pub fn has_ears(&self) -> bool {
        self.listener().is_some()
    }

    /// Opens ears for a language (BCP 47; empty: the provider's own choice); `None`: nobody is configured for that. They are opened
    /// beside the caller of this: what is said meanwhile waits for them.
    ///
    /// # Panics
    /// Outside of a tokio runtime.
    #[must_use]
    pub fn ears(&self, language: &str) -> Option<Ears> {
        self.listener()?;
        let (orders, taken) = unbounded_channel();
        let shared = Arc::new(Shared::default());
        let task = listen(self.clone(), language.to_owned(), taken, shared.clone());
        tokio::spawn(task);
        Some(Ears {
            orders,
            shared,
            language: language.to_owned(),
        })
    }
}

async fn listen(ai: Ai, language: String, orders: UnboundedReceiver<Order>, shared: Arc<Shared>) {
    if let Some(listener) = ai.listener() {
        let place = socket::Place {
            client: listener.client,
            model: &listener.settings.model,
            breaker: listener.breaker,
            prices: listener.prices,
            connect: listener.connect,
            language: &language,
        };
        socket::hold(&place, orders, &shared).await;
    }
    shared.is_broken.store(true, Ordering::Release);
}

impl Ears {
    /// More of what is being said, in mu-law at 8 kHz.
    pub fn sound(&self, sound: Vec<u8>) {
        // Whether they are broken is found out when the words are wanted.
        let _ = self.orders.send(Order::Sound(sound));
    }

    /// What was being said has ended. `joins`: it goes on with the utterance before, whose words come with it.
    #[must_use]
    pub fn finish(&self, joins: bool) -> Words {
        let (reply, words) = oneshot::channel();
        let _ = self.orders.send(Order::Finish { joins, reply });
        Words(words)
    }

    /// The words of what was being said are not wanted.
    pub fn forget(&self) {
        let _ = self.orders.send(Order::Forget);
    }

    /// What is understood of what is being said, so far; it may change with what follows.
    #[must_use]
    pub fn interim(&self) -> String {
        self.shared.interim.lock().clone()
    }

    /// Whether they can still hear. Ears that are being opened can.
    #[must_use]
    pub fn are_open(&self) -> bool {
        !self.shared.is_broken.load(Ordering::Acquire)
    }

    /// For which language they were opened, BCP 47.
    #[must_use]
    pub fn language(&self) -> &str {
        &self.language
    }
}

impl fmt::Debug for Ears {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ears")
            .field("language", &self.language)
            .field("are_open", &self.are_open())
            .finish_non_exhaustive()
    }
}
