use std::io::Cursor;

use hound::{SampleFormat, WavReader, WavSpec, WavWriter};

use crate::{Error, FileKind, HeardWord, RATE, heard, heard_words, mp3, mulaw, riff};

/// Format tags of WAV headers (RFC 2361).
const PCM: u16 = 1;
const FLOAT: u16 = 3;
const MU_LAW: u16 = 7;
const EXTENSIBLE: u16 = 0xFFFE;

/// How samples are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// Sixteen bits each: what Twilio's recordings are.
    Pcm16,
    /// Eight bits each: what media streams carry.
    MuLaw,
}

/// Samples, those of one moment side by side.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sound {
    /// Moments in a second.
    pub rate: u32,
    /// Samples in a moment.
    pub channels: u16,
    /// All of them.
    pub samples: Vec<i16>,
}

impl Sound {
    /// One channel at the telephone's rate.
    #[must_use]
    pub fn mono(samples: Vec<i16>) -> Self {
        Self {
            rate: RATE,
            channels: 1,
            samples,
        }
    }

    /// Two channels at the telephone's rate; the shorter one is silent at its end.
    #[must_use]
    pub fn stereo(left: &[i16], right: &[i16]) -> Self {
        let length = left.len().max(right.len());
        let at = |channel: &[i16], index: usize| channel.get(index).copied().unwrap_or_default();
        Self {
            rate: RATE,
            channels: 2,
            samples: (0..length)
                .flat_map(|index| [at(left, index), at(right, index)])
                .collect(),
        }
    }

    /// How long it lasts.
    #[must_use]
    pub fn seconds(&self) -> f64 {
        let moments = self.samples.len() / usize::from(self.channels.max(1));
        moments as f64 / f64::from(self.rate.max(1))
    }

    /// One of its channels, from 0; empty when there is none.
    #[must_use]
    pub fn channel(&self, channel: u16) -> Vec<i16> {
        self.samples
            .chunks_exact(usize::from(self.channels.max(1)))
            .filter_map(|moment| moment.get(usize::from(channel)).copied())
            .collect()
    }

    /// One channel at the telephone's rate: all mixed, and what the lower rate cannot carry taken off (see [`crate::Resampler`]).
    #[must_use]
    pub fn telephone(&self) -> Vec<i16> {
        let channels = usize::from(self.channels.max(1));
        let mixed = self.samples.chunks_exact(channels).map(|moment| {
            (moment.iter().map(|sample| i32::from(*sample)).sum::<i32>() / channels as i32) as i16
        });
        resampled(&mixed.collect::<Vec<_>>(), self.rate)
    }

    /// The words of [`crate::speech`] that are in it: those of the first channel, then those of the second.
    #[must_use]
    pub fn heard(&self) -> Option<String> {
        let words: Vec<String> = (0..self.channels)
            .filter_map(|channel| heard(&resampled(&self.channel(channel), self.rate)))
            .collect();
        (!words.is_empty()).then(|| words.join(" "))
    }

    /// The same, each word with its place.
    #[must_use]
    pub fn heard_words(&self) -> Vec<HeardWord> {
        let words = |channel| heard_words(&resampled(&self.channel(channel), self.rate));
        (0..self.channels).flat_map(words).collect()
    }

    /// Reads a WAV or an MP3 file, by its bytes.
    ///
    /// # Errors
    /// What is neither, a WAV file that is compressed otherwise than by mu-law, and an MP3 file without a frame.
    pub fn read(file: &[u8]) -> Result<Self, Error> {
        if FileKind::of(file) == Some(FileKind::Mp3) {
            let (rate, channels, samples) = mp3::read(file)?;
            return Ok(Self {
                rate,
                channels,
                samples,
            });
        }
        let chunks = riff::chunks(file)?;
        let format = riff::find(&chunks, "fmt ")?;
        let data = riff::find(&chunks, "data")?;
        if format.len() < 16 {
            return Err(Error::Missing("fmt"));
        }
        let short = |at: usize| u16::from_le_bytes([format[at], format[at + 1]]);
        let rate = u32::from_le_bytes([format[4], format[5], format[6], format[7]]);
        let channels = short(2);
        if !(1_000..=384_000).contains(&rate) || !(1..=8).contains(&channels) {
            return Err(Error::Shape { rate, channels });
        }
        let samples = match short(0) {
            MU_LAW => mulaw::decode_all(data),
            PCM | FLOAT | EXTENSIBLE => pcm(format, data)?,
            other => return Err(Error::Compressed(other)),
        };
        Ok(Self {
            rate,
            channels,
            samples,
        })
    }

    /// Writes a WAV file.
    ///
    /// # Errors
    /// A sound without channels, or too long for the format.
    pub fn to_wav(&self, encoding: Encoding) -> Result<Vec<u8>, Error> {
        if self.channels == 0 || self.rate == 0 {
            return Err(Error::Shape {
                rate: self.rate,
                channels: self.channels,
            });
        }
        match encoding {
            Encoding::Pcm16 => self.pcm_file(),
            Encoding::MuLaw => Ok(self.mulaw_file()),
        }
    }

    fn pcm_file(&self) -> Result<Vec<u8>, Error> {
        let spec = WavSpec {
            channels: self.channels,
            sample_rate: self.rate,
            bits_per_sample: 16,
            sample_format: SampleFormat::Int,
        };
        let mut file = Cursor::new(Vec::with_capacity(44 + 2 * self.samples.len()));
        let mut writer = WavWriter::new(&mut file, spec).map_err(Error::Pcm)?;
        for sample in &self.samples {
            writer.write_sample(*sample).map_err(Error::Pcm)?;
        }
        writer.finalize().map_err(Error::Pcm)?;
        Ok(file.into_inner())
    }

    fn mulaw_file(&self) -> Vec<u8> {
        let moments = (self.samples.len() / usize::from(self.channels)) as u32;
        let mut format = Vec::with_capacity(18);
        for short in [MU_LAW, self.channels] {
            format.extend_from_slice(&short.to_le_bytes());
        }
        for long in [self.rate, self.rate * u32::from(self.channels)] {
            format.extend_from_slice(&long.to_le_bytes());
        }
        for short in [self.channels, 8, 0] {
            format.extend_from_slice(&short.to_le_bytes());
        }
        riff::file(&[
            (b"fmt ", &format),
            (b"fact", &moments.to_le_bytes()),
            (b"data", &mulaw::encode_all(&self.samples)),
        ])
    }
}

/// Samples of a format that hound reads, from a file whose lengths have been put right.
fn pcm(format: &[u8], data: &[u8]) -> Result<Vec<i16>, Error> {
    let step = usize::from(u16::from_le_bytes([format[12], format[13]])).max(1);
    let whole = &data[..data.len() - data.len() % step];
    let file = riff::file(&[(b"fmt ", format), (b"data", whole)]);
    let mut reader = WavReader::new(Cursor::new(file)).map_err(Error::Pcm)?;
    let spec = reader.spec();
    let samples: Result<Vec<i16>, hound::Error> = match spec.sample_format {
        SampleFormat::Float => reader
            .samples::<f32>()
            .map(|sample| sample.map(|sample| (sample * 32_767.0) as i16))
            .collect(),
        SampleFormat::Int => {
            let bits = i32::from(spec.bits_per_sample);
            reader
                .samples::<i32>()
                .map(|sample| sample.map(|sample| sixteen(sample, bits)))
                .collect()
        }
    };
    samples.map_err(Error::Pcm)
}

fn sixteen(sample: i32, bits: i32) -> i16 {
    if bits > 16 {
        (sample >> (bits - 16)) as i16
    } else {
        (sample << (16 - bits)) as i16
    }
}

/// Samples at the telephone's rate. For a rate that has little in common with it the average of what falls between two moments, or
/// the moment before when nothing does.
fn resampled(samples: &[i16], rate: u32) -> Vec<i16> {
    if rate == RATE || samples.is_empty() {
        return samples.to_vec();
    }
    if let Some(resampled) = crate::resample::resampled(samples, rate, RATE) {
        return resampled;
    }
    let place = |index: usize| index * rate as usize / RATE as usize;
    (0..)
        .map(|index| (place(index), place(index + 1)))
        .take_while(|(from, _)| *from < samples.len())
        .map(|(from, until)| {
            let span = &samples[from..until.clamp(from + 1, samples.len().max(from + 1))];
            (span.iter().map(|sample| i32::from(*sample)).sum::<i32>() / span.len() as i32) as i16
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone(seconds: f64, rate: u32) -> Vec<i16> {
        let turn = std::f64::consts::TAU * 440.0 / f64::from(rate);
        (0..(seconds * f64::from(rate)) as usize)
            .map(|index| (8_000.0 * (turn * index as f64).sin()) as i16)
            .collect()
    }

    #[test]
    fn what_is_written_is_read_again() {
        for (rate, channels) in [(8_000, 1), (8_000, 2), (16_000, 1), (16_000, 2)] {
            let sound = Sound {
                rate,
                channels,
                samples: tone(0.5, rate * u32::from(channels)),
            };
            let file = sound.to_wav(Encoding::Pcm16).unwrap();
            assert_eq!(Sound::read(&file).unwrap(), sound);
            let mulaw = Sound::read(&sound.to_wav(Encoding::MuLaw).unwrap()).unwrap();
            assert_eq!((mulaw.rate, mulaw.channels), (rate, channels));
            assert_eq!(mulaw.seconds(), 0.5);
            let expected: Vec<i16> = sound
                .samples
                .iter()
                .map(|sample| mulaw::decode(mulaw::encode(*sample)))
                .collect();
            assert_eq!(mulaw.samples, expected);
        }
    }

    #[test]
    fn header_that_lies_about_lengths_does_no_harm() {
        let file = Sound::mono(tone(0.25, 8_000))
            .to_wav(Encoding::Pcm16)
            .unwrap();
        let mut endless = file.clone();
        endless[4..8].fill(0xFF);
        endless[40..44].fill(0xFF);
        assert_eq!(Sound::read(&endless).unwrap().seconds(), 0.25);
        // Broken off within a sample.
        let broken = &file[..file.len() - 1];
        assert_eq!(Sound::read(broken).unwrap().samples.len(), 1_999);
    }

    #[test]
    fn chunks_of_others_are_passed_over() {
        let file = Sound::mono(tone(0.25, 8_000))
            .to_wav(Encoding::Pcm16)
            .unwrap();
        let chunks = riff::chunks(&file).unwrap();
        let (format, data) = (
            riff::find(&chunks, "fmt ").unwrap(),
            riff::find(&chunks, "data").unwrap(),
        );
        let file = riff::file(&[(b"LIST", b"odd"), (b"fmt ", format), (b"data", data)]);
        assert_eq!(Sound::read(&file).unwrap().seconds(), 0.25);
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        let words = |file: &[u8]| Sound::read(file).unwrap_err().to_string();
        assert_eq!(words(b"OggS"), "neither a wav nor an mp3 file");
        assert!(words(b"ID3 and so on").contains("no frame"));
        assert_eq!(words(&riff::file(&[])), "the wav file has no fmt chunk");
        let mut file = Sound::mono(vec![1, 2]).to_wav(Encoding::Pcm16).unwrap();
        file[20] = 0x55;
        assert!(words(&file).contains("0x0055"));
        file[22] = 0;
        assert!(words(&file).contains("0 channels"));
        assert!(Sound::default().to_wav(Encoding::Pcm16).is_err());
        let mut cut = Sound::mono(vec![1, 2]).to_wav(Encoding::MuLaw).unwrap();
        cut.truncate(38);
        assert_eq!(words(&cut), "the wav file has no data chunk");
    }

    #[test]
    fn telephone_hears_everything_in_one_channel() {
        let wide = Sound {
            rate: 16_000,
            channels: 2,
            samples: [100, 300].repeat(1_600),
        };
        let heard = wide.telephone();
        assert_eq!(heard.len(), 800);
        assert!((199..=201).contains(&heard[400]), "{}", heard[400]);
        assert_eq!(Sound::stereo(&[1, 2], &[3]).samples, [1, 3, 2, 0]);
        assert_eq!(Sound::stereo(&[1, 2], &[3]).channel(1), [3, 0]);
        let slow = Sound {
            rate: 4_000,
            channels: 1,
            samples: vec![50; 400],
        };
        let heard = slow.telephone();
        assert_eq!((heard.len(), heard[400]), (800, 50));
    }
}
