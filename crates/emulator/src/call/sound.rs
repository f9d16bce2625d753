//! Fetching what a `<Play>` plays, and how long it lasts (specification, section 3: Play).

use std::sync::Arc;
use std::time::{Duration, Instant};

use audio::Sound;
use reqwest::header::{CONTENT_TYPE, ETAG, IF_MODIFIED_SINCE, IF_NONE_MATCH, LAST_MODIFIED};
use tokio::sync::oneshot;
use url::Url;

use crate::leg_context::LegContext;
use crate::leg_control::Interrupt;
use crate::log::{Direction, Entry};
use crate::state::{Cached, Clip, Shared};
use crate::webhooks::{shown, sign};
use crate::wire::Failure;

/// How long the application may take, really; as for every webhook.
const PATIENCE: Duration = Duration::from_secs(15);
/// The largest file that is read.
const LARGEST: usize = 40 * 1024 * 1024;

impl LegContext {
    /// Gets a file. If the leg is interrupted meanwhile the request still runs to its end.
    pub(crate) async fn clip(&self, url: &str) -> Result<Result<Clip, Failure>, Interrupt> {
        let (sender, receiver) = oneshot::channel();
        let (shared, sid, url) = (self.shared.clone(), self.sid.clone(), url.to_owned());
        self.shared.spawn(async move {
            let _ = sender.send(fetch(&shared, &sid, &url).await);
        });
        tokio::select! {
            biased;
            interrupt = self.control.interrupted() => Err(interrupt),
            outcome = receiver => Ok(outcome.unwrap_or_else(|_| Err(Failure::new(11200, "stopped")))),
        }
    }
}

async fn fetch(shared: &Arc<Shared>, sid: &str, url: &str) -> Result<Clip, Failure> {
    let began = Instant::now();
    let mut entry = Entry {
        sid: Some(sid.to_owned()),
        method: "GET".to_owned(),
        url: shown(url),
        ..Entry::new(Direction::Out, "play")
    };
    let outcome = get(shared, url, &mut entry).await;
    entry.took_ms = began.elapsed().as_millis() as u64;
    match &outcome {
        Ok(clip) => {
            entry.extra = serde_json::json!({ "seconds": clip.seconds, "words": clip.words });
        }
        Err(failure) => entry = entry.failed(failure.code, failure.words.clone()),
    }
    shared.state().record(entry);
    outcome
}

async fn get(shared: &Arc<Shared>, url: &str, entry: &mut Entry) -> Result<Clip, Failure> {
    let mut url = Url::parse(url)
        .ok()
        .filter(|url| matches!(url.scheme(), "http" | "https") && url.has_host())
        .ok_or_else(|| Failure::invalid_url(url))?;
    url.set_fragment(None);
    let cached = shared.state().sounds.get(url.as_str()).cloned();
    let signature = sign(&shared.account.token, &url, "play", &[]);
    let mut request = shared
        .http
        .get(url.clone())
        .header("X-Twilio-Signature", signature)
        .timeout(PATIENCE);
    if let Some(etag) = cached.as_ref().and_then(|cached| cached.etag.as_ref()) {
        request = request.header(IF_NONE_MATCH, etag);
    }
    if let Some(date) = cached
        .as_ref()
        .and_then(|cached| cached.last_modified.as_ref())
    {
        request = request.header(IF_MODIFIED_SINCE, date);
    }
    // A connection that was kept and is just being closed says nothing of the server: it is asked once more.
    let again = request.try_clone();
    let answer = match (request.send().await, again) {
        (Err(error), Some(again)) if error.is_request() && !error.is_timeout() => {
            again.send().await
        }
        (answer, _) => answer,
    };
    let mut answer = answer.map_err(|error| {
        let code = if error.is_connect() { 11205 } else { 11200 };
        Failure::new(code, format!("the sound cannot be had: {error}"))
    })?;
    let status = answer.status().as_u16();
    entry.status = Some(status);
    if let (304, Some(cached)) = (status, cached) {
        return Ok(cached.clip);
    }
    if !answer.status().is_success() {
        return Err(Failure::new(
            11200,
            format!("the sound's answer is http {status}"),
        ));
    }
    let header = |name| answer.headers().get(name)?.to_str().ok().map(str::to_owned);
    let (kind, etag, last_modified) = (header(CONTENT_TYPE), header(ETAG), header(LAST_MODIFIED));
    let mut body = Vec::new();
    while let Some(piece) = answer
        .chunk()
        .await
        .map_err(|error| Failure::new(11200, format!("the sound broke off: {error}")))?
    {
        body.extend_from_slice(&piece);
        if body.len() > LARGEST {
            return Err(Failure::new(11200, "the sound is larger than 40 MB"));
        }
    }
    let clip = clip(kind.as_deref().unwrap_or_default(), &body)?;
    if etag.is_some() || last_modified.is_some() {
        let cached = Cached {
            etag,
            last_modified,
            clip: clip.clone(),
        };
        shared.state().sound_keep(url.to_string(), cached);
    }
    Ok(clip)
}

/// What Twilio plays, by content type and by the first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    Mp3,
    Wav,
    Aiff,
    Gsm,
    MuLaw,
}

/// Checks that the bytes are what the content type says, and measures them.
pub(crate) fn clip(content_type: &str, bytes: &[u8]) -> Result<Clip, Failure> {
    let bare = content_type.split(';').next().unwrap_or_default().trim();
    let format = match bare.to_ascii_lowercase().as_str() {
        "audio/mpeg" => Format::Mp3,
        "audio/wav" | "audio/wave" | "audio/x-wav" => Format::Wav,
        "audio/aiff" | "audio/x-aiff" | "audio/x-aifc" => Format::Aiff,
        "audio/gsm" | "audio/x-gsm" => Format::Gsm,
        "audio/ulaw" => Format::MuLaw,
        "" => return Err(Failure::new(12300, "the sound has no content type")),
        other => {
            let words = format!("{other} is not a content type that can be played");
            return Err(Failure::new(12300, words));
        }
    };
    let mismatch = |what: &str| {
        let words = format!("the sound is said to be {bare}, and its bytes are {what}");
        Err(Failure::new(11200, words))
    };
    match (format, magic(bytes)) {
        (_, None) if bytes.is_empty() => mismatch("none"),
        // Raw samples begin with anything.
        (Format::MuLaw | Format::Gsm, None) => Ok(raw(format, bytes)),
        (Format::Wav, Some(Format::Wav)) => wav(bytes),
        (Format::Mp3, Some(Format::Mp3)) => Ok(Sound::read(bytes).map_or_else(
            // What cannot be decoded is silent for as long as its bit rate says.
            |_| Clip {
                seconds: mp3_s(bytes).unwrap_or(1.0),
                ..Clip::default()
            },
            |sound| decoded(&sound),
        )),
        // About right for telephone sound; nothing here makes such files.
        (Format::Aiff, Some(Format::Aiff)) => Ok(Clip {
            seconds: bytes.len() as f64 / 16_000.0,
            ..Clip::default()
        }),
        (_, Some(found)) => mismatch(&format!("{found:?}").to_lowercase()),
        (_, None) => mismatch("something else"),
    }
}

fn magic(bytes: &[u8]) -> Option<Format> {
    match bytes {
        [b'R', b'I', b'F', b'F', ..] => Some(Format::Wav),
        [b'F', b'O', b'R', b'M', ..] => Some(Format::Aiff),
        [b'I', b'D', b'3', ..] => Some(Format::Mp3),
        [0xFF, second, third, ..] if bitrate(*second, *third).is_some() => Some(Format::Mp3),
        _ => None,
    }
}

fn raw(format: Format, bytes: &[u8]) -> Clip {
    if format == Format::Gsm {
        // GSM 06.10: 33 bytes for 20 ms.
        return Clip {
            seconds: bytes.len() as f64 / 33.0 * 0.02,
            ..Clip::default()
        };
    }
    decoded(&Sound::mono(audio::mulaw::decode_all(bytes)))
}

fn wav(bytes: &[u8]) -> Result<Clip, Failure> {
    let sound = Sound::read(bytes)
        .map_err(|error| Failure::new(11200, format!("the sound cannot be played: {error}")))?;
    Ok(decoded(&sound))
}

fn decoded(sound: &Sound) -> Clip {
    Clip {
        seconds: sound.seconds(),
        words: sound.heard(),
        samples: Arc::new(sound.telephone()),
    }
}

/// Seconds of an MP3 file whose frames all have the bit rate of the first.
fn mp3_s(bytes: &[u8]) -> Option<f64> {
    let start = match bytes {
        // ID3v2: a length of four times seven bits after six bytes (id3.org, ID3v2.4, section 3.1).
        [b'I', b'D', b'3', _, _, _, a, b, c, d, ..] => {
            10 + [a, b, c, d]
                .iter()
                .fold(0, |sum, byte| sum << 7 | usize::from(**byte & 0x7F))
        }
        _ => 0,
    };
    let frames = bytes.get(start..)?;
    let at = frames
        .windows(3)
        .position(|head| head[0] == 0xFF && bitrate(head[1], head[2]).is_some())?;
    let rate = bitrate(frames[at + 1], frames[at + 2])?;
    Some((frames.len() - at) as f64 * 8.0 / f64::from(rate))
}

/// Bits in a second by the second and third byte of a frame of layer III (ISO 11172-3, 2.4.2.3; ISO 13818-3 for the lower rates).
fn bitrate(second: u8, third: u8) -> Option<u32> {
    const MPEG1: [u32; 14] = [
        32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320,
    ];
    const MPEG2: [u32; 14] = [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
    let (version, layer) = (second >> 3 & 3, second >> 1 & 3);
    if second & 0xE0 != 0xE0 || version == 1 || layer != 1 || third >> 2 & 3 == 3 {
        return None;
    }
    let table = if version == 3 { MPEG1 } else { MPEG2 };
    let kilobits = table.get(usize::from(third >> 4).checked_sub(1)?)?;
    Some(kilobits * 1_000)
}

#[cfg(test)]
mod tests {
    use audio::Encoding;

    use super::*;

    fn code(content_type: &str, bytes: &[u8]) -> u32 {
        clip(content_type, bytes).unwrap_err().code
    }

    #[test]
    fn bytes_must_be_what_the_type_says() {
        let sound = Sound::mono(audio::speech("good morning", Some(2.0)));
        let wav = sound.to_wav(Encoding::MuLaw).unwrap();
        let good = clip("audio/x-wav; charset=binary", &wav).unwrap();
        assert_eq!(
            (good.seconds, good.words.as_deref()),
            (2.0, Some("good morning"))
        );
        assert_eq!(code("audio/mpeg", &wav), 11200);
        assert_eq!(code("audio/ulaw", &wav), 11200);
        assert_eq!(code("audio/wav", b"not a wav"), 11200);
        assert_eq!(code("audio/wav", b""), 11200);
        assert_eq!(code("audio/wav", b"RIFF and no more"), 11200);
        assert_eq!(code("", &wav), 12300);
        assert_eq!(code("application/octet-stream", &wav), 12300);
        assert_eq!(clip("audio/ulaw", &[0x12; 8_000]).unwrap().seconds, 1.0);
        assert_eq!(clip("audio/gsm", &[0x12; 3_300]).unwrap().seconds, 2.0);
    }

    #[cfg(feature = "mp3")]
    #[test]
    fn mp3_is_heard_as_it_was_spoken() {
        let sound = Sound::mono(audio::speech("good morning", Some(2.0)));
        let good = clip("audio/mpeg", &sound.to_mp3().unwrap()).unwrap();
        assert_eq!(
            (good.seconds, good.words.as_deref()),
            (2.0, Some("good morning"))
        );
        assert_eq!(good.samples.len(), 16_000);
    }

    #[test]
    fn mp3_lasts_as_long_as_its_bit_rate_says() {
        // MPEG 2 layer III at 32 kbit/s: 4000 bytes in a second.
        let mut bytes = vec![0xFF, 0xF3, 0x40, 0xC0];
        bytes.resize(8_000, 0);
        assert_eq!(clip("audio/mpeg", &bytes).unwrap().seconds, 2.0);
        let mut tagged = b"ID3\x04\0\0\0\0\x01\0".to_vec();
        tagged.resize(10 + 128, 0);
        tagged.extend(&bytes);
        assert_eq!(clip("audio/mpeg", &tagged).unwrap().seconds, 2.0);
        // MPEG 1 at 128 kbit/s.
        assert_eq!(bitrate(0xFB, 0x90), Some(128_000));
        assert_eq!(bitrate(0xFB, 0xF0), None);
        assert_eq!(bitrate(0x00, 0x90), None);
    }
}
