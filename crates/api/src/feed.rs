//! What passes on the bus, for readers of `/events`: one tap for all who ask for the same types. It goes on for a while when
//! the last of them has gone, so that whoever comes back goes on after the last event that they had.

use std::collections::{HashMap, VecDeque};
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bus::{Bus, Tap, Tapped};
use events::Envelope;
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::watch;

/// As much of a feed is kept.
const KEPT: usize = 1024;
/// A feed goes on for so long without a reader.
const LINGERS: Duration = Duration::from_secs(60);
/// While there are as many, another feed ends with its reader.
const FEEDS: usize = 32;

/// The feeds of a process, by what they are of. Clones share them.
#[derive(Clone)]
pub(crate) struct Feeds {
    open: Arc<Mutex<HashMap<Vec<String>, Arc<Feed>>>>,
    /// Feeds outlast the worker of the request that opens them.
    runtime: Handle,
}

/// What passes of some types, without a gap that is not told.
struct Feed {
    latest: Mutex<Latest>,
    news: watch::Sender<()>,
}

#[derive(Default)]
struct Latest {
    passed: VecDeque<Passed>,
    /// How much passed before that.
    before: u64,
    is_over: bool,
}

/// What a reader gets.
#[derive(Clone)]
pub(crate) enum Passed {
    /// An event.
    Event(Arc<Envelope>),
    /// At least so many were lost.
    Lost(u64),
}

/// A reader: what it missed first, then what passes.
pub(crate) struct Reader {
    feed: Arc<Feed>,
    /// How much has passed that it has had, or had no wish for.
    at: u64,
    /// What it asked to go on after is not known.
    has_gap: bool,
    news: watch::Receiver<()>,
}

impl Feeds {
    pub(crate) fn new(runtime: Handle) -> Self {
        Self {
            open: Arc::default(),
            runtime,
        }
    }

    /// Reads what passes of these types, from now on or after an event. All that is published from now on will come.
    pub(crate) async fn reader(
        &self,
        bus: &Bus,
        types: &[&str],
        after: Option<&str>,
    ) -> Result<Reader, bus::Error> {
        let mut named: Vec<String> = types.iter().map(|it| (*it).to_owned()).collect();
        named.sort();
        let existing = self.open.lock().get(&named).map(|feed| feed.reader(after));
        if let Some(reader) = existing {
            return Ok(reader);
        }
        let tap = bus.tap(types).await?;
        let mut open = self.open.lock();
        if let Some(feed) = open.get(&named) {
            return Ok(feed.reader(after));
        }
        let feed = Arc::new(Feed::new());
        let lingers = if open.len() < FEEDS {
            open.insert(named.clone(), feed.clone());
            LINGERS
        } else {
            Duration::ZERO
        };
        let reader = feed.reader(after);
        drop(open);
        let following = self.clone().follow(named, feed, tap, lingers);
        self.runtime.spawn(following);
        Ok(reader)
    }

    async fn follow(self, named: Vec<String>, feed: Arc<Feed>, mut tap: Tap, lingers: Duration) {
        let mut abandoned = pin!(feed.abandoned(lingers));
        loop {
            tokio::select! {
                passed = tap.next() => match passed {
                    Some(Tapped::Event(event)) => feed.add(Passed::Event(Arc::new(event))),
                    Some(Tapped::Missed(count)) => feed.add(Passed::Lost(count)),
                    None => break,
                },
                () = &mut abandoned => {
                    if self.closed(&named, &feed) {
                        return;
                    }
                    abandoned.set(feed.abandoned(lingers));
                }
            }
        }
        self.open.lock().remove(&named);
        feed.end();
    }

    /// Closes a feed, unless it is read again.
    fn closed(&self, named: &[String], feed: &Arc<Feed>) -> bool {
        let mut open = self.open.lock();
        let is_unread = feed.news.receiver_count() == 0;
        if is_unread && open.get(named).is_some_and(|it| Arc::ptr_eq(it, feed)) {
            open.remove(named);
        }
        is_unread
    }
}

impl Feed {
    fn new() -> Self {
        Self {
            latest: Mutex::default(),
            news: watch::Sender::new(()),
        }
    }

    fn reader(self: &Arc<Self>, after: Option<&str>) -> Reader {
        let latest = self.latest.lock();
        let is_it = |passed: &Passed, id: &str| matches!(passed, Passed::Event(it) if it.id == id);
        let place = after.map(|id| latest.passed.iter().rposition(|passed| is_it(passed, id)));
        let kept = place.flatten().map_or(latest.passed.len(), |at| at + 1);
        Reader {
            feed: self.clone(),
            at: latest.before + kept as u64,
            has_gap: place.is_some_and(|at| at.is_none()),
            news: self.news.subscribe(),
        }
    }

    fn add(&self, passed: Passed) {
        let mut latest = self.latest.lock();
        if latest.passed.len() >= KEPT {
            latest.passed.pop_front();
            latest.before += 1;
        }
        latest.passed.push_back(passed);
        drop(latest);
        self.news.send_replace(());
    }

    /// The bus has closed.
    fn end(&self) {
        self.latest.lock().is_over = true;
        self.news.send_replace(());
    }

    /// Resolves when the last reader has been gone for a while. One may have come back by then.
    async fn abandoned(&self, lingers: Duration) {
        self.news.closed().await;
        tokio::time::sleep(lingers).await;
    }
}

impl Reader {
    /// The next; none when the bus has closed.
    pub(crate) async fn next(&mut self) -> Option<Passed> {
        if std::mem::take(&mut self.has_gap) {
            return Some(Passed::Lost(1));
        }
        loop {
            if let Some(next) = self.passed() {
                return next;
            }
            self.news.changed().await.ok()?;
        }
    }

    /// What is there for it: nothing yet, nothing ever, or the next.
    #[expect(clippy::option_option, reason = "each of the three is another matter")]
    fn passed(&mut self) -> Option<Option<Passed>> {
        let latest = self.feed.latest.lock();
        let lost = latest.before.saturating_sub(self.at);
        if lost > 0 {
            self.at = latest.before;
            return Some(Some(Passed::Lost(lost)));
        }
        let next = latest.passed.get((self.at - latest.before) as usize);
        if next.is_none() {
            return latest.is_over.then_some(None);
        }
        self.at += 1;
        Some(next.cloned())
    }
}

#[cfg(test)]
mod tests {
    use clock::Clock;
    use events::v1::KeyChanged;

    use super::*;

    fn event(id: usize) -> Passed {
        let event = KeyChanged::default();
        let now = Clock::system().now();
        Passed::Event(Arc::new(Envelope::at(
            "trunkline/test",
            id.to_string(),
            now,
            &event,
        )))
    }

    async fn next(reader: &mut Reader) -> String {
        match reader.next().await {
            Some(Passed::Event(event)) => event.id.clone(),
            Some(Passed::Lost(count)) => format!("lost {count}"),
            None => "the end".to_owned(),
        }
    }

    #[tokio::test]
    async fn reader_who_is_too_slow_is_told_how_much_is_lost_and_goes_on() {
        let feed = Arc::new(Feed::new());
        let mut reader = feed.reader(None);
        (0..KEPT + 3).for_each(|id| feed.add(event(id)));
        assert_eq!(next(&mut reader).await, "lost 3");
        for id in 3..KEPT + 3 {
            assert_eq!(next(&mut reader).await, id.to_string());
        }
        feed.end();
        assert_eq!(next(&mut reader).await, "the end");
    }

    #[tokio::test]
    async fn reader_who_comes_back_goes_on_after_the_last_event_or_is_told_of_a_gap() {
        let feed = Arc::new(Feed::new());
        [event(1), event(2), Passed::Lost(7), event(3)]
            .into_iter()
            .for_each(|it| feed.add(it));
        let readers = [Some("1"), Some("3"), Some("0"), None].map(|after| feed.reader(after));
        feed.add(event(4));
        let wanted: [&[&str]; 4] = [&["2", "lost 7", "3", "4"], &["4"], &["lost 1", "4"], &["4"]];
        for (mut reader, wanted) in readers.into_iter().zip(wanted) {
            for it in wanted {
                assert_eq!(next(&mut reader).await, *it);
            }
        }
    }

    #[tokio::test]
    async fn feed_without_a_reader_closes_unless_one_comes_back() {
        let feeds = Feeds::new(Handle::current());
        let feed = Arc::new(Feed::new());
        let named = vec!["call.*".to_owned()];
        feeds.open.lock().insert(named.clone(), feed.clone());
        drop(feed.reader(None));
        feed.abandoned(Duration::ZERO).await;
        let reader = feed.reader(None);
        assert!(!feeds.closed(&named, &feed) && feeds.open.lock().len() == 1);
        drop(reader);
        feed.abandoned(Duration::ZERO).await;
        assert!(feeds.closed(&named, &feed) && feeds.open.lock().is_empty());
    }
}
