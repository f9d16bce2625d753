//! Who speaks when in a recording: its channels, cut where nobody speaks.

use audio::{Encoding, Sound};
use bytes::Bytes;

use crate::results::Miss;

/// Of 32768: a quiet line hisses below this, and nobody who speaks stays below it.
pub(crate) const SILENCE: u16 = 200;
/// Looked at as one, in parts of a second.
const FRAMES_PER_SECOND: usize = 50;
/// A pause of so many frames ends what a speaker says.
const PAUSE: usize = FRAMES_PER_SECOND;
/// No stretch is longer: a provider takes a minute at once, whoever speaks for longer.
const LONGEST: usize = 60 * FRAMES_PER_SECOND;
/// What is kept on both sides of it: words begin and end softly.
const MARGIN: usize = FRAMES_PER_SECOND / 5;

/// A stretch of one channel in which there is speech, in frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stretch {
    channel: u16,
    from: usize,
    to: usize,
}

/// What a speaker says without a pause, as a file of its own.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Said {
    /// `customer`, `business`; `both` where a recording has one channel for the two.
    pub speaker: &'static str,
    pub from_s: f64,
    pub to_s: f64,
    /// One channel, as WAV.
    pub file: Bytes,
}

/// All that is said in a recording, in the order in which it begins.
pub(crate) fn said(file: &[u8]) -> Result<Vec<Said>, Miss> {
    let sound = Sound::read(file).map_err(|_| Miss::Never("unreadable_audio"))?;
    let frame = (sound.rate as usize / FRAMES_PER_SECOND).max(1);
    let mut found = Vec::new();
    for channel in 0..sound.channels {
        let samples = sound.channel(channel);
        for stretch in stretches(channel, &samples, frame) {
            let end = (stretch.to * frame).min(samples.len());
            let piece = Sound {
                rate: sound.rate,
                channels: 1,
                samples: samples[stretch.from * frame..end].to_vec(),
            };
            let file = piece.to_wav(Encoding::Pcm16);
            found.push(Said {
                speaker: speaker(channel, sound.channels),
                from_s: seconds(stretch.from),
                to_s: seconds(stretch.to),
                file: file.map_err(|_| Miss::Never("unreadable_audio"))?.into(),
            });
        }
    }
    found.sort_by(|one, other| one.from_s.total_cmp(&other.from_s));
    Ok(found)
}

/// Twilio's first channel is the call's own leg: whoever called the business, or was called by it.
fn speaker(channel: u16, channels: u16) -> &'static str {
    match (channel, channels) {
        (_, 1) => "both",
        (0, _) => "customer",
        _ => "business",
    }
}

#[expect(clippy::cast_precision_loss, reason = "a call lasts a day at most")]
fn seconds(frames: usize) -> f64 {
    frames as f64 / FRAMES_PER_SECOND as f64
}

fn stretches(channel: u16, samples: &[i16], frame: usize) -> Vec<Stretch> {
    let frames = samples.len().div_ceil(frame);
    let is_loud = |samples: &[i16]| samples.iter().any(|it| it.unsigned_abs() >= SILENCE);
    let loud = samples.chunks(frame).enumerate();
    let loud = loud.filter_map(|(at, samples)| is_loud(samples).then_some(at));
    let mut spans: Vec<(usize, usize)> = Vec::new();
    for at in loud {
        match spans.last_mut() {
            Some((from, to)) if at - *to < PAUSE && at + 1 - *from <= LONGEST => *to = at + 1,
            _ => spans.push((at, at + 1)),
        }
    }
    let mut end = 0;
    let with_margins = spans.iter().enumerate().map(|(nth, (from, to))| {
        let next = spans.get(nth + 1).map_or(frames, |(next, _)| *next);
        let from = from.saturating_sub(MARGIN).max(end);
        end = (to + MARGIN).min(next);
        Stretch {
            channel,
            from,
            to: end,
        }
    });
    with_margins.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seconds of sound (`true`) and silence at 8 kHz.
    fn line(parts: &[(bool, f64)]) -> Vec<i16> {
        let mut samples = Vec::new();
        for (is_loud, seconds) in parts {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a test's own numbers"
            )]
            let count = (seconds * 8_000.0) as usize;
            samples.extend(std::iter::repeat_n(
                if *is_loud { 3_000 } else { 50 },
                count,
            ));
        }
        samples
    }

    fn spans(sound: &Sound) -> Vec<(&'static str, f64, f64)> {
        let found = said(&sound.to_wav(Encoding::Pcm16).unwrap()).unwrap();
        found
            .into_iter()
            .map(|it| (it.speaker, it.from_s, it.to_s))
            .collect()
    }

    #[test]
    fn channels_are_cut_at_pauses_and_ordered_by_time() {
        let one = line(&[
            (true, 1.0),
            (false, 3.0),
            (true, 1.0),
            (false, 0.5),
            (true, 0.5),
        ]);
        let other = line(&[(false, 2.0), (true, 1.0)]);
        assert_eq!(
            spans(&Sound::stereo(&one, &other)),
            [
                ("customer", 0.0, 1.2),
                ("business", 1.8, 3.2),
                ("customer", 3.8, 6.0),
            ]
        );
    }

    #[test]
    fn channel_for_two_is_of_both_and_silence_is_of_nobody() {
        assert_eq!(
            spans(&Sound::mono(line(&[(true, 1.0)]))),
            [("both", 0.0, 1.0)]
        );
        assert_eq!(spans(&Sound::mono(line(&[(false, 5.0)]))), []);
        assert_eq!(spans(&Sound::mono(Vec::new())), []);
    }

    #[test]
    fn speech_without_a_pause_is_cut_after_a_minute_and_nothing_is_lost_or_doubled() {
        let found = spans(&Sound::mono(line(&[(true, 150.0)])));
        let ends: Vec<(f64, f64)> = found.iter().map(|it| (it.1, it.2)).collect();
        assert_eq!(ends, [(0.0, 60.0), (60.0, 120.0), (120.0, 150.0)]);
    }
}
