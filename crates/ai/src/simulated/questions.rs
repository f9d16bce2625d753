use super::language::Language;
use crate::task::{AboutQuestion, Question};

const ENGLISH: [&str; 10] = [
    "What is your experience with {topic}?",
    "Tell me about a time when {topic} did not go as planned. What did you do?",
    "How would you explain {topic} to somebody who is new to it?",
    "Which part of {topic} do you find hardest, and how do you deal with it?",
    "What have you learned about {topic} in the last year?",
    "Describe a decision about {topic} that you would take differently today.",
    "How do you find out whether your work on {topic} is good?",
    "Tell me about somebody you worked with on {topic}, and what you learned from them.",
    "What would you do in your first week if you were responsible for {topic}?",
    "What do most people get wrong about {topic}?",
];

const GERMAN: [&str; 10] = [
    "Welche Erfahrungen haben Sie mit dem Thema {topic}?",
    "Erzählen Sie von einer Situation, in der beim Thema {topic} etwas schiefging. Was haben Sie getan?",
    "Wie würden Sie das Thema {topic} jemandem erklären, der damit anfängt?",
    "Was fällt Ihnen beim Thema {topic} am schwersten, und wie gehen Sie damit um?",
    "Was haben Sie im letzten Jahr zum Thema {topic} gelernt?",
    "Beschreiben Sie eine Entscheidung zum Thema {topic}, die Sie heute anders treffen würden.",
    "Woran erkennen Sie, ob Ihre Arbeit beim Thema {topic} gut ist?",
    "Erzählen Sie von jemandem, mit dem Sie am Thema {topic} gearbeitet haben, und was Sie dabei gelernt haben.",
    "Was würden Sie in Ihrer ersten Woche tun, wenn Sie für das Thema {topic} verantwortlich wären?",
    "Was verstehen die meisten beim Thema {topic} falsch?",
];

/// The next question that has not been asked, beginning at one that depends on the topic.
pub(super) fn write(about: &AboutQuestion, language: Language) -> Question {
    let patterns = language.pick(ENGLISH, GERMAN);
    let topic = match about.topic.trim() {
        "" => language.pick("your work", "Ihre Arbeit"),
        topic => topic,
    };
    let first = topic.bytes().map(usize::from).sum::<usize>() % patterns.len();
    let in_turn = (0..patterns.len())
        .map(|step| patterns[(first + step) % patterns.len()].replace("{topic}", topic));
    let another = language.pick(
        "Give me another example of",
        "Nennen Sie ein weiteres Beispiel zu",
    );
    // When all have been asked.
    let endless = (2..).map(|count| format!("{another} {topic} ({count})."));
    let question = in_turn
        .chain(endless)
        .find(|question| !about.asked.iter().any(|asked| same(asked, question)));
    Question {
        question: question.unwrap_or_default(),
    }
}

/// Whether two questions have the same words.
fn same(one: &str, other: &str) -> bool {
    let words = |text: &str| {
        let letters = text.chars().filter(|letter| letter.is_alphanumeric());
        letters.flat_map(char::to_lowercase).collect::<String>()
    };
    words(one) == words(other)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_question_comes_twice() {
        for language in [Language::English, Language::German] {
            let mut about = AboutQuestion {
                topic: "databases".into(),
                ..AboutQuestion::default()
            };
            for _ in 0..25 {
                let next = write(&about, language);
                assert_eq!(write(&about, language).question, next.question);
                assert!(next.question.contains("databases"));
                about.asked.push(next.question.to_uppercase());
            }
            let all: BTreeSet<_> = about.asked.iter().collect();
            assert_eq!(all.len(), 25);
        }
    }
}
