//! Texts as they come from people and from models.

/// The most of a transcript or a resume that a model is shown.
pub(crate) const MOST: usize = 20_000;

/// The beginning of a text, at most so many bytes of it, without a character cut in two.
pub(crate) fn cut(text: &str, most: usize) -> &str {
    let mut end = most.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

/// With single spaces, none at the ends.
pub(crate) fn plain(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// The quote as it stands in the text, white space aside; `None` where it does not.
pub(crate) fn verbatim(quote: &str, text: &str) -> Option<String> {
    let marks = ['"', '\'', '“', '”', '„', '«', '»', '…', ' '];
    let quote = plain(quote.trim_matches(marks));
    (!quote.is_empty() && plain(text).contains(&quote)).then_some(quote)
}

/// Letters and digits alone, small: by which two questions are the same.
fn essence(text: &str) -> String {
    text.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// Whether a question was asked before, in other spacing, case or punctuation.
pub(crate) fn is_repeat(question: &str, asked: &[String]) -> bool {
    let essence_of_this = essence(question);
    asked.iter().any(|other| essence(other) == essence_of_this)
}

/// Whether it can be spoken as one question: not empty, not long, one at most.
pub(crate) fn is_one_question(question: &str) -> bool {
    let marks = question
        .chars()
        .filter(|c| matches!(c, '?' | '？' | '؟'))
        .count();
    !essence(question).is_empty()
        && question.chars().count() <= 300
        && marks <= 1
        && !question.contains(['*', '#', '{', '}', '<', '>', '`'])
}

/// The first few sentences.
pub(crate) fn sentences(text: &str, most: usize) -> String {
    let text = plain(text);
    let mut ends = text
        .char_indices()
        .filter(|(at, c)| {
            let after = text.get(at + c.len_utf8()..).unwrap_or_default();
            matches!(c, '.' | '!' | '?') && (after.is_empty() || after.starts_with(' '))
        })
        .map(|(at, c)| at + c.len_utf8());
    let end = ends.nth(most.saturating_sub(1)).unwrap_or(text.len());
    text.get(..end).unwrap_or(&text).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cut_leaves_characters_whole() {
        assert_eq!(cut("grüße", 3), "gr");
        assert_eq!(cut("grüße", 4), "grü");
        assert_eq!(cut("grüße", 99), "grüße");
        assert_eq!(cut(&"ü".repeat(20_000), MOST).len(), MOST);
    }

    #[test]
    fn quote_stands_in_its_text() {
        let text = "I led a team\n of  five people.";
        assert_eq!(
            verbatim("“a team of five”", text).as_deref(),
            Some("a team of five")
        );
        assert_eq!(verbatim("a team of six", text), None);
        assert_eq!(verbatim("A team", text), None);
        assert_eq!(verbatim(" \" ", text), None);
    }

    #[test]
    fn questions_that_sound_the_same_are_the_same() {
        let asked = ["Tell me about yourself.".to_owned()];
        assert!(is_repeat("tell me  about yourself", &asked));
        assert!(!is_repeat("Tell me about your team.", &asked));
    }

    #[test]
    fn what_can_be_spoken() {
        for fine in ["Why Rust?", "Tell me about a failure.", "なぜですか？"] {
            assert!(is_one_question(fine), "{fine}");
        }
        let long = "a".repeat(301);
        for bad in ["", " ?", "Why? And how?", "**Why** Rust?", long.as_str()] {
            assert!(!is_one_question(bad), "{bad}");
        }
    }

    #[test]
    fn at_most_three_sentences() {
        assert_eq!(
            sentences("One. Two 2.5!  Three? Four.", 3),
            "One. Two 2.5! Three?"
        );
        assert_eq!(sentences("No end", 3), "No end");
    }
}
