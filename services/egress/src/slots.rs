//! Concurrency and pace of requests to Twilio. Each account has a few slots of its own, so that one that is slow or throttled
//! delays no other. Within an account tenants are served round robin, urgent requests before bulk, and each lane at its rate.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Mutex, MutexGuard};
use tokio::sync::oneshot;

/// Requests of one account in flight.
const SLOTS: usize = 8;
/// How many of the slots are for urgent requests only.
const RESERVED_FOR_URGENT: usize = 2;
/// How many requests of all accounts may wait here. A request beyond that is refused, to be made again.
const MAX_WAITING: usize = 1000;
/// How many requests of a tenant may wait here in any case.
const MIN_WAITING: usize = 8;
/// The longest that an account is throttled, whatever Twilio says.
const MAX_THROTTLE: Duration = Duration::from_secs(30);
/// When a refused request is made again.
const RETRY_AFTER: Duration = Duration::from_secs(2);

/// What a slot is for.
#[derive(Debug, Clone)]
pub(crate) struct Request<'a> {
    pub account: &'a str,
    pub tenant: &'a str,
    /// What its rate is limited by, within its account; none: its rate is not limited.
    pub lane: Option<&'a str>,
    pub urgent: bool,
}

/// The slots of all accounts. Clones share them.
#[derive(Clone)]
pub(crate) struct Slots(Arc<Inner>);

struct Inner {
    state: Mutex<State>,
    /// The time between two requests of a lane.
    interval: Duration,
    /// How far a lane may be ahead of its rate.
    burst: Duration,
}

#[derive(Default)]
struct State {
    accounts: HashMap<String, Account>,
    waiting: usize,
    /// When the timer that is set grants slots again.
    timer: Option<Instant>,
}

#[derive(Default)]
struct Account {
    running: usize,
    throttled_until: Option<Instant>,
    /// When each lane's next request would be due at an even rate (GCRA).
    lanes: HashMap<String, Instant>,
    urgent: Queue,
    bulk: Queue,
}

/// Served round robin by tenant.
#[derive(Default)]
struct Queue {
    tenants: VecDeque<String>,
    waiting: HashMap<String, VecDeque<Waiter>>,
}

struct Waiter {
    lane: Option<String>,
    permit: oneshot::Sender<Permit>,
}

/// A slot, which is free again when this is dropped.
pub(crate) struct Permit {
    slots: Slots,
    account: Option<String>,
}

impl Slots {
    /// `interval`: between two requests of a lane. It may burst by what it has not used within a second.
    pub(crate) fn new(interval: Duration) -> Self {
        Self(Arc::new(Inner {
            state: Mutex::default(),
            interval,
            burst: Duration::from_secs(1).saturating_sub(interval),
        }))
    }

    /// Waits for a slot. An error says when to try again: too many requests wait already.
    pub(crate) async fn acquire(&self, request: Request<'_>) -> Result<Permit, Duration> {
        let (permit, granted) = oneshot::channel();
        {
            let mut state = self.lock();
            let free = MAX_WAITING.saturating_sub(state.waiting);
            let account = state
                .accounts
                .entry(request.account.to_owned())
                .or_default();
            let throttled = account.throttled_for(Instant::now());
            let queue = account.queue(request.urgent);
            let waits = queue.waiting.get(request.tenant).map_or(0, VecDeque::len);
            // A tenant may fill half of what is free; of a throttled account very little.
            let limit = if throttled.is_some() {
                MIN_WAITING
            } else {
                MIN_WAITING.max(free / 2)
            };
            if waits >= limit {
                return Err(throttled.unwrap_or(RETRY_AFTER));
            }
            queue.push(
                request.tenant,
                Waiter {
                    lane: request.lane.map(str::to_owned),
                    permit,
                },
            );
            state.waiting += 1;
            self.grant(&mut state);
        }
        // The sender is dropped with the process only.
        granted.await.map_err(|_| RETRY_AFTER)
    }

    /// Grants an account no slot for a time, because Twilio answered 429.
    pub(crate) fn throttle(&self, account: &str, wait: Duration) {
        let until = Instant::now() + wait.min(MAX_THROTTLE);
        let mut state = self.lock();
        let account = state.accounts.entry(account.to_owned()).or_default();
        let throttled = account.throttled_until.get_or_insert(until);
        *throttled = until.max(*throttled);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock()
    }

    fn release(&self, account: &str) {
        let mut state = self.lock();
        if let Some(account) = state.accounts.get_mut(account) {
            account.running -= 1;
        }
        self.grant(&mut state);
        let now = Instant::now();
        if let Some(it) = state.accounts.get_mut(account) {
            it.lanes.retain(|_, due| *due > now);
            if it.is_idle(now) {
                state.accounts.remove(account);
            }
        }
    }

    /// Grants the free slots, and sets the timer for the request that is ready next.
    fn grant(&self, state: &mut State) {
        let now = Instant::now();
        let mut next: Option<Instant> = None;
        let mut served = 0;
        for (sid, account) in &mut state.accounts {
            if let Some(left) = account.throttled_for(now) {
                if account.has_waiting() {
                    next = earlier(next, now + left);
                }
                continue;
            }
            for urgent in [true, false] {
                let slots = if urgent {
                    SLOTS
                } else {
                    SLOTS - RESERVED_FOR_URGENT
                };
                let mut passed = 0;
                while account.running < slots && passed < account.queue(urgent).tenants.len() {
                    let pick = account.pick(urgent, now, self.0.burst);
                    match pick {
                        Pick::Ready(waiter) => {
                            passed = 0;
                            served += 1;
                            let permit = Permit {
                                slots: self.clone(),
                                account: Some(sid.clone()),
                            };
                            account.running += 1;
                            match waiter.permit.send(permit) {
                                Ok(()) => account.count(waiter.lane, now, self.0.interval),
                                Err(mut permit) => {
                                    // Its task is gone. Dropped with its account, the permit would take this lock again.
                                    permit.account = None;
                                    account.running -= 1;
                                }
                            }
                        }
                        Pick::NotBefore(due) => {
                            passed += 1;
                            next = earlier(next, due);
                        }
                    }
                }
            }
        }
        state.waiting -= served;
        self.set_timer(state, next);
    }

    fn set_timer(&self, state: &mut State, next: Option<Instant>) {
        let Some(due) = next.filter(|due| state.timer.is_none_or(|set| *due < set)) else {
            return;
        };
        state.timer = Some(due);
        let slots = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep_until(due.into()).await;
            let mut state = slots.lock();
            if state.timer.is_some_and(|set| set <= due) {
                state.timer = None;
            }
            slots.grant(&mut state);
        });
    }
}

fn earlier(known: Option<Instant>, due: Instant) -> Option<Instant> {
    Some(known.map_or(due, |known| known.min(due)))
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(account) = &self.account {
            self.slots.release(account);
        }
    }
}

enum Pick {
    Ready(Waiter),
    /// No request of this tenant is ready before then.
    NotBefore(Instant),
}

impl Account {
    fn queue(&mut self, urgent: bool) -> &mut Queue {
        if urgent {
            &mut self.urgent
        } else {
            &mut self.bulk
        }
    }

    fn has_waiting(&self) -> bool {
        !self.urgent.tenants.is_empty() || !self.bulk.tenants.is_empty()
    }

    fn throttled_for(&mut self, now: Instant) -> Option<Duration> {
        let left = self.throttled_until?.saturating_duration_since(now);
        if left.is_zero() {
            self.throttled_until = None;
            return None;
        }
        Some(left)
    }

    fn is_idle(&self, now: Instant) -> bool {
        self.running == 0
            && !self.has_waiting()
            && self.lanes.is_empty()
            && self.throttled_until.is_none_or(|until| until <= now)
    }

    /// The first ready request of the next tenant, who becomes the last.
    fn pick(&mut self, urgent: bool, now: Instant, burst: Duration) -> Pick {
        let lanes = &self.lanes;
        let ready_at = |waiter: &Waiter| {
            let due = waiter.lane.as_ref().and_then(|lane| lanes.get(lane));
            due.map_or(now, |due| due.checked_sub(burst).unwrap_or(now).max(now))
        };
        let queue = if urgent {
            &mut self.urgent
        } else {
            &mut self.bulk
        };
        let Some(tenant) = queue.tenants.pop_front() else {
            return Pick::NotBefore(now);
        };
        let waiting = queue.waiting.entry(tenant.clone()).or_default();
        let ready = waiting.iter().position(|waiter| ready_at(waiter) <= now);
        let waiter = ready.and_then(|at| waiting.remove(at));
        let due = waiting.iter().map(ready_at).min();
        if waiting.is_empty() {
            queue.waiting.remove(&tenant);
        } else {
            queue.tenants.push_back(tenant);
        }
        waiter.map_or(Pick::NotBefore(due.unwrap_or(now)), Pick::Ready)
    }

    /// Counts a request against the rate of its lane.
    fn count(&mut self, lane: Option<String>, now: Instant, interval: Duration) {
        if let Some(lane) = lane {
            let due = self.lanes.entry(lane).or_insert(now);
            *due = (*due).max(now) + interval;
        }
    }
}

impl Queue {
    fn push(&mut self, tenant: &str, waiter: Waiter) {
        let waiting = self.waiting.entry(tenant.to_owned()).or_default();
        if waiting.is_empty() {
            self.tenants.push_back(tenant.to_owned());
        }
        waiting.push_back(waiter);
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    fn request<'a>(account: &'a str, tenant: &'a str, urgent: bool) -> Request<'a> {
        Request {
            account,
            tenant,
            lane: None,
            urgent,
        }
    }

    fn fast() -> Slots {
        Slots::new(Duration::from_micros(1))
    }

    /// A waiter that is polled once, so that it is in the queue.
    macro_rules! queued {
        ($slots:expr, $request:expr) => {{
            let mut waiter = Box::pin($slots.acquire($request));
            assert!(waiter.as_mut().now_or_never().is_none(), "it has to wait");
            waiter
        }};
    }

    #[tokio::test]
    async fn account_without_free_slots_delays_no_other() {
        let slots = fast();
        let mut taken = Vec::new();
        for _ in 0..SLOTS {
            taken.push(slots.acquire(request("AC1", "a", true)).await.ok());
        }
        let _waits = queued!(slots, request("AC1", "a", true));
        assert!(slots.acquire(request("AC2", "b", true)).await.is_ok());
    }

    #[tokio::test]
    async fn urgent_request_goes_before_bulk_and_tenants_are_served_round_robin() {
        let slots = fast();
        let mut taken = Vec::new();
        for _ in 0..SLOTS {
            taken.push(slots.acquire(request("AC1", "a", true)).await.ok());
        }
        let mut bulk = queued!(slots, request("AC1", "a", false));
        let mut a1 = queued!(slots, request("AC1", "a", true));
        let mut a2 = queued!(slots, request("AC1", "a", true));
        let mut b = queued!(slots, request("AC1", "b", true));
        let mut order = Vec::new();
        for _ in 0..3 {
            taken.pop();
            for (name, waiter) in [("a1", &mut a1), ("a2", &mut a2), ("b", &mut b)] {
                if !order.contains(&name)
                    && let Some(Ok(permit)) = waiter.as_mut().now_or_never()
                {
                    order.push(name);
                    taken.insert(0, Some(permit));
                }
            }
        }
        assert_eq!(order, ["a1", "b", "a2"]);
        assert!(
            bulk.as_mut().now_or_never().is_none(),
            "two slots are reserved"
        );
        taken.truncate(SLOTS - RESERVED_FOR_URGENT - 1);
        assert!(bulk.now_or_never().unwrap().is_ok());
    }

    #[tokio::test]
    async fn tenant_with_many_requests_leaves_room_for_others() {
        let slots = fast();
        let mut taken = Vec::new();
        for _ in 0..SLOTS {
            taken.push(slots.acquire(request("AC1", "a", true)).await.ok());
        }
        let mut waiters = Vec::new();
        for _ in 0..MAX_WAITING {
            let mut waiter = Box::pin(slots.acquire(request("AC1", "a", false)));
            match waiter.as_mut().now_or_never() {
                Some(Err(again)) => {
                    assert_eq!(again, RETRY_AFTER);
                    break;
                }
                Some(Ok(_)) => panic!("every slot is taken"),
                None => waiters.push(waiter),
            }
        }
        assert!(waiters.len() < MAX_WAITING / 2, "{}", waiters.len());
        let _other = queued!(slots, request("AC1", "b", false));
        // A waiter that is dropped makes room, and keeps no slot.
        drop(waiters);
        drop(taken);
        assert!(slots.acquire(request("AC1", "c", false)).await.is_ok());
    }

    #[tokio::test]
    async fn lane_over_its_rate_waits_and_another_does_not() {
        let slots = Slots::new(Duration::from_millis(50));
        let lane = |lane| Request {
            lane: Some(lane),
            ..request("AC1", "a", true)
        };
        let started = Instant::now();
        for _ in 0..20 {
            drop(slots.acquire(lane("+15550100001")).await);
        }
        let waits = queued!(slots, lane("+15550100001"));
        assert!(slots.acquire(lane("+15550100002")).await.is_ok());
        assert!(waits.await.is_ok());
        assert!(started.elapsed() >= Duration::from_millis(40));
    }

    #[tokio::test]
    async fn throttled_account_waits_alone() {
        let slots = fast();
        slots.throttle("AC1", Duration::from_millis(50));
        let started = Instant::now();
        let mut waiters = Vec::new();
        for _ in 0..MIN_WAITING {
            waiters.push(queued!(slots, request("AC1", "a", true)));
        }
        let refused = slots.acquire(request("AC1", "a", true)).await;
        assert!(refused.is_err_and(|again| again <= Duration::from_millis(50)));
        assert!(slots.acquire(request("AC2", "a", true)).await.is_ok());
        for waiter in waiters {
            assert!(waiter.await.is_ok());
        }
        assert!(started.elapsed() >= Duration::from_millis(50));
    }
}
