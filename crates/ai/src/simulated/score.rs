use super::language::Language;
use crate::task::{AboutAnswer, Score};

/// The most letters of a quote.
const QUOTE: usize = 160;

const REASONS: [&str; 9] = [
    "because",
    "so that",
    "therefore",
    "reason",
    "weil",
    "damit",
    "deshalb",
    "daher",
    "grund",
];
const EXAMPLES: [&str; 6] = [
    "for example",
    "for instance",
    "once",
    "zum beispiel",
    "einmal",
    "beispielsweise",
];

/// What can be counted in an answer.
struct Counts {
    words: usize,
    sentences: usize,
    number: bool,
    reason: bool,
    example: bool,
}

impl Counts {
    fn of(text: &str) -> Self {
        let lower = text.to_lowercase();
        let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
        Self {
            words: text.split_whitespace().count(),
            sentences: sentences(text).count(),
            number: text.chars().any(char::is_numeric),
            reason: has(&REASONS),
            example: has(&EXAMPLES),
        }
    }

    /// A point for each word up to 60, and 10 for each sign of structure.
    fn score(&self) -> u32 {
        let signs = [self.sentences >= 3, self.number, self.reason, self.example];
        let signs = signs.into_iter().filter(|sign| *sign).count();
        self.words.min(60) as u32 + 10 * signs as u32
    }
}

/// Scores by length and form alone, and says so.
pub(super) fn score(about: &AboutAnswer, language: Language) -> Score {
    let counts = Counts::of(&about.transcript);
    let quote = quote(&about.transcript);
    if counts.words == 0 {
        let nothing = language.pick(
            "Simulated: nothing was said that could be scored.",
            "Simuliert: Es wurde nichts gesagt, das bewertet werden könnte.",
        );
        return Score {
            score: 0,
            feedback: nothing.to_owned(),
            quote,
        };
    }
    let Counts {
        words, sentences, ..
    } = counts;
    let yes = |sign: bool| match (sign, language) {
        (true, Language::English) => "with",
        (false, Language::English) => "without",
        (true, Language::German) => "mit",
        (false, Language::German) => "ohne",
    };
    let (number, reason, example) = (yes(counts.number), yes(counts.reason), yes(counts.example));
    let feedback = match language {
        Language::English => format!(
            "Simulated: rests on the answer's length and form alone. Words: {words}, sentences: {sentences}; {number} a number, \
             {reason} a reason, {example} an example."
        ),
        Language::German => format!(
            "Simuliert: beruht allein auf Länge und Form der Antwort. Wörter: {words}, Sätze: {sentences}; {number} Zahl, \
             {reason} Begründung, {example} Beispiel."
        ),
    };
    Score {
        score: counts.score(),
        feedback,
        quote,
    }
}

fn sentences(text: &str) -> impl Iterator<Item = &str> {
    text.split_inclusive(['.', '!', '?'])
        .map(str::trim)
        .filter(|sentence| sentence.chars().any(char::is_alphanumeric))
}

/// The longest sentence, of several the first, as it stands in the text; cut after a word where it is too long.
fn quote(text: &str) -> String {
    let length = |sentence: &str| sentence.chars().count();
    let longest = sentences(text).fold("", |longest, next| {
        if length(next) > length(longest) {
            next
        } else {
            longest
        }
    });
    let Some((end, _)) = longest.char_indices().nth(QUOTE) else {
        return longest.to_owned();
    };
    let cut = &longest[..end];
    let words = cut.rsplit_once(char::is_whitespace);
    words.map_or(cut, |(words, _)| words.trim_end()).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scored(transcript: &str) -> Score {
        let about = AboutAnswer {
            transcript: transcript.into(),
            ..AboutAnswer::default()
        };
        score(&about, Language::English)
    }

    #[test]
    fn more_words_and_more_form_score_higher_and_the_quote_is_verbatim() {
        let long = "Ich habe größere Datenbanken umgezogen, ".repeat(11);
        let answers = [
            "",
            "Yes.",
            "I led a team of 5 people. We moved a database, because it was slow. Nobody noticed.",
            &long,
        ];
        let scores = answers.map(scored);
        assert!(
            scores.is_sorted_by_key(|score| score.score),
            "{:?}",
            scores.map(|s| s.score)
        );
        for (answer, score) in answers.iter().zip(&answers.map(scored)) {
            assert!(answer.contains(&score.quote));
            assert!(score.quote.is_empty() == answer.is_empty());
            assert!(score.quote.chars().count() <= QUOTE);
            assert!(score.feedback.starts_with("Simulated"));
        }
        assert_eq!(
            scored(answers[2]).quote,
            "We moved a database, because it was slow."
        );
        assert_eq!(scored(&"word 1. ".repeat(200)).score, 80);
    }
}
