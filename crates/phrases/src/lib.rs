#![doc = include_str!("../README.md")]

mod assistant;
mod calls;
mod interview;
mod language;
mod out_of_service;
mod phrase_struct;
mod safety;
mod speaker;
pub mod template;
mod texts;
mod voices;

pub use assistant::AssistantPhrases;
pub use calls::CallPhrases;
pub use interview::InterviewPhrases;
pub use language::Language;
pub use out_of_service::not_in_service;
pub use safety::SafetyPhrases;
pub use speaker::Speaker;
pub use texts::TextPhrases;
