//! Answers: their recordings, their words, their scores.

use super::{Effect, Machine, Step};
use crate::definition::Kind;
use crate::progress::{Answer, Recording, Scoring, Stage, Transcription, Usage};

impl Machine<'_> {
    /// Keeps an answer, once; a machine gives none. A recording that is known by another name already is not taken for this one.
    pub(super) fn take(
        &mut self,
        number: u32,
        recording: &Recording,
        hung_up: bool,
    ) -> Vec<Effect> {
        let is_nobodys = self.progress.stage == Stage::Over && !self.progress.reached;
        if is_nobodys || self.progress.question(number).is_none() {
            return Vec::new();
        }
        if let Some(answer) = self.progress.answer_mut(number) {
            answer.hung_up |= hung_up;
            if let Some(known) = &mut answer.recording
                && known.sid == recording.sid
            {
                known.duration_s = known.duration_s.or(recording.duration_s);
                if known.url.is_empty() {
                    known.url.clone_from(&recording.url);
                }
            }
            return Vec::new();
        }
        let empty = recording.sid.is_empty() || recording.duration_s == Some(0);
        self.progress.answers.push(Answer {
            number,
            recording: Some(recording.clone()).filter(|recording| !recording.sid.is_empty()),
            at: Some(self.at),
            hung_up,
            transcription: if empty {
                Transcription::Silent
            } else {
                Transcription::Recording
            },
            scoring: if empty {
                Scoring::Without
            } else {
                Scoring::None
            },
            ..Answer::default()
        });
        self.progress.answers.sort_by_key(|answer| answer.number);
        let mut effects = vec![Effect::Taken(number)];
        if empty {
            effects.extend(self.evaluate().effects);
        } else {
            effects.push(Effect::AwaitRecording(number));
        }
        effects
    }

    /// Twilio tells of a recording.
    pub fn recorded(&mut self, number: u32, recording: &Recording, status: &str) -> Step {
        let absent = match status {
            "completed" => false,
            "absent" | "failed" | "deleted" => true,
            _ => return Step::nothing(),
        };
        let effects = self.take(number, recording, false);
        let Some(answer) = self.progress.answer_mut(number) else {
            return Step::nothing().after(effects);
        };
        if answer.transcription != Transcription::Recording {
            return Step::nothing().after(effects);
        }
        if let Some(known) = &mut answer.recording {
            known.duration_s = recording.duration_s.or(known.duration_s);
        }
        if absent {
            return self
                .unable(number, "the recording is absent")
                .after(effects);
        }
        answer.transcription = Transcription::Pending;
        Step::nothing()
            .after(effects)
            .with(Effect::Transcribe(number))
    }

    /// Twilio has had the time to tell of a recording; if it has not, it is looked for.
    pub fn recording_due(&mut self, number: u32) -> Step {
        match self.progress.answer_mut(number) {
            Some(answer) if answer.transcription == Transcription::Recording => {
                answer.transcription = Transcription::Pending;
                Step::nothing().with(Effect::Transcribe(number))
            }
            _ => Step::nothing(),
        }
    }

    /// An answer has its words; none: nothing was said.
    pub fn transcribed(&mut self, number: u32, words: &str, usage: Usage) -> Step {
        let kind = self.definition.kind;
        let Some(answer) = self.unsettled(number) else {
            return Step::nothing();
        };
        // Nobody is asked about silence.
        if !usage.provider.is_empty() {
            answer.usage.push(usage);
        }
        let words = words.trim();
        if words.is_empty() {
            answer.transcription = Transcription::Silent;
            answer.scoring = Scoring::Without;
            return self.evaluate();
        }
        words.clone_into(&mut answer.transcript);
        answer.transcription = Transcription::Done;
        if kind == Kind::Eligibility {
            answer.scoring = Scoring::Without;
            return self.evaluate();
        }
        answer.scoring = Scoring::Pending;
        Step::nothing().with(Effect::Score(number))
    }

    /// An answer cannot be transcribed.
    pub fn unable(&mut self, number: u32, reason: &str) -> Step {
        let Some(answer) = self.unsettled(number) else {
            return Step::nothing();
        };
        answer.transcription = Transcription::Unable;
        answer.scoring = Scoring::Without;
        reason.clone_into(&mut answer.reason);
        self.evaluate()
    }

    /// An answer has its score.
    pub fn scored(
        &mut self,
        number: u32,
        score: u32,
        feedback: &str,
        quote: &str,
        usage: Usage,
    ) -> Step {
        let Some(answer) = self.unscored(number) else {
            return Step::nothing();
        };
        answer.score = Some(score.min(100));
        feedback.clone_into(&mut answer.feedback);
        quote.clone_into(&mut answer.quote);
        answer.scoring = Scoring::Done;
        answer.usage.push(usage);
        self.evaluate()
    }

    /// An answer will have no score.
    pub fn not_scored(&mut self, number: u32, reason: &str) -> Step {
        let Some(answer) = self.unscored(number) else {
            return Step::nothing();
        };
        answer.scoring = Scoring::Without;
        reason.clone_into(&mut answer.reason);
        self.evaluate()
    }

    fn unsettled(&mut self, number: u32) -> Option<&mut Answer> {
        self.progress
            .answer_mut(number)
            .filter(|answer| !answer.transcription.is_settled())
    }

    fn unscored(&mut self, number: u32) -> Option<&mut Answer> {
        self.progress
            .answer_mut(number)
            .filter(|answer| answer.scoring == Scoring::Pending)
    }
}
