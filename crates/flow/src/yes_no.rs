//! Whether an answer is yes: phrases before words, and a doubt is never a no.

use phrases::Language;

use crate::understood::spoken;

/// Recognition that is less sure than this is not believed. Some of Twilio's speech models always say 0, which says nothing.
const LEAST_CONFIDENCE: f64 = 0.4;

/// What a phrase says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sense {
    /// It is the answer.
    Yes,
    No,
    /// It is the answer unless a plain yes or no is there too.
    LeansYes,
    LeansNo,
    /// It has a yes or a no in it and means neither.
    Neither,
    /// Whatever else is said: the caller has not answered.
    Unclear,
}

use Sense::{LeansNo, LeansYes, Neither, No, Unclear, Yes};

/// The phrases of a language, by what they say. `|` parts them.
type Phrases = [(Sense, &'static str)];

const ENGLISH: &Phrases = &[
    (
        Yes,
        "yes|yeah|yep|yup|yea|yes i do|yes i am|yes i have|aye|affirmative",
    ),
    (
        No,
        "no|nope|nah|no i don't|no i'm not|no i am not|negative|no way|no sir|no ma'am",
    ),
    (
        LeansYes,
        "sure|correct|right|of course|absolutely|certainly|definitely|exactly|indeed|uh huh|mm hmm|mhm|you bet|ok|okay|i do|i am|i have|i can|i did|i was|i will|i would|\
         that's right|that is right|that's correct|that is correct|that's true|that is true|true|sure thing|why not|no doubt|no question|it is|we do|we are|of course i do|of course i am",
    ),
    (
        LeansNo,
        "not|never|don't|isn't|aren't|doesn't|didn't|wasn't|won't|wouldn't|haven't|hasn't|can't|cannot|i do not|i am not|i have not|i can not|i did not|i was not|i will not|\
         i don't|i'm not|i haven't|i can't|not really|not yet|not at all|not right now|not right|not correct|not true|not exactly|not me|of course not|absolutely not|certainly not|\
         definitely not|uh uh|nuh uh|not a chance|wrong|incorrect|false|i'm afraid not|that's not right|that's not true|i would not|sure don't",
    ),
    (
        Neither,
        "no problem|no worries|not a problem|no trouble|right now|all right|alright|right away|i am sorry|not to worry|don't worry|no no problem|i have to say|i am calling|why don't you",
    ),
    (
        Unclear,
        "understand|understood|don't know|do not know|dunno|no idea|not sure|i'm unsure|maybe|perhaps|pardon|repeat|say again|say that again|come again|what do you mean|\
         didn't hear|did not hear|can't hear|cannot hear|didn't catch|didn't get that|what was the question|depends|what question|no clue|can't say|not certain|yes or no|yes and no|\
         i have a question|i don't get it|no comment|hard to say",
    ),
];

const GERMAN: &Phrases = &[
    (Yes, "ja|jawohl|jep|jo|jup|ja genau|ja klar|ja gerne"),
    (No, "nein|nee|nö|ne|nein danke|auf keinen fall"),
    (
        LeansYes,
        "klar|genau|richtig|stimmt|natürlich|selbstverständlich|sicher|auf jeden fall|doch|gerne|gern|bin ich|habe ich|hab ich|das stimmt|na klar|korrekt|keine frage|kein zweifel|mach ich|aber sicher",
    ),
    (
        LeansNo,
        "nicht|kein|keine|keinen|nie|niemals|keineswegs|natürlich nicht|nicht richtig|stimmt nicht|das stimmt nicht|bin ich nicht|habe ich nicht|hab ich nicht|noch nicht|leider nicht|\
         eher nicht|gar nicht|überhaupt nicht|sicher nicht|falsch|klar nicht|doch nicht|nicht genau|nicht wirklich",
    ),
    (
        Neither,
        "kein problem|keine sorge|kein thema|keine ursache|nicht schlimm|nicht wahr",
    ),
    (
        Unclear,
        "verstehe|verstanden|versteh|verstehen|weiß nicht|weiss nicht|weiß ich nicht|weiss ich nicht|weiß es nicht|weiss es nicht|keine ahnung|nicht sicher|vielleicht|wie bitte|wiederholen|noch einmal|\
         nochmal|kommt darauf an|kommt drauf an|was meinen sie|jein|ja oder nein|ja und nein|nicht gehört",
    ),
];

const SPANISH: &Phrases = &[
    (
        Yes,
        "sí|si|sí señor|sí señora|claro que sí|por supuesto que sí|sip",
    ),
    (
        No,
        "no|nop|claro que no|por supuesto que no|no señor|no señora|de ninguna manera",
    ),
    (
        LeansYes,
        "claro|correcto|por supuesto|desde luego|cierto|así es|efectivamente|exacto|exactamente|vale|de acuerdo|lo soy|lo tengo|sin duda|no hay duda|seguro|cómo no|como no|verdad",
    ),
    (
        LeansNo,
        "nunca|jamás|para nada|todavía no|aún no|tampoco|no es cierto|no es correcto|no es verdad|falso|incorrecto|no lo soy|no lo tengo|nada de eso|negativo",
    ),
    (
        Neither,
        "no hay problema|sin problema|ningún problema|no pasa nada|no se preocupe|no te preocupes|no importa",
    ),
    (
        Unclear,
        "entiendo|entendí|entendido|comprendo|comprendí|no sé|no lo sé|no se|no lo se|no estoy seguro|no estoy segura|ni idea|quizás|quizá|tal vez|a lo mejor|repetir|repita|repite|cómo dice|como dice|\
         depende|otra vez|sí o no|si o no|sí y no|no oigo|no escuché|no le oigo|perdón",
    ),
];

/// Whether an answer is yes, by a key (1 yes, 2 no) or by words. `None`: both, neither, or not sure enough; ask again.
/// `confidence` is Twilio's, from 0 to 1.
pub fn yes_no(
    language: Language,
    digits: &str,
    speech: &str,
    confidence: Option<f64>,
) -> Option<bool> {
    match digits.chars().next() {
        Some('1') => return Some(true),
        Some('2') => return Some(false),
        _ => {}
    }
    if confidence.is_some_and(|sure| sure > 0.0 && sure < LEAST_CONFIDENCE) {
        return None;
    }
    let words: Vec<String> = spoken(speech).collect();
    // Who is told to press 1 may say it.
    if let [word] = words.as_slice() {
        match word.as_str() {
            "1" | "one" | "eins" | "uno" => return Some(true),
            "2" | "two" | "zwei" | "dos" => return Some(false),
            _ => {}
        }
    }
    if is_unclear(phrases_of(language), &words) {
        return None;
    }
    let senses = senses(phrases_of(language), &words);
    let says = |sense| senses.contains(&sense);
    match (says(Yes), says(No), says(LeansYes), says(LeansNo)) {
        (true, true, ..) => None,
        // "Yes, I don't" contradicts itself.
        (true, false, _, leans_no) => (!leans_no).then_some(true),
        // "No, I am a student" is a no; "No, I do" contradicts itself.
        (false, true, leans_yes, _) => {
            let contradicts = leans_yes && senses.last() == Some(&LeansYes);
            (!(contradicts && ends_with_it(phrases_of(language), &words))).then_some(false)
        }
        (false, false, true, false) => Some(true),
        (false, false, false, true) => Some(false),
        (false, false, ..) => None,
    }
}

fn phrases_of(language: Language) -> &'static Phrases {
    match language {
        Language::English => ENGLISH,
        Language::German => GERMAN,
        Language::Spanish => SPANISH,
    }
}

/// The senses of the phrases in an answer, in order. The longest phrase at a place wins, and its words are used up.
fn senses(phrases: &Phrases, words: &[String]) -> Vec<Sense> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < words.len() {
        match longest(phrases, &words[at..]) {
            Some((sense, length)) => {
                found.push(sense);
                at += length;
            }
            None => at += 1,
        }
    }
    found
}

fn longest(phrases: &Phrases, words: &[String]) -> Option<(Sense, usize)> {
    let mut best = None;
    for (sense, list) in phrases {
        for phrase in list.split('|') {
            let length = phrase.split(' ').count();
            let is_here = length <= words.len() && phrase.split(' ').eq(words[..length].iter());
            if is_here && best.is_none_or(|(_, longest)| length > longest) {
                best = Some((*sense, length));
            }
        }
    }
    best
}

/// Whether a phrase of doubt is anywhere, also where a longer one that leans covers it: "I do not" in "I do not know".
fn is_unclear(phrases: &Phrases, words: &[String]) -> bool {
    let doubts: Vec<_> = phrases
        .iter()
        .filter(|(sense, _)| *sense == Unclear)
        .copied()
        .collect();
    (0..words.len()).any(|at| longest(&doubts, &words[at..]).is_some())
}

/// Whether the last phrase is the end of the answer.
fn ends_with_it(phrases: &Phrases, words: &[String]) -> bool {
    (0..words.len()).any(|at| {
        longest(phrases, &words[at..])
            .is_some_and(|(sense, length)| sense == LeansYes && at + length == words.len())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(language: Language, expected: Option<bool>, sentences: &str) -> usize {
        let sentences: Vec<&str> = sentences.split('|').map(str::trim).collect();
        let wrong: Vec<_> = sentences
            .iter()
            .filter(|sentence| yes_no(language, "", sentence, None) != expected)
            .collect();
        assert!(wrong.is_empty(), "{language:?} {expected:?}: {wrong:#?}");
        sentences.len()
    }

    #[test]
    fn yes_no_sentences_table() {
        use Language::{English, German, Spanish};
        let mut count = 0;
        count += check(
            English,
            Some(true),
            "Yes.|Yes, I am.|Yeah|Yep!|Yup|Sure|Sure thing|Correct|That's right.|That’s correct|I do|I do.|I am|I have|I can|I did|Of course|Of course!|Absolutely|Absolutely, yes|\
            Uh-huh|uh huh|Mm-hmm|You bet|Certainly|Definitely|Exactly|Indeed|Okay|No problem, I am|No problem, yes|No worries, I do|No doubt|Why not|Yes please|Yes I do|Yes sir|Well, yes|Um, yeah, I think so, yes|One|1|True|Yes, no problem|It is",
        );
        count += check(
            English,
            Some(false),
            "No.|No, I'm not.|No, I’m not|Nope|Nah|I don't|I don’t|I do not|I haven't|I haven’t|I have not|I can't|I can’t|I cannot|I'm not|I am not|Not really|Not yet|Not at all|Not right now|\
            Of course not|Absolutely not|Certainly not|Definitely not|Never|Uh-uh|Nuh-uh|No way|That's not right|That is not correct|No, I am a student|No, I am self employed|No I don't|Wrong|Two|2|I'm afraid not|No thanks|No, never|Negative",
        );
        count += check(
            English,
            None,
            "I don't understand the question|I don’t understand|I do not understand|Sorry, I didn't understand|I don't know|I don’t know|I do not know|No idea|I'm not sure|Not sure|Maybe|Perhaps|Pardon?|\
            Can you repeat that?|Could you say that again|Come again|What do you mean?|I can't hear you|I didn't catch that|Yes and no|Yes, no|No, yes|It depends|No problem|No worries|Hello?|What?||Potato|No, I do|Yes, I don't|Yes or no|It's hard to say",
        );
        count += check(
            German,
            Some(true),
            "Ja|Ja, genau.|Jawohl|Jep|Klar|Na klar|Genau|Richtig|Stimmt|Das stimmt|Natürlich|Selbstverständlich|Auf jeden Fall|Ja, bin ich|Bin ich|Habe ich|Doch|Gerne|Kein Problem, ja|Keine Frage|Eins",
        );
        count += check(
            German,
            Some(false),
            "Nein|Nein, danke|Nee|Nö|Natürlich nicht|Das stimmt nicht|Bin ich nicht|Habe ich nicht|Noch nicht|Leider nicht|Gar nicht|Auf keinen Fall|Niemals|Ich habe keine|Eher nicht|Falsch|Zwei",
        );
        count += check(
            German,
            None,
            "Ich verstehe die Frage nicht|Das habe ich nicht verstanden|Weiß ich nicht|Ich weiß nicht|Keine Ahnung|Vielleicht|Wie bitte?|Können Sie das wiederholen?|Kein Problem|Ja und nein|Jein|Ich bin nicht sicher|Kommt darauf an|Noch einmal, bitte",
        );
        count += check(
            Spanish,
            Some(true),
            "Sí|Sí, señor|Si|Claro|Claro que sí|Por supuesto|Correcto|Desde luego|Así es|Exacto|Efectivamente|Lo soy|Sin duda|No hay problema, sí|Uno|Cómo no",
        );
        count += check(
            Spanish,
            Some(false),
            "No|No, señor|Claro que no|Por supuesto que no|Nunca|Jamás|Para nada|Todavía no|Aún no|No lo soy|No es cierto|No tengo|De ninguna manera|Dos",
        );
        count += check(
            Spanish,
            None,
            "No entiendo la pregunta|No entiendo|No comprendo|No sé|No lo sé|Ni idea|Quizás|Tal vez|¿Puede repetir?|Repita, por favor|No hay problema|Sí y no|Depende|No estoy seguro|¿Cómo dice?",
        );
        assert!(count >= 150, "{count}");
    }

    #[test]
    fn yes_no_keys_win_over_words() {
        assert_eq!(yes_no(Language::English, "2", "yes", None), Some(false));
        assert_eq!(yes_no(Language::German, "1", "nein", None), Some(true));
    }

    #[test]
    fn yes_no_low_confidence_is_not_understood() {
        let heard = |sure| yes_no(Language::English, "", "no", Some(sure));
        assert_eq!(
            (heard(0.2), heard(0.9), heard(0.0)),
            (None, Some(false), Some(false))
        );
    }
}
