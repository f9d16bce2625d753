//! What has changed since the lock was written, and whether others can bear it.

use super::entry::{Contract, Entry, range};

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Difference {
    /// What others cannot bear, with the way to mend it.
    pub(super) broken: Vec<String>,
    /// What is new, or retired as it should be.
    pub(super) added: Vec<String>,
}

/// Compares the lock with what is there now.
pub(super) fn compare(old: &Contract, new: &Contract) -> Difference {
    let mut difference = Difference::default();
    for (name, was) in old {
        let Some(is) = new.get(name) else {
            difference.broken.push(match &was.event {
                Some(event) => format!(
                    "event {event} ({name}) is gone: a process may still send or await it; put it back with `option deprecated = true`, and when no release in use knows it, delete its lines in proto/contract.lock"
                ),
                None => format!(
                    "{} {name} is gone: put it back, or delete its lines in proto/contract.lock when no release in use knows it",
                    was.kind
                ),
            });
            continue;
        };
        if was.event != is.event {
            let shown = |event: &Option<String>| event.clone().unwrap_or_else(|| "none".to_owned());
            difference.broken.push(format!(
                "{name} was event {}, is now {}: put the type back and make a new message for the new event",
                shown(&was.event),
                shown(&is.event)
            ));
        }
        compare_fields(name, was, is, &mut difference);
    }
    for (name, is) in new.iter().filter(|(name, _)| !old.contains_key(*name)) {
        difference.added.push(match &is.event {
            Some(event) => format!("event {event} ({name})"),
            None => format!("{} {name}", is.kind),
        });
    }
    difference
}

fn compare_fields(message: &str, was: &Entry, is: &Entry, difference: &mut Difference) {
    let next = is.next(was);
    for (number, (name, kind)) in &was.fields {
        let reserve = format!("write `reserved {number}; reserved \"{name}\";`");
        match is.fields.get(number) {
            Some((now, same)) if now == name && same == kind => {}
            Some((now, same)) if now == name => difference.broken.push(format!(
                "{message}: field {number} `{name}` was {kind}, is now {same}: keep the type, or {reserve} and add the new field as {next}"
            )),
            Some((now, _)) => difference.broken.push(format!(
                "{message}: number {number} was `{name}` and is now given to `{now}`: {reserve} and give `{now}` the number {next}"
            )),
            None if is.reserves(*number, name) => {
                difference.added.push(format!("{message}: field {number} `{name}` retired"));
            }
            None => match is.fields.iter().find(|(_, (now, _))| now == name) {
                Some((moved, _)) => difference.broken.push(format!(
                    "{message}: field `{name}` was {number}, is now {moved}: give it its old number back"
                )),
                None => difference.broken.push(format!(
                    "{message}: field {number} `{name}` is gone: {reserve} in its place"
                )),
            },
        }
    }
    for (from, to) in &was.numbers {
        if !(is.reserves_number(*from) && is.reserves_number(*to)) {
            difference.broken.push(format!(
                "{message}: {} was reserved and no longer is: an old message may still carry it; reserve it again",
                range(*from, *to)
            ));
        }
    }
    for name in was.names.difference(&is.names) {
        difference.broken.push(format!(
            "{message}: the name `{name}` was reserved and no longer is: reserve it again"
        ));
    }
    for (number, (name, kind)) in &is.fields {
        if !was.fields.contains_key(number) && !was.reserves_number(*number) {
            difference
                .added
                .push(format!("{message}: field {number} `{name}` {kind}"));
        }
    }
}
