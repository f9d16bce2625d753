//! What a process knows of its lines: what is in flight of each, which have a backlog, and when the next command is due.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use clock::Time;

use crate::db::waiting::Line;

/// The most commands of one line in flight: a little more than leave in a moment.
const LINE_LIMIT: usize = 32;
/// The most commands of all lines of a process in flight, unless there are more lines than that.
const PROCESS_LIMIT: usize = 800;

/// All lines that had a command lately.
#[derive(Default)]
pub(crate) struct Lines {
    known: HashMap<Line, LineState>,
    /// What is in flight here, by kind and id, and how often: a command may be delivered twice.
    in_flight: HashMap<(String, String), usize>,
    /// What is done, by kind and id: its rows are to be removed.
    finished: Vec<(String, String)>,
    /// When the next requeued command is due.
    next_due: Option<Time>,
    /// Whether the database was surveyed: what an earlier process has admitted is not known before.
    surveyed: bool,
}

#[derive(Debug, Default)]
struct LineState {
    /// Deliveries of it that this process holds.
    deliveries: usize,
    /// Whether it has a backlog that may be due: a new command goes to the end of it.
    has_backlog: bool,
    /// Whether commands of its backlog may have been admitted.
    has_admitted: bool,
    /// Whether the scheduler is to look at it.
    is_scheduled: bool,
}

/// What a new delivery of a line meets.
pub(crate) struct Load {
    /// The line has a backlog, or is at its limit.
    pub is_full: bool,
    /// The delivery may be of an admitted command, which has a row.
    pub may_be_admitted: bool,
}

impl Lines {
    /// Counts a delivery until [`Self::end_delivery`]: later ones of its line see it.
    pub(crate) fn begin_delivery(&mut self, line: &Line) -> Load {
        let limit = self.line_limit();
        let state = self.known.entry(line.clone()).or_default();
        let is_full = state.has_backlog || state.deliveries >= limit;
        state.deliveries += 1;
        Load {
            is_full,
            may_be_admitted: state.has_admitted || !self.surveyed,
        }
    }

    /// Counts a command as in flight. False: another delivery of it is.
    pub(crate) fn begin_flight(&mut self, line: &Line, id: &str) -> bool {
        let command = (line.kind.clone(), id.to_owned());
        let count = self.in_flight.entry(command).or_default();
        *count += 1;
        *count == 1
    }

    /// Takes back [`Self::begin_flight`].
    pub(crate) fn end_flight(&mut self, line: &Line, id: &str) {
        let command = (line.kind.clone(), id.to_owned());
        if let Entry::Occupied(mut count) = self.in_flight.entry(command) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }

    /// Takes back [`Self::begin_delivery`]. True: the line is scheduled.
    pub(crate) fn end_delivery(&mut self, line: &Line) -> bool {
        if let Some(state) = self.known.get_mut(line) {
            state.deliveries = state.deliveries.saturating_sub(1);
        }
        self.schedule(line)
    }

    /// The line has a backlog, or will have one in a moment.
    pub(crate) fn expect_backlog(&mut self, line: &Line) {
        self.known.entry(line.clone()).or_default().has_backlog = true;
    }

    /// Whether commands of the line may have rows, as far as is known here.
    pub(crate) fn may_have_rows(&self, line: &Line) -> bool {
        let state = self.known.get(line);
        state.is_some_and(|it| it.has_backlog || it.has_admitted)
    }

    /// Notes what is done.
    pub(crate) fn add_finished(&mut self, commands: impl IntoIterator<Item = (String, String)>) {
        self.finished.extend(commands);
    }

    /// What was done since the last call of this.
    pub(crate) fn take_finished(&mut self) -> Vec<(String, String)> {
        std::mem::take(&mut self.finished)
    }

    /// The most commands of one line in flight now.
    fn line_limit(&self) -> usize {
        (PROCESS_LIMIT / self.known.len().max(1)).clamp(1, LINE_LIMIT)
    }

    /// Schedules a line that has a backlog and is far enough below its limit. True: it is scheduled.
    fn schedule(&mut self, line: &Line) -> bool {
        let limit = self.line_limit();
        let Some(state) = self.known.get_mut(line) else {
            return false;
        };
        // At half of the limit: to admit several costs as much as to admit one.
        state.is_scheduled |= state.has_backlog && state.deliveries <= limit / 2;
        state.is_scheduled
    }

    /// The same of all lines. True: one is scheduled.
    pub(crate) fn schedule_all(&mut self) -> bool {
        let lines: Vec<Line> = self.known.keys().cloned().collect();
        let scheduled = lines.iter().filter(|line| self.schedule(line)).count();
        scheduled > 0
    }

    /// The scheduled lines, which no longer are.
    pub(crate) fn take_scheduled(&mut self) -> Vec<Line> {
        let scheduled = self.known.iter_mut().filter(|(_, it)| it.is_scheduled);
        let taken = scheduled.map(|(line, state)| {
            state.is_scheduled = false;
            line.clone()
        });
        taken.collect()
    }

    /// The limit of a line whose backlog is about to be read. What is enqueued from now on is expected anew.
    pub(crate) fn begin_admission(&mut self, line: &Line) -> i64 {
        let limit = self.line_limit();
        if let Some(state) = self.known.get_mut(line) {
            state.has_backlog = false;
        }
        i64::try_from(limit).unwrap_or(1)
    }

    /// `some`: commands of the line were admitted. `more`: others may be due.
    pub(crate) fn end_admission(&mut self, line: &Line, some: bool, more: bool) {
        let state = self.known.entry(line.clone()).or_default();
        state.has_admitted |= some;
        state.has_backlog |= more;
    }

    /// A requeued command is due then. True: that is sooner than any other.
    pub(crate) fn add_due(&mut self, due: Time) -> bool {
        let sooner = self.next_due.is_none_or(|known| due < known);
        if sooner {
            self.next_due = Some(due);
        }
        sooner
    }

    /// When the next requeued command is due.
    pub(crate) fn next_due(&self) -> Option<Time> {
        self.next_due
    }

    /// What the database has: lines with due commands, and lines with admitted ones.
    pub(crate) fn survey(
        &mut self,
        due: Vec<(Line, i64)>,
        admitted: Vec<(Line, i64)>,
        next_due: Option<Time>,
    ) {
        for state in self.known.values_mut() {
            state.has_admitted = false;
        }
        for (line, _) in due {
            let state = self.known.entry(line).or_default();
            (state.has_backlog, state.is_scheduled) = (true, true);
        }
        for (line, _) in admitted {
            self.known.entry(line).or_default().has_admitted = true;
        }
        self.next_due = next_due;
        self.surveyed = true;
        let is_idle = |it: &LineState| it.deliveries == 0 && !it.has_backlog && !it.has_admitted;
        self.known.retain(|_, state| !is_idle(state));
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
    fn line_at_its_limit_leaves_other_lines_free() {
        let mut lines = Lines::default();
        for _ in 0..LINE_LIMIT {
            assert!(!lines.begin_delivery(&line("a")).is_full);
        }
        assert!(lines.begin_delivery(&line("a")).is_full);
        assert!(!lines.begin_delivery(&line("b")).is_full);
    }

    #[test]
    fn line_with_backlog_is_full_until_its_backlog_is_admitted() {
        let mut lines = Lines::default();
        lines.expect_backlog(&line("a"));
        assert!(lines.begin_delivery(&line("a")).is_full);
        assert!(lines.end_delivery(&line("a")), "it is below its limit");
        assert_eq!(lines.take_scheduled(), [line("a")]);
        assert_eq!(lines.begin_admission(&line("a")), 32);
        lines.end_admission(&line("a"), true, false);
        let load = lines.begin_delivery(&line("a"));
        assert!(!load.is_full && load.may_be_admitted);
    }

    #[test]
    fn command_delivered_twice_is_in_flight_until_both_have_ended() {
        let mut lines = Lines::default();
        assert!(lines.begin_flight(&line("a"), "m1"));
        assert!(!lines.begin_flight(&line("a"), "m1"));
        lines.end_flight(&line("a"), "m1");
        assert!(!lines.begin_flight(&line("a"), "m1"));
        lines.end_flight(&line("a"), "m1");
        lines.end_flight(&line("a"), "m1");
        assert!(lines.begin_flight(&line("a"), "m1"));
    }

    #[test]
    fn many_lines_share_the_limit_of_the_process() {
        let mut lines = Lines::default();
        for n in 0..PROCESS_LIMIT {
            lines.expect_backlog(&line(&n.to_string()));
        }
        assert_eq!(lines.begin_admission(&line("0")), 1);
    }

    #[test]
    fn survey_forgets_idle_lines() {
        let mut lines = Lines::default();
        lines.begin_delivery(&line("a"));
        lines.end_delivery(&line("a"));
        lines.survey(vec![(line("b"), 3)], Vec::new(), None);
        assert_eq!(lines.known.len(), 1);
        assert_eq!(lines.take_scheduled(), [line("b")]);
    }
}
