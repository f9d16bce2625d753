//! A text that is spoken by any of several providers: whole, or in pieces.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::BoxFuture;
use metrics::counter;

use crate::ask::{Job, ProviderSlot};
use crate::attempt::AttemptError;
use crate::provider::{Got, Spoken, Work};
use crate::sound::{is_audible, is_silent};
use crate::{Provider, SpeakRequest, Speech};

/// A text to be spoken.
pub(crate) struct Speaking<'a> {
    pub request: &'a SpeakRequest,
    /// To whom the wishes for a voice and a model mean something.
    pub wished: Option<Provider>,
}

impl Speaking<'_> {
    /// What this provider is to speak.
    fn spoken(&self, slot: &ProviderSlot) -> Spoken<'_> {
        let SpeakRequest {
            text,
            language,
            voice,
            model,
            ..
        } = self.request;
        let meant = self.wished == Some(slot.provider);
        Spoken {
            text,
            language,
            voice: if meant { voice } else { "" },
            model: if meant { model } else { "" },
        }
    }
}

impl Job for Speaking<'_> {
    type Raw = Speech;
    type Value = Speech;
    const WORK: Work = Work::Speak;

    fn attempt<'a>(
        &'a self,
        slot: &'a ProviderSlot,
    ) -> BoxFuture<'a, Result<Got<Speech>, AttemptError>> {
        Box::pin(async move { slot.client.speak(&self.spoken(slot)).await })
    }

    fn accept(&self, raw: Speech) -> Result<Speech, AttemptError> {
        match says_something(&self.request.text) && is_silent(&raw) {
            true => Err(silent()),
            false => Ok(raw),
        }
    }
}

/// The same, given out while it comes.
pub(crate) struct SpeakingInPieces<'a, F> {
    speaking: Speaking<'a>,
    sound: F,
    /// Bytes that were given out.
    given: AtomicUsize,
}

impl<'a, F> SpeakingInPieces<'a, F> {
    pub(crate) fn new(speaking: Speaking<'a>, sound: F) -> Self {
        Self {
            speaking,
            sound,
            given: AtomicUsize::new(0),
        }
    }
}

impl<F: Fn(&[u8]) + Send + Sync> SpeakingInPieces<'_, F> {
    fn give(&self, sound: &[u8]) {
        self.given.fetch_add(sound.len(), Ordering::Relaxed);
        (self.sound)(sound);
    }
}

/// Whether there is anything in a text that a voice could say.
fn says_something(text: &str) -> bool {
    text.chars().any(char::is_alphanumeric)
}

/// A provider has answered silence.
fn silent() -> AttemptError {
    counter!("ai_silent_speech_total").increment(1);
    AttemptError::Invalid
}

impl<F: Fn(&[u8]) + Send + Sync> Job for SpeakingInPieces<'_, F> {
    type Raw = ();
    type Value = ();
    const WORK: Work = Work::Speak;

    fn attempt<'a>(
        &'a self,
        slot: &'a ProviderSlot,
    ) -> BoxFuture<'a, Result<Got<()>, AttemptError>> {
        Box::pin(async move {
            let mut heard = self.given.load(Ordering::Relaxed);
            // Silence is held back until a voice is behind it: one that never comes is no speech, and another may still speak.
            let mut is_voice = heard > 0 || !says_something(&self.speaking.request.text);
            let mut held = Vec::new();
            let mut sounds = |piece: &[u8]| {
                let skipped = heard.min(piece.len());
                heard -= skipped;
                let rest = &piece[skipped..];
                if !is_voice {
                    held.extend_from_slice(rest);
                    is_voice = is_audible(&held);
                    if is_voice {
                        self.give(&held);
                    }
                } else if !rest.is_empty() {
                    self.give(rest);
                }
            };
            let spoken = self.speaking.spoken(slot);
            let got = slot.client.speak_in_pieces(&spoken, &mut sounds).await?;
            match is_voice {
                true => Ok(got),
                false => Err(silent()),
            }
        })
    }

    fn accept(&self, (): ()) -> Result<(), AttemptError> {
        Ok(())
    }
}
