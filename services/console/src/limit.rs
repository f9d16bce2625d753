//! How often a sign-in may be tried.

use std::collections::HashMap;

use chrono::Duration;
use clock::Time;
use parking_lot::Mutex;

/// Within this time ...
const WINDOW: Duration = Duration::minutes(5);
/// ... so many attempts for one name may fail,
const PER_NAME: u32 = 8;
/// ... and so many from one address, whatever the name.
const PER_ADDRESS: u32 = 40;
/// With so many names and addresses remembered, those of earlier windows are forgotten, or else all.
const REMEMBERED: usize = 10_000;

/// Failed attempts, by name and by address, of this process.
#[derive(Debug, Default)]
pub struct SignInLimit(Mutex<HashMap<String, (Time, u32)>>);

impl SignInLimit {
    /// How many seconds the next attempt has to wait; none: it may be made.
    pub fn wait_s(&self, name: &str, address: &str, now: Time) -> Option<i64> {
        let failed = self.0.lock();
        let wait = |key: String, most: u32| {
            let (since, times) = failed.get(&key)?;
            let rest = *since + WINDOW - now;
            (*times >= most && rest > Duration::zero()).then(|| rest.num_seconds().max(1))
        };
        wait(format!("name:{name}"), PER_NAME)
            .or_else(|| wait(format!("address:{address}"), PER_ADDRESS))
    }

    /// Counts an attempt that failed.
    pub fn failed(&self, name: &str, address: &str, now: Time) {
        let mut failed = self.0.lock();
        if failed.len() >= REMEMBERED {
            failed.retain(|_, (since, _)| *since + WINDOW > now);
        }
        if failed.len() >= REMEMBERED {
            failed.clear();
        }
        for key in [format!("name:{name}"), format!("address:{address}")] {
            let entry = failed.entry(key).or_insert((now, 0));
            if entry.0 + WINDOW <= now {
                *entry = (now, 0);
            }
            entry.1 += 1;
        }
    }

    /// Forgets the failures of a name that has signed in.
    pub fn succeeded(&self, name: &str) {
        let mut failed = self.0.lock();
        failed.remove(&format!("name:{name}"));
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    #[test]
    fn name_is_held_off_after_some_failures_and_let_in_later() {
        let limit = SignInLimit::default();
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        for _ in 0..PER_NAME {
            assert_eq!(limit.wait_s("ann", "a", now), None);
            limit.failed("ann", "a", now);
        }
        assert_eq!(limit.wait_s("ann", "b", now), Some(300));
        assert_eq!(limit.wait_s("ben", "a", now), None);
        assert_eq!(limit.wait_s("ann", "a", now + WINDOW), None);
        limit.succeeded("ann");
        assert_eq!(limit.wait_s("ann", "b", now), None);
    }

    #[test]
    fn address_is_held_off_whatever_the_name() {
        let limit = SignInLimit::default();
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        for i in 0..PER_ADDRESS {
            limit.failed(&format!("name{i}"), "a", now);
        }
        assert!(limit.wait_s("other", "a", now).is_some());
        assert_eq!(limit.wait_s("other", "b", now), None);
    }
}
