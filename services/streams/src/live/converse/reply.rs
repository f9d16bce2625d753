//! What the model's answer leads to, or that there is none.

use ai::task::Spoken;
use phrases::Language;
use session::{EndReason, Then};

use super::super::decide::Decided;
use super::super::words::words_of;
use super::Conversation;
use super::tools::argument;

/// The longest whisper, in letters: the caller waits meanwhile.
const WHISPER: usize = 400;

/// What the model wants.
#[derive(Debug, Clone)]
pub enum Wish {
    /// This is said.
    Say(Decided),
    /// A person takes over.
    Transfer(Transfer),
    /// A text goes to the caller, and this is said; `None`: the model is to say so yet.
    Text(Option<Decided>, String),
    /// This tool has answered so, and the model is to say what of it the caller hears.
    Again(&'static str, &'static str),
    /// A tool of the tenant's own is asked, while this is said.
    Tool {
        /// What is said meanwhile.
        lines: Vec<String>,
        /// Which.
        tool: Box<flow::Tool>,
        /// What it is given.
        arguments: String,
    },
}

/// A call that a person takes over.
#[derive(Debug, Clone)]
pub struct Transfer {
    /// What the caller hears before it.
    pub decided: Decided,
    /// Who takes over.
    pub target: String,
    /// What they hear before they are connected.
    pub whisper: String,
}

impl Conversation {
    /// What the model has answered. Its words have been given out while it wrote them.
    pub fn replied(&mut self, reply: &Spoken) -> Wish {
        let is_silent = reply.say.trim().is_empty();
        let unless_said = |words: &str| match is_silent {
            true => vec![words.to_owned()],
            false => Vec::new(),
        };
        let words = words_of(&self.language);
        let Some(tool) = self.assistant.tool(&reply.tool).cloned() else {
            // A tool that was not offered is none.
            return Wish::Say(self.listening(unless_said(words.say_again)));
        };
        match tool.name.as_str() {
            "hang_up" => {
                self.outcome = "completed";
                let lines = unless_said(words.goodbye);
                Wish::Say(self.decided(lines, Then::End(EndReason::Goodbye)))
            }
            "transfer" => {
                let target = if tool.to.is_empty() {
                    self.forward_to.clone()
                } else {
                    tool.to
                };
                let summary = argument(&reply.arguments, "summary");
                self.transfer(unless_said(words.connecting), target, summary)
            }
            "send_text" => {
                let text = argument(&reply.arguments, "text").unwrap_or_else(|| reply.say.clone());
                self.tools += 1;
                let decided = (!is_silent).then(|| self.listening(Vec::new()));
                match text.trim().is_empty() {
                    true => Wish::Again("send_text", "it was not sent: there was no text"),
                    false => Wish::Text(decided, text),
                }
            }
            "take_message" => {
                let message = argument(&reply.arguments, "text");
                self.messages
                    .push(message.unwrap_or_else(|| reply.arguments.clone()));
                self.tools += 1;
                match is_silent {
                    true => Wish::Again("take_message", "it is passed on"),
                    false => Wish::Say(self.listening(Vec::new())),
                }
            }
            _ => {
                self.tools += 1;
                Wish::Tool {
                    lines: unless_said(words.one_moment),
                    tool: Box::new(tool),
                    arguments: reply.arguments.clone(),
                }
            }
        }
    }

    /// Neither the model nor those who stand in for it have answered: an apology, and a person where there is one, else a message
    /// is taken.
    pub fn failed(&mut self) -> Wish {
        self.outcome = "failed";
        let apology = match self.assistant.apology.as_str() {
            "" => Language::of(&self.language).interview().apology,
            own => own,
        };
        let named = self.assistant.tool("transfer").map(|tool| tool.to.clone());
        let target = named
            .filter(|to| !to.is_empty())
            .unwrap_or_else(|| self.forward_to.clone());
        if target.is_empty() && !self.takes_message {
            self.takes_message = true;
            let leave = words_of(&self.language).leave_message;
            return Wish::Say(self.listening(vec![apology.to_owned(), leave.to_owned()]));
        }
        if target.is_empty() {
            return Wish::Say(
                self.decided(vec![apology.to_owned()], Then::End(EndReason::Goodbye)),
            );
        }
        let words = words_of(&self.language).sorry_a_person;
        let wish = self.transfer(vec![words.to_owned()], target, None);
        self.outcome = "failed";
        wish
    }

    fn transfer(&mut self, lines: Vec<String>, target: String, summary: Option<String>) -> Wish {
        if target.is_empty() {
            let nobody = words_of(&self.language).nobody_there;
            return Wish::Say(self.say(nobody));
        }
        self.outcome = "transferred";
        Wish::Transfer(Transfer {
            decided: self.decided(lines, Then::End(EndReason::Transfer)),
            target,
            whisper: self.whisper(summary),
        })
    }

    /// What whoever takes over hears first: the model's summary, else the caller's last words.
    fn whisper(&self, summary: Option<String>) -> String {
        let summary = summary.filter(|text| !text.trim().is_empty());
        let last = || {
            let mut caller = self.history.iter().rev().filter(|it| it.who == "caller");
            caller.next().map(|it| it.text.clone())
        };
        let whisper: String = summary.or_else(last).unwrap_or_default();
        whisper.chars().take(WHISPER).collect()
    }
}
