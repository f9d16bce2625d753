//! The handles to one leg: what its task waits for, and what its script and the API tell it.

use audio::mulaw;
use parking_lot::Mutex;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::sync::{Notify, broadcast, watch};
use tokio_util::sync::CancellationToken;

use crate::leg_control::goto::Goto;
use crate::leg_control::input::Input;
use crate::status::Status;

/// A listener may be so many pieces of sound behind: ten seconds of a stream.
const EARPIECE: usize = 512;

/// Who ended a leg before its TwiML did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum By {
    /// The person on the phone.
    Phone,
    /// `Status=completed` or `canceled` through the API.
    Api(Status),
    /// The leg that dialled this one.
    Parent(Status),
}

/// Why a verb stopped before its end.
#[derive(Debug)]
pub(crate) enum Interrupt {
    /// The leg is over.
    Over(By),
    /// The API sent the call elsewhere.
    Goto(Box<Goto>),
}

/// The handles to one leg, shared by its task, its script and the API.
#[derive(Debug)]
pub(crate) struct Control {
    over: CancellationToken,
    by: Mutex<Option<By>>,
    goto: Mutex<Option<Goto>>,
    nudge: Notify,
    limit: Notify,
    inputs: UnboundedSender<Input>,
    ear: watch::Sender<u64>,
    playing: watch::Sender<bool>,
    earpiece: broadcast::Sender<Earful>,
}

/// What comes out of the earpiece of a person who listens.
#[derive(Clone, Debug)]
pub(crate) enum Earful {
    /// Sound in mu-law, at the telephone's rate.
    Sound(Vec<u8>),
    /// What was not played yet is not played any more.
    Clear,
}

/// Stops a sound in the earpiece that was cut off.
pub(crate) struct Playing<'a> {
    control: &'a Control,
    ended: bool,
}

impl Playing<'_> {
    /// It has been played to its end.
    pub(crate) fn ended(mut self) {
        self.ended = true;
    }
}

impl Drop for Playing<'_> {
    fn drop(&mut self) {
        if !self.ended {
            self.control.put(Earful::Clear);
        }
    }
}

impl Control {
    pub(crate) fn new() -> (Self, UnboundedReceiver<Input>) {
        let (inputs, receiver) = unbounded_channel();
        let control = Self {
            over: CancellationToken::new(),
            by: Mutex::new(None),
            goto: Mutex::new(None),
            nudge: Notify::new(),
            limit: Notify::new(),
            inputs,
            ear: watch::Sender::new(0),
            playing: watch::Sender::new(false),
            earpiece: broadcast::Sender::new(EARPIECE),
        };
        (control, receiver)
    }

    /// Ends the leg; the first who does it is remembered.
    pub(crate) fn end(&self, by: By) {
        self.by.lock().get_or_insert(by);
        self.over.cancel();
    }

    pub(crate) fn is_over(&self) -> bool {
        self.over.is_cancelled()
    }

    pub(crate) async fn over(&self) {
        self.over.cancelled().await;
    }

    /// Sends the call to other TwiML.
    pub(crate) fn redirect(&self, goto: Goto) {
        *self.goto.lock() = Some(goto);
        self.nudge.notify_one();
    }

    /// Tells who watches over the time limit that it is another one now.
    pub(crate) fn change_limit(&self) {
        self.limit.notify_one();
    }

    pub(crate) async fn limit_changed(&self) {
        self.limit.notified().await;
    }

    /// Waits for an end or a redirect from outside.
    pub(crate) async fn interrupted(&self) -> Interrupt {
        loop {
            if self.over.is_cancelled() {
                let by = *self.by.lock();
                return Interrupt::Over(by.unwrap_or(By::Phone));
            }
            if let Some(goto) = self.goto.lock().take() {
                return Interrupt::Goto(Box::new(goto));
            }
            tokio::select! {
                () = self.over.cancelled() => {}
                () = self.nudge.notified() => {}
            }
        }
    }

    /// The person did something. Nobody listens any more once the leg is over, and that is fine.
    pub(crate) fn input(&self, input: Input) {
        let _ = self.inputs.send(input);
    }

    /// Tells whoever waits that there is something new to hear.
    pub(crate) fn heard(&self) {
        self.ear.send_modify(|count| *count += 1);
    }

    /// Says whether the person on the phone is being spoken to just now.
    pub(crate) fn plays(&self, plays: bool) {
        self.playing.send_replace(plays);
    }

    pub(crate) fn playing(&self) -> watch::Receiver<bool> {
        self.playing.subscribe()
    }

    pub(crate) fn ear(&self) -> watch::Receiver<u64> {
        self.ear.subscribe()
    }

    /// What is heard from now on.
    pub(crate) fn earpiece(&self) -> broadcast::Receiver<Earful> {
        self.earpiece.subscribe()
    }

    /// Sound for whoever listens; until it is told to have ended, it is cut off.
    pub(crate) fn sounds(&self, samples: &[i16]) -> Playing<'_> {
        if self.is_listened_to() {
            self.put(Earful::Sound(mulaw::encode_all(samples)));
        }
        Playing {
            control: self,
            ended: false,
        }
    }

    /// The same for sound that is given piece by piece, as it is played.
    pub(crate) fn put(&self, earful: Earful) {
        // Mostly nobody listens.
        let _ = self.earpiece.send(earful);
    }

    pub(crate) fn is_listened_to(&self) -> bool {
        self.earpiece.receiver_count() > 0
    }
}
