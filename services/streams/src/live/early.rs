//! What a call will need is opened while its phone still rings: connections to providers, and the ears that listen along. The socket
//! may come to another process; then it opens its own.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use ai::Ears;
use parking_lot::Mutex;

use super::voice::Voice;

/// How long ears wait for their call's socket.
const WAIT: Duration = Duration::from_secs(60);
/// More ears do not wait: their calls open them when the socket is there.
const MOST: usize = 500;

/// Ears that wait for their calls. Clones share them.
#[derive(Clone)]
pub struct Early {
    voice: Voice,
    waiting: Arc<Mutex<HashMap<String, Ears>>>,
}

impl Early {
    /// Nobody waits yet.
    pub fn new(voice: Voice) -> Self {
        Self {
            voice,
            waiting: Arc::default(),
        }
    }

    /// A session is offered: connections to providers are opened, and ears where its sound comes to us. `language`: BCP 47.
    pub fn open(&self, session: &str, language: &str, hears: bool) {
        tokio::spawn(self.voice.clone().warm());
        if !hears || self.waiting.lock().len() >= MOST {
            return;
        }
        let Some(ears) = self.voice.ears(language) else {
            return;
        };
        self.waiting.lock().insert(session.to_owned(), ears);
        let (waiting, session) = (self.waiting.clone(), session.to_owned());
        tokio::spawn(async move {
            tokio::time::sleep(WAIT).await;
            waiting.lock().remove(&session);
        });
    }

    /// The session's socket is there.
    pub fn take(&self, session: &str) -> Option<Ears> {
        self.waiting.lock().remove(session)
    }
}
