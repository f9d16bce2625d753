//! What the handlers work with.

use objects::Objects;
use role::Parts;
use tokio::runtime::Handle;

use crate::inputs::Inputs;
use crate::live::{Early, Lines, Listeners, Mind, Teller, Voice};
use crate::recording::Recording;

/// What the handlers work with.
pub struct State {
    /// The parts of the platform.
    pub parts: Parts,
    /// Writes sessions down.
    pub teller: Teller,
    /// Ears and a voice.
    pub voice: Voice,
    /// What was opened before a call's socket.
    pub early: Early,
    /// How a call goes on.
    pub mind: Mind,
    /// The calls that live here.
    pub lines: Lines,
    /// Those of them that operators can listen to.
    pub listeners: Listeners,
    /// Where they are recorded.
    pub recording: Recording,
    /// Where their inputs are journaled.
    pub inputs: Inputs,
    /// Where those are kept.
    pub objects: Objects,
    /// The platform's threads, on which calls have their work done.
    pub workers: Handle,
}
