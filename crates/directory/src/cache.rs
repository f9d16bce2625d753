//! The one cache for what another role owns. It asks once for all who wait, remembers for a moment what is not there, and
//! bounds what unknown keys cost: anybody can make keys up.

use std::collections::HashMap;
use std::hash::Hash;
use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bus::{Bus, Tapped};
use events::Envelope;
use futures::FutureExt;
use futures::future::{BoxFuture, Shared};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use parking_lot::{Mutex, MutexGuard};
use tokio_util::sync::CancellationToken;

/// How long until the bus is asked again for a view of events that it could not give.
const LISTEN_AGAIN: Duration = Duration::from_millis(500);

/// How long things are believed, how many are kept, and how often a stranger may cause a question.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// How long a value is believed without asking again, if no event tells of a change.
    pub known: Duration,
    /// How long it is believed that there is none, or that its owner cannot answer.
    pub unknown: Duration,
    /// How many values are kept, and how many keys that have none.
    pub capacity: usize,
    /// How many questions a second one source may cause about keys that are not known.
    pub per_second: NonZeroU32,
    /// How many of these at once.
    pub burst: NonZeroU32,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unanswered {
    /// The source has asked for too many unknown keys.
    #[error("too many questions about unknown keys")]
    TooMany,
    /// The owner did not answer.
    #[error("{0}")]
    Away(String),
}

type Answer<V> = Result<Option<V>, Unanswered>;
type Flight<V> = Shared<BoxFuture<'static, Answer<V>>>;

/// Values by key. Clones share them.
pub struct Cache<K, V> {
    inner: Arc<Inner<K, V>>,
}

struct Inner<K, V> {
    limits: Limits,
    state: Mutex<State<K, V>>,
    sources: DefaultKeyedRateLimiter<IpAddr>,
}

struct State<K, V> {
    /// Each with the time at which it was asked for. None: something may have changed since. It is not believed then, and
    /// is asked for again as what was known, not as what a stranger made up.
    known: HashMap<K, (Option<Instant>, V)>,
    missing: HashMap<K, (Instant, Option<Unanswered>)>,
    /// What is being asked, each with its number.
    flights: HashMap<K, (u64, Flight<V>)>,
    /// How many questions there were.
    asked: u64,
    /// Moves with each change that is heard of: what was asked before it is not kept.
    generation: u64,
}

impl<K, V> Clone for Cache<K, V> {
    fn clone(&self) -> Self {
        let inner = self.inner.clone();
        Self { inner }
    }
}

impl<K, V> Cache<K, V>
where
    K: Hash + Eq + Clone + Send + 'static,
    V: Clone + Send + Sync + 'static,
{
    /// An empty one.
    pub fn new(limits: Limits) -> Self {
        let quota = Quota::per_second(limits.per_second).allow_burst(limits.burst);
        let state = State {
            known: HashMap::new(),
            missing: HashMap::new(),
            flights: HashMap::new(),
            asked: 0,
            generation: 0,
        };
        let inner = Inner {
            limits,
            state: Mutex::new(state),
            sources: RateLimiter::keyed(quota),
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// The value, asked for unless it is believed. `source` is who caused it, where that may be a stranger.
    ///
    /// # Errors
    ///
    /// [`Unanswered`]. That the owner is away is believed for a moment too.
    pub async fn get<F>(
        &self,
        key: &K,
        source: Option<IpAddr>,
        ask: impl FnOnce() -> F,
    ) -> Answer<V>
    where
        F: Future<Output = Answer<V>> + Send + 'static,
    {
        if let Some(answer) = self.inner.lock().believed(key, &self.inner.limits) {
            return answer;
        }
        self.ask(key, source, ask).await
    }

    /// The value, asked for whatever is believed, together with all who ask at the same time.
    ///
    /// # Errors
    ///
    /// [`Unanswered`].
    pub async fn ask<F>(
        &self,
        key: &K,
        source: Option<IpAddr>,
        ask: impl FnOnce() -> F,
    ) -> Answer<V>
    where
        F: Future<Output = Answer<V>> + Send + 'static,
    {
        let flight = {
            let mut state = self.inner.lock();
            match state.flights.get(key) {
                Some((_, flight)) => flight.clone(),
                None => {
                    // The key of a caller we know is asked for again without counting.
                    if !state.known.contains_key(key) && !self.inner.admits(source) {
                        return Err(Unanswered::TooMany);
                    }
                    state.asked += 1;
                    let place = (state.asked, state.generation);
                    let flight = self.begin(key, place, ask());
                    let entry = (state.asked, flight.clone());
                    state.flights.insert(key.clone(), entry);
                    flight
                }
            }
        };
        flight.await
    }

    /// Asks in a task of its own: whoever waits may leave, and the others get their answer.
    fn begin(
        &self,
        key: &K,
        place: (u64, u64),
        ask: impl Future<Output = Answer<V>> + Send + 'static,
    ) -> Flight<V> {
        let (inner, key) = (self.inner.clone(), key.clone());
        let task = tokio::spawn(async move {
            let began = Instant::now();
            let answer = ask.await;
            inner.settle(&key, place, began, &answer);
            answer
        });
        let lost = |e: tokio::task::JoinError| Unanswered::Away(e.to_string());
        task.map(move |answer| answer.map_err(lost).flatten())
            .boxed()
            .shared()
    }

    /// Forgets a key. What is being asked about it is not kept.
    pub fn forget(&self, key: &K) {
        let mut state = self.inner.lock();
        state.generation += 1;
        if let Some((at, _)) = state.known.get_mut(key) {
            *at = None;
        }
        state.missing.remove(key);
        state.flights.remove(key);
    }

    /// Forgets everything.
    pub fn clear(&self) {
        let mut state = self.inner.lock();
        state.generation += 1;
        for (at, _) in state.known.values_mut() {
            *at = None;
        }
        state.missing.clear();
        state.flights.clear();
    }
}

impl<K, V> Inner<K, V>
where
    K: Hash + Eq + Clone,
    V: Clone,
{
    fn lock(&self) -> MutexGuard<'_, State<K, V>> {
        self.state.lock()
    }

    fn admits(&self, source: Option<IpAddr>) -> bool {
        let Some(source) = source else { return true };
        if self.sources.len() > self.limits.capacity {
            self.sources.retain_recent();
        }
        self.sources.check_key(&source).is_ok()
    }

    fn settle(
        &self,
        key: &K,
        (number, generation): (u64, u64),
        began: Instant,
        answer: &Answer<V>,
    ) {
        let mut state = self.lock();
        // Another question may be under way, since something has changed.
        if state.flights.get(key).is_some_and(|(it, _)| *it == number) {
            state.flights.remove(key);
        }
        let limits = &self.limits;
        if state.generation != generation {
            // Not believed, and yet nothing that a stranger made up.
            if let Ok(Some(value)) = answer
                && state.known.len() < limits.capacity
            {
                let entry = (None, value.clone());
                state.known.entry(key.clone()).or_insert(entry);
            }
            return;
        }
        match answer {
            Ok(Some(value)) => {
                if state.known.len() >= limits.capacity {
                    let believed =
                        |at: &Option<Instant>| at.is_some_and(|at| at.elapsed() < limits.known);
                    state.known.retain(|_, (at, _)| believed(at));
                }
                if state.known.len() >= limits.capacity {
                    state.known.clear();
                }
                state.missing.remove(key);
                let entry = (Some(began), value.clone());
                state.known.insert(key.clone(), entry);
            }
            Ok(None) | Err(_) => {
                // Never at the cost of what is known.
                if state.missing.len() >= limits.capacity {
                    state.missing.clear();
                }
                if answer.is_ok() {
                    state.known.remove(key);
                }
                let why = answer.as_ref().err().cloned();
                state.missing.insert(key.clone(), (began, why));
            }
        }
    }
}

impl<K: Hash + Eq, V: Clone> State<K, V> {
    fn believed(&self, key: &K, limits: &Limits) -> Option<Answer<V>> {
        if let Some((at, value)) = self.known.get(key)
            && at.is_some_and(|at| at.elapsed() < limits.known)
        {
            return Some(Ok(Some(value.clone())));
        }
        let (at, why) = self.missing.get(key)?;
        (at.elapsed() < limits.unknown).then(|| why.clone().map_or(Ok(None), Err))
    }
}

/// Listens to events of these types until `stop`, and passes them on. `None` means that something may have happened that was
/// not heard: each time it begins to listen, and whenever it has missed some.
pub async fn listen(
    bus: &Bus,
    patterns: &[&str],
    stop: &CancellationToken,
    changed: impl Fn(Option<&Envelope>),
) {
    loop {
        let tap = tokio::select! {
            tap = bus.tap(patterns) => tap,
            () = stop.cancelled() => return,
        };
        if let Ok(mut tap) = tap {
            changed(None);
            loop {
                let tapped = tokio::select! {
                    tapped = tap.next() => tapped,
                    () = stop.cancelled() => return,
                };
                match tapped {
                    Some(Tapped::Event(envelope)) => changed(Some(&envelope)),
                    Some(Tapped::Missed(_)) => changed(None),
                    None => break,
                }
            }
            // Until it listens again, anything may change.
            changed(None);
        }
        tokio::select! {
            () = tokio::time::sleep(LISTEN_AGAIN) => {}
            () = stop.cancelled() => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::sync::Notify;

    use super::*;

    const LIMITS: Limits = Limits {
        known: Duration::from_secs(3600),
        unknown: Duration::from_secs(3600),
        capacity: 8,
        per_second: NonZeroU32::new(1).unwrap(),
        burst: NonZeroU32::new(3).unwrap(),
    };

    /// Whoever is asked, and how often that was.
    #[derive(Clone, Default)]
    struct Owner(Arc<AtomicU32>);

    impl Owner {
        fn answers(&self, answer: Answer<u32>) -> impl Future<Output = Answer<u32>> + use<> {
            let asked = self.0.clone();
            async move {
                asked.fetch_add(1, Ordering::Relaxed);
                answer
            }
        }

        fn asked(&self) -> u32 {
            self.0.load(Ordering::Relaxed)
        }
    }

    #[tokio::test]
    async fn cache_answers_again_without_asking() {
        let (cache, owner) = (Cache::new(LIMITS), Owner::default());
        let away = Unanswered::Away("gone".to_owned());
        for (key, answer) in [("is", Ok(Some(1))), ("not", Ok(None)), ("away", Err(away))] {
            let before = owner.asked();
            for _ in 0..3 {
                let got = cache
                    .get(&key, None, || owner.answers(answer.clone()))
                    .await;
                assert_eq!(got, answer, "{key}");
            }
            assert_eq!(owner.asked(), before + 1, "{key}");
            cache.forget(&key);
            let got = cache.get(&key, None, || owner.answers(Ok(Some(2)))).await;
            assert_eq!((got, owner.asked()), (Ok(Some(2)), before + 2), "{key}");
        }
        cache.clear();
        let got = cache.get(&"is", None, || owner.answers(Ok(None))).await;
        assert_eq!(got, Ok(None));
    }

    #[tokio::test]
    async fn cache_asks_once_for_all_who_wait_even_when_the_first_leaves() {
        let cache: Cache<&str, u32> = Cache::new(LIMITS);
        let go = Arc::new(Notify::new());
        let asked = Owner::default();
        let ask = || {
            let (go, counted) = (go.clone(), asked.answers(Ok(Some(7))));
            async move {
                go.notified().await;
                counted.await
            }
        };
        {
            let mut first = std::pin::pin!(cache.get(&"key", None, ask));
            assert!(futures::poll!(first.as_mut()).is_pending());
        }
        let waiting = (0..5).map(|_| cache.get(&"key", None, ask));
        let waiting = futures::future::join_all(waiting);
        let (answers, ()) = tokio::join!(waiting, async { go.notify_one() });
        assert!(answers.iter().all(|answer| *answer == Ok(Some(7))));
        assert_eq!(asked.asked(), 1);
    }

    #[tokio::test]
    async fn cache_does_not_keep_what_was_asked_before_a_change() {
        let cache: Cache<&str, u32> = Cache::new(LIMITS);
        let (go, owner) = (Arc::new(Notify::new()), Owner::default());
        let held = {
            let go = go.clone();
            move || async move {
                go.notified().await;
                Ok(Some(1))
            }
        };
        let before = cache.get(&"key", None, held);
        let change = async {
            tokio::task::yield_now().await;
            // Whatever has changed: what is asked may rest on it.
            cache.forget(&"other");
            go.notify_one();
        };
        let (before, ()) = tokio::join!(before, change);
        assert_eq!(before, Ok(Some(1)));
        assert!(cache.inner.lock().flights.is_empty());
        let is_known = cache.inner.lock().known.contains_key(&"key");
        assert!(is_known, "it is asked for again without counting");
        let after = cache.get(&"key", None, || owner.answers(Ok(Some(2)))).await;
        assert_eq!((after, owner.asked()), (Ok(Some(2)), 1));
    }

    #[tokio::test]
    async fn cache_bounds_what_unknown_keys_of_one_source_cost() {
        let (cache, owner) = (Cache::new(LIMITS), Owner::default());
        let (stranger, other) = (IpAddr::from([192, 0, 2, 1]), IpAddr::from([192, 0, 2, 2]));
        let mut refused = 0;
        for key in 0..1000_u32 {
            let got = cache.get(&key, Some(stranger), || owner.answers(Ok(None)));
            refused += u32::from(got.await == Err(Unanswered::TooMany));
        }
        assert_eq!(owner.asked() + refused, 1000);
        // One more for each second that the machine needs for this.
        assert!(owner.asked() < 20, "{}", owner.asked());
        // What was known, and may have changed, is no stranger's.
        let got = cache.get(&3000, None, || owner.answers(Ok(Some(1))));
        assert_eq!(got.await, Ok(Some(1)));
        cache.clear();
        let got = cache.get(&3000, Some(stranger), || owner.answers(Ok(Some(2))));
        assert_eq!(got.await, Ok(Some(2)));
        let got = cache.get(&2000, Some(other), || owner.answers(Ok(Some(1))));
        assert_eq!(got.await, Ok(Some(1)), "others are not held up");
        let state = cache.inner.lock();
        assert!(state.missing.len() <= LIMITS.capacity && state.flights.is_empty());
    }
}
