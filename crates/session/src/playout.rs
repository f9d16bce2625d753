//! What is said: one queue of audio and marks, paced, and what of it was heard.

use std::collections::VecDeque;

use crate::{FRAME, Frame, SILENCE};

/// So long after a line should have been played a mark that has not come back is given up, in steps.
const MARK_PATIENCE: u64 = 50;

/// A line on its way to the caller.
#[derive(Debug, Clone)]
pub(crate) struct Line {
    pub id: u64,
    pub turn: u64,
    pub text: String,
    sound: Vec<u8>,
    cursor: usize,
    complete: bool,
    sent: u64,
    played: u64,
    mark: Option<Mark>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    /// Sent; the line should have been played by then.
    Sent { due: u64 },
    /// It came back.
    Returned,
}

/// What is to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Send {
    Frame {
        line: u64,
        first: bool,
        frame: Frame,
    },
    Mark(String),
}

/// What was heard of a line that is done with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Said {
    pub turn: u64,
    pub text: String,
    pub cut: bool,
}

/// The queue.
#[derive(Debug, Clone, Default)]
pub(crate) struct Playout {
    lines: VecDeque<Line>,
    next_line: u64,
    /// The step at which the next frame will be played.
    next_play: u64,
    /// Which frames lie at the other side: when each is played, and whose it is.
    unplayed: VecDeque<(u64, u64)>,
    /// The same, with their sound, until they are recorded.
    unrecorded: VecDeque<(u64, Frame)>,
    record: bool,
    /// Counts clears: marks of another time prove nothing.
    epoch: u64,
    lead: u64,
}

impl Playout {
    pub fn new(lead: u64, record: bool) -> Self {
        Self {
            lead: lead.max(1),
            record,
            next_line: 1,
            ..Self::default()
        }
    }

    /// A line will be said. Answers its name.
    pub fn line(&mut self, turn: u64, text: String) -> u64 {
        let id = self.next_line;
        self.next_line += 1;
        self.lines.push_back(Line {
            id,
            turn,
            text,
            sound: Vec::new(),
            cursor: 0,
            complete: false,
            sent: 0,
            played: 0,
            mark: None,
        });
        id
    }

    /// More of a line's sound. False when it is not wanted any more.
    pub fn sound(&mut self, line: u64, chunk: &[u8], last: bool) -> bool {
        let wanted = self
            .lines
            .iter_mut()
            .find(|it| it.id == line && !it.complete);
        let Some(line) = wanted else {
            return false;
        };
        line.sound.extend_from_slice(chunk);
        line.complete = last;
        true
    }

    /// Whether this line is still to be said.
    pub fn is_wanted(&self, line: u64) -> bool {
        self.lines.iter().any(|it| it.id == line)
    }

    /// The next thing to send at this pace.
    pub fn next(&mut self, pace: u64) -> Option<Send> {
        let lead = self.lead;
        // Lines are sent one after the other: those that have their mark are through.
        let line = self.lines.iter_mut().find(|line| line.mark.is_none())?;
        let rest = line.sound.len() - line.cursor;
        if rest == 0 && line.complete {
            let due = self.next_play.max(pace) + MARK_PATIENCE;
            line.mark = Some(Mark::Sent { due });
            return Some(Send::Mark(format!("{}.{}", self.epoch, line.id)));
        }
        let is_whole = rest >= FRAME || line.complete;
        if !is_whole || rest == 0 || self.next_play.saturating_sub(pace) >= lead {
            return None;
        }
        let mut frame = SILENCE;
        let taken = rest.min(FRAME);
        frame[..taken].copy_from_slice(&line.sound[line.cursor..line.cursor + taken]);
        line.cursor += taken;
        line.sent += 1;
        let (id, first, play_at) = (line.id, line.sent == 1, self.next_play.max(pace));
        self.next_play = play_at + 1;
        self.unplayed.push_back((play_at, id));
        if self.record {
            self.unrecorded.push_back((play_at, frame));
        }
        Some(Send::Frame {
            line: id,
            first,
            frame,
        })
    }

    /// What was played by now.
    pub fn advance(&mut self, pace: u64) {
        while let Some(&(play_at, id)) = self.unplayed.front() {
            if play_at >= pace {
                break;
            }
            self.unplayed.pop_front();
            if let Some(line) = self.lines.iter_mut().find(|line| line.id == id) {
                line.played += 1;
            }
        }
    }

    /// A mark came back: its line, and those before it, were heard. Answers the line's name; `None` when it proves nothing.
    pub fn marked(&mut self, name: &str) -> Option<u64> {
        let (epoch, id) = name.split_once('.')?;
        let id: u64 = id.parse().ok()?;
        if epoch.parse() != Ok(self.epoch) {
            return None;
        }
        let found = self.lines.iter().position(|line| line.id == id)?;
        if !matches!(self.lines[found].mark, Some(Mark::Sent { .. })) {
            return None;
        }
        for line in self.lines.iter_mut().take(found + 1) {
            line.mark = Some(Mark::Returned);
            line.played = line.sent;
        }
        Some(id)
    }

    /// The lines that are over, by their marks or by our clock.
    pub fn finished(&mut self, pace: u64) -> Option<Said> {
        let is_over = match self.lines.front()?.mark? {
            Mark::Returned => true,
            Mark::Sent { due } => pace >= due,
        };
        if !is_over {
            return None;
        }
        self.lines.pop_front().map(|line| Said {
            turn: line.turn,
            text: line.text,
            cut: false,
        })
    }

    /// Lines that have been played by our clock count as heard, though their marks are still under way.
    pub fn settle(&mut self, pace: u64) -> Vec<Said> {
        if !self.is_silent(pace) {
            return Vec::new();
        }
        let heard = self.lines.drain(..).map(|line| Said {
            turn: line.turn,
            text: line.text,
            cut: false,
        });
        heard.collect()
    }

    /// Whether a frame is there that is to be sent, now or when there is room for it.
    pub fn has_to_send(&self) -> bool {
        let line = self.lines.iter().find(|line| line.mark.is_none());
        line.is_some_and(|line| {
            let rest = line.sound.len() - line.cursor;
            rest >= FRAME || line.complete && rest > 0
        })
    }

    /// Whether nothing is left to be said, or to be proved heard.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Whether everything was sent and, by our clock, has been played; its marks may still be under way.
    pub fn is_silent(&self, pace: u64) -> bool {
        self.next_play <= pace && self.lines.iter().all(|line| line.mark.is_some())
    }

    /// Whether the caller hears something at this pace.
    pub fn is_audible(&self, pace: u64) -> bool {
        self.next_play > pace
    }

    /// Whether a line waits for more of its sound, and nothing is being heard meanwhile.
    pub fn is_starving(&self, pace: u64) -> bool {
        !self.is_audible(pace)
            && self
                .lines
                .iter()
                .find(|line| line.mark.is_none())
                .is_some_and(|line| !line.complete)
    }

    /// Drops everything. Answers what was heard of it.
    pub fn clear(&mut self, pace: u64) -> Vec<Said> {
        self.advance(pace);
        self.unplayed.clear();
        self.unrecorded.retain(|(play_at, _)| *play_at < pace);
        self.next_play = pace;
        self.epoch += 1;
        self.lines.drain(..).map(|line| line.cut_off()).collect()
    }

    /// Our frame of a step, for the recording.
    pub fn recorded(&mut self, step: u64) -> Frame {
        while self.unrecorded.front().is_some_and(|(at, _)| *at < step) {
            self.unrecorded.pop_front();
        }
        match self.unrecorded.front() {
            Some((at, _)) if *at == step => self
                .unrecorded
                .pop_front()
                .map_or(SILENCE, |(_, frame)| frame),
            _ => SILENCE,
        }
    }
}

impl Line {
    /// What was heard of a line: the words that fit into the part that was played.
    fn cut_off(self) -> Said {
        let whole = match self.complete {
            true => (self.sound.len() as u64).div_ceil(FRAME as u64),
            // Nobody knows yet how long it would have been: about fifteen letters in a second.
            false => {
                (self.text.chars().count() as u64 * crate::FRAMES_PER_SECOND / 15).max(self.sent)
            }
        };
        let words: Vec<&str> = self.text.split_whitespace().collect();
        let heard = match whole {
            0 => 0,
            whole => (words.len() as u64 * self.played / whole) as usize,
        };
        let cut = heard < words.len();
        Said {
            turn: self.turn,
            text: words[..heard.min(words.len())].join(" "),
            cut,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drain(playout: &mut Playout, pace: u64) -> (u64, Vec<String>) {
        let (mut frames, mut marks) = (0, Vec::new());
        while let Some(send) = playout.next(pace) {
            match send {
                Send::Frame { .. } => frames += 1,
                Send::Mark(name) => marks.push(name),
            }
        }
        (frames, marks)
    }

    #[test]
    fn queue_sends_no_more_than_its_lead() {
        let mut playout = Playout::new(15, false);
        let line = playout.line(1, "one two".into());
        assert!(playout.sound(line, &[1; 160 * 40], true));
        assert_eq!(drain(&mut playout, 0), (15, vec![]));
        assert_eq!(drain(&mut playout, 0), (0, vec![]));
        assert_eq!(drain(&mut playout, 10), (10, vec![]));
        assert_eq!(drain(&mut playout, 30), (15, vec!["0.1".to_owned()]));
        assert!(!playout.is_silent(44) && playout.is_silent(45));
        assert_eq!(playout.finished(89), None);
    }

    #[test]
    fn line_with_its_mark_is_heard_whole_and_without_it_by_the_clock() {
        let mut playout = Playout::new(15, false);
        for text in ["first", "second"] {
            let line = playout.line(1, text.into());
            playout.sound(line, &[1; 161], true);
        }
        let (frames, marks) = drain(&mut playout, 0);
        assert_eq!((frames, marks.len()), (4, 2));
        assert_eq!(playout.marked("0.9"), None);
        assert_eq!(playout.marked("nonsense"), None);
        assert_eq!(playout.marked(&marks[0]), Some(1));
        let said = |text: &str| Said {
            turn: 1,
            text: text.into(),
            cut: false,
        };
        assert_eq!(playout.finished(0), Some(said("first")));
        assert_eq!(playout.finished(0), None);
        assert_eq!(playout.finished(54), Some(said("second")));
        assert!(playout.is_empty());
    }

    #[test]
    fn clear_keeps_what_was_heard_and_its_marks_prove_nothing() {
        let mut playout = Playout::new(15, true);
        let line = playout.line(3, "one two three four".into());
        playout.sound(line, &[1; 160 * 40], true);
        for pace in 0..=20 {
            drain(&mut playout, pace);
        }
        let said = playout.clear(20);
        assert_eq!(said[0].text, "one two");
        assert!(said[0].cut);
        assert_eq!(playout.marked("0.1"), None);
        assert!(playout.is_silent(20) && !playout.sound(line, &[1; 160], true));
        // The recording ends where the clear cut it.
        let loud = (0..40).filter(|step| playout.recorded(*step) != SILENCE);
        assert_eq!(loud.count(), 20);
    }

    #[test]
    fn line_that_waits_for_sound_is_starving_only_in_silence() {
        let mut playout = Playout::new(15, false);
        let line = playout.line(1, "long".into());
        assert!(playout.is_starving(0));
        playout.sound(line, &[1; 160 * 3], false);
        drain(&mut playout, 0);
        assert!(!playout.is_starving(2) && playout.is_starving(3));
    }
}
