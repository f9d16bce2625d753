//! The caller is understood while speaking, where a provider is configured for that. Whatever goes wrong with it costs nothing
//! but the head start: the utterance is transcribed as a whole then.

use ai::{Ears, Words};
use session::Voice as Said;

use super::voice::Voice;

/// Who listens along with a call.
pub struct Hearing {
    voice: Voice,
    ears: Option<Ears>,
    /// Whether the caller is speaking, and these ears have heard it from the beginning.
    saying: Option<bool>,
    /// Whether they have heard the utterance before.
    have_heard: bool,
    /// The words of the utterance that has ended, under way.
    ended: Option<(u64, Words)>,
}

impl Hearing {
    /// `ears`: those that were opened before the call had its socket.
    pub fn new(voice: Voice, ears: Option<Ears>) -> Self {
        Self {
            voice,
            ears,
            saying: None,
            have_heard: false,
            ended: None,
        }
    }

    /// Whether anybody listens along.
    pub fn is_on(&self) -> bool {
        self.ears.is_some() || self.voice.has_ears()
    }

    /// What the caller says. `is_wanted`: unless the tenant wants another model to hear.
    pub fn hear(&mut self, said: Said, language: &str, is_wanted: bool) {
        match said {
            Said::Sound(sound) => {
                let goes_on = match self.saying {
                    Some(goes_on) => goes_on,
                    None => is_wanted && self.open(language),
                };
                let open = self.ears.as_ref().filter(|it| goes_on && it.are_open());
                if let Some(ears) = open {
                    ears.sound(sound);
                }
                self.saying = Some(open.is_some());
            }
            Said::Ended { utterance, joins } => {
                let has_heard = self.saying.take() == Some(true);
                let is_whole = has_heard && (self.have_heard || !joins);
                self.ended = self.ears.as_ref().filter(|_| has_heard).and_then(|ears| {
                    if !is_whole {
                        ears.forget();
                        return None;
                    }
                    Some((utterance, ears.finish(joins)))
                });
                self.have_heard = is_whole;
            }
            Said::Dropped => {
                if self.saying.take() == Some(true)
                    && let Some(ears) = &self.ears
                {
                    ears.forget();
                }
                self.have_heard = false;
            }
        }
    }

    /// The words of an utterance that has ended, where a provider has listened along.
    pub fn words(&mut self, utterance: u64) -> Option<Words> {
        let (of, words) = self.ended.take()?;
        (of == utterance).then_some(words)
    }

    /// Ears of this language; whether they are there.
    fn open(&mut self, language: &str) -> bool {
        let fits = |ears: &Ears| ears.are_open() && ears.language() == language;
        if !self.ears.as_ref().is_some_and(fits) {
            self.ears = self.voice.ears(language);
            self.have_heard = false;
        }
        self.ears.is_some()
    }
}
