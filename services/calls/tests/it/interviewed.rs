//! How a call may go that an app takes or places, what is told of it, and what must be known of it in the end.

use events::v1::{
    AnswerTaken, CallLookedUp, CallSettle, CallStatus, Interview, InterviewEnded,
    InterviewEvaluated, InterviewStarted, Number, TenantContext, VoiceParameters,
};
use proptest::prelude::*;

use crate::story::{CALLER, NUMBER, Story, at};
use crate::told::{Told, What};
use crate::words::{status, tenant};

/// How the call went in truth.
#[derive(Debug, Clone, PartialEq)]
pub struct Interviewed {
    pub outbound: bool,
    /// The number's voice app.
    pub voice: &'static str,
    /// Twilio's last word.
    pub status: &'static str,
    pub answered_by: &'static str,
    /// Outcome and reason of the interview; none: there was no interview, only an app.
    pub interview: Option<(&'static str, &'static str)>,
    pub answers: u32,
    /// Whether the interview's end is told with this call. It is not when the interview tries another one.
    pub end_told: bool,
    pub status_lost: bool,
}

impl Interviewed {
    pub fn tenant(&self) -> TenantContext {
        TenantContext {
            number: Some(Number {
                number: NUMBER.into(),
                voice: self.voice.into(),
                ..Number::default()
            }),
            ..tenant("smith")
        }
    }

    fn voice(&self, call: &str, word: &str) -> VoiceParameters {
        let (from, to) = self.parties();
        VoiceParameters {
            call_sid: call.into(),
            from: from.into(),
            to: to.into(),
            call_status: word.into(),
            direction: if self.outbound {
                "outbound-api"
            } else {
                "inbound"
            }
            .into(),
            ..VoiceParameters::default()
        }
    }

    fn parties(&self) -> (&'static str, &'static str) {
        if self.outbound {
            (NUMBER, CALLER)
        } else {
            (CALLER, NUMBER)
        }
    }

    /// The call's callback.
    pub fn status(&self, call: &str, word: &str) -> CallStatus {
        let over = word == self.status;
        CallStatus {
            voice: Some(self.voice(call, word)),
            answered_by: if over { self.answered_by } else { "" }.into(),
            ..status(
                call,
                self.tenant(),
                word,
                over.then_some(61),
                &if over {
                    at(74).to_rfc3339()
                } else {
                    String::new()
                },
            )
        }
    }

    /// The interview, as it is in this state.
    pub fn interview(&self, call: &str, status: &str) -> Interview {
        let (from, to) = self.parties();
        let ended = status == "ended";
        let (outcome, reason) = self.interview.filter(|_| ended).unwrap_or_default();
        Interview {
            id: "i1".into(),
            tenant_id: "smith".into(),
            call_sid: call.into(),
            kind: "coach".into(),
            flow: "mock".into(),
            flow_version: 2,
            status: status.into(),
            outcome: outcome.into(),
            failure_reason: reason.into(),
            account_sid: tenant("smith").account_sid,
            direction: if self.outbound { "outbound" } else { "inbound" }.into(),
            from: from.into(),
            to: to.into(),
            ..Interview::default()
        }
    }

    fn of_interview(&self, call: &str) -> Vec<Told> {
        let some = |status| Some(self.interview(call, status));
        let began = if self.outbound {
            "calling"
        } else {
            "in-progress"
        };
        let started = InterviewStarted {
            interview: some(began),
        };
        let mut told = vec![Told::new(1, "began", What::Began(started), false)];
        for n in 1..=self.answers {
            let answer = AnswerTaken {
                interview: some("in-progress"),
                question_number: n,
                recording_sid: format!("RE{n}"),
                duration_s: Some(12),
            };
            let id = format!("answer-{n}");
            told.push(Told::new(
                20 + 10 * i64::from(n),
                &id,
                What::Answer(answer),
                false,
            ));
        }
        if self.end_told {
            let ended = InterviewEnded {
                interview: some("ended"),
            };
            let evaluated = InterviewEvaluated {
                interview: some("ended"),
                overall_score: Some(70),
                recommendation: "yes".into(),
            };
            told.push(Told::new(75, "ended", What::Ended(ended), false));
            told.push(Told::new(
                95,
                "evaluated",
                What::Evaluated(evaluated),
                false,
            ));
        }
        told
    }
}

impl Story for Interviewed {
    fn outcome(&self) -> (&'static str, &'static str) {
        match self.interview.filter(|_| self.end_told) {
            Some(("failed", reason)) => ("failed", reason.split(' ').next().unwrap()),
            Some(_) => ("answered", ""),
            None if self.status != "completed" => ("failed", self.status),
            None if self.answered_by.starts_with("machine") && !self.status_lost => {
                ("failed", "machine")
            }
            None => ("answered", ""),
        }
    }

    fn told(&self, call: &str) -> Vec<Told> {
        let mut told = Vec::new();
        let mut words = Vec::new();
        if self.outbound {
            words.extend([(0, "initiated"), (2, "ringing")]);
            if self.status == "completed" {
                words.push((10, "in-progress"));
            }
        }
        if !self.status_lost {
            words.push((76, self.status));
        }
        for (second, word) in words {
            let what = What::Status(self.status(call, word));
            told.push(Told::new(second, word, what, false));
        }
        if self.interview.is_some() {
            told.extend(self.of_interview(call));
        }
        let settle = CallSettle {
            call_sid: call.into(),
            tenant: Some(self.tenant()),
        };
        told.push(Told::new(90, "settle", What::Settle(settle), false));
        let looked_up = What::LookedUp(self.looked_up(call));
        told.push(Told::new(91, "looked-up", looked_up, false));
        told.sort_by_key(|told| told.at);
        told
    }

    fn looked_up(&self, call: &str) -> CallLookedUp {
        CallLookedUp {
            call_sid: call.into(),
            tenant: Some(self.tenant()),
            found: true,
            status: self.status.into(),
            duration_s: Some(61),
            legs: Vec::new(),
            code: 0,
        }
    }
}

/// Any way that such a call may go and be told of.
pub fn interviews() -> impl Strategy<Value = Interviewed> {
    let voice = prop::sample::select(vec![
        "screener",
        "coach",
        "bot:loan",
        "assistant",
        "none",
        "forward",
    ]);
    let status = prop::sample::select(vec![
        "completed",
        "completed",
        "completed",
        "busy",
        "no-answer",
        "canceled",
        "failed",
    ]);
    let answered_by = prop::sample::select(vec!["", "human", "machine_start", "unknown"]);
    let outcome = prop::sample::select(vec![
        ("completed", ""),
        ("abandoned", ""),
        ("eligible", ""),
        ("not_eligible", ""),
        ("failed", "machine"),
    ]);
    let flags = any::<[bool; 4]>();
    (voice, status, answered_by, outcome, 0..3_u32, flags).prop_map(
        |(voice, status, answered_by, outcome, answers, flags)| {
            let [outbound, interview, end_told, status_lost] = flags;
            make_possible(Interviewed {
                outbound,
                voice,
                status,
                answered_by,
                interview: interview.then_some(outcome),
                answers,
                end_told,
                status_lost,
            })
        },
    )
}

/// What cannot go together is put right.
fn make_possible(mut truth: Interviewed) -> Interviewed {
    if !truth.outbound && truth.voice == "forward" {
        truth.voice = "coach";
    }
    if truth.status != "completed" {
        truth.answers = 0;
        truth.answered_by = "";
        let reason = match truth.status {
            "busy" => "busy",
            "no-answer" => "no-answer",
            "canceled" => "canceled",
            _ => "failed (sip 404)",
        };
        truth.interview = truth.interview.map(|_| ("failed", reason));
    }
    // A call of which nothing at all is told is not known.
    truth.status_lost &= truth.outbound || truth.interview.is_some();
    truth
}
