//! Whose turn it is. Each Twilio account has a few slots of its own, so that one that is slow, or told to wait, holds up
//! nobody else. Within an account tenants take turns, urgent requests go before bulk, and each sender keeps its pace.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Mutex, MutexGuard};
use tokio::sync::oneshot;

/// Requests of one account at the same time.
const SLOTS: usize = 8;
/// How many of those are kept for what is urgent.
const KEPT_FOR_URGENT: usize = 2;
/// How many requests may wait here, of all accounts together. What is more comes again.
pub(crate) const WAITING: usize = 1000;
/// How many requests of a tenant may wait here in any case.
const LEAST: usize = 8;
/// The longest that an account is held back, whatever it was told.
const LONGEST_HOLD: Duration = Duration::from_secs(30);
/// After how long something comes again that may not wait here.
const COME_AGAIN: Duration = Duration::from_secs(2);

/// Who wants a turn.
#[derive(Debug, Clone)]
pub(crate) struct Request<'a> {
    pub account: &'a str,
    pub tenant: &'a str,
    /// Whose pace it goes at, within its account; none: no pace.
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
    /// How far a lane may be ahead of its pace.
    burst: Duration,
}

#[derive(Default)]
struct State {
    accounts: HashMap<String, Account>,
    waiting: usize,
    /// When the queues are looked at next, if nothing happens before.
    alarm: Option<Instant>,
}

#[derive(Default)]
struct Account {
    running: usize,
    held_until: Option<Instant>,
    /// When each lane's next request would be due at an even pace.
    lanes: HashMap<String, Instant>,
    urgent: Queue,
    bulk: Queue,
}

/// Tenants take turns.
#[derive(Default)]
struct Queue {
    turns: VecDeque<String>,
    waiting: HashMap<String, VecDeque<Waiter>>,
}

struct Waiter {
    lane: Option<String>,
    go: oneshot::Sender<Permit>,
}

/// A slot. It is free again when this is dropped.
pub(crate) struct Permit {
    slots: Slots,
    account: Option<String>,
}

impl Slots {
    /// `interval`: between two requests of a lane. What it has not used in a second it may make up for at once.
    pub(crate) fn new(interval: Duration) -> Self {
        Self(Arc::new(Inner {
            state: Mutex::default(),
            interval,
            burst: Duration::from_secs(1).saturating_sub(interval),
        }))
    }

    /// Waits for a turn. An error says after how long to come again: too many wait already.
    pub(crate) async fn acquire(&self, request: Request<'_>) -> Result<Permit, Duration> {
        let (go, turn) = oneshot::channel();
        {
            let mut state = self.lock();
            let free = WAITING.saturating_sub(state.waiting);
            let account = state
                .accounts
                .entry(request.account.to_owned())
                .or_default();
            let held = account.held_for(Instant::now());
            let queue = account.queue(request.urgent);
            let waits = queue.waiting.get(request.tenant).map_or(0, VecDeque::len);
            // A tenant with much to send has at most half of what is free; an account that is held back very little.
            let limit = if held.is_some() {
                LEAST
            } else {
                LEAST.max(free / 2)
            };
            if waits >= limit {
                return Err(held.unwrap_or(COME_AGAIN));
            }
            queue.push(
                request.tenant,
                Waiter {
                    lane: request.lane.map(str::to_owned),
                    go,
                },
            );
            state.waiting += 1;
            self.grant(&mut state);
        }
        // The sender is dropped with the process only.
        turn.await.map_err(|_| COME_AGAIN)
    }

    /// Holds an account back, because Twilio is over its limit for it.
    pub(crate) fn hold(&self, account: &str, wait: Duration) {
        let until = Instant::now() + wait.min(LONGEST_HOLD);
        let mut state = self.lock();
        let account = state.accounts.entry(account.to_owned()).or_default();
        let held = account.held_until.get_or_insert(until);
        *held = until.max(*held);
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

    /// Lets go whoever may, and sets the alarm for the next who may by then.
    fn grant(&self, state: &mut State) {
        let now = Instant::now();
        let mut next: Option<Instant> = None;
        let mut gone = 0;
        for (sid, account) in &mut state.accounts {
            if let Some(left) = account.held_for(now) {
                if account.waits() {
                    next = earlier(next, now + left);
                }
                continue;
            }
            for urgent in [true, false] {
                let slots = if urgent {
                    SLOTS
                } else {
                    SLOTS - KEPT_FOR_URGENT
                };
                let mut passed = 0;
                while account.running < slots && passed < account.queue(urgent).turns.len() {
                    let pick = account.pick(urgent, now, self.0.burst);
                    match pick {
                        Pick::Go(waiter) => {
                            passed = 0;
                            gone += 1;
                            let permit = Permit {
                                slots: self.clone(),
                                account: Some(sid.clone()),
                            };
                            account.running += 1;
                            match waiter.go.send(permit) {
                                Ok(()) => account.keep_pace(waiter.lane, now, self.0.interval),
                                Err(mut permit) => {
                                    // It has left. Nothing is given back under this lock.
                                    permit.account = None;
                                    account.running -= 1;
                                }
                            }
                        }
                        Pick::Later(due) => {
                            passed += 1;
                            next = earlier(next, due);
                        }
                    }
                }
            }
        }
        state.waiting -= gone;
        self.set_alarm(state, next);
    }

    fn set_alarm(&self, state: &mut State, next: Option<Instant>) {
        let Some(due) = next.filter(|due| state.alarm.is_none_or(|set| *due < set)) else {
            return;
        };
        state.alarm = Some(due);
        let slots = self.clone();
        tokio::spawn(async move {
            tokio::time::sleep_until(due.into()).await;
            let mut state = slots.lock();
            if state.alarm.is_some_and(|set| set <= due) {
                state.alarm = None;
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
    Go(Waiter),
    /// Nobody of this tenant's may go before then.
    Later(Instant),
}

impl Account {
    fn queue(&mut self, urgent: bool) -> &mut Queue {
        if urgent {
            &mut self.urgent
        } else {
            &mut self.bulk
        }
    }

    fn waits(&self) -> bool {
        !self.urgent.turns.is_empty() || !self.bulk.turns.is_empty()
    }

    fn held_for(&mut self, now: Instant) -> Option<Duration> {
        let left = self.held_until?.saturating_duration_since(now);
        if left.is_zero() {
            self.held_until = None;
            return None;
        }
        Some(left)
    }

    fn is_idle(&self, now: Instant) -> bool {
        self.running == 0
            && !self.waits()
            && self.lanes.is_empty()
            && self.held_until.is_none_or(|until| until <= now)
    }

    /// The first of the next tenant's that may go. The tenant goes to the end of the turns.
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
        let Some(tenant) = queue.turns.pop_front() else {
            return Pick::Later(now);
        };
        let waiting = queue.waiting.entry(tenant.clone()).or_default();
        let ready = waiting.iter().position(|waiter| ready_at(waiter) <= now);
        let waiter = ready.and_then(|at| waiting.remove(at));
        let due = waiting.iter().map(ready_at).min();
        if waiting.is_empty() {
            queue.waiting.remove(&tenant);
        } else {
            queue.turns.push_back(tenant);
        }
        waiter.map_or(Pick::Later(due.unwrap_or(now)), Pick::Go)
    }

    fn keep_pace(&mut self, lane: Option<String>, now: Instant, interval: Duration) {
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
            self.turns.push_back(tenant.to_owned());
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

    /// A waiter that is polled once, so that it stands in the queue.
    macro_rules! queued {
        ($slots:expr, $request:expr) => {{
            let mut waiter = Box::pin($slots.acquire($request));
            assert!(waiter.as_mut().now_or_never().is_none(), "it has to wait");
            waiter
        }};
    }

    #[tokio::test]
    async fn account_whose_slots_are_taken_holds_up_no_other() {
        let slots = fast();
        let mut taken = Vec::new();
        for _ in 0..SLOTS {
            taken.push(slots.acquire(request("AC1", "a", true)).await.ok());
        }
        let _waits = queued!(slots, request("AC1", "a", true));
        assert!(slots.acquire(request("AC2", "b", true)).await.is_ok());
    }

    #[tokio::test]
    async fn urgent_goes_before_bulk_and_tenants_take_turns() {
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
            "two slots are not for bulk"
        );
        taken.truncate(SLOTS - KEPT_FOR_URGENT - 1);
        assert!(bulk.now_or_never().unwrap().is_ok());
    }

    #[tokio::test]
    async fn tenant_with_much_to_send_leaves_room_for_others() {
        let slots = fast();
        let mut taken = Vec::new();
        for _ in 0..SLOTS {
            taken.push(slots.acquire(request("AC1", "a", true)).await.ok());
        }
        let mut waiters = Vec::new();
        for _ in 0..WAITING {
            let mut waiter = Box::pin(slots.acquire(request("AC1", "a", false)));
            match waiter.as_mut().now_or_never() {
                Some(Err(again)) => {
                    assert_eq!(again, COME_AGAIN);
                    break;
                }
                Some(Ok(_)) => panic!("every slot is taken"),
                None => waiters.push(waiter),
            }
        }
        assert!(waiters.len() < WAITING / 2, "{}", waiters.len());
        let _other = queued!(slots, request("AC1", "b", false));
        // Whoever leaves makes room, and keeps no slot.
        drop(waiters);
        drop(taken);
        assert!(slots.acquire(request("AC1", "c", false)).await.is_ok());
    }

    #[tokio::test]
    async fn lane_keeps_its_pace_and_another_does_not_wait() {
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
    async fn account_that_is_held_back_waits_alone() {
        let slots = fast();
        slots.hold("AC1", Duration::from_millis(50));
        let started = Instant::now();
        let mut held = Vec::new();
        for _ in 0..LEAST {
            held.push(queued!(slots, request("AC1", "a", true)));
        }
        let refused = slots.acquire(request("AC1", "a", true)).await;
        assert!(refused.is_err_and(|again| again <= Duration::from_millis(50)));
        assert!(slots.acquire(request("AC2", "a", true)).await.is_ok());
        for waiter in held {
            assert!(waiter.await.is_ok());
        }
        assert!(started.elapsed() >= Duration::from_millis(50));
    }
}
