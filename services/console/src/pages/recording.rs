//! A recording as the page of its call shows it: what it is, why there is none, and how it compares with Twilio's.

use serde_json::Value;

use super::format::{tone, words};
use super::shapes::Recording;

/// How a live recording compares with Twilio's of the same call.
pub struct Pair {
    /// In a few words, with their colour.
    pub verdict: String,
    pub tone: &'static str,
    /// Figures by name.
    pub facts: Vec<(&'static str, String)>,
    /// Sound that only one of the two has.
    pub gaps: Vec<String>,
}

impl Recording {
    /// What it is, in a line.
    pub fn summary(&self) -> String {
        let channels = match self.channels {
            Some(1) => "1 channel".to_owned(),
            Some(count) => format!("{count} channels"),
            None => String::new(),
        };
        let lasted = self.duration_s.map(|s| format!("{s:.1} s"));
        let size = self
            .size_bytes
            .map(|bytes| format!("{} kB", (bytes + 512) / 1024));
        let parts = [
            self.format.clone(),
            channels,
            lasted.unwrap_or_default(),
            size.unwrap_or_default(),
            self.recording_source.clone(),
        ];
        let there: Vec<String> = parts.into_iter().filter(|it| !it.is_empty()).collect();
        there.join(", ")
    }

    /// Its colour.
    pub fn tone(&self) -> &'static str {
        tone(&self.status)
    }

    /// Whether there is sound to be heard.
    pub fn is_playable(&self) -> bool {
        matches!(self.status.as_str(), "completed" | "stored" | "available")
    }

    /// What stands in the place of sound.
    pub fn why_not(&self) -> String {
        let reason = self.metadata["reason"].as_str().map(words);
        match (self.status.as_str(), reason) {
            ("in-progress", _) => "The call is still being recorded.".to_owned(),
            ("processing", _) => "The recording is being fetched from Twilio.".to_owned(),
            ("deleted", _) => "The recording was deleted.".to_owned(),
            (_, Some(reason)) => format!("Recording not available: {reason}."),
            (_, None) => "Recording not available.".to_owned(),
        }
    }

    /// Whether it is the one that counts: Twilio's, where a pair was compared.
    pub fn is_canonical(&self) -> bool {
        let source = self.metadata["source"].as_str().unwrap_or_default();
        // An answer's recording has no pair.
        source == "twilio_override" || (source == "twilio" && self.metadata["track"] == "both")
    }

    /// How it compares, where it was compared.
    pub fn comparison(&self) -> Option<Pair> {
        let it = &self.metadata["comparison"];
        it.as_object()?;
        let reason = it["reason"].as_str().filter(|reason| !reason.is_empty());
        let verified = it["verified"] == Value::Bool(true);
        let (verdict, tone) = match (reason, verified) {
            (Some(reason), _) => (format!("not compared: {}", words(reason)), "quiet"),
            (None, true) => ("alike: nothing is lost".to_owned(), "good"),
            (None, false) => ("they differ: both are kept".to_owned(), "bad"),
        };
        let figure = |field: &str, unit: &str| {
            let value = it[field].as_f64()?;
            Some(format!("{value:.2}{unit}"))
        };
        let facts = [
            ("Twilio's begins", figure("offset_s", " s")),
            ("Similarity", figure("similarity", "")),
            ("Overlap", figure("overlap_s", " s")),
        ];
        let gaps = it["gaps"].as_array().into_iter().flatten();
        Some(Pair {
            verdict,
            tone,
            facts: facts
                .into_iter()
                .filter_map(|(name, it)| Some((name, it?)))
                .collect(),
            gaps: gaps.filter_map(gap).collect(),
        })
    }
}

fn gap(it: &Value) -> Option<String> {
    let (from, seconds) = (it["from_s"].as_f64()?, it["seconds"].as_f64()?);
    let who = match it["missing"].as_str()? {
        "twilio" => "Twilio's",
        _ => "the live one",
    };
    Some(format!(
        "{seconds:.1} s from {from:.1} s on are missing in {who}"
    ))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn comparison_is_told_in_words() {
        let recording = |comparison: Value| Recording {
            metadata: json!({ "comparison": comparison }),
            ..Recording::default()
        };
        let differs = recording(json!({
            "verified": false, "offset_s": 0.42, "similarity": 0.31, "overlap_s": 12.0,
            "gaps": [{ "missing": "twilio", "from_s": 3.0, "seconds": 1.5 }],
        }));
        let pair = differs.comparison().unwrap();
        assert_eq!(
            (pair.verdict.as_str(), pair.tone),
            ("they differ: both are kept", "bad")
        );
        assert_eq!(pair.facts[0].1, "0.42 s");
        assert_eq!(pair.gaps, ["1.5 s from 3.0 s on are missing in Twilio's"]);
        let alike = recording(json!({ "verified": true, "similarity": 0.99 }));
        assert_eq!(alike.comparison().unwrap().tone, "good");
        assert!(Recording::default().comparison().is_none());
    }

    #[test]
    fn recording_without_sound_says_why() {
        let absent = Recording {
            status: "absent".to_owned(),
            metadata: json!({ "reason": "retention_over" }),
            ..Recording::default()
        };
        assert!(!absent.is_playable());
        assert_eq!(absent.why_not(), "Recording not available: retention over.");
    }
}
