use super::language::Language;
use crate::task::{AboutConversation, CallFact, CallSummary, Spoken};

/// Words that stand in every sentence and tell nothing.
const COMMON: &[&str] = &[
    "a", "an", "and", "are", "at", "can", "do", "does", "for", "have", "how", "i", "in", "is",
    "it", "me", "much", "of", "on", "or", "the", "to", "what", "when", "who", "you", "your", "das",
    "der", "die", "ein", "eine", "ich", "ist", "sie", "und", "was", "wann",
];
/// Words that ask for a tool, by its name.
const WANTED: &[(&str, &[&str])] = &[
    (
        "transfer",
        &[
            "person",
            "human",
            "somebody",
            "someone",
            "mensch",
            "mitarbeiter",
        ],
    ),
    ("hang_up", &["bye", "goodbye", "tschüss", "wiederhören"]),
    ("send_text", &["text", "sms"]),
    ("take_message", &["message", "nachricht"]),
];

/// Answers by the facts that share words with the caller's last ones, and uses a tool where a word asks for it. What a tool has
/// answered is told as it is.
pub(super) fn reply(about: &AboutConversation, language: Language) -> Spoken {
    let Some(last) = about.history.last() else {
        return say(language.pick("How can I help you?", "Wie kann ich Ihnen helfen?"));
    };
    if last.who == "tool" {
        return say(&format!(
            "{} {}",
            language.pick("Here is what I found:", "Das habe ich gefunden:"),
            last.text
        ));
    }
    let heard = words(&last.text);
    for tool in &about.tools {
        let asks = WANTED.iter().find(|(name, _)| *name == tool.name);
        let is_wanted = match asks {
            Some((_, wanted)) => heard.iter().any(|word| wanted.contains(&word.as_str())),
            None => words(&tool.name).iter().any(|word| heard.contains(word)),
        };
        if is_wanted {
            return use_tool(&tool.name, &last.text, language);
        }
    }
    let shared = |fact: &&String| {
        words(fact)
            .iter()
            .filter(|word| heard.contains(word))
            .count()
    };
    match about.knowledge.iter().max_by_key(shared) {
        Some(fact) if shared(&fact) > 0 => say(fact),
        _ => say(language.pick(
            "I am sorry, I don't know that. What else can I do for you?",
            "Das weiß ich leider nicht. Was kann ich sonst für Sie tun?",
        )),
    }
}

/// What the caller has said, in their own words: nothing is made of it. Words with a number in them are a fact.
pub(super) fn sum_up(about: &AboutConversation, language: Language) -> CallSummary {
    let callers = || about.history.iter().filter(|it| it.who == "caller");
    let said: Vec<&str> = callers().map(|it| it.text.as_str()).collect();
    let has_number = |text: &&&str| text.contains(|c: char| c.is_ascii_digit());
    let fact = |text: &&str| CallFact {
        name: language.pick("number", "Zahl").to_owned(),
        value: (*text).to_owned(),
        quote: (*text).to_owned(),
    };
    CallSummary {
        summary: format!(
            "{} {}",
            language.pick(
                "Simulated summary: the caller said:",
                "Simulierte Zusammenfassung:"
            ),
            said.join("; ")
        ),
        outcome: match about.history.iter().any(|it| it.who == "assistant") {
            true => "answered".to_owned(),
            false => "unresolved".to_owned(),
        },
        facts: said.iter().filter(has_number).map(fact).collect(),
    }
}

fn use_tool(name: &str, text: &str, language: Language) -> Spoken {
    let words = match name {
        "transfer" => language.pick(
            "I connect you with a person.",
            "Ich verbinde Sie mit einem Menschen.",
        ),
        "hang_up" => language.pick("Goodbye!", "Auf Wiederhören!"),
        "send_text" => language.pick("I send you a text.", "Ich schicke Ihnen eine SMS."),
        "take_message" => language.pick("I pass that on.", "Das gebe ich weiter."),
        _ => language.pick("One moment, please.", "Einen Moment, bitte."),
    };
    let arguments = match name {
        "transfer" => serde_json::json!({ "summary": text }),
        _ => serde_json::json!({ "text": text }),
    };
    Spoken {
        say: words.to_owned(),
        tool: name.to_owned(),
        arguments: arguments.to_string(),
    }
}

fn say(text: &str) -> Spoken {
    Spoken {
        say: text.to_owned(),
        ..Spoken::default()
    }
}

fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !c.is_alphanumeric())
        .map(str::to_lowercase)
        .filter(|word| !word.is_empty() && !COMMON.contains(&word.as_str()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::{ToolOffer, Utterance};

    fn about(said: &str) -> AboutConversation {
        let tool = |name: &str| ToolOffer {
            name: name.to_owned(),
            ..ToolOffer::default()
        };
        AboutConversation {
            knowledge: vec![
                "Open Monday to Friday, 8 to 17.".into(),
                "A check-up costs 90 dollars.".into(),
            ],
            tools: ["transfer", "hang_up", "book"].map(tool).to_vec(),
            history: vec![Utterance {
                who: "caller".into(),
                text: said.into(),
            }],
        }
    }

    #[test]
    fn reply_rests_on_the_knowledge() {
        let english = |said: &str| reply(&about(said), Language::English);
        assert_eq!(
            english("What does a check-up cost? A check up, please").say,
            "A check-up costs 90 dollars."
        );
        assert_eq!(
            english("Are you open on Friday?").say,
            "Open Monday to Friday, 8 to 17."
        );
        assert!(english("Sing a song").say.contains("don't know"));
    }

    #[test]
    fn reply_uses_the_tool_that_a_word_asks_for() {
        let tool = |said: &str| reply(&about(said), Language::English).tool;
        assert_eq!(tool("I want to speak to a person"), "transfer");
        assert_eq!(tool("thank you, goodbye"), "hang_up");
        assert_eq!(tool("please book Tuesday"), "book");
        assert_eq!(tool("send me an sms"), "");
    }
}
