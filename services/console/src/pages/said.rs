//! What went well a moment ago: the word that an order leads back with, and the sentence that a page has for it.

use serde::Deserialize;

/// Words, each with its sentence.
pub type Sentences = [(&'static str, &'static str)];

/// `?said=`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Said {
    said: String,
}

impl Said {
    /// The page's sentence; none for a word that it does not know.
    pub fn among(&self, sentences: &Sentences) -> Option<&'static str> {
        among(&self.said, sentences)
    }
}

/// The same for a page that takes the word among others.
pub fn among(word: &str, sentences: &Sentences) -> Option<&'static str> {
    let found = sentences.iter().find(|(known, _)| *known == word);
    found.map(|(_, sentence)| *sentence)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn word_that_a_page_does_not_know_says_nothing() {
        let known = [("sent", "The message is on its way.")];
        assert_eq!(among("sent", &known), Some("The message is on its way."));
        assert_eq!(among("<b>", &known), None);
        assert_eq!(Said::default().among(&known), None);
    }
}
