//! A yes or a no to a question that is open.

use crate::pattern::is_whole;
use crate::words::words;

/// What a customer answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Answer {
    /// Yes.
    Yes,
    /// No.
    No,
}

const YES: &[&str] = &[
    "yes|y|yeah|yea|yep|yup|ya|sure|ok|okay|okey|k|kk|perfect|great|confirmed|confirm|correct|absolutely|definitely|agreed|deal|si|sí|claro|vale|perfecto|confirmo|ja|jawohl|passt|einverstanden",
    "that|it|this? sounds|works|looks|is good|great|fine|perfect|for_me|ok|okay",
    "that|it|this works|fine",
    "works|good|fine for_me",
    "go_ahead|book_it|please_do|do_it|lets_do_it|see_you_then|of_course|for_sure|sign_me_up|lock_it_in",
    "please? book|confirm it|that|me",
    "i_do|i_confirm|that_is_fine|thats_fine|thats_good|thats_great|thats_perfect|im_good_with_that",
];
const NO: &[&str] = &[
    "no|nope|nah|n|negative|nein",
    "no_thanks|no_thank_you|not_really|not_that",
    "that|it|this does|will not work for_me?",
    "that|it|this doesnt|wont|cant work for_me?",
    "i cant|cannot|can_not make_it|do_that?",
];
/// Words that may stand around a yes or a no.
const AROUND: &[&str] = &[
    "please", "thanks", "thank", "you", "thx", "then", "so", "much", "and", "very",
];
/// Words that make a yes doubtful: a person or the model reads the rest.
const DOUBT: &[&str] = &[
    "but",
    "not",
    "instead",
    "different",
    "later",
    "earlier",
    "another",
    "how",
    "what",
    "when",
    "why",
    "cant",
    "cannot",
    "dont",
    "wont",
    "unless",
    "if",
    "rather",
    "or",
    "maybe",
    "however",
    "except",
    "change",
    "sooner",
    "would",
    "could",
    "question",
    "cancel",
    "wait",
];
/// How many words may follow a yes.
const MOST_WORDS: usize = 12;

/// Whether the text says yes or no; none when it says something else, or more than that.
#[must_use]
pub fn answer(text: &str) -> Option<Answer> {
    let all = words(text);
    if all.is_empty() {
        return sign(text);
    }
    let around = |word: &&String| !AROUND.contains(&word.as_str());
    let core: Vec<String> = all.iter().filter(around).cloned().collect();
    let any = |patterns: &[&str], words: &[String]| patterns.iter().any(|it| is_whole(it, words));
    if any(NO, &core) || any(NO, &all) {
        return Some(Answer::No);
    }
    let question = text.contains('?');
    if question || all.iter().any(|word| DOUBT.contains(&word.as_str())) {
        return None;
    }
    let begins = |words: &[String]| {
        (1..=words.len().min(4)).any(|n| words.get(..n).is_some_and(|it| any(YES, it)))
    };
    let begins = begins(&all) || begins(&core);
    (begins && all.len() <= MOST_WORDS).then_some(Answer::Yes)
}

/// A text without words: a thumb.
fn sign(text: &str) -> Option<Answer> {
    if text.contains(['👎', '❌']) {
        Some(Answer::No)
    } else if text.contains(['👍', '👌', '✅', '✔', '🆗', '💯']) {
        Some(Answer::Yes)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answer_is_read_from_words_and_signs() {
        for text in [
            "yes",
            "Yes!",
            "YES please",
            "yep",
            "sure thing",
            "ok",
            "Okay thanks",
            "sounds good",
            "That works for me",
            "perfect, thank you",
            "👍",
            "👍🏽",
            "✅",
            "go ahead",
            "Book it",
            "Yes, see you then",
            "yes 789 Sunset Blvd",
            "that's fine",
            "k",
            "works for me",
            "Sí",
            "si\u{301}, gracias",
            "claro",
            "Vale, perfecto",
            "Ja bitte",
            "passt",
        ] {
            assert_eq!(answer(text), Some(Answer::Yes), "{text}");
        }
        for text in [
            "no",
            "Nope",
            "no thanks",
            "👎",
            "that doesn't work",
            "I can't make it",
        ] {
            assert_eq!(answer(text), Some(Answer::No), "{text}");
        }
        for text in [
            "",
            "yes but later",
            "ok, but how much is it?",
            "can you do 5 pm instead",
            "my sink leaks",
            "😂",
            "yes if it is under $200",
            "maybe",
            "do you have something earlier?",
            "okay?",
            "not sure",
            "no heat at all",
        ] {
            assert_eq!(answer(text), None, "{text}");
        }
    }
}
