//! Text that comes in pieces, given out sentence by sentence.

/// A text without an end is given out at a comma from this length on, in bytes: a caller waits for its sound.
const LONG: usize = 240;

/// Gathers pieces until a sentence is whole.
#[derive(Debug, Default)]
pub(crate) struct Sentences {
    pending: String,
}

impl Sentences {
    /// One more piece; answers the sentences that are whole by now.
    pub(crate) fn push(&mut self, piece: &str) -> Vec<String> {
        self.pending.push_str(piece);
        let mut whole = Vec::new();
        while let Some(end) = end(&self.pending) {
            let rest = self.pending.split_off(end);
            let sentence = std::mem::replace(&mut self.pending, rest);
            whole.extend(trimmed(&sentence));
        }
        whole
    }

    /// The text is over: what is left is a sentence too.
    pub(crate) fn finish(&mut self) -> Option<String> {
        trimmed(&std::mem::take(&mut self.pending))
    }
}

/// The sentences of a text.
#[must_use]
pub fn sentences(text: &str) -> Vec<String> {
    let mut gathering = Sentences::default();
    let mut whole = gathering.push(text);
    whole.extend(gathering.finish());
    whole
}

fn trimmed(sentence: &str) -> Option<String> {
    let sentence = sentence.trim();
    (!sentence.is_empty()).then(|| sentence.to_owned())
}

/// Where the first sentence ends: a mark with white space behind it, so that `9.50` is one word, or the end of a line.
fn end(text: &str) -> Option<usize> {
    let marks = text.match_indices(['.', '!', '?', '\n']);
    let mut ends = marks.map(|(at, mark)| (at + mark.len(), mark));
    let found =
        ends.find(|(end, mark)| *mark == "\n" || text[*end..].starts_with(char::is_whitespace));
    let long = || {
        let commas = text.match_indices(", ").map(|(at, _)| at + 1);
        commas.filter(|at| *at >= LONG).min()
    };
    found.map(|(end, _)| end).or_else(long)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_in_pieces_is_given_out_by_sentence() {
        let text = "Hello. It costs 9.50 dollars! Really?! Yes\nGood";
        let expected = [
            "Hello.",
            "It costs 9.50 dollars!",
            "Really?!",
            "Yes",
            "Good",
        ];
        assert_eq!(sentences(text), expected);
        for size in 1..7 {
            let mut gathering = Sentences::default();
            let letters: Vec<char> = text.chars().collect();
            let pieces = letters.chunks(size).map(String::from_iter);
            let mut given: Vec<String> = pieces.flat_map(|it| gathering.push(&it)).collect();
            given.extend(gathering.finish());
            assert_eq!(given, expected, "{size}");
        }
        assert_eq!(sentences("  "), Vec::<String>::new());
    }

    #[test]
    fn sentence_is_given_out_before_the_next_one_is_there() {
        let mut gathering = Sentences::default();
        assert!(gathering.push("One. ").len() == 1 && gathering.push("Two").is_empty());
        assert_eq!(gathering.finish().as_deref(), Some("Two"));
        assert_eq!(gathering.finish(), None);
    }

    #[test]
    fn sentence_without_end_is_cut_at_a_comma() {
        let endless = "and so on, ".repeat(50);
        let cut = sentences(&endless);
        assert!(cut.len() > 1 && cut.iter().all(|it| it.len() < LONG + 20));
    }
}
