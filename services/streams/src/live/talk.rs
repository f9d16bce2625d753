//! The turns of a conversation: whom the running call asks, and what it makes of the answers.

use std::time::Duration;

use ai::ChatRequest;
use ai::task::Spoken;
use flow::Assistant;
use session::{Heard, Input};

use super::call::{Done, Running};
use super::converse::{Brief, Conversation, Next, Wish};
use super::decide::Decided;
use crate::inputs::ASSISTANT;

/// After so long a caller hears that it takes a moment.
const MOMENT: Duration = Duration::from_millis(2_500);
/// The longest call of an assistant that names no limit, in seconds: Twilio's own.
const LONGEST_S: u64 = 14_400;

impl Running {
    /// Asks how it goes on.
    pub(super) fn ask(&mut self, turn: u64, heard: Heard) {
        // What was being answered has been overtaken.
        self.stop_model();
        self.undecided = Some(turn);
        let (row, mind) = (self.call.row.clone(), self.call.mind.clone());
        if row.app != "assistant" {
            let offer = self.call.offer.clone();
            self.work_on(async move {
                Done::Decided(turn, mind.decide.turn(&row, &offer, turn, &heard).await)
            });
            return;
        }
        if self.talk.is_some() {
            return self.converse(turn, &heard);
        }
        let offer = self.call.offer.clone();
        self.work_on(async move {
            let assistant = mind.assistant(&row, &offer).await;
            Done::Assistant(turn, heard, assistant.map(Box::new))
        });
    }

    /// The flow of the number is there.
    pub(super) fn meet(&mut self, turn: u64, heard: &Heard, assistant: Assistant) {
        let tenant = self.call.offer.tenant.clone().unwrap_or_default();
        let brief = Brief {
            assistant,
            language: tenant.language,
            forward_to: tenant.forward_to,
            state: self.call.row.state.clone(),
        };
        self.note(ASSISTANT, &brief.to_text());
        let talk = brief.conversation();
        self.last_at_most(talk.longest_s().unwrap_or(LONGEST_S));
        self.talk = Some(talk);
        self.converse(turn, heard);
    }

    fn converse(&mut self, turn: u64, heard: &Heard) {
        let Some(talk) = &mut self.talk else {
            return;
        };
        match talk.heard(heard) {
            Next::Say(decided) => self.decided(turn, decided),
            Next::Model(request) => {
                let state = talk.state();
                self.ask_model(turn, request);
                self.remember(state);
            }
        }
    }

    /// Asks the model; what it says is spoken sentence by sentence. After a while without one the caller hears that it takes a
    /// moment.
    fn ask_model(&mut self, turn: u64, request: ChatRequest) {
        self.stop_model();
        self.undecided = Some(turn);
        let (mind, tell) = (self.call.mind.clone(), self.tell.clone());
        let row = self.call.row.clone();
        let tools = self.talk.as_ref().map(Conversation::tools);
        let work = self.work_on(async move {
            let sentence = |text| {
                // Whoever listened is gone: so is the call.
                let _ = tell.send(Done::Sentence(turn, text));
            };
            let tools = tools.unwrap_or_default();
            let reply = mind.model(&row.tenant_id, request, &tools, sentence).await;
            let _ = tell.send(Done::Replied(turn, reply));
            Done::Aside
        });
        self.answering = Some((turn, work));
        self.work_on(async move {
            tokio::time::sleep(MOMENT).await;
            Done::Late(turn)
        });
    }

    /// Whether the model is answering this turn.
    pub(super) fn is_answering(&self, turn: u64) -> bool {
        self.answering.as_ref().is_some_and(|(it, _)| *it == turn)
    }

    /// The caller has interrupted, or gone on: the rest of the answer is not wanted. A tool that has been asked is left to its end.
    pub(super) fn stop_model(&mut self) {
        self.undecided = None;
        self.awaiting_tool = None;
        if let Some((_, work)) = self.answering.take() {
            work.abort();
        }
    }

    /// A part of the model's answer: spoken while the rest is being written.
    pub(super) fn sentence(&mut self, turn: u64, text: String) {
        self.undecided = None;
        self.say_meanwhile(turn, vec![text]);
    }

    /// A tool has answered: the model says what the caller hears of it, unless the caller has gone on.
    pub(super) fn answered(&mut self, turn: u64, tool: &str, answer: &str) {
        let Some(talk) = &mut self.talk else {
            return;
        };
        let request = talk.answered(tool, answer);
        if self.awaiting_tool == Some(turn) {
            self.ask_model(turn, request);
        }
    }

    /// The model takes its time: the caller hears so.
    pub(super) fn fill(&mut self, turn: u64) {
        let filler = self.talk.iter().map(|talk| talk.filler().to_owned());
        let lines = filler.collect();
        self.say_meanwhile(turn, lines);
    }

    fn say_meanwhile(&mut self, turn: u64, lines: Vec<String>) {
        self.put(Input::Decision {
            turn,
            lines,
            then: None,
        });
    }

    /// The model's answer is over, or there is none.
    pub(super) fn replied(&mut self, turn: u64, reply: Option<Spoken>) {
        self.answering = None;
        let Some(talk) = &mut self.talk else {
            return;
        };
        let wish = match reply {
            Some(reply) => talk.replied(&reply),
            None => talk.failed(),
        };
        match wish {
            Wish::Say(decided) => self.decided(turn, decided),
            Wish::Transfer(transfer) => {
                self.end.target = transfer.target;
                self.end.whisper = transfer.whisper;
                self.decided(turn, transfer.decided);
            }
            Wish::Text(decided, body) => self.text(turn, decided, body),
            Wish::Again(tool, answer) => {
                self.awaiting_tool = Some(turn);
                self.answered(turn, tool, answer);
            }
            Wish::Tool {
                lines,
                tool,
                arguments,
            } => {
                self.undecided = None;
                self.awaiting_tool = Some(turn);
                self.say_meanwhile(turn, lines);
                let (mind, row) = (self.call.mind.clone(), self.call.row.clone());
                self.work_on(async move {
                    let answer = mind.tool(&row, turn, &tool, &arguments).await;
                    Done::Answered(turn, tool.name.clone(), answer)
                });
            }
        }
    }

    /// A text goes to the caller; the model says so where it has not yet.
    fn text(&mut self, turn: u64, decided: Option<Decided>, body: String) {
        let (mind, row, offer) = (
            self.call.mind.clone(),
            self.call.row.clone(),
            self.call.offer.clone(),
        );
        let is_said = decided.is_some();
        self.work_on(async move {
            mind.text(&row, &offer, turn, &body).await;
            match is_said {
                true => Done::Aside,
                false => Done::Answered(turn, "send_text".to_owned(), "sent".to_owned()),
            }
        });
        match decided {
            Some(decided) => self.decided(turn, decided),
            None => self.awaiting_tool = Some(turn),
        }
    }

    /// What has been said is kept for the stream that follows, should this process be killed.
    fn remember(&mut self, state: String) {
        let (teller, row) = (self.call.teller.clone(), self.call.row.clone());
        self.work_on(async move {
            teller.remember(&row.id, &state).await;
            Done::Aside
        });
    }
}
