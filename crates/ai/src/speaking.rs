//! A text that is spoken by any of several providers: whole, or in pieces.

use std::sync::atomic::{AtomicUsize, Ordering};

use futures::future::BoxFuture;

use crate::ask::{Job, ProviderSlot};
use crate::attempt::AttemptError;
use crate::provider::{Got, Spoken, Work};
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
        Ok(raw)
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
            let mut sounds = |piece: &[u8]| {
                let skipped = heard.min(piece.len());
                heard -= skipped;
                let rest = &piece[skipped..];
                if !rest.is_empty() {
                    self.given.fetch_add(rest.len(), Ordering::Relaxed);
                    (self.sound)(rest);
                }
            };
            let spoken = self.speaking.spoken(slot);
            slot.client.speak_in_pieces(&spoken, &mut sounds).await
        })
    }

    fn accept(&self, (): ()) -> Result<(), AttemptError> {
        Ok(())
    }
}
