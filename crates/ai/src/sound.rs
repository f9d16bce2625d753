use std::time::Duration;

use audio::{Encoding, FileKind, Sound, Telephone, mulaw};
use bytes::Bytes;
use reqwest::RequestBuilder;
use reqwest::header::CONTENT_TYPE;

use crate::Speech;
use crate::attempt::AttemptError;
use crate::wire::{LARGEST, Wire};

/// Takes a piece of sound, in mu-law at 8 kHz.
pub(crate) type Sounds<'a> = &'a mut (dyn FnMut(&[u8]) + Send);

/// Speech from a file that a provider calls sound: WAV files become what the telephone carries, MP3 files stay as they are.
pub(crate) async fn for_the_telephone(file: Bytes) -> Result<Speech, AttemptError> {
    match FileKind::of(&file) {
        Some(FileKind::Wav) => tokio::task::spawn_blocking(move || {
            let sound = Sound::read(&file).map_err(|_| AttemptError::Invalid)?;
            telephone(sound.telephone())
        })
        .await
        .map_err(|_| AttemptError::Invalid)?,
        Some(FileKind::Mp3) => Ok(Speech {
            bytes: file,
            content_type: FileKind::Mp3.content_type(),
            extension: FileKind::Mp3.extension(),
            duration: None,
        }),
        None => Err(AttemptError::Invalid),
    }
}

/// What is louder than this is a voice: samples of 16 bits. Line noise is far below, the quietest speech far above.
const AUDIBLE: u16 = 300;
/// So many loud samples are more than a click.
const A_VOICE: usize = 16;

/// Whether something is heard in sound of mu-law at 8 kHz.
pub(crate) fn is_audible(sound: &[u8]) -> bool {
    let is_loud = |code: &&u8| mulaw::decode(**code).unsigned_abs() > AUDIBLE;
    sound.iter().filter(is_loud).take(A_VOICE).count() == A_VOICE
}

/// Whether a WAV file is silent from its beginning to its end. MP3 files are not read here.
pub(crate) fn is_silent(speech: &Speech) -> bool {
    let Ok(sound) = Sound::read(&speech.bytes) else {
        return false;
    };
    let is_loud = |sample: &&i16| sample.unsigned_abs() > AUDIBLE;
    FileKind::of(&speech.bytes) == Some(FileKind::Wav)
        && sound.samples.iter().filter(is_loud).take(A_VOICE).count() < A_VOICE
}

/// Whether bytes are a page or an error in words. A voice, or its pauses, has bytes that no text has within 8 ms.
fn is_text(bytes: &[u8]) -> bool {
    let first = &bytes[..bytes.len().min(64)];
    let is_letter = |byte: &u8| matches!(byte, b'\t' | b'\n' | b'\r' | b' '..=b'~');
    first.len() > 1 && first.iter().all(is_letter)
}

/// Gives an answer out as mu-law at 8 kHz while it comes. What is no sound by its type and its first bytes is none. `is_bare`: mu-law
/// without a header was asked for.
pub(crate) async fn stream(
    wire: &Wire,
    request: RequestBuilder,
    is_bare: bool,
    sounds: Sounds<'_>,
) -> Result<(), AttemptError> {
    let mut response = wire.open(request).await?;
    let kind = response.headers().get(CONTENT_TYPE);
    let is_audio = kind.is_some_and(|it| it.as_bytes().starts_with(b"audio/"));
    let (mut incoming, mut out, mut size) = (None, Vec::new(), 0);
    let mut is_silent = true;
    loop {
        let chunk = response.chunk().await;
        let Some(chunk) = chunk.map_err(|error| AttemptError::of_transport(&error))? else {
            break;
        };
        size += chunk.len();
        let incoming = incoming.get_or_insert_with(|| {
            match is_bare && is_audio && FileKind::of(&chunk).is_none() && !is_text(&chunk) {
                true => Incoming::Bare,
                false => Incoming::File(Telephone::new()),
            }
        });
        incoming.push(&chunk, &mut out)?;
        if size > LARGEST {
            return Err(AttemptError::Invalid);
        }
        if !out.is_empty() {
            is_silent = false;
            sounds(&out);
            out.clear();
        }
    }
    if let Some(Incoming::File(telephone)) = incoming {
        // An MP3 file is decoded only now.
        let rest = tokio::task::spawn_blocking(move || telephone.finish(&mut out).map(|()| out));
        let rest = rest.await.map_err(|_| AttemptError::Invalid)?;
        let rest = rest.map_err(|_| AttemptError::Invalid)?;
        is_silent &= rest.is_empty();
        sounds(&rest);
    }
    match is_silent {
        true => Err(AttemptError::Invalid),
        false => Ok(()),
    }
}

/// An answer on its way.
enum Incoming {
    Bare,
    File(Telephone),
}

impl Incoming {
    fn push(&mut self, chunk: &[u8], out: &mut Vec<u8>) -> Result<(), AttemptError> {
        match self {
            Self::Bare => out.extend_from_slice(chunk),
            Self::File(telephone) => telephone
                .push(chunk, out)
                .map_err(|_| AttemptError::Invalid)?,
        }
        Ok(())
    }
}

/// A whole file as mu-law at 8 kHz.
pub(crate) async fn whole(speech: Speech) -> Result<Vec<u8>, AttemptError> {
    let decoded = tokio::task::spawn_blocking(move || Sound::read(&speech.bytes));
    let sound = decoded.await.map_err(|_| AttemptError::Invalid)?;
    let sound = sound.map_err(|_| AttemptError::Invalid)?;
    Ok(mulaw::encode_all(&sound.telephone()))
}

/// Speech from samples at 8 kHz.
pub(crate) fn telephone(samples: Vec<i16>) -> Result<Speech, AttemptError> {
    if samples.is_empty() {
        return Err(AttemptError::Invalid);
    }
    let sound = Sound::mono(samples);
    let file = sound
        .to_wav(Encoding::MuLaw)
        .map_err(|_| AttemptError::Invalid)?;
    Ok(Speech {
        bytes: file.into(),
        content_type: "audio/wav",
        extension: "wav",
        duration: Some(Duration::from_secs_f64(sound.seconds())),
    })
}

/// How long a WAV file lasts.
pub(crate) fn seconds(file: &[u8]) -> Option<f64> {
    Sound::read(file).ok().map(|sound| sound.seconds())
}
