//! What becomes of one thing.

use clock::Time;

use crate::db::model::{Number, Tenant};

/// What becomes of one thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It is new.
    Created,
    /// It is different now.
    Updated,
    /// It is as it was.
    Unchanged,
}

pub(super) fn change<T: PartialEq>(old: Option<&T>, new: &T) -> Change {
    match old {
        None => Change::Created,
        Some(old) if old == new => Change::Unchanged,
        Some(_) => Change::Updated,
    }
}

/// A thing that notes when it changed.
pub(super) trait Touch {
    fn touch(&mut self, now: Time);
}

impl Touch for Tenant {
    fn touch(&mut self, now: Time) {
        self.updated_at = now;
    }
}

impl Touch for Number {
    fn touch(&mut self, now: Time) {
        self.updated_at = now;
    }
}

pub(super) fn touched<T: Touch>(change: Change, mut it: T, now: Time) -> T {
    if change == Change::Updated {
        it.touch(now);
    }
    it
}
