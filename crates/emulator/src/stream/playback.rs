//! What an application has sent: played frame by frame, marks at their places, and what of it reached the ear.

use std::collections::VecDeque;

use audio::mulaw;

/// A frame of 20 ms.
pub(crate) const FRAME: usize = 160;

/// The queue.
pub(crate) struct Playback {
    /// So many frames without sound are the end of what was being said, where no mark says so.
    pause: u32,
    queue: VecDeque<Piece>,
    /// What was played and has not been told.
    played: Vec<i16>,
    quiet: u32,
}

enum Piece {
    Sound(VecDeque<u8>),
    Mark(String),
}

/// What a frame brought.
#[derive(Default)]
pub(crate) struct Played {
    /// Marks that were reached.
    pub(crate) marks: Vec<String>,
    /// Sound that was heard to its end: at a mark, a clear, or a pause.
    pub(crate) heard: Vec<Vec<i16>>,
    /// Whether there was sound.
    pub(crate) audible: bool,
    /// It, in mu-law.
    pub(crate) sound: Vec<u8>,
}

impl Playback {
    pub(crate) fn new(pause: u32) -> Self {
        Self {
            pause,
            queue: VecDeque::new(),
            played: Vec::new(),
            quiet: 0,
        }
    }

    pub(crate) fn sound(&mut self, sound: &[u8]) {
        match self.queue.back_mut() {
            Some(Piece::Sound(last)) => last.extend(sound),
            _ => self
                .queue
                .push_back(Piece::Sound(sound.iter().copied().collect())),
        }
    }

    pub(crate) fn mark(&mut self, name: String) {
        self.queue.push_back(Piece::Mark(name));
    }

    /// Drops what has not been played: all marks come back at once.
    pub(crate) fn clear(&mut self) -> Played {
        let marks = self.queue.drain(..).filter_map(|piece| match piece {
            Piece::Mark(name) => Some(name),
            Piece::Sound(_) => None,
        });
        let mut played = Played {
            marks: marks.collect(),
            ..Played::default()
        };
        self.tell(&mut played);
        played
    }

    /// Plays 20 ms.
    pub(crate) fn step(&mut self) -> Played {
        let mut played = Played::default();
        let mut left = FRAME;
        while left > 0 {
            match self.queue.front_mut() {
                Some(Piece::Sound(sound)) => {
                    let taken = left.min(sound.len());
                    let frame: Vec<u8> = sound.drain(..taken).collect();
                    self.played.extend(frame.iter().copied().map(mulaw::decode));
                    played.sound.extend(frame);
                    left -= taken;
                    if sound.is_empty() {
                        self.queue.pop_front();
                    }
                }
                Some(Piece::Mark(_)) => self.reach(&mut played),
                None => break,
            }
        }
        // A mark right behind the last sound is reached with it.
        while matches!(self.queue.front(), Some(Piece::Mark(_))) {
            self.reach(&mut played);
        }
        played.audible = left < FRAME;
        self.quiet = if played.audible { 0 } else { self.quiet + 1 };
        if self.quiet >= self.pause {
            self.tell(&mut played);
        }
        played
    }

    fn reach(&mut self, played: &mut Played) {
        if let Some(Piece::Mark(name)) = self.queue.pop_front() {
            played.marks.push(name);
            self.tell(played);
        }
    }

    fn tell(&mut self, played: &mut Played) {
        if !self.played.is_empty() {
            played.heard.push(std::mem::take(&mut self.played));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_come_back_when_what_was_before_them_has_been_played() {
        let mut playback = Playback::new(50);
        playback.sound(&[1; 300]);
        playback.mark("a".into());
        playback.sound(&[1; 20]);
        playback.mark("b".into());
        assert!(playback.step().marks.is_empty());
        let second = playback.step();
        assert_eq!(second.marks, ["a", "b"]);
        let lengths: Vec<_> = second.heard.iter().map(Vec::len).collect();
        assert_eq!(lengths, [300, 20]);
    }

    #[test]
    fn clear_returns_all_marks_and_tells_what_was_heard() {
        let mut playback = Playback::new(50);
        playback.sound(&[1; 1_600]);
        playback.mark("a".into());
        playback.step();
        let cleared = playback.clear();
        assert_eq!(cleared.marks, ["a"]);
        assert_eq!(cleared.heard[0].len(), 160);
        assert!(!playback.step().audible);
    }

    #[test]
    fn pause_ends_what_no_mark_ends() {
        let mut playback = Playback::new(50);
        playback.sound(&[1; 160]);
        let heard = (0..60).map(|_| playback.step().heard.len());
        assert_eq!(heard.sum::<usize>(), 1);
    }
}
