//! What an assistant says without its model.

pub use phrases::AssistantPhrases as Words;
use phrases::Language;

/// Those of a language.
pub fn words_of(language: &str) -> &'static Words {
    Language::of(language).assistant()
}
