//! What was said, in step with the sound: sentences that can be clicked, each with the second at which it begins.

use chrono::{DateTime, Utc};
use serde::Deserialize;

use super::format::words;
use super::shapes::{Recording, or_default};

/// So many letters are spoken in a second where nobody has measured it.
const LETTERS_PER_S: f64 = 14.0;

/// An answer of an interview, as its flow tells it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Answered {
    pub question: String,
    pub transcript: Option<String>,
    pub transcript_status: String,
    pub recording: Option<AnswerSound>,
    pub answered_at: Option<DateTime<Utc>>,
}

/// The sound of an answer.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct AnswerSound {
    #[serde(deserialize_with = "or_default")]
    pub recording_sid: String,
    pub duration_s: Option<f64>,
}

/// What was asked, and what was said to it.
#[derive(Debug, Clone)]
pub struct Spoken {
    pub question: String,
    /// What stands where no words are known.
    pub state: String,
    pub sentences: Vec<Sentence>,
    /// The recording in which it can be heard; empty: none.
    pub sound: String,
    /// Whether its place in the sound is estimated.
    pub estimated: bool,
}

/// A recording in words, each turn with its times.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Transcript {
    pub recording_id: String,
    pub turns: Vec<Timed>,
}

/// A turn of it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Timed {
    pub speaker: String,
    pub from_s: f64,
    pub to_s: f64,
    pub text: String,
    /// Each with its place, where the provider gives it.
    pub words: Vec<TimedWord>,
}

/// A word of a turn.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct TimedWord {
    pub text: String,
    pub from_s: f64,
}

/// What was said on a media stream, without times.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Stream {
    pub said: Vec<Said>,
}

/// A part of it.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct Said {
    pub who: String,
    pub text: String,
}

/// The turns of a recording: they begin where the transcript says, and so do their words where it says that; elsewhere the words share
/// the turn by their length.
pub fn of_recording(transcript: Transcript) -> Vec<Spoken> {
    let sound = transcript.recording_id;
    let turn = |it: Timed| Spoken {
        estimated: it.words.is_empty(),
        sentences: match it.words.is_empty() {
            true => timed(sentences(&it.text), it.from_s, it.to_s),
            false => measured(it.words),
        },
        question: it.speaker,
        state: String::new(),
        sound: sound.clone(),
    };
    transcript.turns.into_iter().map(turn).collect()
}

/// What was said on streams.
pub fn of_streams(streams: Vec<Stream>) -> Vec<Spoken> {
    let said = streams.into_iter().flat_map(|it| it.said);
    let words = |it: Said| Spoken {
        question: it.who,
        state: String::new(),
        sentences: timed(vec![it.text], 0.0, 0.0),
        sound: String::new(),
        estimated: false,
    };
    said.map(words).collect()
}

/// A sentence.
#[derive(Debug, Clone)]
pub struct Sentence {
    pub words: Vec<Word>,
}

/// A word of it.
#[derive(Debug, Clone)]
pub struct Word {
    pub text: String,
    /// Where it begins in the recording, in seconds.
    pub at: String,
}

impl Sentence {
    /// Where it begins in the recording, in seconds.
    pub fn at(&self) -> &str {
        self.words.first().map_or("", |word| word.at.as_str())
    }

    /// All of it.
    pub fn text(&self) -> String {
        let words: Vec<&str> = self.words.iter().map(|it| it.text.as_str()).collect();
        words.join(" ")
    }
}

/// Each answer with its sentences' times. An interview's flow has none, so they are estimated: by letters, over the answer's own
/// recording, or else back from the moment at which it ended in the call's.
pub fn spoken(answers: Vec<Answered>, recordings: &[Recording]) -> Vec<Spoken> {
    let spoken = |answer: Answered| {
        let text = answer.transcript.clone().unwrap_or_default();
        let parts = sentences(&text);
        let place = place(&answer, recordings, &text);
        let (sound, from, until) = place.unwrap_or_default();
        Spoken {
            question: answer.question,
            state: words(&answer.transcript_status),
            sentences: timed(parts, from, until),
            estimated: !sound.is_empty(),
            sound,
        }
    };
    answers.into_iter().map(spoken).collect()
}

/// The recording in which an answer can be heard, and from when to when.
fn place(answer: &Answered, recordings: &[Recording], text: &str) -> Option<(String, f64, f64)> {
    let sid = answer
        .recording
        .as_ref()
        .map(|it| it.recording_sid.as_str());
    let sid = sid.filter(|sid| !sid.is_empty());
    let playable = |it: &&Recording| it.is_playable();
    let own = recordings.iter().filter(playable).find(|it| {
        let is_its = |sid: &str| it.recording_sid.as_deref() == Some(sid);
        sid.is_some_and(is_its)
    });
    if let Some(own) = own {
        let given = answer.recording.as_ref().and_then(|it| it.duration_s);
        let seconds = own.duration_s.or(given)?;
        return Some((own.id.clone(), 0.0, seconds));
    }
    let of_call = recordings
        .iter()
        .filter(playable)
        .find(|it| it.started_at.is_some())?;
    let ended = answer.answered_at? - of_call.started_at?;
    #[expect(clippy::cast_precision_loss, reason = "a call lasts less than 2^52 ms")]
    let until = ended.num_milliseconds() as f64 / 1000.0;
    let lasts = letters(text) / LETTERS_PER_S;
    (until > 0.0).then(|| (of_call.id.clone(), (until - lasts).max(0.0), until))
}

fn letters(text: &str) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "a transcript has less than 2^52 letters"
    )]
    let count = text.chars().count() as f64;
    count
}

/// The sentences of a text; one without an end is one.
fn sentences(text: &str) -> Vec<String> {
    let mut parts = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let end = rest
            .char_indices()
            .find(|(at, c)| {
                let next = &rest[at + c.len_utf8()..];
                matches!(c, '.' | '!' | '?' | '。') && (next.is_empty() || next.starts_with(' '))
            })
            .map_or(rest.len(), |(at, c)| at + c.len_utf8());
        parts.push(rest[..end].trim().to_owned());
        rest = rest[end..].trim_start();
    }
    parts
}

/// Whether a sentence ends with this word.
fn ends(word: &str) -> bool {
    word.ends_with(['.', '!', '?', '。'])
}

/// Words whose places are known, as sentences.
fn measured(words: Vec<TimedWord>) -> Vec<Sentence> {
    let mut sentences = vec![Vec::new()];
    for word in words {
        let is_last = ends(&word.text);
        if let Some(sentence) = sentences.last_mut() {
            sentence.push(Word {
                at: format!("{:.1}", word.from_s),
                text: word.text,
            });
        }
        if is_last {
            sentences.push(Vec::new());
        }
    }
    sentences.retain(|words| !words.is_empty());
    sentences
        .into_iter()
        .map(|words| Sentence { words })
        .collect()
}

/// Sentences that share a stretch of sound by their length, and their words within them.
fn timed(parts: Vec<String>, from: f64, until: f64) -> Vec<Sentence> {
    let all: f64 = parts.iter().map(|it| letters(it)).sum();
    let mut before = 0.0;
    let sentence = |text: String| {
        let words = text.split_whitespace();
        let mut said = 0.0;
        let word = |word: &str| {
            let at = from + (until - from) * (before + said) / all.max(1.0);
            said += letters(word) + 1.0;
            Word {
                at: format!("{at:.1}"),
                text: word.to_owned(),
            }
        };
        let words = words.map(word).collect();
        before += letters(&text);
        Sentence { words }
    };
    parts.into_iter().map(sentence).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recording(sid: &str, started_at: Option<DateTime<Utc>>) -> Recording {
        Recording {
            id: format!("r-{sid}"),
            recording_sid: Some(sid.to_owned()),
            status: "completed".to_owned(),
            duration_s: Some(10.0),
            started_at,
            ..Recording::default()
        }
    }

    fn answer(sid: &str, at: Option<DateTime<Utc>>) -> Answered {
        Answered {
            transcript: Some("One two. Then three!".to_owned()),
            recording: Some(AnswerSound {
                recording_sid: sid.to_owned(),
                duration_s: None,
            }),
            answered_at: at,
            ..Answered::default()
        }
    }

    #[test]
    fn sentences_share_the_answers_own_recording_by_their_length() {
        let told = spoken(vec![answer("RE1", None)], &[recording("RE1", None)]);
        assert_eq!(told[0].sound, "r-RE1");
        let times: Vec<_> = told[0].sentences.iter().map(Sentence::at).collect();
        assert_eq!(times, ["0.0", "4.2"]);
        let words = &told[0].sentences[0].words;
        assert_eq!(
            (words[1].text.as_str(), words[1].at.as_str()),
            ("two.", "2.1")
        );
        assert!(told[0].estimated);
    }

    #[test]
    fn answer_without_its_own_recording_is_found_in_the_calls() {
        let began = DateTime::from_timestamp(1_800_000_000, 0);
        let ended = began.map(|it| it + chrono::TimeDelta::seconds(30));
        let told = spoken(vec![answer("", ended)], &[recording("RE2", began)]);
        assert_eq!(told[0].sound, "r-RE2");
        let first: f64 = told[0].sentences[0].at().parse().unwrap();
        assert!((28.0..29.5).contains(&first), "{first}");
        let none = spoken(vec![answer("RE9", None)], &[]);
        assert_eq!((none[0].sound.as_str(), none[0].sentences.len()), ("", 2));
    }

    #[test]
    fn turn_of_a_transcript_begins_where_it_says() {
        let turn = |from_s, text: &str| Timed {
            speaker: "customer".to_owned(),
            from_s,
            to_s: from_s + 2.0,
            text: text.to_owned(),
            words: Vec::new(),
        };
        let told = of_recording(Transcript {
            recording_id: "r1".to_owned(),
            turns: vec![turn(1.5, "Hello."), turn(7.0, "Yes. No.")],
        });
        assert_eq!(told[0].sentences[0].at(), "1.5");
        assert_eq!(told[1].sentences[1].at(), "8.1");
        assert!(told.iter().all(|it| it.estimated && it.sound == "r1"));
    }

    #[test]
    fn words_stand_where_the_provider_has_measured_them() {
        let word = |from_s, text: &str| TimedWord {
            text: text.to_owned(),
            from_s,
        };
        let words = vec![word(1.5, "Yes."), word(4.2, "I"), word(4.5, "am.")];
        let turn = Timed {
            text: "Yes. I am.".to_owned(),
            words,
            ..Timed::default()
        };
        let told = of_recording(Transcript {
            recording_id: "r1".to_owned(),
            turns: vec![turn],
        });
        let sentences = &told[0].sentences;
        assert!(!told[0].estimated);
        assert_eq!(
            (sentences.len(), sentences[1].text().as_str()),
            (2, "I am.")
        );
        assert_eq!(
            (sentences[1].at(), sentences[1].words[1].at.as_str()),
            ("4.2", "4.5")
        );
    }

    #[test]
    fn text_without_an_end_is_one_sentence() {
        assert_eq!(sentences("no end here"), ["no end here"]);
        assert_eq!(
            sentences("Version 2.0 is out. Yes"),
            ["Version 2.0 is out.", "Yes"]
        );
        assert!(sentences("  ").is_empty());
    }
}
