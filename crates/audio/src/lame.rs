//! Writing MP3 files, by LAME. The one part that is not permissive: it is behind the feature `mp3`.

use crate::{Error, Sound};

impl Sound {
    /// An MP3 file with 32 kbit/s for each channel, as Twilio's are. Its tag says how many samples at both ends are the encoder's own, so that a
    /// player, and [`Sound::read`], give back as many as there were.
    ///
    /// # Errors
    /// Rates that MP3 does not have and more than two channels; [`Error::NoMp3`] where the feature `mp3` is off.
    pub fn to_mp3(&self) -> Result<Vec<u8>, Error> {
        if self.rate == 0 || !matches!(self.channels, 1 | 2) {
            return Err(Error::Shape {
                rate: self.rate,
                channels: self.channels,
            });
        }
        encoded(self)
    }
}

#[cfg(not(feature = "mp3"))]
fn encoded(_: &Sound) -> Result<Vec<u8>, Error> {
    Err(Error::NoMp3)
}

#[cfg(feature = "mp3")]
fn encoded(sound: &Sound) -> Result<Vec<u8>, Error> {
    use std::num::NonZeroU32;

    use mp3lame_encoder::{
        Bitrate, Builder, FlushGap, InterleavedPcm, Mode, MonoPcm, Quality,
        max_required_buffer_size,
    };

    fn failed(e: impl std::error::Error + Send + Sync + 'static) -> Error {
        Error::Mp3(Box::new(e))
    }

    let is_mono = sound.channels == 1;
    let builder = Builder::new().ok_or_else(|| Error::Mp3("out of memory".into()))?;
    let mut encoder = builder
        .with_sample_rate(sound.rate)
        .and_then(|it| it.with_output_sample_rate(NonZeroU32::new(sound.rate)))
        .and_then(|it| it.with_num_channels(if is_mono { 1 } else { 2 }))
        .and_then(|it| {
            // LAME leaves its tag out where that does not fit into a frame, and with it how long the sound is.
            it.with_brate(if is_mono && sound.rate < 16_000 {
                Bitrate::Kbps32
            } else {
                Bitrate::Kbps64
            })
        })
        // Not the joint one: what one party says must not be heard on the other's channel.
        .and_then(|it| it.with_mode(if is_mono { Mode::Mono } else { Mode::Stereo }))
        .and_then(|it| it.with_quality(Quality::Good))
        .and_then(|it| it.with_to_write_vbr_tag(true))
        .and_then(Builder::build)
        .map_err(failed)?;
    // A rest of half a moment is no sound.
    let moments = sound.samples.len() / usize::from(sound.channels);
    let samples = &sound.samples[..moments * usize::from(sound.channels)];
    let mut file = Vec::with_capacity(max_required_buffer_size(samples.len()) + 7_200);
    let written = match is_mono {
        true => encoder.encode_to_vec(MonoPcm(samples), &mut file),
        false => encoder.encode_to_vec(InterleavedPcm(samples), &mut file),
    };
    written.map_err(failed)?;
    // With the samples that have not filled a frame.
    file.reserve(7_200);
    encoder
        .flush_to_vec::<FlushGap>(&mut file)
        .map_err(failed)?;
    // The first frame was left empty for the tag, which can be written only now.
    let mut tag = Vec::with_capacity(encoder.lame_tag_size());
    if encoder.lame_tag_encode_to_vec(&mut tag).is_some()
        && let Some(place) = file.get_mut(..tag.len())
    {
        place.copy_from_slice(&tag);
    }
    Ok(file)
}

#[cfg(test)]
#[cfg(feature = "mp3")]
mod tests {
    use crate::{FileKind, Measure, Sound, speech};

    fn measured(file: &[u8], length: usize) -> Result<crate::Measured, crate::NotAudio> {
        let mut measure = Measure::new();
        for piece in file.chunks(length) {
            measure.push(piece);
        }
        measure.finish(Some(file.len() as u64))
    }

    #[test]
    fn mp3_file_lasts_as_long_as_its_sound() {
        for (rate, channels, moments) in [
            (8_000, 1, 20_000),
            (8_000, 2, 24_321),
            (16_000, 1, 12_345),
            (24_000, 1, 12_345),
            (44_100, 1, 10_000),
            (48_000, 2, 10_000),
            (44_100, 2, 44_100),
        ] {
            let sound = Sound {
                rate,
                channels,
                samples: vec![500; moments * usize::from(channels)],
            };
            let file = sound.to_mp3().unwrap();
            assert_eq!(FileKind::of(&file), Some(FileKind::Mp3));
            let whole = measured(&file, file.len()).unwrap();
            assert_eq!(
                (whole.kind, whole.channels, whole.rate),
                (FileKind::Mp3, channels, rate)
            );
            assert!(
                (whole.seconds - sound.seconds()).abs() < 1e-6,
                "{rate}: {} for {}",
                whole.seconds,
                sound.seconds()
            );
            for length in [1, 7, 144, 4_096] {
                assert_eq!(measured(&file, length).unwrap(), whole, "{length}");
            }
            let read = Sound::read(&file).unwrap();
            assert_eq!((read.rate, read.channels), (rate, channels));
            assert_eq!(read.samples.len(), sound.samples.len(), "{rate}");
        }
    }

    #[test]
    fn words_of_both_parties_survive_mp3_on_their_channels() {
        let caller = speech("I led a team of five", Some(4.0));
        let callee = speech("and what came of it", Some(3.0));
        let file = Sound::stereo(&caller, &callee).to_mp3().unwrap();
        let read = Sound::read(&file).unwrap();
        let words = |channel| Sound::mono(read.channel(channel)).heard();
        assert_eq!(words(0).as_deref(), Some("I led a team of five"));
        assert_eq!(words(1).as_deref(), Some("and what came of it"));
        let file = Sound::mono(caller).to_mp3().unwrap();
        let read = Sound::read(&file).unwrap();
        assert_eq!(read.heard().as_deref(), Some("I led a team of five"));
    }

    #[test]
    fn peaks_of_an_mp3_file_are_where_its_sound_is() {
        // Silence, a tone of a second, silence.
        let tone = |at: usize| {
            let turn = std::f64::consts::TAU * 440.0 / 8_000.0;
            (12_000.0 * (turn * at as f64).sin()) as i16
        };
        let samples = (0..24_000)
            .map(|at| if at / 8_000 == 1 { tone(at) } else { 0 })
            .collect();
        let file = Sound::mono(samples).to_mp3().unwrap();
        let peaks = measured(&file, 1_000).unwrap().peaks.unwrap().channels();
        assert_eq!((peaks.len(), peaks[0].len()), (1, 300));
        assert!(peaks[0][..98].iter().all(|peak| *peak < 8));
        assert!(
            peaks[0][103..197]
                .iter()
                .all(|peak| (80..110).contains(peak))
        );
        assert!(peaks[0][202..].iter().all(|peak| *peak < 8));
    }

    #[test]
    fn sound_that_mp3_cannot_carry_says_so() {
        assert!(Sound::default().to_mp3().is_err());
        let odd = Sound {
            rate: 7_999,
            channels: 1,
            samples: vec![0; 100],
        };
        assert!(odd.to_mp3().is_err());
    }
}
