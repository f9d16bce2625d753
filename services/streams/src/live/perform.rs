//! What a running call does: work that is done goes into the session, and what the session wants goes out.

use metrics::{counter, histogram};
use session::{EndReason, Input, Output};

use super::call::{Done, Running};
use super::decide::Decided;
use super::sink::Gone;

impl Running {
    pub(super) fn done(&mut self, done: Done) {
        match done {
            Done::Words(utterance, text) => self.put(Input::Transcript { utterance, text }),
            Done::Decided(turn, None) => self.put(Input::Undecided { turn }),
            Done::Decided(turn, Some(decided)) => self.decided(turn, decided),
            Done::Assistant(turn, _, None) => self.put(Input::Undecided { turn }),
            Done::Assistant(turn, heard, Some(assistant)) => self.meet(turn, &heard, *assistant),
            Done::Sentence(turn, text) if self.is_answering(turn) => self.sentence(turn, text),
            Done::Replied(turn, reply) if self.is_answering(turn) => self.replied(turn, reply),
            Done::Answered(turn, tool, answer) => self.answered(turn, &tool, &answer),
            Done::Late(turn) if self.undecided == Some(turn) => self.fill(turn),
            // The caller has gone on meanwhile.
            Done::Sentence(..) | Done::Replied(..) | Done::Late(_) | Done::Aside => {}
            Done::Sound(line, sound) => self.put(Input::Speech {
                line,
                chunk: &sound,
                last: false,
            }),
            Done::Spoken(line, false) => self.put(Input::Speechless { line }),
            Done::Spoken(line, true) => self.put(Input::Speech {
                line,
                chunk: &[],
                last: true,
            }),
        }
    }

    /// It is said how it goes on.
    pub(super) fn decided(&mut self, turn: u64, decided: Decided) {
        self.undecided = None;
        if !decided.interview_id.is_empty() {
            self.end.interview_id = decided.interview_id;
        }
        if !decided.language.is_empty() {
            self.language = decided.language;
        }
        self.wishes = decided.wishes;
        if decided.longest_s > 0 {
            self.last_at_most(decided.longest_s);
        }
        self.put(Input::Decision {
            turn,
            lines: decided.lines,
            then: decided.then,
        });
    }

    /// Does what the session wants; answers why it is over.
    pub(super) async fn drain(&mut self) -> Result<Option<EndReason>, Gone> {
        while let Some(output) = self.next_output() {
            match output {
                Output::Frame(frame) => self.sink.frame(&frame).await?,
                Output::Mark(name) => self.sink.mark(&name).await?,
                Output::Clear => self.sink.clear().await?,
                Output::Text {
                    text,
                    last,
                    interruptible,
                } => self.sink.say(&text, last, interruptible).await?,
                Output::Transcribe { utterance, sound } => {
                    let (voice, language) = (self.call.voice.clone(), self.language.clone());
                    let (row, wishes) = (self.call.row.clone(), self.wishes.clone());
                    let words = self.call.hearing.words(utterance);
                    self.work_on(async move {
                        let tenant = &row.tenant_id;
                        let text = voice.understand(tenant, words, &sound, &language, &wishes);
                        Done::Words(utterance, text.await)
                    });
                }
                Output::Ask { turn, heard } => {
                    self.end.turns = turn;
                    self.ask(turn, heard);
                }
                Output::Speak { line, text } => {
                    let language = phrases::Language::of_line(&self.language, &text).to_owned();
                    let (voice, wishes) = (self.call.voice.clone(), self.wishes.clone());
                    let (tell, row) = (self.tell.clone(), self.call.row.clone());
                    self.work_on(async move {
                        let tenant = &row.tenant_id;
                        // Whoever listened is gone: so is the call.
                        let sound = |piece| drop(tell.send(Done::Sound(line, piece)));
                        let is_whole = voice.speak(tenant, &text, &language, &wishes, sound).await;
                        let _ = tell.send(Done::Spoken(line, is_whole));
                        Done::Aside
                    });
                }
                Output::Turn(timing) => {
                    if let Some(response) = timing.response() {
                        histogram!("streams_response_seconds").record(response.as_secs_f64());
                    }
                    for (part, took, budget) in timing.parts() {
                        let Some(took) = took else { continue };
                        histogram!("streams_turn_part_seconds", "part" => part)
                            .record(took.as_secs_f64());
                        if took > budget {
                            counter!("streams_over_budget_total", "part" => part).increment(1);
                        }
                    }
                    let told = self.call.teller.turn(&self.call.row, &timing);
                    self.tell_of(told);
                }
                Output::Interrupted { .. } => self.stop_model(),
                Output::Said { text, .. } => {
                    if let Some(talk) = &mut self.talk {
                        talk.said(&text);
                    }
                }
                Output::Record { caller, ours, .. } => {
                    let is_held = self.call.recording.is_held(&self.call.row.call_sid);
                    self.call.ears.step(&caller, &ours, is_held);
                    if let Some(recorder) = &mut self.recorder {
                        recorder.step(&caller, &ours, is_held).await;
                    }
                }
                Output::End(reason) => return Ok(Some(reason)),
            }
        }
        if let Some(inputs) = &mut self.inputs {
            inputs.settle().await;
        }
        Ok(None)
    }
}
