//! What an interview is: its words, its questions, its rules.

use std::collections::HashSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::hours::QuietHours;
use crate::words::Language;

/// The most questions of one interview.
pub const MOST_QUESTIONS: usize = 50;
/// The longest text that is spoken in one piece.
pub(crate) const LONGEST_TEXT: usize = 3_000;
/// The longest that a caller may be kept waiting for a question, in milliseconds. Twilio gives up after 15 s.
const LONGEST_WAIT_MS: u32 = 8_000;

/// What is wrong with a definition, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The field, such as `questions[2].ask`.
    pub path: String,
    /// What is wrong with it, and how to mend it.
    pub message: String,
}

impl Fault {
    fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            path: path.into(),
            message: message.into(),
        }
    }
}

/// What an interview is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Recorded answers, scored, with a recommendation at the end.
    Screener,
    /// A menu, questions written for the caller, spoken feedback.
    Coach,
    /// Questions of yes and no, and a rule.
    Eligibility,
}

impl Kind {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Screener => "screener",
            Self::Coach => "coach",
            Self::Eligibility => "eligibility",
        }
    }
}

/// How a question is answered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Expect {
    /// Freely; the answer is recorded.
    #[default]
    Recording,
    /// With yes or no, spoken or by the keys 1 and 2.
    YesNo,
}

/// A question whose words stand in the definition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Question {
    /// Its name within the flow; made from its number where none is given.
    #[serde(default)]
    pub id: String,
    /// Its words.
    pub ask: String,
    /// How it is answered.
    #[serde(default)]
    pub expect: Expect,
}

/// How an answer is recorded; Twilio's `<Record>`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Answering {
    /// The longest answer, in seconds.
    pub max_s: u32,
    /// After so many seconds of silence the answer is over.
    pub silence_s: u32,
    /// The keys that end it.
    pub finish_key: String,
    /// Whether a beep says that the recording begins.
    pub beep: bool,
}

impl Default for Answering {
    fn default() -> Self {
        Self {
            max_s: 60,
            silence_s: 4,
            finish_key: "#".to_owned(),
            beep: true,
        }
    }
}

/// Questions that are written while the interview goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Written {
    /// How many, after those of the definition.
    pub count: u32,
}

/// What happens when a machine picks up.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnMachine {
    /// It is not looked at; the interview begins.
    #[default]
    Ignore,
    /// The call ends.
    HangUp,
    /// The message is left after the beep.
    Message,
}

/// Answering machines.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct AnsweringMachine {
    /// What is done.
    pub action: OnMachine,
    /// What is left, with `message`.
    pub message: String,
}

/// When a call that failed is tried again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Retry {
    /// How often is called in all.
    pub attempts: u32,
    /// How long after a failed attempt, in seconds.
    pub after_s: u32,
    /// After which failures: `busy`, `no-answer`, `failed`, `machine`.
    pub on: Vec<String>,
}

impl Default for Retry {
    fn default() -> Self {
        Self {
            attempts: 1,
            after_s: 900,
            on: vec!["busy".to_owned(), "no-answer".to_owned()],
        }
    }
}

/// When a caller is eligible.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Every answer is yes.
    #[default]
    AllYes,
    /// One is.
    AnyYes,
}

/// Models and instructions of this flow; what is empty is the tenant's or the platform's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Ai {
    /// The model that writes questions, scores and sums up.
    pub chat_model: String,
    /// The model that transcribes.
    pub transcribe_model: String,
    /// The model that speaks.
    pub speech_model: String,
    /// The voice, by its provider's name for it.
    pub voice: String,
    /// `elevenlabs`, `murf`, `openai`.
    pub voice_provider: String,
    /// What is added to our own instructions.
    pub instructions: String,
}

/// An interview's definition. Made only by [`Definition::read`] and its kin, so that there is no bad one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Definition {
    /// By which numbers and calls name it.
    pub name: String,
    /// What it is for.
    pub kind: Kind,
    /// BCP 47; empty: the tenant's, else `en-US`. It drives voice, recognition and prompts.
    pub language: String,
    /// A Twilio voice, for what is said by `<Say>`; empty: the tenant's.
    pub voice: String,
    /// What it is about: the position, the subject.
    pub topic: String,
    /// The first words; empty: ours, in the language.
    pub greeting: String,
    /// What tells the caller that he is recorded; empty: nothing.
    pub recording_notice: String,
    /// Questions with fixed words, which come first.
    pub questions: Vec<Question>,
    /// Questions that are written while the interview goes on.
    pub written: Option<Written>,
    /// What is asked where a written question is late; ours follow.
    pub fallback_questions: Vec<String>,
    /// How answers are recorded.
    pub answer: Answering,
    /// How long a caller may be kept waiting for a written question, in milliseconds.
    pub wait_ms: u32,
    /// Whether feedback is spoken at the end.
    pub spoken_feedback: bool,
    /// How long a caller is kept for it, in seconds.
    pub feedback_wait_s: u32,
    /// The last words; empty: ours.
    pub completion: String,
    /// What a good answer has, for the scores.
    pub criteria: String,
    /// When a caller is eligible.
    pub rule: Rule,
    /// What he hears then.
    pub eligible: String,
    /// What he hears else.
    pub not_eligible: String,
    /// The longest call, in seconds; 0: Twilio's limit.
    pub max_call_s: u32,
    /// How long it rings when we call, in seconds.
    pub ring_s: u32,
    /// Answering machines.
    pub machine: AnsweringMachine,
    /// When nobody is called, in his time zone.
    pub quiet_hours: Option<QuietHours>,
    /// When a failed call is tried again.
    pub retry: Retry,
    /// Models and instructions.
    pub ai: Ai,
}

impl Default for Definition {
    fn default() -> Self {
        Self {
            name: String::new(),
            kind: Kind::Screener,
            language: String::new(),
            voice: String::new(),
            topic: String::new(),
            greeting: String::new(),
            recording_notice: String::new(),
            questions: Vec::new(),
            written: None,
            fallback_questions: Vec::new(),
            answer: Answering::default(),
            wait_ms: 2_500,
            spoken_feedback: false,
            feedback_wait_s: 30,
            completion: String::new(),
            criteria: String::new(),
            rule: Rule::default(),
            eligible: String::new(),
            not_eligible: String::new(),
            max_call_s: 0,
            ring_s: 30,
            machine: AnsweringMachine::default(),
            quiet_hours: None,
            retry: Retry::default(),
            ai: Ai::default(),
        }
    }
}

impl Definition {
    /// Reads a definition as it stands in an apply file or a request.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with it, each with its field.
    pub fn read(value: &Value) -> Result<Self, Vec<Fault>> {
        let Value::Object(fields) = value else {
            return Err(vec![Fault::new(
                "",
                "a flow is an object with name, kind and questions",
            )]);
        };
        let mut faults = Vec::new();
        let mut definition = take(fields, &mut faults);
        definition.number_questions();
        if faults.is_empty() {
            definition.judge(&mut faults);
        }
        if faults.is_empty() {
            Ok(definition)
        } else {
            Err(faults)
        }
    }

    /// The same from what [`Definition::to_value`] gave: it has been judged before.
    ///
    /// # Errors
    ///
    /// What serde says of a value that is none of ours.
    pub fn stored(value: &Value) -> Result<Self, serde_json::Error> {
        Self::deserialize(value)
    }

    /// As it is kept and published.
    pub fn to_value(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    /// A screener with these questions: what a job description without a flow of its own becomes.
    pub fn screener(questions: Vec<String>) -> Self {
        let mut definition = Self {
            name: Kind::Screener.as_str().to_owned(),
            questions: questions
                .into_iter()
                .map(|ask| Question {
                    id: String::new(),
                    ask,
                    expect: Expect::Recording,
                })
                .collect(),
            ..Self::default()
        };
        definition.number_questions();
        definition
    }

    /// The coach of a number whose tenant has defined none: five questions, written for the caller.
    pub fn coach() -> Self {
        Self {
            name: Kind::Coach.as_str().to_owned(),
            kind: Kind::Coach,
            written: Some(Written { count: 5 }),
            spoken_feedback: true,
            ..Self::default()
        }
    }

    /// How many questions the whole interview has.
    pub fn total(&self) -> u32 {
        let written = self.written.as_ref().map_or(0, |written| written.count);
        u32::try_from(self.questions.len())
            .unwrap_or(u32::MAX)
            .saturating_add(written)
    }

    /// The language's words, by the flow's language or else the tenant's.
    pub fn words(&self, tenants: &str) -> Language {
        let tag = if self.language.is_empty() {
            tenants
        } else {
            &self.language
        };
        Language::of(tag)
    }

    /// What every interview of this flow says, whoever calls: what is worth speaking into files before the first call.
    pub fn fixed_lines(&self, language: &str) -> Vec<String> {
        let words = self.words(language).words();
        let or = |own: &str, ours: &str| if own.is_empty() { ours } else { own }.to_owned();
        let mut lines = match self.kind {
            Kind::Coach => vec![
                or(&self.greeting, words.coach_greeting),
                words.menu.to_owned(),
                words.how_to_answer.to_owned(),
                words.thanks.to_owned(),
                or(&self.completion, words.completion),
                words.not_understood.to_owned(),
                words.no_feedback.to_owned(),
                words.last_feedback.to_owned(),
                words.goodbye.to_owned(),
            ],
            Kind::Screener => vec![
                or(&self.greeting, words.screener_greeting),
                words.how_to_answer.to_owned(),
                words.thanks.to_owned(),
                or(&self.completion, words.completion),
            ],
            Kind::Eligibility => vec![
                or(&self.greeting, words.screener_greeting),
                words.yes_or_no.to_owned(),
                or(&self.eligible, words.eligible),
                or(&self.not_eligible, words.not_eligible),
            ],
        };
        if self.spoken_feedback {
            lines.extend(
                [
                    words.preparing_feedback,
                    words.still_preparing,
                    words.feedback_later,
                ]
                .map(str::to_owned),
            );
        }
        if self.written.is_some() {
            lines.extend(self.fallback_questions.iter().cloned());
            lines.extend(words.questions.iter().copied().map(str::to_owned));
        }
        lines.push(self.recording_notice.clone());
        lines.extend(self.questions.iter().map(|question| question.ask.clone()));
        lines.retain(|line| !line.trim().is_empty());
        lines
    }

    fn number_questions(&mut self) {
        for (n, question) in self.questions.iter_mut().enumerate() {
            if question.id.is_empty() {
                question.id = format!("q{}", n + 1);
            }
        }
    }

    fn judge(&self, faults: &mut Vec<Fault>) {
        if !is_name(&self.name) {
            faults.push(Fault::new(
                "name",
                "a name is up to 64 letters, digits, dots, dashes and underscores, beginning with a letter or digit",
            ));
        }
        self.judge_questions(faults);
        self.judge_numbers(faults);
        let texts = [
            ("greeting", &self.greeting),
            ("recording_notice", &self.recording_notice),
            ("completion", &self.completion),
            ("eligible", &self.eligible),
            ("not_eligible", &self.not_eligible),
            ("machine.message", &self.machine.message),
            ("topic", &self.topic),
        ];
        let fallbacks = self.fallback_questions.iter().enumerate();
        let fallbacks = fallbacks.map(|(n, text)| (format!("fallback_questions[{n}]"), text));
        let texts = texts.map(|(path, text)| (path.to_owned(), text));
        for (path, text) in texts.into_iter().chain(fallbacks) {
            if text.len() > LONGEST_TEXT {
                faults.push(Fault::new(
                    path,
                    format!("is longer than {LONGEST_TEXT} bytes; shorten it"),
                ));
            }
        }
        if !self.language.is_empty() && !is_language(&self.language) {
            faults.push(Fault::new(
                "language",
                "is no BCP 47 tag such as en-US or de-DE",
            ));
        }
        if self.machine.action == OnMachine::Message && self.machine.message.is_empty() {
            faults.push(Fault::new(
                "machine.message",
                "is missing: it is what an answering machine hears",
            ));
        }
        for (n, on) in self.retry.on.iter().enumerate() {
            if !["busy", "no-answer", "failed", "machine"].contains(&on.as_str()) {
                faults.push(Fault::new(
                    format!("retry.on[{n}]"),
                    "is none of busy, no-answer, failed, machine",
                ));
            }
        }
    }

    fn judge_questions(&self, faults: &mut Vec<Fault>) {
        if self.total() == 0 {
            faults.push(Fault::new(
                "questions",
                "there are none: give questions, or written: {count: 5} to have them written",
            ));
        }
        if self.total() as usize > MOST_QUESTIONS {
            faults.push(Fault::new(
                "questions",
                format!("are more than {MOST_QUESTIONS} in all"),
            ));
        }
        let mut ids = HashSet::new();
        for (n, question) in self.questions.iter().enumerate() {
            let at = |field: &str| format!("questions[{n}].{field}");
            if question.ask.trim().is_empty() {
                faults.push(Fault::new(at("ask"), "is empty"));
            } else if question.ask.len() > LONGEST_TEXT {
                faults.push(Fault::new(
                    at("ask"),
                    format!("is longer than {LONGEST_TEXT} bytes"),
                ));
            }
            if !ids.insert(question.id.as_str()) {
                faults.push(Fault::new(
                    at("id"),
                    format!("{} is there twice", question.id),
                ));
            }
            if self.kind == Kind::Eligibility && question.expect != Expect::YesNo {
                faults.push(Fault::new(
                    at("expect"),
                    "an eligibility flow asks for yes_no only",
                ));
            }
        }
        if self.kind == Kind::Eligibility && self.written.is_some() {
            faults.push(Fault::new(
                "written",
                "an eligibility flow has questions of its own only",
            ));
        }
    }

    fn judge_numbers(&self, faults: &mut Vec<Fault>) {
        let mut between = |path: &str, value: u32, low: u32, high: u32| {
            if !(low..=high).contains(&value) {
                faults.push(Fault::new(path, format!("is not between {low} and {high}")));
            }
        };
        between("answer.max_s", self.answer.max_s, 1, 3_600);
        between("answer.silence_s", self.answer.silence_s, 1, 60);
        between("wait_ms", self.wait_ms, 0, LONGEST_WAIT_MS);
        between("feedback_wait_s", self.feedback_wait_s, 0, 120);
        between("ring_s", self.ring_s, 5, 600);
        between("max_call_s", self.max_call_s, 0, 14_400);
        between("retry.attempts", self.retry.attempts, 1, 10);
        between("retry.after_s", self.retry.after_s, 0, 7 * 86_400);
        let keys = &self.answer.finish_key;
        if !keys
            .chars()
            .all(|key| key.is_ascii_digit() || matches!(key, '*' | '#'))
        {
            faults.push(Fault::new(
                "answer.finish_key",
                "has others than 0-9, * and #",
            ));
        }
    }
}

/// Field by field, so that every fault is found and each has its name.
fn take(fields: &Map<String, Value>, faults: &mut Vec<Fault>) -> Definition {
    let mut found = Definition::default();
    let mut kind = None;
    for (name, value) in fields {
        macro_rules! into {
            ($target:expr) => {
                match serde_json::from_value(value.clone()) {
                    Ok(read) => $target = read,
                    Err(e) => faults.push(Fault::new(name.as_str(), e.to_string())),
                }
            };
        }
        match name.as_str() {
            "name" => into!(found.name),
            "kind" => into!(kind),
            "language" => into!(found.language),
            "voice" => into!(found.voice),
            "topic" => into!(found.topic),
            "greeting" => into!(found.greeting),
            "recording_notice" => into!(found.recording_notice),
            "questions" => found.questions = questions(value, faults),
            "written" => into!(found.written),
            "fallback_questions" => into!(found.fallback_questions),
            "answer" => into!(found.answer),
            "wait_ms" => into!(found.wait_ms),
            "spoken_feedback" => into!(found.spoken_feedback),
            "feedback_wait_s" => into!(found.feedback_wait_s),
            "completion" => into!(found.completion),
            "criteria" => into!(found.criteria),
            "rule" => into!(found.rule),
            "eligible" => into!(found.eligible),
            "not_eligible" => into!(found.not_eligible),
            "max_call_s" => into!(found.max_call_s),
            "ring_s" => into!(found.ring_s),
            "machine" => into!(found.machine),
            "quiet_hours" => into!(found.quiet_hours),
            "retry" => into!(found.retry),
            "ai" => into!(found.ai),
            other => faults.push(Fault::new(other, "there is no such field in a flow")),
        }
    }
    match kind {
        Some(kind) => found.kind = kind,
        None if faults.iter().any(|fault| fault.path == "kind") => {}
        None => faults.push(Fault::new(
            "kind",
            "is missing: screener, coach or eligibility",
        )),
    }
    if found.kind == Kind::Coach && !fields.contains_key("spoken_feedback") {
        found.spoken_feedback = true;
    }
    found
}

fn questions(value: &Value, faults: &mut Vec<Fault>) -> Vec<Question> {
    let Value::Array(items) = value else {
        faults.push(Fault::new("questions", "is not a list"));
        return Vec::new();
    };
    let mut found = Vec::new();
    for (n, item) in items.iter().enumerate() {
        // A question may be its words alone.
        let read = match item {
            Value::String(ask) => Ok(Question {
                id: String::new(),
                ask: ask.clone(),
                expect: Expect::Recording,
            }),
            other => Question::deserialize(other),
        };
        match read {
            Ok(question) => found.push(question),
            Err(e) => faults.push(Fault::new(format!("questions[{n}]"), e.to_string())),
        }
    }
    found
}

/// Whether a text can be an id or a name in a path or a key: a letter or digit, then up to 63 of those and `._-`.
pub fn is_name(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric();
    (1..=64).contains(&text.len())
        && text.starts_with(plain)
        && text
            .chars()
            .all(|c| plain(c) || matches!(c, '.' | '_' | '-'))
}

/// Whether a text has the form of a BCP 47 tag.
pub fn is_language(text: &str) -> bool {
    let mut parts = text.split('-');
    let first = parts.next().unwrap_or_default();
    (2..=3).contains(&first.len())
        && first.chars().all(|c| c.is_ascii_alphabetic())
        && parts.all(|part| {
            (1..=8).contains(&part.len()) && part.chars().all(|c| c.is_ascii_alphanumeric())
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn faults(value: &Value) -> Vec<String> {
        Definition::read(value)
            .unwrap_err()
            .into_iter()
            .map(|fault| fault.path)
            .collect()
    }

    #[test]
    fn the_contracts_flow_is_read() {
        let flow = Definition::read(&json!({
            "name": "loan-eligibility", "kind": "eligibility", "greeting": "Hello, this is QuickRupee.",
            "questions": [{"id": "salaried", "ask": "Are you a salaried employee?", "expect": "yes_no"},
                {"id": "income", "ask": "Is your monthly income above 25 thousand?", "expect": "yes_no"}],
            "rule": "all_yes", "eligible": "Great.", "not_eligible": "Thank you.", "max_call_s": 120,
        }))
        .unwrap();
        assert_eq!(
            (flow.kind, flow.total(), flow.max_call_s),
            (Kind::Eligibility, 2, 120)
        );
        assert_eq!(Definition::stored(&flow.to_value()).unwrap(), flow);
    }

    #[test]
    fn every_fault_is_told_with_its_field() {
        let value = json!({"name": "x", "kind": "robot", "questions": [{"id": "a"}, {"ask": 7}], "colour": "red"});
        let found = faults(&value);
        for path in ["kind", "questions[0]", "questions[1]", "colour"] {
            assert!(
                found.iter().any(|fault| fault == path),
                "{path} of {found:?}"
            );
        }
        let value = json!({"name": "-", "kind": "screener", "questions": ["", "b"], "wait_ms": 9_000,
            "answer": {"finish_key": "x"}, "machine": {"action": "message"}, "retry": {"on": ["rain"]}});
        let found = faults(&value);
        for path in [
            "name",
            "questions[0].ask",
            "wait_ms",
            "answer.finish_key",
            "machine.message",
            "retry.on[0]",
        ] {
            assert!(
                found.iter().any(|fault| fault == path),
                "{path} of {found:?}"
            );
        }
        assert_eq!(
            faults(&json!({"name": "x", "kind": "coach"})),
            ["questions"]
        );
        assert_eq!(faults(&json!([])), [""]);
    }

    #[test]
    fn a_screener_of_questions_alone_is_a_good_one() {
        let flow = Definition::screener(vec!["One?".into(), "Two?".into()]);
        assert_eq!(Definition::read(&flow.to_value()).unwrap(), flow);
        assert_eq!(
            Definition::read(&Definition::coach().to_value()).unwrap(),
            Definition::coach()
        );
    }

    #[test]
    fn names_fit_a_path() {
        for good in ["smith-plumbing", "a", "0b6e.x_1"] {
            assert!(is_name(good), "{good}");
        }
        for bad in ["", "-a", "..", "a/b", "a b", "é"] {
            assert!(!is_name(bad), "{bad}");
        }
    }

    #[test]
    fn languages_have_the_form_of_a_tag() {
        for good in ["en", "en-US", "zh-Hant-TW", "de-1996"] {
            assert!(is_language(good), "{good}");
        }
        for bad in ["", "e", "english", "en-", "en_US", "en-überlang", "12"] {
            assert!(!is_language(bad), "{bad}");
        }
    }
}
