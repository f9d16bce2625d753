//! What a process knows of the lines of its waiting room.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use clock::Time;

use crate::db::waiting::Line;

/// Inside, of one line, at the most: a little more than leaves in a moment.
const INSIDE: usize = 32;
/// Inside, of all lines of a process together, as long as there are not more lines than that.
const INSIDE_IN_ALL: usize = 800;

/// All lines in which something has stood lately.
#[derive(Default)]
pub(crate) struct Lines {
    known: HashMap<Line, Standing>,
    /// What is inside here, by kind and id, and how often: a command may come twice.
    inside: HashMap<(String, String), usize>,
    /// What has left: kind and id.
    left: Vec<(String, String)>,
    /// When the next of those is due that wait for something outside.
    next_due: Option<Time>,
    /// Whether the database has been looked at: what an earlier process has let in is not known before.
    surveyed: bool,
}

#[derive(Debug, Default)]
struct Standing {
    /// Deliveries of it that this process has in hand.
    in_hand: usize,
    /// Whether somebody stands in it whose turn may have come: whoever comes goes to its end.
    waits: bool,
    /// Whether some of it may have been let in.
    let_in: bool,
    /// Whether it is to be looked at.
    stirred: bool,
}

/// How a line is when somebody comes.
pub(crate) struct Met {
    /// Nobody else is let in just now.
    pub is_full: bool,
    /// Whoever comes may have been let in.
    pub let_in: bool,
}

impl Lines {
    /// Somebody has come, and is in hand from now on: whoever is behind sees it.
    pub(crate) fn come(&mut self, line: &Line) -> Met {
        let most = self.most();
        let standing = self.known.entry(line.clone()).or_default();
        let is_full = standing.waits || standing.in_hand >= most;
        standing.in_hand += 1;
        Met {
            is_full,
            let_in: standing.let_in || !self.surveyed,
        }
    }

    /// A command comes inside. Whether it is the only delivery of it here.
    pub(crate) fn enter(&mut self, line: &Line, id: &str) -> bool {
        let it = (line.kind.clone(), id.to_owned());
        let times = self.inside.entry(it).or_default();
        *times += 1;
        *times == 1
    }

    /// A command is inside no more.
    pub(crate) fn exit(&mut self, line: &Line, id: &str) {
        let it = (line.kind.clone(), id.to_owned());
        if let Entry::Occupied(mut times) = self.inside.entry(it) {
            *times.get_mut() -= 1;
            if *times.get() == 0 {
                times.remove();
            }
        }
    }

    /// Somebody is in hand no more. Whether somebody else may be let in.
    pub(crate) fn go(&mut self, line: &Line) -> bool {
        if let Some(standing) = self.known.get_mut(line) {
            standing.in_hand = standing.in_hand.saturating_sub(1);
        }
        self.stir(line)
    }

    /// Somebody stands in the line, or is about to.
    pub(crate) fn expect(&mut self, line: &Line) {
        self.known.entry(line.clone()).or_default().waits = true;
    }

    /// Whether somebody stands in the line, or has been let in, as far as is known here.
    pub(crate) fn has_some(&self, line: &Line) -> bool {
        let standing = self.known.get(line);
        standing.is_some_and(|it| it.waits || it.let_in)
    }

    /// Notes what has left.
    pub(crate) fn leave(&mut self, gone: impl IntoIterator<Item = (String, String)>) {
        self.left.extend(gone);
    }

    /// What has left since this was asked last.
    pub(crate) fn take_left(&mut self) -> Vec<(String, String)> {
        std::mem::take(&mut self.left)
    }

    /// How many of one line may be inside.
    fn most(&self) -> usize {
        (INSIDE_IN_ALL / self.known.len().max(1)).clamp(1, INSIDE)
    }

    /// Looks at a line soon, if there is room in it.
    fn stir(&mut self, line: &Line) -> bool {
        let most = self.most();
        let Some(standing) = self.known.get_mut(line) else {
            return false;
        };
        // Not for each that leaves: a few at a time cost as much as one.
        standing.stirred |= standing.waits && standing.in_hand <= most / 2;
        standing.stirred
    }

    /// The same of all. Whether one is to be looked at.
    pub(crate) fn stir_all(&mut self) -> bool {
        let lines: Vec<Line> = self.known.keys().cloned().collect();
        let stirred = lines.iter().filter(|line| self.stir(line)).count();
        stirred > 0
    }

    /// Where somebody may be let in.
    pub(crate) fn take_stirred(&mut self) -> Vec<Line> {
        let stirred = self.known.iter_mut().filter(|(_, it)| it.stirred);
        let taken = stirred.map(|(line, standing)| {
            standing.stirred = false;
            line.clone()
        });
        taken.collect()
    }

    /// How many of a line may be inside. From now on whoever comes is expected anew.
    pub(crate) fn begin_to_let_in(&mut self, line: &Line) -> i64 {
        let most = self.most();
        if let Some(standing) = self.known.get_mut(line) {
            standing.waits = false;
        }
        i64::try_from(most).unwrap_or(1)
    }

    /// Some were let in, and perhaps more stand there.
    pub(crate) fn has_let_in(&mut self, line: &Line, some: bool, more: bool) {
        let standing = self.known.entry(line.clone()).or_default();
        standing.let_in |= some;
        standing.waits |= more;
    }

    /// One that waits for something outside is due then. Whether that is sooner than any other.
    pub(crate) fn is_due_at(&mut self, due: Time) -> bool {
        let sooner = self.next_due.is_none_or(|known| due < known);
        if sooner {
            self.next_due = Some(due);
        }
        sooner
    }

    /// When one of those is due.
    pub(crate) fn next_due(&self) -> Option<Time> {
        self.next_due
    }

    /// What the database has: lines where somebody is due, and where somebody is inside.
    pub(crate) fn survey(
        &mut self,
        due: Vec<(Line, i64)>,
        inside: Vec<(Line, i64)>,
        next_due: Option<Time>,
    ) {
        for standing in self.known.values_mut() {
            standing.let_in = false;
        }
        for (line, _) in due {
            let standing = self.known.entry(line).or_default();
            (standing.waits, standing.stirred) = (true, true);
        }
        for (line, _) in inside {
            self.known.entry(line).or_default().let_in = true;
        }
        self.next_due = next_due;
        self.surveyed = true;
        let is_empty = |it: &Standing| it.in_hand == 0 && !it.waits && !it.let_in;
        self.known.retain(|_, standing| !is_empty(standing));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(tenant: &str) -> Line {
        Line {
            kind: "message.send".to_owned(),
            account_sid: "AC1".to_owned(),
            tenant_id: tenant.to_owned(),
            lane: "+15550100001".to_owned(),
            urgent: true,
        }
    }

    #[test]
    fn line_that_is_full_fills_no_other() {
        let mut lines = Lines::default();
        for _ in 0..INSIDE {
            assert!(!lines.come(&line("a")).is_full);
        }
        assert!(lines.come(&line("a")).is_full);
        assert!(!lines.come(&line("b")).is_full);
    }

    #[test]
    fn whoever_comes_stands_behind_those_who_wait() {
        let mut lines = Lines::default();
        lines.expect(&line("a"));
        assert!(lines.come(&line("a")).is_full);
        assert!(lines.go(&line("a")), "there is room for who waits");
        assert_eq!(lines.take_stirred(), [line("a")]);
        assert_eq!(lines.begin_to_let_in(&line("a")), 32);
        lines.has_let_in(&line("a"), true, false);
        let met = lines.come(&line("a"));
        assert!(!met.is_full && met.let_in);
    }

    #[test]
    fn command_that_is_inside_twice_is_known_until_both_have_gone() {
        let mut lines = Lines::default();
        assert!(lines.enter(&line("a"), "m1"));
        assert!(!lines.enter(&line("a"), "m1"));
        lines.exit(&line("a"), "m1");
        assert!(!lines.enter(&line("a"), "m1"));
        lines.exit(&line("a"), "m1");
        lines.exit(&line("a"), "m1");
        assert!(lines.enter(&line("a"), "m1"));
    }

    #[test]
    fn many_lines_share_what_a_process_has_in_hand() {
        let mut lines = Lines::default();
        for n in 0..INSIDE_IN_ALL {
            lines.expect(&line(&n.to_string()));
        }
        assert_eq!(lines.begin_to_let_in(&line("0")), 1);
    }

    #[test]
    fn survey_forgets_lines_where_nobody_stands() {
        let mut lines = Lines::default();
        lines.come(&line("a"));
        lines.go(&line("a"));
        lines.survey(vec![(line("b"), 3)], Vec::new(), None);
        assert_eq!(lines.known.len(), 1);
        assert_eq!(lines.take_stirred(), [line("b")]);
    }
}
