//! Frames that are lost, held up or come late, as the fault `stream` wishes.

use std::collections::VecDeque;

use crate::faults::StreamFault;
use crate::ids::mix;
use crate::leg_context::LegContext;
use crate::wire::Failure;

/// When a stall begins, in frames: the greeting is being heard.
const STALL_AT: u64 = 50;

/// The fault in force as it is for a new stream of this call: the words that a stream drops after count once in a call.
pub(super) fn fault(context: &LegContext) -> StreamFault {
    let mut fault = context.shared.state().faults.stream();
    if context.look(|call| call.heard.iter().any(|it| fault.drops_after(&it.text))) {
        fault.drop_after_heard = None;
    }
    fault
}

/// How a stream ends that drops.
pub(super) fn dropped() -> Failure {
    Failure::new(31921, "the socket dropped, as the fault wishes")
}

/// Stands between the caller's frames and the wire.
pub(crate) struct Trouble {
    fault: StreamFault,
    seed: u64,
    held: VecDeque<String>,
    /// The frame at which what is held goes on.
    until: u64,
}

impl Trouble {
    pub(crate) fn new(fault: StreamFault, seed: u64) -> Self {
        Self {
            fault,
            seed,
            held: VecDeque::new(),
            until: 0,
        }
    }

    /// Whether the socket drops at this frame.
    pub(crate) fn drops(&self, frame: u64) -> bool {
        self.fault
            .drop_after_s
            .is_some_and(|seconds| frame as f64 >= seconds * 50.0)
    }

    /// Whether the socket drops when these words have been heard.
    pub(crate) fn drops_after(&self, heard: &str) -> bool {
        self.fault.drops_after(heard)
    }

    /// What goes out at this frame, with the newest message in its place.
    pub(crate) fn pass(&mut self, frame: u64, message: String) -> VecDeque<String> {
        let chance = |kind: &str, of: u64| mix(self.seed, kind, frame) % of.max(1);
        let is_lost = (chance("loss", 10_000) as f64) < self.fault.loss * 10_000.0;
        if !is_lost {
            self.held.push_back(message);
        }
        if frame == STALL_AT {
            self.until = frame + (self.fault.stall_s * 50.0) as u64;
        }
        let late = chance("jitter", self.fault.jitter_ms / 20 + 1);
        if frame >= self.until && late > 0 {
            self.until = frame + late;
        }
        match frame >= self.until {
            true => std::mem::take(&mut self.held),
            false => VecDeque::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_in_trouble_keep_their_order() {
        let fault = StreamFault {
            jitter_ms: 100,
            loss: 0.1,
            stall_s: 1.0,
            drop_after_s: Some(5.0),
            drop_after_heard: None,
        };
        let mut trouble = Trouble::new(fault, 7);
        let sent: Vec<u64> = (0..500)
            .flat_map(|n| trouble.pass(n, n.to_string()))
            .map(|text| text.parse().unwrap())
            .collect();
        assert!(
            sent.is_sorted() && (400..480).contains(&sent.len()),
            "{}",
            sent.len()
        );
        assert!(!trouble.drops(249) && trouble.drops(250));
        let mut calm = Trouble::new(StreamFault::default(), 7);
        assert!((0..100).all(|n| calm.pass(n, String::new()).len() == 1 && !calm.drops(n)));
    }
}
