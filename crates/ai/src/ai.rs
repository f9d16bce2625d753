use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use clock::Clock;
use futures::future::BoxFuture;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::Semaphore;

use crate::ask::{Job, ProviderSlot, Terms, ask};
use crate::attempt::AttemptError;
use crate::breaker::Breaker;
use crate::converse::Answering;
use crate::plain;
use crate::provider::{Chat, Client, Deepgram, ElevenLabs, Got, Murf, OpenAi, Work};
use crate::simulated::Simulator;
use crate::speaking::{Speaking, SpeakingInPieces};
use crate::task::{self, ToolOffer};
use crate::wire::{self, Wire};
use crate::{
    Answer, ChatRequest, Error, Heard, HeardWord, Local, Patience, Prices, Provider, Settings,
    Setup, Simulated, SpeakRequest, Speech, TranscribeRequest, schema, settings,
};

/// How many requests a provider gets at once when the settings do not say.
const CONCURRENCY: usize = 16;
const ALL: &[Work] = &[Work::Chat, Work::Transcribe, Work::Speak];
const WORDS: &[Work] = &[Work::Chat, Work::Transcribe];
const SOUND: &[Work] = &[Work::Transcribe, Work::Speak];

/// Everybody who is configured, behind one door. Cheap to clone; clones share connections, limits and breakers, so there is
/// one for a process.
#[derive(Clone)]
pub struct Ai(Arc<Inner>);

struct Inner {
    settings: Settings,
    slots: Vec<ProviderSlot>,
    /// Asked only for what none of `slots` does.
    simulator: Option<ProviderSlot>,
}

impl Ai {
    /// The providers that are not asked just now: they have failed too often.
    #[must_use]
    pub fn resting(&self) -> Vec<&'static str> {
        let rests = |slot: &&ProviderSlot| slot.breakers.iter().any(|it| !it.admits());
        let resting = self.0.slots.iter().filter(rests);
        resting.map(|slot| slot.provider.as_str()).collect()
    }

    /// Builds the clients. Nobody is asked yet. The clock drives the breakers and reads dates in `Retry-After`.
    ///
    /// # Errors
    /// When an address or a key cannot be used.
    ///
    /// # Panics
    /// In the HTTP client, when the process has not installed a TLS provider.
    pub fn new(settings: Settings, clock: Clock) -> Result<Self, Setup> {
        let slots = slots(&settings, &clock)?;
        let does = match settings.simulated {
            Simulated::Never => None,
            Simulated::Words => Some(WORDS),
            Simulated::WordsAndSpeech => Some(ALL),
        };
        // The same question gets the same answer, so once is enough.
        let simulator = does.map(|does| ProviderSlot {
            attempts: 1,
            ..slot(&settings, &clock, Provider::Simulated, does, Simulator)
        });
        Ok(Self(Arc::new(Inner {
            settings,
            slots,
            simulator,
        })))
    }

    /// Asks a chat model for a value of type `T`, whose JSON schema it is given (strict: every field is required, none may be
    /// added). An answer that is not a `T` counts as a failed attempt.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn chat<T: JsonSchema + DeserializeOwned + Send>(
        &self,
        request: &ChatRequest,
    ) -> Result<Answer<T>, Error> {
        self.chat_that(request, |_| true).await
    }

    /// As [`Ai::chat`], and an answer that `fits` refuses counts as a failed attempt too: a score above 100, a quote that is
    /// not in the transcript, a question that was asked before.
    ///
    /// # Errors
    /// See [`Error`].
    pub async fn chat_that<T: JsonSchema + DeserializeOwned + Send>(
        &self,
        request: &ChatRequest,
        fits: impl Fn(&T) -> bool + Send + Sync,
    ) -> Result<Answer<T>, Error> {
        let job = Chatting {
            chat: Chat {
                request,
                name: schema::name::<T>(),
                schema: schema::strict::<T>(),
            },
            fits,
            of: std::marker::PhantomData,
        };
        let within = request.within.unwrap_or(self.0.settings.limits.chat);
        self.ask(&job, &self.order(Work::Chat, None), within).await
    }

    /// Asks a chat model what to say to a caller, in plain words, and which of these tools to use. `sentence` gets the answer while it
    /// is written, each sentence once and in order. Where a provider breaks off, or is silent for longer than `patience`, the next one (or
    /// the next attempt) goes on behind what was given out.
    ///
    /// # Errors
    /// See [`Error`]; a part of the answer may have been given out by then.
    pub async fn converse(
        &self,
        request: &ChatRequest,
        tools: &[ToolOffer],
        patience: Patience,
        sentence: impl Fn(String) + Send + Sync,
    ) -> Result<Answer<task::Spoken>, Error> {
        let job = Answering::new(request, tools, patience, sentence);
        let within = request.within.unwrap_or(self.0.settings.limits.chat);
        self.ask(&job, &self.order(Work::Chat, None), within).await
    }

    /// The words of a recording; empty when nothing was said.
    ///
    /// # Errors
    /// See [`Error`]; audio that the provider cannot read is [`Error::Refused`].
    pub async fn transcribe(&self, request: &TranscribeRequest) -> Result<Answer<String>, Error> {
        let heard = self.listen(request).await?;
        Ok(Answer {
            value: heard.value.text,
            usage: heard.usage,
        })
    }

    /// The same, with the place of each word where [`TranscribeRequest::words`] wants it and the provider gives it.
    ///
    /// # Errors
    /// As of [`Ai::transcribe`].
    pub async fn listen(&self, request: &TranscribeRequest) -> Result<Answer<Heard>, Error> {
        let within = request.within.unwrap_or(self.0.settings.limits.transcribe);
        let order = self.order(Work::Transcribe, None);
        self.ask(&Transcribing(request), &order, within).await
    }

    /// A text as speech that fits the telephone: a WAV file of mu-law at 8 kHz in one channel, or an MP3 file from a server
    /// that makes nothing else. The order: who is wished for, Murf when preferred, this machine's, ElevenLabs, OpenAI, Murf.
    ///
    /// # Errors
    /// See [`Error`]; an answer that is not sound (an error page, for example) is a failed attempt.
    pub async fn speak(&self, request: &SpeakRequest) -> Result<Answer<Speech>, Error> {
        let within = request.within.unwrap_or(self.0.settings.limits.speak);
        let order = self.order(Work::Speak, request.provider);
        let wished = request.provider.or(order.first().map(|slot| slot.provider));
        let job = Speaking { request, wished };
        self.ask(&job, &order, within).await
    }

    /// The same in mu-law at 8 kHz, given out while it comes: `sound` gets each piece once and in order. Where a provider breaks off,
    /// the next one (or the next attempt) speaks from there on.
    ///
    /// # Errors
    /// See [`Error`]; a part may have been given out by then.
    pub async fn speak_in_pieces(
        &self,
        request: &SpeakRequest,
        sound: impl Fn(&[u8]) + Send + Sync,
    ) -> Result<Answer<()>, Error> {
        let within = request.within.unwrap_or(self.0.settings.limits.speak);
        let order = self.order(Work::Speak, request.provider);
        let wished = request.provider.or(order.first().map(|slot| slot.provider));
        let job = SpeakingInPieces::new(Speaking { request, wished }, sound);
        self.ask(&job, &order, within).await
    }

    /// Opens connections to everybody who is configured, where none were used lately, so that the first who asks does not wait for
    /// one. Ends when they are open, or cannot be.
    pub async fn warm(&self) {
        let all = self.0.slots.iter().map(|slot| slot.client.warm());
        futures::future::join_all(all).await;
    }

    /// Who listens while a caller speaks, and on which terms.
    pub(crate) fn listener(&self) -> Option<Listener<'_>> {
        let settings = self.0.settings.deepgram.as_ref()?;
        let is_it = |slot: &&ProviderSlot| slot.provider == Provider::Deepgram;
        let slot = self.0.slots.iter().find(is_it)?;
        Some(Listener {
            settings,
            client: slot.client.as_ref(),
            breaker: slot.breaker(Work::Transcribe),
            prices: &self.0.settings.prices,
            connect: self.0.settings.limits.connect,
        })
    }

    /// Who does it, in the order in which they are asked.
    fn order(&self, work: Work, wished: Option<Provider>) -> Vec<&ProviderSlot> {
        let preferred = self.0.settings.prefer_murf.then_some(Provider::Murf);
        let rank = |slot: &&ProviderSlot| match slot.provider {
            provider if Some(provider) == wished => 0,
            provider if Some(provider) == preferred => 1,
            Provider::Local => 2,
            Provider::ElevenLabs => 3,
            Provider::OpenAi => 4,
            Provider::Murf | Provider::Deepgram | Provider::Simulated => 5,
        };
        let mut order: Vec<&ProviderSlot> =
            self.0.slots.iter().filter(|slot| slot.does(work)).collect();
        order.sort_by_key(rank);
        if order.is_empty() {
            order.extend(self.0.simulator.iter().filter(|slot| slot.does(work)));
        }
        order
    }

    async fn ask<J: Job>(
        &self,
        job: &J,
        order: &[&ProviderSlot],
        within: Duration,
    ) -> Result<Answer<J::Value>, Error> {
        let settings = &self.0.settings;
        let terms = Terms {
            within,
            attempt: settings.limits.attempt,
            retry: settings.retry,
            prices: &settings.prices,
        };
        if order.is_empty() {
            let what = J::WORK.as_str();
            return Err(Error::NoProvider { what });
        }
        let (value, usage) = ask(job, order, &terms).await?;
        Ok(Answer { value, usage })
    }
}

/// Whoever listens while a caller speaks.
pub(crate) struct Listener<'a> {
    pub settings: &'a settings::Deepgram,
    pub client: &'a dyn Client,
    pub breaker: &'a Breaker,
    pub prices: &'a Prices,
    /// How long the connection may take.
    pub connect: Duration,
}

impl fmt::Debug for Ai {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let providers = self.0.slots.iter().map(|slot| slot.provider);
        f.debug_struct("Ai")
            .field("providers", &providers.collect::<Vec<_>>())
            .field("simulated", &self.0.settings.simulated)
            .finish()
    }
}

fn slots(settings: &Settings, clock: &Clock) -> Result<Vec<ProviderSlot>, Setup> {
    let mut slots = Vec::new();
    let Settings {
        openai,
        local,
        deepgram,
        elevenlabs,
        murf,
        ..
    } = settings;
    let local = local.as_ref().map(Local::as_openai);
    let wire = |provider, base_url: &str, header, before: &str, key| {
        let http = wire::http(settings.limits.connect).map_err(|_| Setup {
            provider,
            why: "the http client cannot be built",
        })?;
        Wire::new(provider, (&http, clock), base_url, header, before, key)
    };
    if let Some(of) = openai {
        let provider = Provider::OpenAi;
        let (header, before) = (OpenAi::HEADER, OpenAi::BEFORE_KEY);
        let wire = wire(provider, &of.base_url, header, before, &of.api_key)?;
        let client = OpenAi::new(wire, of.clone());
        slots.push(slot(settings, clock, provider, ALL, client));
    }
    if let Some(of) = &local {
        let provider = Provider::Local;
        let wire = wire(provider, &of.base_url, OpenAi::HEADER, "", &of.api_key)?;
        let client = OpenAi::new(wire, of.clone());
        slots.push(slot(settings, clock, provider, SOUND, client));
    }
    if let Some(of) = deepgram {
        let provider = Provider::Deepgram;
        let (header, before) = (Deepgram::HEADER, Deepgram::BEFORE_KEY);
        let wire = wire(provider, root(&of.base_url), header, before, &of.api_key)?;
        let client = Deepgram::new(wire, of.clone());
        slots.push(slot(settings, clock, provider, &[Work::Transcribe], client));
    }
    if let Some(of) = elevenlabs {
        let (provider, header) = (Provider::ElevenLabs, ElevenLabs::HEADER);
        let wire = wire(provider, root(&of.base_url), header, "", &of.api_key)?;
        let client = ElevenLabs::new(wire, of.clone());
        slots.push(slot(settings, clock, provider, &[Work::Speak], client));
    }
    if let Some(of) = murf {
        let (provider, header) = (Provider::Murf, Murf::HEADER);
        let wire = wire(provider, root(&of.base_url), header, "", &of.api_key)?;
        let client = Murf::new(wire, of.clone());
        slots.push(slot(settings, clock, provider, &[Work::Speak], client));
    }
    Ok(slots)
}

/// An address without the version that our paths begin with: some write it with, some without.
fn root(base_url: &str) -> &str {
    let base_url = base_url.trim_end_matches('/');
    base_url.strip_suffix("/v1").unwrap_or(base_url)
}

fn slot(
    settings: &Settings,
    clock: &Clock,
    provider: Provider,
    does: &'static [Work],
    client: impl Client + 'static,
) -> ProviderSlot {
    let concurrency = match settings.concurrency {
        0 => CONCURRENCY,
        wanted => wanted.min(Semaphore::MAX_PERMITS),
    };
    ProviderSlot {
        provider,
        client: Box::new(client),
        does,
        attempts: settings.retry.attempts,
        gate: Semaphore::new(concurrency),
        breakers: [(); 3].map(|()| Breaker::new(settings.breaker, clock.clone())),
    }
}

struct Chatting<'a, T, F> {
    chat: Chat<'a>,
    fits: F,
    of: std::marker::PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned + Send, F: Fn(&T) -> bool + Send + Sync> Job for Chatting<'_, T, F> {
    type Raw = Value;
    type Value = T;
    const WORK: Work = Work::Chat;

    fn task(&self) -> &'static str {
        self.chat.request.task.as_str()
    }

    fn attempt<'a>(
        &'a self,
        slot: &'a ProviderSlot,
    ) -> BoxFuture<'a, Result<Got<Value>, AttemptError>> {
        slot.client.chat(&self.chat)
    }

    fn accept(&self, raw: Value) -> Result<T, AttemptError> {
        let value = serde_json::from_value(plain::value(raw)).map_err(|_| AttemptError::Invalid)?;
        if (self.fits)(&value) {
            Ok(value)
        } else {
            Err(AttemptError::Invalid)
        }
    }
}

struct Transcribing<'a>(&'a TranscribeRequest);

impl Job for Transcribing<'_> {
    type Raw = Heard;
    type Value = Heard;
    const WORK: Work = Work::Transcribe;

    fn attempt<'a>(
        &'a self,
        slot: &'a ProviderSlot,
    ) -> BoxFuture<'a, Result<Got<Heard>, AttemptError>> {
        slot.client.transcribe(self.0)
    }

    fn accept(&self, raw: Heard) -> Result<Heard, AttemptError> {
        let plain = |word: HeardWord| HeardWord {
            text: plain::text(word.text),
            ..word
        };
        Ok(Heard {
            text: plain::text(raw.text),
            words: raw.words.into_iter().map(plain).collect(),
        })
    }
}

/// The recipe for a speech provider, in `docs/architecture.md`, followed with a provider that no release has.
#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use async_trait::async_trait;

    use super::*;
    use crate::provider::{Measure, Spoken};
    use crate::{Price, Retry, sound};

    const MODEL: &str = "toy";

    /// Fails so many times, then speaks.
    struct Toy {
        fails: AtomicU32,
    }

    #[async_trait]
    impl Client for Toy {
        async fn speak(&self, spoken: &Spoken<'_>) -> Result<Got<Speech>, AttemptError> {
            let left = |fails: u32| fails.checked_sub(1);
            let order = Ordering::Relaxed;
            if self.fails.fetch_update(order, order, left).is_ok() {
                return Err(AttemptError::failed("the toy is not wound up"));
            }
            Ok(Got {
                value: sound::telephone(audio::speech(spoken.text, None))?,
                model: MODEL.to_owned(),
                measure: Measure {
                    characters: Some(spoken.text.len() as u64),
                    ..Measure::default()
                },
            })
        }
    }

    /// With toys that fail so many times. They borrow names: one of their own would be a variant of [`Provider`].
    fn ai(toys: &[(Provider, u32)]) -> Ai {
        let price = Price {
            characters: Some(3.0),
            ..Price::default()
        };
        let settings = Settings {
            prices: Prices([(MODEL.to_owned(), price)].into()),
            retry: Retry {
                attempts: 2,
                first: Duration::from_millis(1),
                ..Retry::default()
            },
            breaker: settings::Breaker {
                failures: 2,
                ..settings::Breaker::default()
            },
            ..Settings::default()
        };
        // Time stands still, so that who is left alone stays so.
        let clock = Clock::held("2026-11-30T10:00:00Z".parse().unwrap());
        let toy = |(provider, fails): &(Provider, u32)| {
            let fails = AtomicU32::new(*fails);
            slot(&settings, &clock, *provider, &[Work::Speak], Toy { fails })
        };
        let slots = toys.iter().map(toy).collect();
        Ai(Arc::new(Inner {
            settings,
            slots,
            simulator: None,
        }))
    }

    #[tokio::test]
    async fn provider_that_is_added_is_asked_again_priced_and_given_out_in_pieces() {
        let request = SpeakRequest::new("Good morning.");
        let answer = ai(&[(Provider::Murf, 1)]).speak(&request).await.unwrap();
        let usage = answer.usage;
        assert_eq!((usage.attempts, usage.model.as_str()), (2, MODEL));
        assert_eq!((usage.provider, usage.simulated), (Provider::Murf, false));
        assert_eq!(usage.cost_micro_usd, Some(39), "13 characters");

        let heard = parking_lot::Mutex::new(Vec::new());
        let piece = |sound: &[u8]| heard.lock().extend_from_slice(sound);
        let toy = ai(&[(Provider::Murf, 1)]);
        let given = toy.speak_in_pieces(&request, piece).await.unwrap();
        assert_eq!(given.usage.attempts, 2);
        assert_eq!(
            heard.into_inner(),
            sound::whole(answer.value).await.unwrap()
        );
    }

    #[tokio::test]
    async fn provider_that_is_added_and_fails_is_followed_by_the_next_and_left_alone() {
        let ai = ai(&[(Provider::Murf, u32::MAX), (Provider::Local, 0)]);
        let request = SpeakRequest {
            provider: Some(Provider::Murf),
            ..SpeakRequest::new("Good morning.")
        };
        // Twice the one that is wished for, once the other; from then on only the other.
        for attempts in [3, 1] {
            let usage = ai.speak(&request).await.unwrap().usage;
            assert_eq!(
                (usage.provider, usage.attempts),
                (Provider::Local, attempts)
            );
            assert_eq!(ai.resting(), ["murf"]);
        }
    }

    #[tokio::test]
    async fn provider_that_is_added_to_speak_is_not_asked_to_listen() {
        let request = TranscribeRequest::new(Vec::new(), "a.wav");
        let what = "transcribe";
        assert_eq!(
            ai(&[(Provider::Murf, 0)]).transcribe(&request).await,
            Err(Error::NoProvider { what })
        );
    }
}
