//! A sound file that comes in pieces, on its way to the telephone: what is there can be played before the rest has come.

use crate::riff::{self, Shape};
use crate::{Error, FileKind, Resampler, Sound, mulaw};

/// Whoever has not said by then where its samples begin is no WAV file.
const LONGEST_HEAD: usize = 64 * 1024;
/// The beginning by which a kind of file is known.
const KIND: usize = 12;

/// Turns the pieces of a WAV or MP3 file into mu-law at 8 kHz. A WAV file's samples are given out as they come; an MP3 file is
/// given out when it is whole.
#[derive(Debug, Default)]
pub struct Telephone {
    /// What came before the samples; of an MP3 file, all.
    head: Vec<u8>,
    samples: Option<Samples>,
}

/// Samples that have begun.
#[derive(Debug)]
struct Samples {
    is_mulaw: bool,
    channels: usize,
    /// `None`: it is at 8 kHz already.
    resampler: Option<Resampler>,
    /// The beginning of a moment whose rest has not come.
    partial: Vec<u8>,
    /// Bytes still to come; what follows them is no sound.
    left: u64,
}

impl Telephone {
    /// Nothing has come.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The next piece; what can be played of it is added to `out`.
    ///
    /// # Errors
    /// What is no sound, or of a kind that is not read: as [`Sound::read`] says it.
    pub fn push(&mut self, piece: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
        if let Some(samples) = &mut self.samples {
            samples.push(piece, out);
            return Ok(());
        }
        self.head.extend_from_slice(piece);
        if self.head.len() < KIND {
            return Ok(());
        }
        match FileKind::of(&self.head) {
            Some(FileKind::Mp3) => return Ok(()),
            Some(FileKind::Wav) => {}
            None => return Err(Error::NotSound),
        }
        let Some(shape) = riff::shape(&self.head) else {
            return match self.head.len() > LONGEST_HEAD {
                true => Err(Error::NotSound),
                false => Ok(()),
            };
        };
        let mut samples = Samples::new(&shape)?;
        let head = std::mem::take(&mut self.head);
        samples.push(head.get(shape.data..).unwrap_or_default(), out);
        self.samples = Some(samples);
        Ok(())
    }

    /// The file is over.
    ///
    /// # Errors
    /// As [`Telephone::push`]; a file that ended before its samples began.
    pub fn finish(mut self, out: &mut Vec<u8>) -> Result<(), Error> {
        match &mut self.samples {
            Some(samples) => samples.finish(out),
            None => out.extend(mulaw::encode_all(&Sound::read(&self.head)?.telephone())),
        }
        Ok(())
    }
}

impl Samples {
    fn new(shape: &Shape) -> Result<Self, Error> {
        let is_mulaw = shape.format == 7 && shape.bits == 8;
        let is_pcm = matches!(shape.format, 1 | 0xFFFE) && shape.bits == 16;
        if !(is_mulaw || is_pcm) || shape.channels == 0 || shape.channels > 8 {
            return Err(Error::Shape {
                rate: shape.rate,
                channels: shape.channels,
            });
        }
        let resampler = match shape.rate {
            crate::RATE => None,
            rate => Some(Resampler::new(rate, crate::RATE).ok_or(Error::Shape {
                rate,
                channels: shape.channels,
            })?),
        };
        Ok(Self {
            is_mulaw,
            channels: usize::from(shape.channels),
            resampler,
            partial: Vec::new(),
            left: match shape.claimed {
                // Whoever streams does not know yet how long it will be.
                0 | u32::MAX => u64::MAX,
                claimed => u64::from(claimed),
            },
        })
    }

    fn push(&mut self, piece: &[u8], out: &mut Vec<u8>) {
        let taken = usize::try_from(self.left)
            .unwrap_or(usize::MAX)
            .min(piece.len());
        self.left -= taken as u64;
        self.partial.extend_from_slice(&piece[..taken]);
        let size = self.channels * if self.is_mulaw { 1 } else { 2 };
        let whole = self.partial.len() / size * size;
        let moments: Vec<i16> = self.partial[..whole]
            .chunks_exact(size)
            .map(|moment| self.mixed(moment))
            .collect();
        self.partial.drain(..whole);
        self.give(&moments, out);
    }

    /// All channels at one moment.
    fn mixed(&self, moment: &[u8]) -> i16 {
        let sum: i32 = match self.is_mulaw {
            true => moment
                .iter()
                .map(|code| i32::from(mulaw::decode(*code)))
                .sum(),
            false => moment
                .chunks_exact(2)
                .map(|it| i32::from(i16::from_le_bytes([it[0], it[1]])))
                .sum(),
        };
        (sum / self.channels as i32) as i16
    }

    fn give(&mut self, samples: &[i16], out: &mut Vec<u8>) {
        match &mut self.resampler {
            None => out.extend(mulaw::encode_all(samples)),
            Some(resampler) => {
                let mut ready = Vec::with_capacity(samples.len());
                resampler.push(samples, &mut ready);
                out.extend(mulaw::encode_all(&ready));
            }
        }
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        if let Some(resampler) = &mut self.resampler {
            let mut rest = Vec::new();
            resampler.finish(&mut rest);
            out.extend(mulaw::encode_all(&rest));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Encoding;

    fn file(rate: u32, channels: u16, encoding: Encoding) -> Vec<u8> {
        let samples = crate::speech("of course I am", None);
        let samples = samples.iter().flat_map(|sample| {
            std::iter::repeat_n(*sample, usize::from(channels) * (rate / 8_000) as usize)
        });
        let sound = Sound {
            rate,
            channels,
            samples: samples.collect(),
        };
        sound.to_wav(encoding).unwrap()
    }

    fn played(file: &[u8], size: usize) -> Vec<u8> {
        let (mut telephone, mut out) = (Telephone::new(), Vec::new());
        for piece in file.chunks(size) {
            telephone.push(piece, &mut out).unwrap();
        }
        telephone.finish(&mut out).unwrap();
        out
    }

    #[test]
    fn file_in_pieces_sounds_as_it_does_in_one() {
        for (rate, channels, encoding) in [
            (8_000, 1, Encoding::MuLaw),
            (8_000, 1, Encoding::Pcm16),
            (8_000, 2, Encoding::Pcm16),
            (16_000, 1, Encoding::Pcm16),
            (24_000, 2, Encoding::Pcm16),
        ] {
            let file = file(rate, channels, encoding);
            let whole = mulaw::encode_all(&Sound::read(&file).unwrap().telephone());
            for size in [1, 7, 1_000, file.len()] {
                assert_eq!(played(&file, size), whole, "{rate} {channels} {size}");
            }
        }
    }

    #[test]
    fn beginning_is_given_out_before_the_end_has_come() {
        let file = file(24_000, 1, Encoding::Pcm16);
        let (mut telephone, mut out) = (Telephone::new(), Vec::new());
        telephone.push(&file[..file.len() / 2], &mut out).unwrap();
        assert!(out.len() > file.len() / 2 / 2 / 3 - 400, "{}", out.len());
    }

    #[test]
    fn error_page_is_no_sound_from_its_first_bytes_on() {
        let (mut telephone, mut out) = (Telephone::new(), Vec::new());
        assert!(telephone.push(b"<html", &mut out).is_ok());
        assert!(telephone.push(b"><body>no", &mut out).is_err());
        assert!(Telephone::new().finish(&mut out).is_err());
        assert_eq!(out, []);
        let mut zero = file(8_000, 1, Encoding::Pcm16);
        zero[40..44].fill(0);
        assert!(!played(&zero, 100).is_empty());
    }
}
