use std::time::Duration;

use audio::{Encoding, FileKind, Sound};
use bytes::Bytes;

use crate::Speech;
use crate::attempt::AttemptError;

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
