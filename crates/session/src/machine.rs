//! A call on either engine, so that whoever drives it need not ask which.

use std::time::Duration;

use crate::{Config, Input, Output, Relay, Session, Voice};

/// A call: with sound, or with words.
#[derive(Debug, Clone)]
pub enum Machine {
    /// We hear and speak.
    Media(Box<Session>),
    /// The other side does.
    Relay(Box<Relay>),
}

impl Machine {
    /// With sound; begins when the socket opens.
    #[must_use]
    pub fn media(config: Config) -> Self {
        Self::Media(Box::new(Session::new(config)))
    }

    /// With words; begins when the socket opens.
    #[must_use]
    pub fn relay(config: Config) -> Self {
        Self::Relay(Box::new(Relay::new(config)))
    }

    /// Takes an input.
    pub fn handle(&mut self, at: Duration, input: Input<'_>) {
        match self {
            Self::Media(it) => it.handle(at, input),
            Self::Relay(it) => it.handle(at, input),
        }
    }

    /// The next thing that is to be done.
    pub fn poll(&mut self) -> Option<Output> {
        match self {
            Self::Media(it) => it.poll(),
            Self::Relay(it) => it.poll(),
        }
    }

    /// When a [`Input::Tick`] is wanted, should nothing else come before; `None` after the end.
    #[must_use]
    pub fn next_wish(&self) -> Option<Duration> {
        match self {
            Self::Media(it) => it.next_wish(),
            Self::Relay(it) => it.next_wish(),
        }
    }

    /// Sets how long the call may be on the line, in seconds.
    pub fn set_longest(&mut self, seconds: u64) {
        match self {
            Self::Media(it) => it.set_longest(seconds),
            Self::Relay(it) => it.set_longest(seconds),
        }
    }

    /// From now on what the caller says is given out while it is said: [`Machine::next_voice`].
    pub fn listen_along(&mut self) {
        if let Self::Media(it) = self {
            it.listen_along();
        }
    }

    /// The next thing of what the caller says, where a provider listens along and we hear.
    pub fn next_voice(&mut self) -> Option<Voice> {
        match self {
            Self::Media(it) => it.next_voice(),
            Self::Relay(_) => None,
        }
    }

    /// How long the call has been on the line.
    #[must_use]
    pub fn on_the_line(&self) -> Duration {
        match self {
            Self::Media(it) => it.on_the_line(),
            Self::Relay(it) => it.on_the_line(),
        }
    }
}
