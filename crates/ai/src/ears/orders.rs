//! What ears and their socket tell each other.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::attempt::LATE;
use crate::{Answer, Error, Provider};

/// How long the last words of an utterance are waited for, once it has ended.
pub(super) const LAST_WORDS: Duration = Duration::from_millis(1_500);

/// What ears are told.
pub(super) enum Order {
    /// More of what is being said, in mu-law at 8 kHz.
    Sound(Vec<u8>),
    /// It has ended: its words are wanted. `joins`: with those of the utterance before, which it goes on with.
    Finish { joins: bool, reply: Reply },
    /// Its words are not wanted.
    Forget,
}

/// Where words go.
pub(super) type Reply = oneshot::Sender<Result<Answer<String>, Error>>;

/// What the socket's task and whoever listens to it share.
#[derive(Default)]
pub(super) struct Shared {
    pub(super) is_broken: AtomicBool,
    /// What is understood of what is being said, so far.
    pub(super) interim: Mutex<String>,
}

impl Shared {
    pub(super) fn understand(&self, words: String) {
        *self.interim.lock() = words;
    }
}

/// Why there are no words.
pub(super) fn broken(why: &'static str) -> Error {
    Error::Failed {
        provider: Provider::Deepgram,
        why,
        attempts: 1,
        retry_after: None,
    }
}

/// The words did not come in time.
pub(super) fn late() -> Error {
    broken(LATE)
}
