use std::time::Duration;

use audio::{Encoding, Sound};
use bytes::Bytes;

use crate::Speech;
use crate::attempt::AttemptError;

/// What a file is, by its bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Wav,
    Mp3,
}

impl Kind {
    /// `None` of anything else: an error page, JSON, sound without a header.
    pub(crate) fn of(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [
                b'R',
                b'I',
                b'F',
                b'F',
                _,
                _,
                _,
                _,
                b'W',
                b'A',
                b'V',
                b'E',
                ..,
            ] => Some(Self::Wav),
            [b'I', b'D', b'3', ..] => Some(Self::Mp3),
            // The sync word, MPEG 1, 2 or 2.5, layer III, and neither a forbidden bit rate nor a forbidden sampling rate.
            [0xFF, second, third, ..]
                if second & 0xE0 == 0xE0
                    && second & 0x18 != 0x08
                    && second & 0x06 == 0x02
                    && third & 0xF0 != 0xF0
                    && third & 0x0C != 0x0C =>
            {
                Some(Self::Mp3)
            }
            _ => None,
        }
    }

    pub(crate) fn extension(self) -> &'static str {
        match self {
            Self::Wav => "wav",
            Self::Mp3 => "mp3",
        }
    }
}

/// Speech from a file that a provider calls sound: WAV files become what the telephone carries, MP3 files stay as they are.
pub(crate) async fn for_the_telephone(file: Bytes) -> Result<Speech, AttemptError> {
    match Kind::of(&file) {
        Some(Kind::Wav) => tokio::task::spawn_blocking(move || {
            let sound = Sound::read(&file).map_err(|_| AttemptError::Invalid)?;
            telephone(sound.telephone())
        })
        .await
        .map_err(|_| AttemptError::Invalid)?,
        Some(Kind::Mp3) => Ok(Speech {
            bytes: file,
            content_type: "audio/mpeg",
            extension: "mp3",
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sound_is_sound() {
        let wav = Sound::mono(vec![1; 8]).to_wav(Encoding::Pcm16).unwrap();
        assert_eq!(Kind::of(&wav), Some(Kind::Wav));
        assert_eq!(Kind::of(b"ID3\x04"), Some(Kind::Mp3));
        assert_eq!(Kind::of(&[0xFF, 0xFB, 0x90, 0x64]), Some(Kind::Mp3));
        assert_eq!(Kind::of(&[0xFF, 0xF3, 0x40, 0xC0]), Some(Kind::Mp3));
        let others: [&[u8]; 6] = [
            b"",
            b"<!doctype html>",
            b"{\"error\":{}}",
            b"RIFF\0\0\0\0AVI ",
            &[0xFF; 64],
            &[0x7F; 64],
        ];
        assert!(others.iter().all(|bytes| Kind::of(bytes).is_none()));
    }
}
