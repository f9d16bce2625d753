//! The pace at which requests that nobody believes are answered.

use std::time::Duration;

use actix_web::HttpResponse;
use actix_web::http::ConnectionType;
use parking_lot::Mutex;
use tokio::time::{Instant, sleep_until};

/// Refusals that are answered in a second.
const PER_SECOND: u32 = 100;
/// How far the answers may be ahead of that pace, so that a developer who tries a few notices nothing.
const AHEAD: Duration = Duration::from_secs(1);
/// How long one refusal waits for its turn at most. A flood over many connections would otherwise fill the memory.
const LONGEST: Duration = Duration::from_secs(1);

/// Keeps those whom nobody believes from taking the processor away from calls: whoever waits for one answer before the
/// next request is bound to [`PER_SECOND`] requests, and the others' connections are closed.
#[derive(Default)]
pub struct Strangers {
    /// When the next refusal is due.
    next: Mutex<Option<Instant>>,
}

impl Strangers {
    /// Gives the refusal out when its turn has come.
    pub async fn pace(&self, mut refusal: HttpResponse) -> HttpResponse {
        match self.turn(Instant::now()) {
            Some(turn) => sleep_until(turn).await,
            None => refusal
                .head_mut()
                .set_connection_type(ConnectionType::Close),
        }
        refusal
    }

    /// When a refusal of now is due, or none when too many wait already.
    fn turn(&self, now: Instant) -> Option<Instant> {
        let mut next = self.next.lock();
        let earliest = now.checked_sub(AHEAD).unwrap_or(now);
        let turn = next.map_or(earliest, |next| next.max(earliest));
        if turn > now + LONGEST {
            return None;
        }
        *next = Some(turn + Duration::from_secs(1) / PER_SECOND);
        Some(turn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn few_refusals_are_answered_at_once_and_many_at_a_pace() {
        let (strangers, now) = (Strangers::default(), Instant::now());
        let turns: Vec<_> = (0..250).filter_map(|_| strangers.turn(now)).collect();
        let at_once = turns.iter().filter(|turn| **turn <= now).count();
        assert_eq!(at_once, 101, "a second's worth and the first");
        let last = *turns.last().unwrap() - now;
        assert_eq!(turns.len(), 201, "the others are not kept waiting");
        assert_eq!(last, LONGEST);
        let later = now + Duration::from_secs(10);
        assert!(strangers.turn(later).unwrap() <= later, "the pace forgets");
    }
}
