//! Comparing a live track with Twilio's recording of the same call, by their waveforms.

use async_trait::async_trait;
use audio::{Comparison, Measure, Missing, one_waveform};
use events::v1::recording_compared::Gap;
use events::v1::{RecordingCompare, RecordingCompared};
use objects::Objects;
use role::{Cause, HandlerError, Outcome, OutgoingEvent, Performer};
use serde::Deserialize;

use crate::wishes::Wishes;

/// Compares.
pub(crate) struct Compare {
    pub objects: Objects,
    pub wishes: Wishes,
}

/// A waveform, as it is stored.
#[derive(Deserialize)]
struct Stored {
    channels: Vec<Vec<u8>>,
}

/// Why there is no waveform.
enum NoWaveform {
    Away(objects::Error),
    /// The object is not there (any more).
    Gone,
    /// It is no sound, or of a kind that is not read.
    NotAudio,
}

#[async_trait]
impl Performer for Compare {
    type Command = RecordingCompare;
    const NAME: &'static str = "compare";

    /// Each has the waveforms of two calls in memory, and computes.
    fn prefetch(&self) -> u16 {
        2
    }

    async fn perform(&self, _: &Cause, command: RecordingCompare) -> Result<Outcome, HandlerError> {
        let wanted = self.wishes.of(&command.tenant_id).await;
        let wanted = wanted.map_err(|e| HandlerError::unavailable(e.to_string()))?;
        let mut compared = match self.compare(&command).await {
            Ok(Some(found)) => told(&command, &found),
            Ok(None) => not_compared(&command, "silent"),
            Err(NoWaveform::Gone) => not_compared(&command, "gone"),
            Err(NoWaveform::NotAudio) => not_compared(&command, "not_audio"),
            Err(NoWaveform::Away(e)) => return Err(HandlerError::unavailable(e.to_string())),
        };
        compared.is_held = wanted.is_some_and(|it| it.legal_hold);
        Ok(Outcome::nothing().publish(
            OutgoingEvent::new(&compared)
                .key(command.call_sid)
                .tenant(command.tenant_id),
        ))
    }
}

impl Compare {
    async fn compare(&self, command: &RecordingCompare) -> Result<Option<Comparison>, NoWaveform> {
        let live = self.waveform(&command.key, &command.peaks_key).await?;
        let mut twilios = self
            .waveform(&command.twilio_key, &command.twilio_peaks_key)
            .await?;
        // Of a recording with one channel both parties are in it.
        if let Some(channel) = command.channel.and_then(|it| usize::try_from(it).ok())
            && twilios.len() > 1
            && channel < twilios.len()
        {
            twilios = vec![twilios.swap_remove(channel)];
        }
        let compared = tokio::task::spawn_blocking(move || {
            Comparison::of(&one_waveform(&live), &one_waveform(&twilios))
        });
        Ok(compared.await.unwrap_or_default())
    }

    /// The waveform of an object: as it is stored beside it, or of the object itself, which passes by and is not kept.
    async fn waveform(&self, key: &str, peaks_key: &str) -> Result<Vec<Vec<u8>>, NoWaveform> {
        if !peaks_key.is_empty()
            && let Some(object) = self.objects.get(peaks_key).await.map_err(failed)?
            && let Ok(stored) = serde_json::from_slice::<Stored>(&object.bytes)
        {
            return Ok(stored.channels);
        }
        let found = self.objects.stream(key, None).await.map_err(failed)?;
        let mut found = found.ok_or(NoWaveform::Gone)?;
        let mut measure = Measure::new();
        while let Some(bytes) = found.chunk().await.map_err(failed)? {
            measure.push(&bytes);
        }
        let measured = measure.finish(None).map_err(|_| NoWaveform::NotAudio)?;
        let peaks = measured.peaks.ok_or(NoWaveform::NotAudio)?;
        Ok(peaks.channels())
    }
}

fn failed(e: objects::Error) -> NoWaveform {
    match e {
        objects::Error::BadKey => NoWaveform::Gone,
        e => NoWaveform::Away(e),
    }
}

fn told(command: &RecordingCompare, found: &Comparison) -> RecordingCompared {
    RecordingCompared {
        offset_ms: ms(found.offset_s),
        similarity: found.similarity,
        overlap_ms: u32::try_from(ms(found.overlap_s)).unwrap_or(u32::MAX),
        gaps: found
            .gaps
            .iter()
            .map(|gap| Gap {
                missing: match gap.missing {
                    Missing::First => "live".to_owned(),
                    Missing::Second => "twilio".to_owned(),
                },
                from_ms: ms(gap.from_s),
                length_ms: u32::try_from(ms(gap.seconds)).unwrap_or(u32::MAX),
            })
            .collect(),
        ..not_compared(command, "")
    }
}

fn not_compared(command: &RecordingCompare, reason: &str) -> RecordingCompared {
    RecordingCompared {
        recording_id: command.recording_id.clone(),
        call_sid: command.call_sid.clone(),
        key: command.key.clone(),
        twilio_key: command.twilio_key.clone(),
        reason: reason.to_owned(),
        ..RecordingCompared::default()
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "a call lasts a day at most"
)]
fn ms(seconds: f64) -> i64 {
    (seconds * 1000.0).round() as i64
}
