//! Words that a recognizer makes up from noise.

/// What recognizers are known to answer where nobody spoke: they have learnt from subtitles.
const MADE_UP: &[&str] = &[
    "thank you",
    "thanks",
    "thank you for watching",
    "thanks for watching",
    "thank you very much",
    "please subscribe",
    "subscribe",
    "bye",
    "you",
    "so",
    "the end",
    "music",
    "applause",
    "silence",
    "blank_audio",
    "inaudible",
    "untertitel der amara org community",
    "untertitel im auftrag des zdf",
    "vielen dank fürs zuschauen",
    "gracias por ver el video",
    "subtítulos por la comunidad de amara org",
];

/// Quieter than this, or shorter, an utterance may be noise.
const FAINT_DBFS: f32 = -38.0;
const SHORT_MS: u64 = 300;

/// Whether these words are more likely noise than speech: one of the known phrases, from a faint or short sound; or more words than
/// anybody can say in that time.
#[must_use]
pub fn is_made_up(text: &str, voiced_ms: u64, level_dbfs: f32) -> bool {
    let words: Vec<String> = text
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .collect();
    let said = words.join(" ");
    let known = MADE_UP.contains(&said.as_str());
    let uncertain = level_dbfs < FAINT_DBFS || voiced_ms < SHORT_MS;
    // Nobody says twelve words in a second.
    let hasty = words.len() as u64 > 4 + voiced_ms * 12 / 1000;
    (known && uncertain) || hasty
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_subtitles_from_noise_are_not_believed() {
        assert!(is_made_up("Thanks for watching!", 200, -30.0));
        assert!(is_made_up("[BLANK_AUDIO]", 900, -45.0));
        assert!(!is_made_up("Thank you.", 600, -20.0));
    }

    #[test]
    fn words_beyond_human_speed_are_not_believed() {
        let many = "one two three four five six seven eight nine ten eleven";
        assert!(is_made_up(many, 200, -20.0));
        assert!(!is_made_up(many, 3_000, -20.0));
        assert!(!is_made_up("yes", 60, -20.0));
    }
}
