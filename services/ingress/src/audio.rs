//! `GET /audio/{file}`: the prompts that callers hear. Twilio's `<Play>` fetches them, so they are public; their names are
//! digests of their content, so they cannot be guessed and never change.
//!
//! Twilio ends a call whose prompt is not there with an error. So one that is gone is made again while Twilio waits, and
//! where that takes too long the caller hears a moment of silence and the call goes on.

use std::num::NonZeroU32;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{ACCEPT_RANGES, CACHE_CONTROL, CONTENT_RANGE, ETag, EntityTag};
use actix_web::{HttpRequest, HttpResponse, web};
use api::{Access, ApiError, Method, Route, Wanted, wanted};
use bus::Bus;
use bytes::Bytes;
use chrono::TimeDelta;
use clock::Clock;
use events::v1::{SpeechRestore, SpeechSynthesized};
use events::{Envelope, Event};
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use metrics::counter;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use objects::Objects;
use role::Parts;
use sha2::{Digest, Sha256};
use tracing::warn;

/// The route, twice: some players ask for the head first.
pub const ROUTES: &[Route] = &[
    Route::new(
        Method::Get,
        "/audio/{file}",
        Access::Public,
        "A prompt's sound, with Range and ETag",
        || web::to(fetch),
    ),
    Route::new(
        Method::Head,
        "/audio/{file}",
        Access::Public,
        "What a prompt's sound is",
        || web::to(fetch),
    ),
];

/// A prompt of 5 s takes 40 kB: some 400 of them.
const MEMORY: u64 = 16 << 20;
/// What the name says never changes, so nobody need ask again for a year.
const FOR_GOOD: &str = "public, max-age=31536000, immutable";

/// Twilio waits for 15 s, and the caller with it: a store that is slower is away.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long a prompt that is gone may take to be made again, in silence.
const MADE_AGAIN: Duration = Duration::from_secs(6);
/// How many prompts are asked for again, in a second and at once: anybody can make names up.
const RESTORED: NonZeroU32 = NonZeroU32::new(5).unwrap();
const RESTORED_AT_ONCE: NonZeroU32 = NonZeroU32::new(20).unwrap();
/// What stands in for a prompt that cannot be had: a quarter of a second at 8 kHz.
const SILENCE: usize = 2_000;

/// The prompts' place, and those of them that were asked for lately.
pub(crate) struct Audio {
    objects: Objects,
    memory: Memory,
    bus: Bus,
    clock: Clock,
    restored: DefaultDirectRateLimiter,
}

impl Audio {
    /// In the store that the settings name; nothing is opened yet.
    pub(crate) fn new(parts: &Parts) -> Self {
        let quota = Quota::per_second(RESTORED).allow_burst(RESTORED_AT_ONCE);
        Self {
            objects: Objects::open(parts.settings.object_store()),
            memory: Memory::new(MEMORY),
            bus: parts.bus.clone(),
            clock: parts.clock.clone(),
            restored: RateLimiter::direct(quota),
        }
    }

    /// Has a prompt made again, and gives it if that goes fast enough.
    async fn restore(&self, file: &str) -> Option<Sound> {
        let key = file.split_once('.').map_or(file, |(key, _)| key);
        let command = SpeechRestore {
            key: key.to_owned(),
        };
        let mut order = Envelope::new("trunkline/ingress", &self.clock, &command);
        order.deadline = Some(self.clock.now() + TimeDelta::from_std(MADE_AGAIN).ok()?);
        order.traceparent = telemetry::traceparent();
        let reply = self.bus.request(order, MADE_AGAIN).await;
        let made = reply.ok().filter(|it| it.kind == SpeechSynthesized::TYPE)?;
        let made: SpeechSynthesized = made.decode().ok()?;
        // Another provider may have made another kind of file; the name that was asked for stays its name here.
        self.sound(&made.file).await.ok().flatten()
    }

    async fn sound(&self, file: &str) -> Result<Option<Sound>, objects::Error> {
        if let Some(sound) = self.memory.get(file) {
            counter!("ingress_audio_total", "from" => "memory").increment(1);
            return Ok(Some(sound));
        }
        let key = format!("audio/{file}");
        let got = tokio::time::timeout(PATIENCE, self.objects.get(&key)).await;
        let late = |_| objects::Error::Away("no answer in time".to_owned());
        let Some(object) = got.map_err(late).flatten()? else {
            return Ok(None);
        };
        counter!("ingress_audio_total", "from" => "store").increment(1);
        let sound = Sound::new(object.bytes, file);
        self.memory.keep(file, sound.clone());
        Ok(Some(sound))
    }
}

/// A file, ready to be served.
#[derive(Clone)]
struct Sound {
    bytes: Bytes,
    content_type: &'static str,
    etag: EntityTag,
}

impl Sound {
    fn new(bytes: Bytes, file: &str) -> Self {
        let digest = hex::encode(&Sha256::digest(&bytes)[..16]);
        Self {
            content_type: type_of(&bytes, file),
            etag: EntityTag::new_strong(digest),
            bytes,
        }
    }
}

/// By the bytes, whatever the name says: Twilio goes by the header. Only mu-law has no mark by which it could be told.
fn type_of(bytes: &[u8], file: &str) -> &'static str {
    let frame = |bytes: &[u8]| matches!(bytes, [0xFF, second, ..] if second & 0xE0 == 0xE0);
    if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WAVE") {
        "audio/wav"
    } else if file.ends_with(".ulaw") {
        "audio/basic"
    } else if bytes.starts_with(b"ID3") || frame(bytes) {
        "audio/mpeg"
    } else {
        "application/octet-stream"
    }
}

/// Whether it is a prompt's name: a digest in hex, and an ending.
fn is_name(file: &str) -> bool {
    let Some((key, ending)) = file.split_once('.') else {
        return false;
    };
    let hex = |c: u8| c.is_ascii_digit() || (b'a'..=b'f').contains(&c);
    (16..=64).contains(&key.len())
        && key.bytes().all(hex)
        && matches!(ending, "wav" | "mp3" | "ulaw")
}

async fn fetch(
    audio: web::Data<Audio>,
    file: web::Path<String>,
    req: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    if !is_name(&file) {
        return Err(ApiError::not_found("audio file"));
    }
    let sound = audio.sound(&file).await.map_err(|e| {
        warn!(error = %e, "a prompt cannot be fetched");
        ApiError::unavailable("the object store")
    })?;
    if let Some(sound) = sound {
        return Ok(answer(&sound, &req));
    }
    // Whoever makes up names may use up what is made again, and not end the calls of others.
    if audio.restored.check().is_err() {
        counter!("ingress_audio_total", "from" => "silence").increment(1);
        return silence();
    }
    if let Some(sound) = audio.restore(&file).await {
        counter!("ingress_audio_total", "from" => "made_again").increment(1);
        warn!("a prompt whose file was gone is made again");
        return Ok(answer(&sound, &req));
    }
    counter!("ingress_audio_total", "from" => "silence").increment(1);
    warn!(
        "a prompt's file is gone and cannot be made again now; the caller hears silence in its place"
    );
    silence()
}

/// What Twilio can play in place of a prompt, this once.
fn silence() -> Result<HttpResponse, ApiError> {
    let silence = ::audio::Sound::mono(vec![0; SILENCE]).to_wav(::audio::Encoding::MuLaw);
    let silence = silence.map_err(|_| ApiError::not_found("audio file"))?;
    Ok(HttpResponse::Ok()
        .content_type("audio/wav")
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(silence))
}

fn answer(sound: &Sound, req: &HttpRequest) -> HttpResponse {
    let head = |status: StatusCode| {
        let mut head = HttpResponse::build(status);
        head.insert_header(ETag(sound.etag.clone()))
            .insert_header((CACHE_CONTROL, FOR_GOOD))
            .insert_header((ACCEPT_RANGES, "bytes"));
        head
    };
    let size = sound.bytes.len() as u64;
    match wanted(req, &sound.etag, size) {
        Wanted::Known => head(StatusCode::NOT_MODIFIED).finish(),
        Wanted::Whole => head(StatusCode::OK)
            .content_type(sound.content_type)
            .body(sound.bytes.clone()),
        Wanted::Part { first, last } => {
            let bytes = usize::try_from(first)
                .ok()
                .zip(usize::try_from(last).ok())
                .map(|(first, last)| sound.bytes.slice(first..=last));
            head(StatusCode::PARTIAL_CONTENT)
                .content_type(sound.content_type)
                .insert_header((CONTENT_RANGE, format!("bytes {first}-{last}/{size}")))
                .body(bytes.unwrap_or_default())
        }
        Wanted::Beyond => head(StatusCode::RANGE_NOT_SATISFIABLE)
            .insert_header((CONTENT_RANGE, format!("bytes */{size}")))
            .finish(),
    }
}

/// What was asked for lately, up to so many bytes. What has not been asked for longest makes room.
struct Memory {
    largest: u64,
    sounds: Cache<String, Sound>,
}

impl Memory {
    fn new(limit: u64) -> Self {
        let weight =
            |_: &String, sound: &Sound| u32::try_from(sound.bytes.len()).unwrap_or(u32::MAX);
        Self {
            largest: limit / 4,
            sounds: Cache::builder()
                .max_capacity(limit)
                .weigher(weight)
                .eviction_policy(EvictionPolicy::lru())
                .build(),
        }
    }

    fn get(&self, file: &str) -> Option<Sound> {
        self.sounds.get(file)
    }

    /// One file never takes more than a quarter.
    fn keep(&self, file: &str, sound: Sound) {
        if sound.bytes.len() as u64 <= self.largest {
            self.sounds.insert(file.to_owned(), sound);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_has_a_limit_and_keeps_what_is_used() {
        let memory = Memory::new(1000);
        let sound = |n: usize| Sound::new(Bytes::from(vec![1; n]), "a.wav");
        let keep = |file: &str, size: usize| {
            memory.keep(file, sound(size));
            memory.sounds.run_pending_tasks();
        };
        for n in 0..4 {
            keep(&n.to_string(), 250);
        }
        assert!(memory.get("0").is_some());
        memory.sounds.run_pending_tasks();
        keep("4", 200);
        assert!(
            memory.get("1").is_none() && memory.get("0").is_some() && memory.get("4").is_some()
        );
        keep("large", 251);
        assert!(memory.get("large").is_none());
        keep("4", 100);
        assert_eq!(memory.sounds.weighted_size(), 850);
    }

    #[test]
    fn names_are_digests() {
        let key = "0123456789abcdef";
        assert!(is_name(&format!("{key}.wav")) && is_name(&format!("{}.mp3", key.repeat(4))));
        for name in [
            "",
            "a.wav",
            "0123456789abcdef",
            "0123456789abcdef.json",
            "0123456789ABCDEF.wav",
            "../0123456789abcdef.wav",
        ] {
            assert!(!is_name(name), "{name}");
        }
        assert!(!is_name(&format!("{}.wav", "a".repeat(65))));
    }
}
