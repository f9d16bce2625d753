//! How far an interview has come: everything that changes while it goes on, as it is kept.

use clock::Time;
use serde::{Deserialize, Serialize};

use crate::document::Document;

/// Where an interview stands in its call.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "at")]
pub enum Stage {
    /// Nobody has been on the line yet.
    #[default]
    New,
    /// At the menu, for the so many-th time.
    Menu {
        /// How often nothing was understood.
        missed: u32,
    },
    /// A question was asked; its answer is awaited. It is the last of `Progress::asked`.
    Asking {
        /// How often neither yes nor no was understood.
        missed: u32,
    },
    /// The next question is not written yet, and the caller waits.
    Waiting,
    /// Every answer is given; the caller waits for feedback.
    Closing {
        /// When that began.
        since: Time,
    },
    /// The last word was said.
    Over,
}

/// Where a question came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// The definition.
    Fixed,
    /// Written for this caller.
    Written,
    /// The list for when a written one is late.
    Fallback,
}

/// A question that was asked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// From 1.
    pub number: u32,
    /// Its name in the definition; empty for others.
    #[serde(default)]
    pub id: String,
    /// Its words.
    pub text: String,
    /// Where it came from.
    pub source: Source,
    /// Whether a simulated provider wrote it.
    #[serde(default)]
    pub simulated: bool,
    /// When it was asked first.
    pub at: Time,
}

/// A question that is being written, or was and waits for its turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Write {
    /// Asked for.
    Pending,
    /// There, and not asked yet.
    Ready {
        /// Its words.
        text: String,
        /// Whether a simulated provider wrote it.
        simulated: bool,
    },
    /// Asked, failed, or a repetition.
    Done,
}

/// A recording as Twilio names it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Recording {
    /// `RE..`; empty when Twilio made none.
    pub sid: String,
    /// Without an extension; may be empty.
    #[serde(default)]
    pub url: String,
    /// In seconds, when Twilio said.
    #[serde(default)]
    pub duration_s: Option<u32>,
}

/// What became of an answer's sound.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transcription {
    /// Twilio has not said yet that the recording is there.
    #[default]
    Recording,
    /// It is being transcribed.
    Pending,
    /// Its words are there.
    Done,
    /// There are no words in it, or it was empty.
    Silent,
    /// It could not be transcribed; the reason is [`Answer::reason`].
    Unable,
}

impl Transcription {
    /// Whether nothing more will come.
    pub fn is_settled(self) -> bool {
        matches!(self, Self::Done | Self::Silent | Self::Unable)
    }

    /// As the API says it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Recording => "recording",
            Self::Pending => "pending",
            Self::Done => "done",
            Self::Silent => "silent",
            Self::Unable => "unable_to_transcribe",
        }
    }
}

/// What became of an answer's score.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scoring {
    /// Nothing has been asked yet.
    #[default]
    None,
    /// It is being scored.
    Pending,
    /// It has a score.
    Done,
    /// It has none and will have none: there are no words to score, or it failed.
    Without,
}

/// What an AI provider's work took, as it is shown beside it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// `transcribe`, `score`, `question`, `summary`.
    pub task: String,
    /// `openai`, `simulated`, ...
    pub provider: String,
    /// The model.
    pub model: String,
    /// Whether the result is a simulated provider's.
    pub simulated: bool,
    /// In milliseconds.
    pub latency_ms: u32,
    /// In millionths of a US dollar, when the price is known.
    #[serde(default)]
    pub cost_micro_usd: Option<u64>,
    /// What the model read, when the provider says.
    #[serde(default)]
    pub prompt_tokens: Option<u32>,
    /// What it wrote.
    #[serde(default)]
    pub completion_tokens: Option<u32>,
}

/// An answer.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// The question's number, from 1.
    pub number: u32,
    /// Its sound; absent for yes and no.
    #[serde(default)]
    pub recording: Option<Recording>,
    /// When it was given.
    pub at: Option<Time>,
    /// Whether the caller hung up in it.
    #[serde(default)]
    pub hung_up: bool,
    /// Its words.
    #[serde(default)]
    pub transcript: String,
    /// What became of them.
    #[serde(default)]
    pub transcription: Transcription,
    /// Yes or no, where that was asked for and understood.
    #[serde(default)]
    pub yes: Option<bool>,
    /// From 0 to 100.
    #[serde(default)]
    pub score: Option<u32>,
    /// What is to be said of it.
    #[serde(default)]
    pub feedback: String,
    /// The words of the transcript that the score rests on.
    #[serde(default)]
    pub quote: String,
    /// What became of the score.
    #[serde(default)]
    pub scoring: Scoring,
    /// Why it has no words or no score.
    #[serde(default)]
    pub reason: String,
    /// What the work on it took.
    #[serde(default)]
    pub usage: Vec<Usage>,
}

impl Answer {
    /// Whether nothing more will come for it.
    pub fn is_settled(&self) -> bool {
        self.transcription.is_settled() && matches!(self.scoring, Scoring::Done | Scoring::Without)
    }
}

/// How the call ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct End {
    /// Twilio's word.
    pub status: String,
    /// The SIP code, when Twilio gave one.
    #[serde(default)]
    pub sip_code: Option<u32>,
    /// When.
    pub at: Time,
}

/// How far an interview has come.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Progress {
    /// Where it stands.
    pub stage: Stage,
    /// Counts what the caller was given to hear; who waits for the next compares.
    pub turn: u32,
    /// What the caller was given to hear last, to be said again where that was lost.
    pub said: Option<Document>,
    /// The questions that were asked, in order.
    pub asked: Vec<Asked>,
    /// The questions that were asked for to be written, in order; the n-th has the identity n.
    pub writes: Vec<Write>,
    /// What the writing of questions took.
    pub usage: Vec<Usage>,
    /// The answers, by number.
    pub answers: Vec<Answer>,
    /// When the call was ordered.
    pub ordered_at: Option<Time>,
    /// How many orders for this interview had lost their sense before anybody was called; no attempts.
    pub postponed: u32,
    /// Who picked up, by Twilio's detection.
    pub picked_up: String,
    /// Whether a person was on the line.
    pub reached: bool,
    /// Whether the caller has pressed a key or said something that was recognised.
    pub heard_from: bool,
    /// Whether a key was pressed while we talked to what was taken for a machine.
    pub is_person: bool,
    /// Whether the caller has heard the feedback of an earlier interview.
    pub heard_feedback: bool,
    /// Whether the summary was asked for.
    pub summing_up: bool,
    /// The feedback, once the summary is there.
    pub feedback: Option<String>,
    /// Whether nothing more will come: summary there, failed, or nothing to sum up.
    pub evaluated: bool,
    /// How the call ended.
    pub end: Option<End>,
    /// Whether what comes late has had its time.
    pub settled: bool,
}

impl Progress {
    /// The number of the question that was asked last; 0 before the first.
    pub fn current(&self) -> u32 {
        self.asked.last().map_or(0, |asked| asked.number)
    }

    /// The answer to a question.
    pub fn answer(&self, number: u32) -> Option<&Answer> {
        self.answers.iter().find(|answer| answer.number == number)
    }

    /// The same, to be changed.
    pub fn answer_mut(&mut self, number: u32) -> Option<&mut Answer> {
        self.answers
            .iter_mut()
            .find(|answer| answer.number == number)
    }

    /// The question with this number, if it was asked.
    pub fn question(&self, number: u32) -> Option<&Asked> {
        self.asked.iter().find(|asked| asked.number == number)
    }

    /// How many questions are being written.
    pub fn being_written(&self) -> usize {
        self.writes
            .iter()
            .filter(|write| matches!(write, Write::Pending))
            .count()
    }

    /// How many are written and wait for their turn.
    pub fn ready(&self) -> usize {
        self.writes
            .iter()
            .filter(|write| matches!(write, Write::Ready { .. }))
            .count()
    }
}
