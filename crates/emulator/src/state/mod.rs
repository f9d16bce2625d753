//! Everything the emulator knows, behind one lock that is held for short moments only.

mod call;
mod clip;
mod key;
mod message;
mod moment;
mod number;
mod recording;
mod wait;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Arc, OnceLock};

use parking_lot::{Mutex, MutexGuard};
use tokio::sync::broadcast;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

pub(crate) use call::{Call, Direction, Fetched, Heard, ScriptReport, StatusCallback};
pub(crate) use clip::{Cached, Clip};
pub(crate) use key::Key;
pub(crate) use message::{Attachment, Message, MessageStatus, Way};
pub use moment::Moment;
pub(crate) use number::{Number, Route};
pub(crate) use recording::{
    Hold, Piece, RECORD_VERB, Recording, RecordingCallback, RecordingStatus, Side,
};
pub(crate) use wait::Wait;

use crate::ears::Ears;
use crate::faults::Faults;
use crate::ids::Ids;
use crate::log::{Entry, Log};
use crate::time::Time;
use crate::wire::{Cookies, Queue, Request};

/// Finished calls beyond this many are forgotten, the oldest first; messages too.
const KEPT: usize = 5_000;
/// Recordings together; about four hours of sound.
const KEPT_BYTES: usize = 256 * 1024 * 1024;
/// Sounds of the application.
const KEPT_SOUNDS: usize = 100;

/// The account that the emulator plays.
pub(crate) struct Account {
    pub(crate) sid: String,
    pub(crate) token: String,
}

/// What every part of the emulator shares.
pub(crate) struct Shared {
    pub(crate) account: Account,
    /// Where the emulator is reached, without a trailing slash.
    pub(crate) base_url: String,
    pub(crate) seed: u64,
    pub(crate) time: Time,
    pub(crate) http: reqwest::Client,
    pub(crate) tasks: TaskTracker,
    pub(crate) stop: CancellationToken,
    /// What understands sound of a real voice, if anything does.
    pub(crate) ears: OnceLock<Ears>,
    state: Mutex<State>,
}

impl Shared {
    pub(crate) fn new(
        account: Account,
        base_url: String,
        seed: u64,
        time: Time,
        http: reqwest::Client,
    ) -> Arc<Self> {
        let state = State::new(seed, time.clone());
        Arc::new(Self {
            account,
            base_url,
            seed,
            time,
            http,
            tasks: TaskTracker::new(),
            stop: CancellationToken::new(),
            ears: OnceLock::new(),
            state: Mutex::new(state),
        })
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock()
    }

    /// Runs something until it is done, the emulator stops, or `reset` forgets what it belongs to.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.spawn_within(&self.state(), task);
    }

    /// The same, for who holds the lock already.
    pub(crate) fn spawn_within(
        &self,
        state: &State,
        task: impl Future<Output = ()> + Send + 'static,
    ) {
        let (stop, epoch) = (self.stop.clone(), state.epoch.clone());
        self.tasks.spawn(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = epoch.cancelled() => {}
                () = task => {}
            }
        });
    }
}

/// The contents.
pub(crate) struct State {
    pub(crate) ids: Ids,
    pub(crate) numbers: Vec<Number>,
    pub(crate) keys: Vec<Key>,
    /// The oldest first.
    pub(crate) calls: VecDeque<Call>,
    /// The oldest first.
    pub(crate) messages: VecDeque<Message>,
    /// The oldest first.
    pub(crate) recordings: VecDeque<Recording>,
    /// Sounds that were played and may be asked for again, by their address.
    pub(crate) sounds: BTreeMap<String, Cached>,
    /// Who (first) has told which of our numbers (second) to stop.
    pub(crate) opt_outs: BTreeSet<(String, String)>,
    pub(crate) faults: Faults,
    pub(crate) log: Log,
    /// What the application's answers have set.
    pub(crate) cookies: Cookies,
    /// Callbacks that wait to be sent out of order, by call or message.
    pub(crate) held: BTreeMap<String, Vec<Request>>,
    /// Callbacks on their way, by call or message.
    pub(crate) queues: BTreeMap<String, Queue>,
    /// Ends with the next reset.
    epoch: CancellationToken,
    moments: u64,
    live: broadcast::Sender<Moment>,
    time: Time,
}

impl State {
    fn new(seed: u64, time: Time) -> Self {
        Self {
            ids: Ids::new(seed),
            numbers: Vec::new(),
            keys: Vec::new(),
            calls: VecDeque::new(),
            messages: VecDeque::new(),
            recordings: VecDeque::new(),
            sounds: BTreeMap::new(),
            opt_outs: BTreeSet::new(),
            faults: Faults::default(),
            log: Log::default(),
            cookies: Cookies::default(),
            held: BTreeMap::new(),
            queues: BTreeMap::new(),
            epoch: CancellationToken::new(),
            moments: 0,
            live: broadcast::Sender::new(1024),
            time,
        }
    }

    /// Forgets everything but the numbers and the API keys, and does not count SIDs from the start again: an application that has seen
    /// `CA…1` must not meet it as another call.
    pub(crate) fn reset(&mut self) {
        self.epoch.cancel();
        self.epoch = CancellationToken::new();
        self.calls.clear();
        self.messages.clear();
        self.recordings.clear();
        self.sounds.clear();
        self.opt_outs.clear();
        self.faults = Faults::default();
        self.log.clear();
        self.cookies.clear();
        self.held.clear();
        self.queues.clear();
    }

    pub(crate) fn call(&self, sid: &str) -> Option<&Call> {
        self.calls.iter().rev().find(|call| call.sid == sid)
    }

    pub(crate) fn call_mut(&mut self, sid: &str) -> Option<&mut Call> {
        self.calls.iter_mut().rev().find(|call| call.sid == sid)
    }

    pub(crate) fn message(&self, sid: &str) -> Option<&Message> {
        self.messages
            .iter()
            .rev()
            .find(|message| message.sid == sid)
    }

    pub(crate) fn message_mut(&mut self, sid: &str) -> Option<&mut Message> {
        self.messages
            .iter_mut()
            .rev()
            .find(|message| message.sid == sid)
    }

    pub(crate) fn recording(&self, sid: &str) -> Option<&Recording> {
        self.recordings
            .iter()
            .rev()
            .find(|recording| recording.sid == sid)
    }

    pub(crate) fn recording_mut(&mut self, sid: &str) -> Option<&mut Recording> {
        self.recordings
            .iter_mut()
            .rev()
            .find(|recording| recording.sid == sid)
    }

    pub(crate) fn recording_insert(&mut self, recording: Recording) {
        self.recordings.push_back(recording);
        self.recordings_bound();
    }

    /// Forgets the oldest recordings when there are too many.
    pub(crate) fn recordings_bound(&mut self) {
        let bytes =
            |state: &Self| -> usize { state.recordings.iter().map(|it| it.file.len()).sum() };
        while self.recordings.len() > KEPT || bytes(self) > KEPT_BYTES {
            self.recordings.pop_front();
        }
    }

    /// Keeps a sound; one must go when there are too many.
    pub(crate) fn sound_keep(&mut self, url: String, sound: Cached) {
        if self.sounds.len() >= KEPT_SOUNDS {
            self.sounds.pop_first();
        }
        self.sounds.insert(url, sound);
    }

    pub(crate) fn number(&self, number: &str) -> Option<&Number> {
        self.numbers
            .iter()
            .find(|owned| owned.phone_number == number)
    }

    pub(crate) fn call_insert(&mut self, call: Call) {
        if self.calls.len() >= KEPT
            && let Some(oldest) = self.calls.iter().position(|call| call.status.is_final())
        {
            self.calls.remove(oldest);
        }
        self.calls.push_back(call);
    }

    pub(crate) fn message_insert(&mut self, message: Message) {
        if self.messages.len() >= KEPT {
            self.messages.pop_front();
        }
        self.messages.push_back(message);
    }

    /// Writes a line into a call's or message's timeline and tells whoever watches.
    pub(crate) fn moment(&mut self, sid: &str, kind: &'static str, text: impl Into<String>) {
        self.moments += 1;
        let moment = Moment {
            seq: self.moments,
            at: self.time.now(),
            sid: sid.to_owned(),
            kind,
            text: text.into(),
        };
        if let Some(call) = self.call_mut(sid) {
            call.timeline.push(moment.clone());
        }
        // Nobody watching is fine.
        let _ = self.live.send(moment);
    }

    pub(crate) fn watch(&self) -> broadcast::Receiver<Moment> {
        self.live.subscribe()
    }

    pub(crate) fn record(&mut self, entry: Entry) {
        if let (Some(sid), Some(code)) = (entry.sid.clone(), entry.error_code) {
            let words = entry.error.clone().unwrap_or_default();
            self.moment(&sid, "error", format!("{code} {words}"));
        }
        let now = self.time.now();
        self.log.push(entry, now);
    }
}
