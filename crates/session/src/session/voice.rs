//! What the caller says, given out while it is said, for whoever understands it along the way.

use std::collections::VecDeque;

use crate::Voice;

/// What is given out; nothing, unless a provider listens along.
#[derive(Debug, Clone, Default)]
pub(super) struct Along {
    is_on: bool,
    voices: VecDeque<Voice>,
}

impl Along {
    pub(super) fn begin(&mut self) {
        self.is_on = true;
    }

    pub(super) fn next(&mut self) -> Option<Voice> {
        self.voices.pop_front()
    }

    /// More of what is being said.
    pub(super) fn sound(&mut self, sound: &[u8]) {
        if self.is_on {
            self.voices.push_back(Voice::Sound(sound.to_vec()));
        }
    }

    pub(super) fn ended(&mut self, utterance: u64, joins: bool) {
        self.put(Voice::Ended { utterance, joins });
    }

    pub(super) fn dropped(&mut self) {
        self.put(Voice::Dropped);
    }

    fn put(&mut self, voice: Voice) {
        if self.is_on {
            self.voices.push_back(voice);
        }
    }
}
