//! What went well a moment ago: a form leads back with a word (`?said=`), and the page has a sentence for it.

use schemars::JsonSchema;
use serde::Deserialize;

/// Words, each with its sentence.
pub type Messages = [(&'static str, &'static str)];

/// `?said=`.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct Flash {
    /// What a form has just done: the page says so.
    said: String,
}

impl Flash {
    /// The page's sentence; none for a word that it does not know.
    pub fn among(&self, messages: &Messages) -> Option<&'static str> {
        let found = messages.iter().find(|(known, _)| *known == self.said);
        found.map(|(_, sentence)| *sentence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn word_that_a_page_does_not_know_says_nothing() {
        let known = [("sent", "The message is on its way.")];
        let said = |word: &str| Flash {
            said: word.to_owned(),
        };
        assert_eq!(said("sent").among(&known), Some(known[0].1));
        assert_eq!(said("<b>").among(&known), None);
        assert_eq!(Flash::default().among(&known), None);
    }
}
