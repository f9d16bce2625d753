//! The journals that this process writes, so that nobody has to open each of them to know how far it has come.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;

/// How many steps of each session have gone to its journal. Clones share it.
#[derive(Clone, Default)]
pub struct Written(Arc<Mutex<HashMap<String, u64>>>);

impl Written {
    /// A session's journal is begun.
    pub fn begin(&self, session: &str) {
        self.0.lock().insert(session.to_owned(), 0);
    }

    /// So many steps more are in a session's journal, unless it is written no more.
    pub fn advance(&self, session: &str, steps: u64) {
        if let Some(written) = self.0.lock().get_mut(session) {
            *written += steps;
        }
    }

    /// Nobody writes it any more.
    pub fn forget(&self, session: &str) {
        self.0.lock().remove(session);
    }

    /// Whether a session's journal is being written here.
    pub fn has(&self, session: &str) -> bool {
        self.0.lock().contains_key(session)
    }

    /// Sessions whose journals have come so far, or further.
    pub fn from(&self, steps: u64) -> Vec<(String, u64)> {
        let all = self.0.lock();
        let far = all.iter().filter(|(_, written)| **written >= steps);
        far.map(|(session, written)| (session.clone(), *written))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn journal_is_known_for_as_long_as_it_is_written() {
        let written = Written::default();
        written.begin("a");
        written.begin("b");
        written.advance("b", 50);
        assert!(written.has("a") && !written.has("c"));
        assert_eq!(written.from(50), [("b".to_owned(), 50)]);
        written.advance("b", 50);
        assert_eq!(written.from(100), [("b".to_owned(), 100)]);
        assert_eq!(written.from(0).len(), 2);
        written.forget("a");
        // What was on its way to the disk says nothing any more.
        written.advance("a", 50);
        assert!(!written.has("a"));
    }
}
