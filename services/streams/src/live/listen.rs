//! Operators who listen in on a live call, and who speaks in it: both sides as they pass.

use std::collections::HashMap;
use std::sync::Arc;

use audio::mulaw;
use bytes::Bytes;
use clock::Clock;
use parking_lot::{Mutex, MutexGuard};
use role::{Note, Timeline, call_id};
use session::Frame;
use tokio::sync::broadcast::{Receiver, Sender, channel};

use crate::db::SessionRow;

/// A listener who is so many steps behind loses some.
const BEHIND: usize = 250;
/// What is louder than this is a voice.
const LOUD: u16 = 1_000;
/// So many steps a voice lasts before it counts: 100 ms.
const A_WORD: u32 = 5;
/// So many steps of silence end a turn: a second.
const A_PAUSE: u32 = 50;
/// More changes of who speaks are not noted.
const MOST: u32 = 60;

/// The live calls of this process that can be listened to. Clones share them.
#[derive(Clone, Default)]
pub struct Listeners(Arc<Mutex<HashMap<String, Live>>>);

struct Live {
    call_id: String,
    tenant_id: String,
    sound: Sender<Bytes>,
}

impl Listeners {
    /// A call begins.
    pub fn open(&self, row: &SessionRow, timeline: &Timeline, clock: &Clock) -> Ears {
        let (sound, _) = channel(BEHIND);
        let live = Live {
            call_id: call_id(&row.call_sid),
            tenant_id: row.tenant_id.clone(),
            sound: sound.clone(),
        };
        self.lock().insert(row.call_sid.clone(), live);
        Ears {
            of: self.clone(),
            call_sid: row.call_sid.clone(),
            tenant_id: row.tenant_id.clone(),
            sound,
            turns: Turns::default(),
            noted: 0,
            timeline: timeline.clone(),
            clock: clock.clone(),
        }
    }

    /// A call by its id or its CallSid: its CallSid, and its sound from now on, as samples of 16 bits; `None` when it is not live
    /// here, or not this tenant's.
    pub fn listen(
        &self,
        call: &str,
        may_see: impl Fn(&str) -> bool,
    ) -> Option<(String, Receiver<Bytes>)> {
        let calls = self.lock();
        let by_id = || calls.iter().find(|(_, it)| it.call_id == call);
        let found = calls.get_key_value(call).or_else(by_id);
        let (call_sid, live) = found.filter(|(_, it)| may_see(&it.tenant_id))?;
        Some((call_sid.clone(), live.sound.subscribe()))
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Live>> {
        self.0.lock()
    }
}

/// One call's, as long as it lives.
pub struct Ears {
    of: Listeners,
    call_sid: String,
    tenant_id: String,
    sound: Sender<Bytes>,
    turns: Turns,
    noted: u32,
    timeline: Timeline,
    clock: Clock,
}

impl Ears {
    /// One step of both sides. While the recording is held nobody hears it.
    pub fn step(&mut self, caller: &Frame, ours: &Frame, is_held: bool) {
        if let Some(who) = self
            .turns
            .step(loudest(caller) > LOUD, loudest(ours) > LOUD)
            && self.noted < MOST
        {
            self.noted += 1;
            let note = Note::new("streams", "turn", who, self.clock.now());
            self.timeline
                .note(note.tenant(&self.tenant_id).key(&self.call_sid));
        }
        if self.sound.receiver_count() == 0 {
            return;
        }
        let sound = match is_held {
            true => vec![0; caller.len() * 2],
            false => mixed(caller, ours),
        };
        // Whoever listened may have gone just now.
        let _ = self.sound.send(sound.into());
    }
}

impl Drop for Ears {
    fn drop(&mut self) {
        let mut calls = self.of.lock();
        // A stream that follows at once has taken its place.
        if calls
            .get(&self.call_sid)
            .is_some_and(|it| it.sound.same_channel(&self.sound))
        {
            calls.remove(&self.call_sid);
        }
    }
}

/// How loud each code is.
const LOUDNESS: [u16; 256] = {
    let mut table = [0; 256];
    let mut code = 0;
    while code < 256 {
        table[code] = mulaw::decode(code as u8).unsigned_abs();
        code += 1;
    }
    table
};

fn loudest(frame: &Frame) -> u16 {
    let loud = frame.iter().map(|code| LOUDNESS[*code as usize]);
    loud.max().unwrap_or_default()
}

fn mixed(caller: &Frame, ours: &Frame) -> Vec<u8> {
    let both = mulaw::decode_all(caller)
        .into_iter()
        .zip(mulaw::decode_all(ours));
    both.flat_map(|(a, b)| a.saturating_add(b).to_le_bytes())
        .collect()
}

/// Who speaks, from step to step.
#[derive(Debug, Default)]
struct Turns {
    /// Whose turn it is.
    now: Option<&'static str>,
    /// Who has been loud lately, and for how many steps.
    next: Option<&'static str>,
    steps: u32,
}

impl Turns {
    /// Says who has begun to speak, if anyone has. The caller goes before us: who speaks over the platform interrupts it.
    fn step(&mut self, caller: bool, ours: bool) -> Option<&'static str> {
        let loud = match (caller, ours) {
            (true, _) => Some("the caller speaks"),
            (false, true) => Some("the platform speaks"),
            (false, false) => None,
        };
        if loud == self.next {
            self.steps += 1;
        } else {
            (self.next, self.steps) = (loud, 1);
        }
        match loud {
            None if self.steps >= A_PAUSE => self.now = None,
            Some(who) if self.steps >= A_WORD && self.now != loud => {
                self.now = loud;
                return Some(who);
            }
            _ => {}
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn change_of_who_speaks_is_told_once_and_after_a_pause_again() {
        let mut turns = Turns::default();
        let mut told = Vec::new();
        let mut go = |steps: u32, caller, ours| {
            for _ in 0..steps {
                told.extend(turns.step(caller, ours));
            }
        };
        go(20, false, true);
        go(3, true, true);
        go(20, false, true);
        go(20, true, false);
        go(10, false, false);
        go(20, true, false);
        go(60, false, false);
        go(20, true, false);
        assert_eq!(
            told,
            [
                "the platform speaks",
                "the caller speaks",
                "the caller speaks"
            ]
        );
    }
}
