//! What the person on the phone does, as the leg takes it in.

use std::sync::Arc;

/// What the person on the phone does.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Input {
    /// Pressed a key.
    Digit(char),
    /// Began to say something.
    Speech(Utterance),
    /// Has said it.
    Quiet,
    /// Was silent for so many seconds, on purpose.
    Pause(f64),
    /// Begins to speak into a microphone: what is said comes when it is over.
    Begins,
    /// The microphone's sound, also that of silence, as it is picked up.
    Sound(Vec<i16>),
}

/// What a person says.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Utterance {
    /// The words, which speech recognition finds.
    pub(crate) text: String,
    pub(crate) seconds: f64,
    /// A sound of their own in place of the simulated voice.
    pub(crate) sound: Option<Arc<Vec<i16>>>,
    /// Whether it was spoken into a microphone: then its sound has come already.
    pub(crate) live: bool,
}

impl Utterance {
    /// What a person has begun to say into a microphone.
    pub(crate) fn begun() -> Self {
        Self {
            text: String::new(),
            seconds: 0.0,
            sound: Some(Arc::default()),
            live: true,
        }
    }

    /// How it sounds, at the telephone's rate.
    pub(crate) fn samples(&self) -> Vec<i16> {
        match &self.sound {
            Some(sound) => sound.to_vec(),
            None => audio::speech(&self.text, Some(self.seconds)),
        }
    }
}
