//! One at a time for each key, within this process.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use parking_lot::Mutex;
use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};

/// Keeps the attempts of one process at the same effect from running into each other; a command may come twice. What keeps
/// processes apart is the role's own: a ledger, or an outside that bears it.
#[derive(Default)]
pub struct KeyedMutex(Mutex<HashMap<String, Weak<AsyncMutex<()>>>>);

impl KeyedMutex {
    /// Waits for the key to be free. It is free again when the guard is dropped.
    pub async fn take(&self, key: &str) -> OwnedMutexGuard<()> {
        let lock = {
            let mut locks = self.0.lock();
            locks.retain(|_, lock| lock.strong_count() > 0);
            let lock = locks.get(key).and_then(Weak::upgrade).unwrap_or_default();
            locks.insert(key.to_owned(), Arc::downgrade(&lock));
            lock
        };
        lock.lock_owned().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn same_key_waits_and_another_does_not() {
        let keys = Arc::new(KeyedMutex::default());
        let first = keys.take("a").await;
        let second = tokio::spawn({
            let keys = keys.clone();
            async move {
                keys.take("a").await;
            }
        });
        drop(keys.take("b").await);
        assert!(!second.is_finished());
        drop(first);
        second.await.unwrap();
        drop(keys.take("c").await);
        assert_eq!(keys.0.lock().len(), 1, "a key without a guard is forgotten");
    }
}
