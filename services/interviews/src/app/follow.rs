//! What follows from a step of the machine: replies, events, timers, and the row as it is afterwards.

use chrono::Duration;
use events::v1::{
    AnswerScore, AnswerTaken, AnswerTranscribe, InterviewSummarize, QuestionWrite, RecordingDue,
    TurnDue, TwimlReply,
};
use flow::{Document, Effect, Outcome, Stage, Step, Turn};
use metrics::counter;
use role::{Cause, Decision, HandlerError, OutgoingEvent, Tx, derive_id};

use super::locked_interview::LockedInterview;
use super::milestones::{conclude, evaluated, settle, started};
use super::{Env, document, retry, speech};

/// Takes up the interview with this id, takes a step of its machine, and follows it. Without the interview, or without
/// a step, nothing follows.
pub async fn take_step(
    env: &Env,
    tx: &mut Tx,
    cause: &Cause,
    interview: &str,
    step: impl FnOnce(&mut LockedInterview) -> Option<Step> + Send,
) -> Result<Decision, HandlerError> {
    let Some(mut held) = LockedInterview::by_id(tx, interview).await? else {
        return Ok(Decision::nothing());
    };
    match step(&mut held) {
        Some(step) => follow(env, tx, cause, held, step).await,
        None => Ok(Decision::nothing()),
    }
}

/// Who asks, and so in which words the answer is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asker {
    /// Twilio: a document.
    Twilio,
    /// A stream: lines, which it speaks itself.
    Stream,
}

/// Writes the interview back after a step, and says what follows. The step's document goes to whoever asked, or to the
/// request that was held back.
pub async fn follow(
    env: &Env,
    tx: &mut Tx,
    cause: &Cause,
    held: LockedInterview,
    step: Step,
) -> Result<Decision, HandlerError> {
    follow_for(env, tx, cause, held, step, Asker::Twilio).await
}

/// The same for a stream: the step's lines go to it as they are.
pub async fn follow_stream(
    env: &Env,
    tx: &mut Tx,
    cause: &Cause,
    held: LockedInterview,
    step: Step,
) -> Result<Decision, HandlerError> {
    follow_for(env, tx, cause, held, step, Asker::Stream).await
}

async fn follow_for(
    env: &Env,
    tx: &mut Tx,
    cause: &Cause,
    mut held: LockedInterview,
    step: Step,
    asker: Asker,
) -> Result<Decision, HandlerError> {
    // A call that failed is made again where the flow says so: this attempt comes to nothing.
    if let Some(verdict) = held.machine(cause.time).verdict()
        && verdict.outcome == Outcome::Failed
        && held.row.status != "ended"
        && retry::may_retry(&held, &verdict.reason)
    {
        let decision = retry::again(cause, &mut held);
        held.save(tx).await?;
        return Ok(decision);
    }
    let mut decision = Decision::nothing();
    if held.row.started_at.is_none()
        && held.row.status != "ended"
        && held.progress.stage != Stage::New
    {
        decision = started(cause, &mut held);
    }
    for effect in step.effects {
        decision = decision.merge(effect_to_events(env, tx, cause, &mut held, effect).await?);
    }
    match step.turn {
        Turn::None => {}
        Turn::Say(document) if asker == Asker::Stream => {
            decision = decision.reply(&document::turn(&held, document));
        }
        Turn::Say(document) => {
            let (prepared, reply) = compose(env, tx, cause, &held, &document).await?;
            decision = deliver(decision.merge(prepared), &mut held, &reply);
        }
        Turn::Hold { turn, wait_ms } => {
            if let Some(slot) = cause.reply_slot() {
                held.wait(slot);
            }
            let what = match held.progress.stage {
                Stage::Waiting => "question",
                Stage::Closing { .. } => "feedback",
                _ => "answer",
            };
            counter!("interviews_waits_total", "for" => what).increment(1);
            let due = TurnDue {
                interview_id: held.row.id.clone(),
                turn,
                attempt: held.attempt(),
            };
            decision = decision.schedule(
                Duration::milliseconds(i64::from(wait_ms)),
                OutgoingEvent::new(&due).key(held.call()),
            );
        }
    }
    if held.progress.end.is_some() && !held.progress.settled {
        // What comes late, such as an answer in which the caller hung up, has a moment.
        let id = derive_id(&[
            "interview.settle",
            &held.row.id,
            &held.row.attempt.to_string(),
        ]);
        decision = decision.schedule(
            env.timings.settle,
            OutgoingEvent::new(&settle(&held, "call"))
                .id(id)
                .key(held.call()),
        );
    }
    decision = decision.merge(conclude(env, cause, &mut held));
    held.save(tx).await?;
    Ok(decision)
}

/// The document's TwiML; and what has no sound yet is given to a voice, for the next time.
async fn compose(
    env: &Env,
    tx: &mut Tx,
    cause: &Cause,
    held: &LockedInterview,
    document: &Document,
) -> Result<(Decision, TwimlReply), HandlerError> {
    let (files, prepared) = speech::files(env, tx, cause, held, &document.lines).await?;
    let reply = document::twiml(held, document, &files, &env.public_url)?;
    Ok((prepared, reply))
}

/// To the one who asks now, and to those whose requests are held. If there is nobody, it is said when Twilio asks how
/// the call goes on.
fn deliver(decision: Decision, held: &mut LockedInterview, reply: &TwimlReply) -> Decision {
    let waiting = held.waiting();
    held.row.waiting = None;
    waiting
        .into_iter()
        .fold(decision.reply(reply), |decision, slot| {
            decision.reply_late(slot, reply)
        })
}

async fn effect_to_events(
    env: &Env,
    tx: &mut Tx,
    cause: &Cause,
    held: &mut LockedInterview,
    effect: Effect,
) -> Result<Decision, HandlerError> {
    let mut after = Duration::zero();
    let event = match effect {
        Effect::Prepare(line) => return speech::prepare(env, tx, cause, held, &[line]).await,
        Effect::Write { ordinal, number } => {
            OutgoingEvent::new(&write(tx, held, ordinal, number).await?)
        }
        Effect::Taken(number) => {
            let recording = held
                .progress
                .answer(number)
                .and_then(|answer| answer.recording.clone());
            let recording = recording.unwrap_or_default();
            OutgoingEvent::new(&AnswerTaken {
                interview: Some(held.told()),
                question_number: number,
                recording_sid: recording.sid,
                duration_s: recording.duration_s,
            })
            .id(derive_id(&[
                "answer.taken",
                &held.row.id,
                &held.row.attempt.to_string(),
                &number.to_string(),
            ]))
        }
        Effect::AwaitRecording(number) => {
            let recording = held
                .progress
                .answer(number)
                .and_then(|answer| answer.recording.clone());
            let due = RecordingDue {
                interview_id: held.row.id.clone(),
                question_number: number,
                recording_sid: recording.unwrap_or_default().sid,
            };
            after = env.timings.recording;
            OutgoingEvent::new(&due)
        }
        Effect::Transcribe(number) => match transcribe(env, cause, held, number) {
            Some(command) => OutgoingEvent::new(&command),
            None => return Ok(Decision::nothing()),
        },
        Effect::Score(number) => match score(held, number) {
            Some(command) => OutgoingEvent::new(&command),
            None => return Ok(Decision::nothing()),
        },
        Effect::Summarize => OutgoingEvent::new(&InterviewSummarize {
            interview_id: held.row.id.clone(),
            tenant_id: held.row.tenant_id.clone(),
            kind: held.row.kind.clone(),
            position: held.topic().to_owned(),
            resume: held.resume(tx).await?,
            turns: held.turns(),
            language: held.language().to_owned(),
            wishes: Some(held.wishes()),
        }),
        Effect::Evaluated => return Ok(evaluated(cause, held)),
    };
    Ok(Decision::nothing().schedule(after, event.key(held.call())))
}

async fn write(
    tx: &mut Tx,
    held: &LockedInterview,
    ordinal: u32,
    number: u32,
) -> Result<QuestionWrite, HandlerError> {
    let fixed = held
        .definition
        .questions
        .iter()
        .map(|question| question.ask.clone());
    let asked = held.progress.asked.iter().map(|asked| asked.text.clone());
    let mut known = Vec::new();
    for question in fixed.chain(asked) {
        if !known.contains(&question) {
            known.push(question);
        }
    }
    Ok(QuestionWrite {
        write_id: held.write_id(ordinal),
        interview_id: held.row.id.clone(),
        tenant_id: held.row.tenant_id.clone(),
        question_number: number,
        topic: held.topic().to_owned(),
        asked: known,
        turns: held.turns(),
        resume: held.resume(tx).await?,
        language: held.language().to_owned(),
        wishes: Some(held.wishes()),
    })
}

fn transcribe(
    env: &Env,
    cause: &Cause,
    held: &LockedInterview,
    number: u32,
) -> Option<AnswerTranscribe> {
    let recording = held.progress.answer(number)?.recording.clone()?;
    Some(AnswerTranscribe {
        answer_id: held.answer_id(number),
        interview_id: held.row.id.clone(),
        tenant_id: held.row.tenant_id.clone(),
        account_sid: held.row.account_sid.clone(),
        question_number: number,
        recording_sid: recording.sid,
        recording_url: recording.url,
        language: held.language().to_owned(),
        wishes: Some(held.wishes()),
        patience_until: (cause.time + env.timings.patience).to_rfc3339(),
    })
}

fn score(held: &LockedInterview, number: u32) -> Option<AnswerScore> {
    let answer = held.progress.answer(number)?;
    Some(AnswerScore {
        answer_id: held.answer_id(number),
        interview_id: held.row.id.clone(),
        tenant_id: held.row.tenant_id.clone(),
        question_number: number,
        question: held.progress.question(number)?.text.clone(),
        transcript: answer.transcript.clone(),
        criteria: held.definition.criteria.clone(),
        position: held.topic().to_owned(),
        language: held.language().to_owned(),
        wishes: Some(held.wishes()),
    })
}
