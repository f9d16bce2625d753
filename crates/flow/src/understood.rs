//! What callers say and press, understood.

use phrases::Language;

/// What a caller chose at the coach's menu.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Choice {
    /// 1: an interview.
    Interview,
    /// 2: the feedback of the last one.
    Feedback,
    /// 3: goodbye.
    Quit,
    /// What is this?
    Help,
}

/// What speech recognition should listen for at the menu (`<Gather hints>`).
pub fn menu_hints(language: Language) -> &'static str {
    match language {
        Language::English => {
            "one, two, three, interview, mock interview, feedback, help, quit, goodbye"
        }
        Language::German => {
            "eins, zwei, drei, Interview, Probeinterview, Rückmeldung, Hilfe, Ende, Auf Wiederhören"
        }
        Language::Spanish => "uno, dos, tres, entrevista, comentarios, ayuda, terminar, adiós",
    }
}

/// What it should listen for where yes or no is asked for.
pub fn yes_no_hints(language: Language) -> &'static str {
    match language {
        Language::English => "yes, no, yeah, nope",
        Language::German => "ja, nein",
        Language::Spanish => "sí, no",
    }
}

/// What was chosen by a key or by words.
pub fn choice(language: Language, digits: &str, speech: &str) -> Option<Choice> {
    match digits.chars().next() {
        Some('0' | '*') => return Some(Choice::Help),
        Some('1') => return Some(Choice::Interview),
        Some('2') => return Some(Choice::Feedback),
        Some('3') => return Some(Choice::Quit),
        _ => {}
    }
    let says = |words: &[&str]| spoken(speech).any(|word| words.contains(&word.as_str()));
    let (quit, feedback, interview): (&[&str], &[&str], &[&str]) = match language {
        Language::English => (
            &["3", "three", "quit", "bye", "goodbye", "end", "exit"],
            &["2", "two", "feedback"],
            &["1", "one", "interview", "mock", "start", "begin"],
        ),
        Language::German => (
            &["3", "drei", "ende", "beenden", "tschüss", "wiederhören"],
            &["2", "zwei", "rückmeldung", "feedback"],
            &["1", "eins", "interview", "probeinterview", "anfangen"],
        ),
        Language::Spanish => (
            &["3", "tres", "terminar", "salir", "adiós"],
            &["2", "dos", "comentarios"],
            &["1", "uno", "entrevista", "práctica", "empezar"],
        ),
    };
    let help: &[&str] = match language {
        Language::English => &["help"],
        Language::German => &["hilfe"],
        Language::Spanish => &["ayuda"],
    };
    // The more particular word wins: "the feedback of my last interview".
    if says(help) {
        Some(Choice::Help)
    } else if says(quit) {
        Some(Choice::Quit)
    } else if says(feedback) {
        Some(Choice::Feedback)
    } else if says(interview) {
        Some(Choice::Interview)
    } else {
        None
    }
}

/// The words of an answer, in lower case and with one kind of apostrophe.
pub(crate) fn spoken(speech: &str) -> impl Iterator<Item = String> + '_ {
    let is_mark = |c: char| matches!(c, '\'' | '\u{2019}' | '\u{2bc}' | '`' | '\u{b4}');
    speech
        .split(move |c: char| !c.is_alphanumeric() && !is_mark(c))
        .map(move |word| {
            word.trim_matches(is_mark)
                .replace(is_mark, "'")
                .to_lowercase()
        })
        .filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn menu_answer_by_key_or_word_is_understood() {
        let english = |digits, speech| choice(Language::English, digits, speech);
        assert_eq!(english("1", ""), Some(Choice::Interview));
        assert_eq!(
            english("", "A mock interview, please."),
            Some(Choice::Interview)
        );
        assert_eq!(
            english("", "the feedback on my last interview"),
            Some(Choice::Feedback)
        );
        assert_eq!(english("9", "quit"), Some(Choice::Quit));
        assert_eq!(english("", "Help!"), Some(Choice::Help));
        assert_eq!(english("", "what?"), None);
        assert_eq!(choice(Language::German, "", "Drei"), Some(Choice::Quit));
    }
}
