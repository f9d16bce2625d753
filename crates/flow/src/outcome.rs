//! How an interview went.

use crate::definition::{Definition, Kind, Rule};
use crate::progress::{Progress, Stage, Transcription};

/// The word for how it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Every question was answered.
    Completed,
    /// A person was on the line, and left before the end.
    Abandoned,
    /// Nobody was reached: the call was not answered, or nothing but silence was heard.
    Failed,
    /// The rule holds.
    Eligible,
    /// It does not: a caller said so.
    NotEligible,
    /// An answer that decides was never understood.
    Unclear,
}

impl Outcome {
    /// As the API and the events say it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Completed => "completed",
            Self::Abandoned => "abandoned",
            Self::Failed => "failed",
            Self::Eligible => "eligible",
            Self::NotEligible => "not_eligible",
            Self::Unclear => "unclear",
        }
    }
}

/// How it went, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The word.
    pub outcome: Outcome,
    /// Of a failed one: `busy`, `no-answer`, `canceled`, `failed`, `machine`, `nobody`, and the SIP code behind it when
    /// Twilio gave one.
    pub reason: String,
}

/// How an interview went whose call is over. `None` while it is not.
pub(crate) fn verdict(definition: &Definition, progress: &Progress) -> Option<Verdict> {
    let end = progress.end.as_ref()?;
    let plain = |outcome| Verdict {
        outcome,
        reason: String::new(),
    };
    if ends_by_itself(definition, progress) {
        match silence(progress) {
            Silence::Yes => {
                return Some(Verdict {
                    outcome: Outcome::Failed,
                    reason: "nobody".to_owned(),
                });
            }
            Silence::Unknown => return None,
            Silence::No => {}
        }
    }
    if is_complete(definition, progress) {
        return Some(plain(match definition.kind {
            Kind::Eligibility => eligibility(definition, progress),
            Kind::Screener | Kind::Coach => Outcome::Completed,
        }));
    }
    if progress.reached {
        let came_for_feedback = progress.heard_feedback && progress.asked.is_empty();
        return Some(plain(if came_for_feedback {
            Outcome::Completed
        } else {
            Outcome::Abandoned
        }));
    }
    let mut reason = if is_machine(&progress.picked_up) {
        "machine".to_owned()
    } else if end.status == "completed" {
        "nobody".to_owned()
    } else {
        end.status.clone()
    };
    if let Some(code) = end.sip_code {
        reason.push_str(&format!(" (SIP {code})"));
    }
    Some(Verdict {
        outcome: Outcome::Failed,
        reason,
    })
}

/// Whether a call was nothing but silence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Silence {
    Yes,
    No,
    /// Nothing was heard yet, and there are answers that may have words.
    Unknown,
}

/// Whether nothing but silence was heard so far.
pub(crate) fn silence(progress: &Progress) -> Silence {
    if !progress.reached || progress.heard_from {
        return Silence::No;
    }
    let mut silence = Silence::Yes;
    for answer in &progress.answers {
        match answer.transcription {
            // What cannot be transcribed may be anything.
            Transcription::Done | Transcription::Unable => return Silence::No,
            Transcription::Recording | Transcription::Pending => silence = Silence::Unknown,
            Transcription::Silent => {}
        }
    }
    silence
}

/// Whether the call came to its own end. A caller who hangs up before it counts as a person, though nothing was said.
fn ends_by_itself(definition: &Definition, progress: &Progress) -> bool {
    progress.stage == Stage::Over || is_complete(definition, progress)
}

/// Whether every question that was to be asked has its answer.
pub(crate) fn is_complete(definition: &Definition, progress: &Progress) -> bool {
    // The last words are said earlier where there is nothing more to ask.
    let all_asked = progress.current() >= definition.total()
        || matches!(progress.stage, Stage::Closing { .. } | Stage::Over);
    !progress.asked.is_empty()
        && all_asked
        && progress
            .asked
            .iter()
            .all(|asked| progress.answer(asked.number).is_some())
}

/// Whether Twilio's detection says that no person picked up.
pub(crate) fn is_machine(picked_up: &str) -> bool {
    picked_up.starts_with("machine") || picked_up == "fax"
}

/// What the rule makes of the answers. One that was not understood is neither yes nor no; it counts only where it decides.
pub(crate) fn eligibility(definition: &Definition, progress: &Progress) -> Outcome {
    let answers = (1..)
        .zip(&definition.questions)
        .map(|(number, _)| progress.answer(number).and_then(|answer| answer.yes));
    let (mut yes, mut no, mut unclear) = (false, false, false);
    for answer in answers {
        match answer {
            Some(true) => yes = true,
            Some(false) => no = true,
            None => unclear = true,
        }
    }
    match definition.rule {
        Rule::AllYes if no => Outcome::NotEligible,
        Rule::AnyYes if yes => Outcome::Eligible,
        _ if unclear => Outcome::Unclear,
        Rule::AllYes => Outcome::Eligible,
        Rule::AnyYes => Outcome::NotEligible,
    }
}
