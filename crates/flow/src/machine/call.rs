//! What happens on the line: keys, words, answers, and Twilio asking how it goes on.

use super::{Effect, LATE_ANSWER_MS, Machine, Step, TRIES, Turn};
use crate::definition::{Expect, Kind, OnMachine};
use crate::document::Then;
use crate::outcome::{self, Silence};
use crate::progress::{Answer, Recording, Scoring, Stage, Transcription};
use crate::understood::{Choice, choice};
use crate::yes_no::yes_no;

impl Machine<'_> {
    /// A person is on the line: a caller, or the callee who picked up, by Twilio's detection (`AnsweredBy`).
    pub fn begin(&mut self, picked_up: &str) -> Step {
        if self.progress.stage != Stage::New {
            return self.go_on();
        }
        if self.progress.end.is_some() {
            return Step::hang_up();
        }
        self.note_who(picked_up);
        if self.is_refused() {
            return self.refuse();
        }
        self.progress.reached = true;
        let words = self.language.interview();
        let own = &self.definition.greeting;
        let greeting = match self.definition.kind {
            _ if !own.is_empty() => own.as_str(),
            Kind::Coach => words.coach_greeting,
            Kind::Screener | Kind::Eligibility => words.screener_greeting,
        };
        let mut lines = vec![
            greeting.to_owned(),
            self.definition
                .notice(self.language, self.consent_notice)
                .to_owned(),
        ];
        if self.definition.kind == Kind::Coach {
            self.progress.stage = Stage::Menu { missed: 0 };
            self.progress.turn += 1;
            lines.push(words.menu.to_owned());
            let ahead = self.look_ahead();
            return self.say(lines, Then::Menu).after(ahead);
        }
        lines.extend(self.lead());
        self.ask(lines, false)
    }

    /// Twilio says who picked up, by another way than at the beginning or later than it. A machine is let go, unless
    /// there is an answer already: then it has talked like a person.
    pub fn detected(&mut self, picked_up: &str) {
        self.note_who(picked_up);
        let is_asked = !matches!(self.progress.stage, Stage::New | Stage::Over);
        if is_asked && self.is_refused() && self.progress.answers.is_empty() {
            self.refuse();
        }
    }

    fn note_who(&mut self, picked_up: &str) {
        if self.progress.picked_up.is_empty() {
            picked_up.clone_into(&mut self.progress.picked_up);
        }
    }

    /// Whether a machine picked up that is not interviewed.
    fn is_refused(&self) -> bool {
        self.definition.machine.action != OnMachine::Ignore
            && !self.progress.is_person
            && outcome::is_machine(&self.progress.picked_up)
    }

    fn refuse(&mut self) -> Step {
        self.progress.stage = Stage::Over;
        self.progress.reached = false;
        self.progress.turn += 1;
        let on_machine = &self.definition.machine;
        match on_machine.action {
            OnMachine::Message => self.say(vec![on_machine.message.clone()], Then::Message),
            OnMachine::Ignore | OnMachine::HangUp => self.say(Vec::new(), Then::HangUp),
        }
    }

    /// A key was pressed; only a person does that.
    pub fn pressed(&mut self, keys: &str) {
        self.progress.heard_from |= !keys.is_empty();
    }

    /// Whether the call hears the message for machines.
    fn is_leaving_message(&self) -> bool {
        let said = self.progress.said.as_ref();
        self.progress.stage == Stage::Over && said.is_some_and(|said| said.then == Then::Message)
    }

    /// Whether this answer to the menu asks for the last feedback: only then has [`Machine::chosen`] a use for it.
    pub fn wants_feedback(&self, digits: &str, speech: &str) -> bool {
        matches!(self.progress.stage, Stage::Menu { .. })
            && choice(self.language, digits, speech) == Some(Choice::Feedback)
    }

    /// The menu was answered. `last_feedback` is what an earlier interview of the caller came to; it is heard where
    /// [`Machine::wants_feedback`] says so.
    pub fn chosen(&mut self, digits: &str, speech: &str, last_feedback: Option<&str>) -> Step {
        let is_answered = !digits.is_empty() || !speech.trim().is_empty();
        if is_answered && self.is_leaving_message() && self.progress.end.is_none() {
            // Twilio took a person for a machine.
            self.progress.is_person = true;
            self.progress.heard_from = true;
            self.progress.stage = Stage::New;
            return self.begin("");
        }
        let Stage::Menu { missed } = self.progress.stage else {
            return self.go_on();
        };
        self.progress.heard_from |= is_answered;
        let words = self.language.interview();
        let before = match choice(self.language, digits, speech) {
            Some(Choice::Interview) => {
                return self.next();
            }
            Some(Choice::Feedback) => {
                self.progress.stage = Stage::Menu { missed: 0 };
                self.progress.turn += 1;
                match last_feedback {
                    Some(feedback) => {
                        self.progress.heard_feedback = true;
                        vec![words.last_feedback, feedback]
                    }
                    None => vec![words.no_feedback],
                }
            }
            Some(Choice::Help) => {
                self.progress.stage = Stage::Menu { missed: 0 };
                self.progress.turn += 1;
                vec![words.help]
            }
            Some(Choice::Quit) => return self.goodbye(),
            None if missed + 1 >= TRIES => return self.goodbye(),
            None => {
                self.progress.stage = Stage::Menu { missed: missed + 1 };
                self.progress.turn += 1;
                vec![words.not_understood]
            }
        };
        let lines = before.into_iter().chain([words.menu]);
        self.say(lines.map(str::to_owned).collect(), Then::Menu)
    }

    /// A question of yes or no was answered, by a key or by words. `confidence` is Twilio's, of the words.
    pub fn decided(
        &mut self,
        number: Option<u32>,
        digits: &str,
        speech: &str,
        confidence: Option<f64>,
    ) -> Step {
        let (current, Stage::Asking { missed }) = (self.progress.current(), self.progress.stage)
        else {
            return self.go_on();
        };
        if number.is_some_and(|number| number != current) || self.expects() != Expect::YesNo {
            return self.go_on();
        }
        let is_answered = !digits.is_empty() || !speech.trim().is_empty();
        self.progress.heard_from |= is_answered;
        let yes = yes_no(self.language, digits, speech, confidence);
        if yes.is_none() && missed + 1 < TRIES {
            self.progress.stage = Stage::Asking { missed: missed + 1 };
            self.progress.turn += 1;
            let mut lines = vec![self.language.interview().yes_or_no.to_owned()];
            lines.extend(self.progress.asked.last().map(|asked| asked.text.clone()));
            return self.say(lines, Then::YesNo(current));
        }
        // A dead line is not asked the next question.
        if outcome::silence(self.progress) == Silence::Yes {
            return self.goodbye();
        }
        let mut effects = Vec::new();
        if self.progress.answer(current).is_none() {
            let transcript = if speech.is_empty() { digits } else { speech };
            self.progress.answers.push(Answer {
                number: current,
                at: Some(self.at),
                transcript: transcript.to_owned(),
                transcription: if is_answered {
                    Transcription::Done
                } else {
                    Transcription::Silent
                },
                scoring: Scoring::Without,
                yes,
                ..Answer::default()
            });
            effects.push(Effect::Taken(current));
        }
        self.next().after(effects)
    }

    /// An answer was recorded. Without a number it is the current question's. Whoever hung up in it has ended the call.
    pub fn answered(&mut self, number: Option<u32>, recording: &Recording, hung_up: bool) -> Step {
        let current = self.progress.current();
        let number = number.unwrap_or(current);
        let mut effects = self.take(number, recording, hung_up);
        if hung_up {
            effects.extend(self.ended("completed", None).effects);
        }
        if self.progress.end.is_some() {
            return Step::hang_up().after(effects);
        }
        let is_new = number == current && matches!(self.progress.stage, Stage::Asking { .. });
        if is_new && self.progress.answer(number).is_some() {
            return self.next().after(effects);
        }
        self.go_on().after(effects)
    }

    /// The question is left behind without an answer. What comes next is asked when Twilio asks how it goes on.
    pub fn skipped(&mut self, number: u32) -> Step {
        let is_asked = matches!(self.progress.stage, Stage::Asking { .. });
        if number != self.progress.current() || !is_asked || self.progress.end.is_some() {
            return Step::nothing();
        }
        // Whoever moves the call on by hand knows that a person is there.
        self.progress.heard_from = true;
        let mut effects = self.take(number, &Recording::default(), false);
        if let Some(answer) = self.progress.answer_mut(number)
            && answer.recording.is_none()
        {
            "moved on by hand".clone_into(&mut answer.reason);
        }
        effects.extend(self.next().effects);
        Step {
            turn: Turn::None,
            effects,
        }
    }

    /// Twilio asks how it goes on. `answered_by`: who picked up, where it says so. `after`: the question whose answer it
    /// has brought before; if that is still on its way, it is waited for, so that the question is not asked again.
    pub fn continued(&mut self, answered_by: &str, after: Option<u32>) -> Step {
        if self.progress.stage == Stage::New {
            return self.begin(answered_by);
        }
        self.detected(answered_by);
        let current = self.progress.current();
        let is_asked = matches!(self.progress.stage, Stage::Asking { .. });
        if is_asked
            && after == Some(current)
            && self.progress.answer(current).is_none()
            && self.progress.end.is_none()
        {
            self.progress.turn += 1;
            return Step::of(Turn::Hold {
                turn: self.progress.turn,
                wait_ms: LATE_ANSWER_MS,
            });
        }
        self.go_on()
    }

    /// What the caller waits for; else what was given to hear last, again.
    pub fn go_on(&mut self) -> Step {
        match self.progress.stage {
            Stage::New => self.begin(""),
            // Its recording was told of before it.
            Stage::Asking { .. } if self.progress.answer(self.progress.current()).is_some() => {
                self.next()
            }
            Stage::Menu { .. } | Stage::Asking { .. } | Stage::Over => match &self.progress.said {
                Some(document) => Step::of(Turn::Say(document.clone())),
                None => self.goodbye(),
            },
            // The caller has waited before asking.
            Stage::Waiting => {
                let lead = self.lead();
                self.ask(lead, true)
            }
            Stage::Closing { since } => self.close(since),
        }
    }

    /// What was waited for is due.
    pub fn due(&mut self, turn: u32) -> Step {
        if turn != self.progress.turn {
            return Step::nothing();
        }
        match self.progress.stage {
            Stage::Closing { since } if !self.is_late(since) => {
                let words = self.language.interview().still_preparing;
                self.say(vec![words.to_owned()], Then::GoOn)
            }
            Stage::Asking { .. } | Stage::Waiting | Stage::Closing { .. } => self.go_on(),
            Stage::New | Stage::Menu { .. } | Stage::Over => Step::nothing(),
        }
    }
}
