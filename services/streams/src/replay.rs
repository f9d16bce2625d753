//! A call that is run again from its inputs: the same, to be compared output by output, or with a model that is told something else.

use std::time::Duration;

use ai::task::Spoken;
use ai::{Ai, ChatRequest, Patience};
use session::journal::{Damaged, Replayed};
use session::{Heard, Output};
use sha2::{Digest, Sha256};

use crate::inputs::{ASSISTANT, OUTPUTS};
pub use crate::inputs::{InputsOf, Outputs};
use crate::live::{Brief, Conversation, Next, Wish};

/// How long a model is waited for.
const PATIENCE: Patience = Patience {
    first: Duration::from_secs(20),
    next: Duration::from_secs(20),
};

/// Why a call cannot be run again.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The first line says not what it is of.
    #[error("these are no inputs of a call: {0}")]
    Unknown(#[from] serde_json::Error),
    /// What follows is none.
    #[error("{0}")]
    Damaged(#[from] Damaged),
    /// Only a conversation is told anything.
    #[error(
        "the call was with a bot that keeps to a script: only an assistant can be given other words or another model"
    )]
    NoAssistant,
    /// The model has not answered.
    #[error("the model has not answered: {0}")]
    Model(#[from] ai::Error),
}

/// The inputs of one stream of a call.
#[derive(Debug, Clone)]
pub struct Journal<'a> {
    /// What they are of.
    pub about: InputsOf,
    bytes: &'a [u8],
}

/// What became of a stream that was run again.
#[derive(Debug, Clone, Default)]
pub struct Again {
    /// How many inputs there were.
    pub inputs: u64,
    /// How many outputs, and their digest.
    pub outputs: Outputs,
    /// The same of the call itself; `None`: the process was killed before it could say.
    pub then: Option<Outputs>,
}

impl Again {
    /// Whether the outputs are those of the call; `None` where nobody knows.
    #[must_use]
    pub fn is_same(&self) -> Option<bool> {
        let then = self.then.as_ref()?;
        Some((self.outputs.count, &self.outputs.sha256) == (then.count, &then.sha256))
    }
}

/// A turn of a conversation: what the caller did, and what was answered then and now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TurnAgain {
    /// What the caller did.
    pub heard: Heard,
    /// What was heard of the answer in the call.
    pub then: String,
    /// What is answered now.
    pub now: String,
    /// The tool that is used now; empty: none.
    pub tool: String,
}

/// What is changed.
#[derive(Debug, Clone, Default)]
pub struct Changes {
    /// In place of the assistant's instructions.
    pub instructions: Option<String>,
    /// In place of its chat model.
    pub model: Option<String>,
}

impl<'a> Journal<'a> {
    /// Reads what `GET /api/streams/calls/{call_id}/inputs/{part}` gives.
    ///
    /// # Errors
    /// Where the bytes are no journal of inputs.
    pub fn read(bytes: &'a [u8]) -> Result<Self, Error> {
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let (head, rest) = bytes.split_at(end.unwrap_or(bytes.len()));
        Ok(Self {
            about: serde_json::from_slice(head)?,
            bytes: rest.get(1..).unwrap_or_default(),
        })
    }

    /// Runs the stream again, each input at its time; `each` gets every output with the time that it comes at.
    ///
    /// # Errors
    /// Where the bytes are damaged.
    pub fn again(&self, mut each: impl FnMut(Duration, &Output)) -> Result<Again, Error> {
        let mut again = Again::default();
        let mut digest = Sha256::new();
        again.inputs = session::journal::run(self.bytes, |it| match it {
            Replayed::Output(at, output) => {
                again.outputs.count += 1;
                digest.update(format!("{output}\n"));
                each(at, &output);
            }
            Replayed::Note {
                name: OUTPUTS,
                text,
            } => {
                again.then = serde_json::from_str(text).ok();
            }
            Replayed::Note { .. } => {}
        })?;
        again.outputs.sha256 = hex::encode(digest.finalize());
        again.outputs.cut = again.then.as_ref().is_some_and(|it| it.cut);
        Ok(again)
    }

    /// What the caller did in the call is put to the model again, which is told what `changes` says. The caller's words are those of
    /// the call: what a caller would have said to another answer nobody knows. No tool is used.
    ///
    /// # Errors
    /// Where there was no assistant, or the model does not answer.
    pub async fn with(&self, changes: &Changes, ai: &Ai) -> Result<Vec<TurnAgain>, Error> {
        let mut talk = self.brief(changes)?.conversation();
        let mut turns = self.turns()?;
        for turn in &mut turns {
            let request = match talk.heard(&turn.heard) {
                Next::Say(decided) => {
                    turn.now = decided.lines.join(" ");
                    talk.said(&turn.now);
                    continue;
                }
                Next::Model(request) => request,
            };
            let answer = ask(ai, &request, &talk).await?;
            turn.now.clone_from(&answer.say);
            turn.tool.clone_from(&answer.tool);
            if let Some(lines) = lines(&mut talk, &answer) {
                turn.now = [turn.now.as_str(), lines.as_str()]
                    .join(" ")
                    .trim()
                    .to_owned();
            }
            talk.said(&turn.now);
        }
        Ok(turns)
    }

    fn brief(&self, changes: &Changes) -> Result<Brief, Error> {
        let mut found = None;
        session::journal::run(self.bytes, |it| {
            if let Replayed::Note {
                name: ASSISTANT,
                text,
            } = it
            {
                found = serde_json::from_str::<Brief>(text).ok();
            }
        })?;
        let mut brief = found.ok_or(Error::NoAssistant)?;
        if let Some(instructions) = &changes.instructions {
            brief.assistant.instructions.clone_from(instructions);
        }
        if let Some(model) = &changes.model {
            brief.assistant.ai.chat_model.clone_from(model);
        }
        Ok(brief)
    }

    /// The turns of the call as they were.
    fn turns(&self) -> Result<Vec<TurnAgain>, Error> {
        let mut turns: Vec<TurnAgain> = Vec::new();
        self.again(|_, output| match output {
            Output::Ask { heard, .. } => turns.push(TurnAgain {
                heard: heard.clone(),
                then: String::new(),
                now: String::new(),
                tool: String::new(),
            }),
            Output::Said { turn, text, .. } => {
                let nth = usize::try_from(*turn).unwrap_or_default();
                if let Some(it) = nth.checked_sub(1).and_then(|nth| turns.get_mut(nth)) {
                    it.then = [it.then.as_str(), text.as_str()]
                        .join(" ")
                        .trim()
                        .to_owned();
                }
            }
            _ => {}
        })?;
        Ok(turns)
    }
}

async fn ask(ai: &Ai, request: &ChatRequest, talk: &Conversation) -> Result<Spoken, Error> {
    let answer = ai
        .converse(request, &talk.tools(), PATIENCE, |_| {})
        .await?;
    Ok(answer.value)
}

/// What is said beside the model's own words.
fn lines(talk: &mut Conversation, answer: &Spoken) -> Option<String> {
    let lines = match talk.replied(answer) {
        Wish::Say(decided) | Wish::Text(Some(decided), _) => decided.lines,
        Wish::Transfer(transfer) => transfer.decided.lines,
        Wish::Tool { lines, .. } => lines,
        Wish::Text(None, _) | Wish::Again(..) => return None,
    };
    Some(lines.join(" "))
}
