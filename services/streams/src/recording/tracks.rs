//! The tracks of a call: whom each is of, and how it is made from the journal's steps.

use audio::{level, mulaw};
use events::v1::RecordingSettings;
use serde::{Deserialize, Serialize};
use session::FRAME;

/// A track of a call. All of a call's are as long as each other: a sample of one is the same moment as that of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Track {
    /// The caller.
    User,
    /// We.
    Assistant,
    /// Both.
    Mixed,
}

impl Track {
    /// As events and paths say it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Assistant => "assistant",
            Self::Mixed => "mixed",
        }
    }

    /// Those that a tenant keeps; none where calls are not recorded.
    pub fn wanted(settings: Option<&RecordingSettings>) -> Vec<Self> {
        let Some(settings) = settings.filter(|it| it.enabled) else {
            return Vec::new();
        };
        let kept = [
            (settings.record_user_audio, Self::User),
            (settings.record_assistant_audio, Self::Assistant),
            (settings.record_mixed_audio, Self::Mixed),
        ];
        kept.into_iter()
            .filter_map(|(is_kept, track)| is_kept.then_some(track))
            .collect()
    }

    /// The samples of some steps, each a frame of the caller's and one of ours; 16 bits, little-endian.
    pub fn samples(self, steps: &[u8]) -> Vec<u8> {
        let mut samples = Vec::with_capacity(steps.len());
        for step in steps.chunks_exact(2 * FRAME) {
            let (caller, ours) = step.split_at(FRAME);
            for (caller, ours) in caller.iter().zip(ours) {
                let sample = match self {
                    Self::User => mulaw::decode(*caller),
                    Self::Assistant => mulaw::decode(*ours),
                    Self::Mixed => level::mixed(mulaw::decode(*caller), mulaw::decode(*ours)),
                };
                samples.extend_from_slice(&sample.to_le_bytes());
            }
        }
        samples
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tracks_are_those_that_the_tenant_keeps() {
        let settings = RecordingSettings {
            enabled: true,
            record_user_audio: true,
            record_mixed_audio: true,
            ..RecordingSettings::default()
        };
        assert_eq!(Track::wanted(Some(&settings)), [Track::User, Track::Mixed]);
        let off = RecordingSettings {
            enabled: false,
            ..settings
        };
        assert_eq!(Track::wanted(Some(&off)), []);
        assert_eq!(Track::wanted(None), []);
    }

    #[test]
    fn mix_is_the_sum_of_both_at_each_sample() {
        let mut step = vec![mulaw::encode(1_000); FRAME];
        step.extend(vec![mulaw::encode(2_000); FRAME]);
        let of = |track: Track| {
            let samples = track.samples(&step);
            assert_eq!(samples.len(), 2 * FRAME);
            i16::from_le_bytes([samples[0], samples[1]])
        };
        assert_eq!(of(Track::Mixed), of(Track::User) + of(Track::Assistant));
    }
}
