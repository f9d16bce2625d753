//! Patterns of words.
//!
//! A pattern is a row of slots: `a|b` one of several, `of_the` several words in one, `leak~` a word that begins so, `me?` may
//! be missing, `*` up to four words of any kind.

use std::ops::Range;

/// The most words that a `*` stands for.
const GAP: usize = 4;

/// Whether the pattern is all of the words.
pub(crate) fn is_whole(pattern: &str, words: &[String]) -> bool {
    let slots: Vec<&str> = pattern.split(' ').collect();
    consumed(&slots, words, true).is_some()
}

/// The first place of the pattern among the words that `accepts`.
pub(crate) fn find(
    pattern: &str,
    words: &[String],
    accepts: impl Fn(&Range<usize>) -> bool,
) -> Option<Range<usize>> {
    let slots: Vec<&str> = pattern.split(' ').collect();
    (0..words.len())
        .filter_map(|start| {
            let rest = words.get(start..)?;
            Some(start..start + consumed(&slots, rest, false)?)
        })
        .find(accepts)
}

/// How many words the slots take from the beginning; all of them if `whole`.
fn consumed(slots: &[&str], words: &[String], whole: bool) -> Option<usize> {
    let Some((slot, rest)) = slots.split_first() else {
        return (!whole || words.is_empty()).then_some(0);
    };
    let after = |used: usize| {
        let more = consumed(rest, words.get(used..)?, whole)?;
        Some(used + more)
    };
    if *slot == "*" {
        return (0..=GAP.min(words.len())).find_map(after);
    }
    let (choices, optional) = match slot.strip_suffix('?') {
        Some(choices) => (choices, true),
        None => (*slot, false),
    };
    let taken = choices.split('|').find_map(|choice| {
        let parts = choice.split('_');
        let used = parts.clone().count();
        let fits = words.len() >= used && parts.zip(words).all(|(part, word)| is_word(part, word));
        fits.then(|| after(used)).flatten()
    });
    taken.or_else(|| if optional { after(0) } else { None })
}

fn is_word(part: &str, word: &str) -> bool {
    match part.strip_suffix('~') {
        Some(stem) => word.starts_with(stem),
        None => part == word,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::words::words;

    #[test]
    fn pattern_matches_its_slots() {
        for (pattern, text, whole, within) in [
            (
                "smell~ * gas",
                "I smell something like gas here",
                false,
                true,
            ),
            ("smell~ * gas", "smells gas", true, true),
            (
                "smell~ * gas",
                "smell one two three four five gas",
                false,
                false,
            ),
            ("stop texting me? please?", "stop texting", true, true),
            (
                "stop texting me? please?",
                "stop texting me please",
                true,
                true,
            ),
            ("stop texting me?", "stop texting us", false, true),
            ("off|out_of the list", "out of the list", true, true),
            ("off|out_of the list", "out the list", false, false),
        ] {
            let words = words(text);
            assert_eq!(is_whole(pattern, &words), whole, "{pattern}: {text}");
            let found = find(pattern, &words, |_| true);
            assert_eq!(found.is_some(), within, "{pattern}: {text}");
        }
    }
}
