//! What is told of an interview once: a person is on the line, the call is over, the results are there.

use events::v1::{InterviewEnded, InterviewEvaluated, InterviewSettle, InterviewStarted};
use flow::{Outcome, Source};
use metrics::counter;
use role::{Cause, Decision, OutgoingEvent, derive_id};
use store::types::Json;
use tracing::info;

use super::Env;
use super::locked_interview::LockedInterview;
use crate::db::Evaluation;

/// The results are there, even if they are few.
pub fn evaluated(cause: &Cause, held: &mut LockedInterview) -> Decision {
    let scores: Vec<u32> = held
        .progress
        .answers
        .iter()
        .filter_map(|answer| answer.score)
        .collect();
    let mut evaluation: Evaluation = held
        .row
        .result
        .as_ref()
        .and_then(|kept| kept.read().ok())
        .unwrap_or_default();
    // The mean of what has a score; what could not be transcribed is left out.
    let count = u32::try_from(scores.len()).unwrap_or(u32::MAX);
    evaluation.overall_score =
        (count > 0).then(|| (scores.iter().sum::<u32>() + count / 2) / count.max(1));
    held.row.result = Json::of(&evaluation).ok();
    held.row.evaluated_at = Some(held.row.evaluated_at.unwrap_or(cause.time.into()));
    let told = InterviewEvaluated {
        interview: Some(held.told()),
        overall_score: evaluation.overall_score,
        recommendation: evaluation.recommendation,
    };
    Decision::nothing().publish(
        OutgoingEvent::new(&told)
            .id(derive_id(&["interview.evaluated", &held.row.id]))
            .key(held.call()),
    )
}

/// A person is on the line: told once for each call.
pub fn started(cause: &Cause, held: &mut LockedInterview) -> Decision {
    held.row.status = "in-progress".to_owned();
    held.row.started_at = Some(cause.time.into());
    counter!("interviews_started_total", "kind" => held.row.kind.clone()).increment(1);
    Decision::nothing().publish(
        OutgoingEvent::new(&InterviewStarted {
            interview: Some(held.told()),
        })
        .id(derive_id(&[
            "interview.started",
            &held.row.id,
            &held.call(),
        ]))
        .key(held.call()),
    )
}

/// Notes the end of the call, once it is sure how it went; told once.
pub fn conclude(env: &Env, cause: &Cause, held: &mut LockedInterview) -> Decision {
    if held.row.status == "ended" {
        return Decision::nothing();
    }
    let machine = held.machine(cause.time);
    let (verdict, complete) = (machine.verdict(), machine.is_complete());
    let Some(verdict) = verdict else {
        return Decision::nothing();
    };
    let may_change = verdict.outcome == Outcome::Abandoned && !complete && !held.progress.settled;
    if may_change {
        return Decision::nothing();
    }
    end(env, cause, held, verdict.outcome.as_str(), verdict.reason)
}

/// Ends it with this outcome.
pub fn end(
    env: &Env,
    cause: &Cause,
    held: &mut LockedInterview,
    outcome: &str,
    reason: String,
) -> Decision {
    info!(
        interview = held.row.id,
        outcome, reason, "an interview has ended"
    );
    counter!("interviews_ended_total", "kind" => held.row.kind.clone(), "outcome" => outcome.to_owned())
        .increment(1);
    for asked in &held.progress.asked {
        let source = match asked.source {
            Source::Fixed => "fixed",
            Source::Written => "written",
            Source::Fallback => "fallback",
        };
        counter!("interviews_questions_total", "source" => source).increment(1);
    }
    held.row.status = "ended".to_owned();
    outcome.clone_into(&mut held.row.outcome);
    held.row.failure_reason = Some(reason).filter(|reason| !reason.is_empty());
    held.row.ended_at = Some(
        held.progress
            .end
            .as_ref()
            .map_or(cause.time, |end| end.at)
            .into(),
    );
    held.row.waiting = None;
    held.wait_no_longer();
    let ended = InterviewEnded {
        interview: Some(held.told()),
    };
    let decision = Decision::nothing().publish(
        OutgoingEvent::new(&ended)
            .id(derive_id(&["interview.ended", &held.row.id]))
            .key(held.call()),
    );
    if held.progress.evaluated {
        return decision;
    }
    decision.schedule(
        env.timings.results,
        OutgoingEvent::new(&settle(held, "results")).key(held.call()),
    )
}

/// What interviews asks itself later about this call.
pub fn settle(held: &LockedInterview, what: &str) -> InterviewSettle {
    InterviewSettle {
        interview_id: held.row.id.clone(),
        what: what.to_owned(),
        attempt: held.attempt(),
    }
}
