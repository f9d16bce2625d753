//! A subscription of a test's own.

/// A subscription of a test's own: one delivery at a time, so that order is kept, and no repeats.
pub fn subscription(queue: &str, kinds: &[&str]) -> bus::Subscription {
    let mut subscription = bus::Subscription::new(queue, kinds.iter().copied());
    subscription.prefetch = 1;
    subscription.retry_delays = Vec::new();
    subscription
}
