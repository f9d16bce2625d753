//! An answer, and what AI did for it, as the outside sees them.

use chrono::{DateTime, Utc};
use flow::{Answer, Asked, Progress, Transcription, Usage};
use schemars::JsonSchema;
use serde::Serialize;

use crate::db::ReviewRow;

/// What stands for the words of an answer that could not be transcribed.
pub(super) const UNABLE: &str = "Unable to transcribe";

/// An answer.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(super) struct AnswerView {
    pub question_number: u32,
    pub question: String,
    /// Null while it is being transcribed.
    pub transcript: Option<String>,
    /// `recording`, `pending`, `done`, `silent`, `unable_to_transcribe`, or `unanswered`.
    pub transcript_status: &'static str,
    /// 0 to 100; null when there is none.
    pub score: Option<u32>,
    pub feedback: String,
    /// The words of the transcript that the score rests on.
    pub quote: String,
    /// Of a question that is answered so.
    pub yes: Option<bool>,
    /// Whether the caller hung up in the middle of it: it counts.
    pub hung_up: bool,
    /// Why it has no words or no score.
    pub reason: Option<String>,
    pub recording: Option<RecordingView>,
    pub answered_at: Option<DateTime<Utc>>,
    /// Whether a simulated provider made up any of this.
    pub simulated: bool,
    /// Whether one made up the question.
    pub question_simulated: bool,
    pub usage: Vec<UsageView>,
    /// What a person says of it; null: nothing.
    pub review: Option<ReviewView>,
}

/// The sound of an answer.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(super) struct RecordingView {
    pub recording_sid: String,
    /// At Twilio; null when Twilio gave none.
    pub url: Option<String>,
    pub duration_s: Option<u32>,
}

/// What AI did, and what it took.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(super) struct UsageView {
    /// `transcribe`, `score`, `question` or `summary`.
    pub task: String,
    pub provider: String,
    pub model: String,
    /// Whether the result was made up by a simulated provider.
    pub simulated: bool,
    pub latency_ms: u32,
    /// In millionths of a US dollar; null when the price is not known.
    pub cost_micro_usd: Option<u64>,
    /// What the model read; null when the provider does not say.
    pub prompt_tokens: Option<u32>,
    /// What it wrote.
    pub completion_tokens: Option<u32>,
}

impl From<&Usage> for UsageView {
    fn from(usage: &Usage) -> Self {
        Self {
            task: usage.task.clone(),
            provider: usage.provider.clone(),
            model: usage.model.clone(),
            simulated: usage.simulated,
            latency_ms: usage.latency_ms,
            cost_micro_usd: usage.cost_micro_usd,
            prompt_tokens: usage.prompt_tokens,
            completion_tokens: usage.completion_tokens,
        }
    }
}

impl AnswerView {
    /// Whether a simulated provider did this task.
    pub(super) fn simulated_in(&self, task: &str) -> bool {
        self.usage.iter().any(|it| it.simulated && it.task == task)
    }

    fn of(asked: Option<&Asked>, answer: &Answer) -> Self {
        let some = |text: &str| Some(text.to_owned()).filter(|it| !it.is_empty());
        let recording = answer.recording.as_ref();
        let question_simulated = asked.is_some_and(|it| it.simulated);
        Self {
            question_number: answer.number,
            question: asked.map(|it| it.text.clone()).unwrap_or_default(),
            transcript: match answer.transcription {
                Transcription::Unable => Some(UNABLE.to_owned()),
                Transcription::Done | Transcription::Silent => Some(answer.transcript.clone()),
                _ => some(&answer.transcript),
            },
            transcript_status: answer.transcription.as_str(),
            score: answer.score,
            feedback: answer.feedback.clone(),
            quote: answer.quote.clone(),
            yes: answer.yes,
            hung_up: answer.hung_up,
            reason: some(&answer.reason),
            recording: recording
                .filter(|it| !it.sid.is_empty())
                .map(|it| RecordingView {
                    recording_sid: it.sid.clone(),
                    url: some(&it.url),
                    duration_s: it.duration_s,
                }),
            answered_at: answer.at,
            simulated: question_simulated || answer.usage.iter().any(|it| it.simulated),
            question_simulated,
            usage: answer.usage.iter().map(Into::into).collect(),
            review: None,
        }
    }
}

/// The answers that were given.
pub(super) fn given(progress: &Progress) -> Vec<AnswerView> {
    let answers = progress.answers.iter();
    answers
        .map(|it| AnswerView::of(progress.question(it.number), it))
        .collect()
}

/// Every question that was asked, with its answer or marked as not answered.
pub(super) fn asked(progress: &Progress) -> Vec<AnswerView> {
    let view = |asked: &Asked| match progress.answer(asked.number) {
        Some(answer) => AnswerView::of(Some(asked), answer),
        None => {
            let none = Answer {
                number: asked.number,
                ..Answer::default()
            };
            AnswerView {
                transcript_status: "unanswered",
                ..AnswerView::of(Some(asked), &none)
            }
        }
    };
    progress.asked.iter().map(view).collect()
}

/// A review.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub(super) struct ReviewView {
    pub id: String,
    /// Null: of the interview as a whole.
    pub question_number: Option<i64>,
    pub note: String,
    /// Null: AI's stands.
    pub score: Option<i64>,
    /// Null: AI's stands.
    pub recommendation: Option<String>,
    /// Whose it is: the name of the operator or of the API key.
    pub by: String,
    pub at: DateTime<Utc>,
}

impl From<ReviewRow> for ReviewView {
    fn from(row: ReviewRow) -> Self {
        Self {
            id: row.id,
            question_number: Some(row.question_number).filter(|number| *number > 0),
            note: row.note,
            score: row.score,
            recommendation: row.recommendation,
            by: row.author,
            at: row.at.0,
        }
    }
}
