//! Who wants no texts, wants them again, or asks for help.
//!
//! A customer may opt out by any reasonable means (47 CFR 64.1200(a)(10)), not only by a keyword; a sentence that merely
//! contains one is no opt-out.

use crate::pattern::is_whole;
use crate::words::words;

/// What a customer asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Wish {
    /// No more texts.
    Stop,
    /// Texts again.
    Start,
    /// Who is it, and how does one stop it.
    Help,
}

impl Wish {
    /// `STOP`, `START`, `HELP`, as Twilio's `OptOutType` has them.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stop => "STOP",
            Self::Start => "START",
            Self::Help => "HELP",
        }
    }

    /// Reads Twilio's `OptOutType`.
    #[must_use]
    pub fn parse(opt_out_type: &str) -> Option<Self> {
        [Self::Stop, Self::Start, Self::Help]
            .into_iter()
            .find(|wish| wish.as_str().eq_ignore_ascii_case(opt_out_type))
    }
}

/// Keywords that are the whole message, also repeated.
const KEYWORDS: &[(&str, Wish)] = &[
    ("stop", Wish::Stop),
    ("stopall", Wish::Stop),
    ("unsubscribe", Wish::Stop),
    ("cancel", Wish::Stop),
    ("end", Wish::Stop),
    ("quit", Wish::Stop),
    ("revoke", Wish::Stop),
    ("optout", Wish::Stop),
    ("stopp", Wish::Stop),
    ("abmelden", Wish::Stop),
    ("abbestellen", Wish::Stop),
    ("parar", Wish::Stop),
    ("start", Wish::Start),
    ("unstop", Wish::Start),
    ("yes", Wish::Start),
    ("help", Wish::Help),
    ("info", Wish::Help),
];

/// Words of politeness that may surround a wish.
const BEFORE: &[&str] = &[
    "please|pls|plz|kindly|bitte|hallo|hola|hi|hello|hey|ok|okay|sorry|thanks|no|just|and|but|sir|now",
    "can|could|would|will you",
    "i said|want|wish|want_you_to|want_to|need_you_to|would_like_to|would_like_you_to|request_that_you",
    "por_favor|id_like_to|id_like_you_to|thank_you|no_thanks|no_thank_you|wrong_number|wrong_person",
];
const AFTER: &[&str] = &[
    "please|pls|plz|bitte|danke|gracias|thanks|thx|now|ok|okay|already|again|forever|immediately|permanently|asap|anymore|ever",
    "por_favor|thank_you|right_now|at_once|for_good|any_more|ever_again|right_away",
];

/// A whole message that opts out, politeness aside. The first are single keywords: a sentence of a longer text counts only
/// when it says what is to stop.
const STOP_WORDS: &[&str] =
    &["stop|stopall|unsubscribe|quit|revoke|optout|stopp|abmelden|abbestellen|parar"];
const STOP_SENTENCES: &[&str] = &[
    "stop all|everything|texts|messages|sms|spam",
    "stop|quit|cease|end all|the|these|your|this|those|any all? texts|messages|text_messages|sms|spam|texting|messaging|notifications to? me?",
    "stop|quit|cease all? texting|txting|messaging|msging|contacting|bothering|spamming|harassing|writing|sms me|us|this_number|this_phone|my_phone|my_number|here? texts|messages?",
    "stop|quit|cease sending|sending_out me|us|this_number? these|those|your|the|any|more|all? texts|messages|text_messages|sms|txts|spam|this|these|them|stuff to? me|us?",
    "opt|opting me|us|this_number? out of|from? all|the|these|your|this|any? texts|messages|text_messages|list|texting?",
    "unsubscribe me|us|this_number|my_number from|to? all|the|these|your|this? texts|messages|list?",
    "unsubscribe from all|the|these|your|this? texts|messages|list",
    "remove|delete|take me|us|this_number|this_phone|my_number|my_phone_number|my_name|my_phone off|from|out_of all|the|your|this? mailing|contact|text|texting|calling|marketing|phone|call? list|lists|texts|messages|database|system|records|contacts",
    "remove|delete me|us|this_number|my_number|my_phone_number|my_name",
    "get|take me|us off your|this|the list",
    "do_not|dont|never|no text|message|contact|txt|sms|call_or_text|text_or_call|write me|us|this_number",
    "no_more texts|messages|text_messages|sms|txts|texting",
    "i|we dont|do_not want|wish|need to|any? receive|get|be? these|your|any|more|texted|further? more? texts|messages|text_messages|sms|texted from? you|this_number?",
    "leave me|us alone",
    "lose|forget|erase my|this number",
    "i|we? revoke|withdraw my|our? consent",
    "cancel|end texts|messages|text_alerts|all_texts|all_messages|sms",
    "keine weiteren|weitere sms|nachrichten|texte|mitteilungen mehr? schicken|senden|bekommen|erhalten?",
    "keine sms|nachrichten|texte|mitteilungen mehr schicken|senden|bekommen|erhalten?",
    "ich? möchte|moechte|will|wünsche keine weiteren? sms|nachrichten|texte mehr? bekommen|erhalten?",
    "schreiben|schreib sie? mir|uns nicht|nichts|nie mehr|wieder",
    "no me|nos escriban|escriba|escribas|manden|mande|mandes|envíen|envien|envíe|envie|envíes|envies más|mas? mensajes|sms|textos? más|mas?",
    "no más|mas|quiero_más|quiero_mas|quiero_recibir mensajes|sms|textos más|mas?",
    "dejen|deje|deja de escribirme|escribirnos|mandarme|enviarme|mandar|enviar mensajes|sms|textos?",
    "darme|denme|dame|deme|darnos de_baja",
];

const START_SENTENCES: &[&str] = &[
    "start|unstop|resume",
    "start|resume texting|messaging|texts|messages me|us?",
    "opt|opting me? back? in|back_in",
    "subscribe|resubscribe me?",
];

/// The longest message that may be a wish, in words.
const MOST_WORDS: usize = 24;

/// What the message asks for; none when it is about something else, or when a person must read it.
///
/// A `YES` counts as [`Wish::Start`], as it does for Twilio: whoever has asked a question knows better.
#[must_use]
pub fn wish(body: &str) -> Option<Wish> {
    let all = words(body);
    if all.is_empty() || all.len() > MOST_WORDS {
        return None;
    }
    if let Some(wish) = keyword(&all) {
        return Some(wish);
    }
    let cores = without_politeness(&all);
    let any = |patterns: &[&str], cores: &[&[String]]| {
        let fits = |core: &&[String]| patterns.iter().any(|it| is_whole(it, core));
        cores.iter().any(fits)
    };
    if any(STOP_WORDS, &cores) || any(STOP_SENTENCES, &cores) {
        return Some(Wish::Stop);
    }
    if any(START_SENTENCES, &cores) {
        return Some(Wish::Start);
    }
    let says_stop = |sentence: &str| {
        let words = words(sentence);
        any(STOP_SENTENCES, &without_politeness(&words))
    };
    body.split(['.', '!', '?', ',', ';', '\n'])
        .any(says_stop)
        .then_some(Wish::Stop)
}

/// Words that may be meant as an opt-out where no rule is sure: a person reads those texts.
const MENTIONS: &[&str] = &[
    "stop",
    "stopall",
    "unsubscribe",
    "cancel",
    "quit",
    "revoke",
    "optout",
    "stopp",
    "abmelden",
    "abbestellen",
    "parar",
    "alto",
    "baja",
    "cancelar",
];

/// Whether the message has a word of an opt-out in it, and is none by the rules: `can you stop by at 5?`, `cancel my appointment`.
#[must_use]
pub fn mentions_stop(body: &str) -> bool {
    let has = || {
        words(body)
            .iter()
            .any(|word| MENTIONS.contains(&word.as_str()))
    };
    wish(body).is_none() && has()
}

/// Up to four times the same keyword; `YES` and `HELP` only once.
fn keyword(all: &[String]) -> Option<Wish> {
    let first = all.first()?;
    let (word, wish) = KEYWORDS.iter().find(|(word, _)| word == first)?;
    let most = if *wish == Wish::Stop { 4 } else { 1 };
    (all.len() <= most && all.iter().all(|it| it == word)).then_some(*wish)
}

/// The words with ever less politeness around them.
fn without_politeness(words: &[String]) -> Vec<&[String]> {
    let mut cores = Vec::new();
    let mut begun = Some(words);
    while let Some(core) = begun {
        let mut ended = Some(core);
        while let Some(shorter) = ended {
            cores.push(shorter);
            let used = AFTER.iter().find_map(|it| suffix(it, shorter));
            ended = used.and_then(|used| shorter.get(..shorter.len() - used));
        }
        let used = BEFORE.iter().find_map(|it| prefix(it, core));
        begun = used.and_then(|used| core.get(used..));
    }
    cores
}

/// How many words at the beginning are politeness; never all of them.
fn prefix(pattern: &str, words: &[String]) -> Option<usize> {
    (1..words.len().min(6))
        .rev()
        .find(|n| words.get(..*n).is_some_and(|it| is_whole(pattern, it)))
}

fn suffix(pattern: &str, words: &[String]) -> Option<usize> {
    let fits = |n: &usize| {
        let tail = words
            .len()
            .checked_sub(*n)
            .and_then(|from| words.get(from..));
        tail.is_some_and(|it| is_whole(pattern, it))
    };
    (1..words.len().min(4)).find(fits)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentence_that_opts_out_is_stop() {
        for body in [
            "STOP",
            "stop",
            " Stop\n",
            "Stop.",
            "STOP!",
            "STOP!!!",
            "“stop”",
            "'Stop'",
            "\"STOP\"",
            "(stop)",
            "S.T.O.P.",
            "s t o p",
            "ST\u{0}OP",
            "ＳＴＯＰ",
            "\u{200b}STOP\u{200b}",
            "STOP ALL",
            "StopAll",
            "stop-all",
            "STOP STOP STOP",
            "Stop please",
            "please stop",
            "Pls stop!",
            "ok stop",
            "stop now",
            "Stop, thanks",
            "Unsubscribe",
            "UNSUBSCRIBE ME",
            "unsubscribe me please",
            "Cancel",
            "CANCEL.",
            "END",
            "End.",
            "Quit",
            "REVOKE",
            "OptOut",
            "opt out",
            "Opt-out",
            "OPT OUT PLEASE",
            "opt me out",
            "I want to opt out",
            "I would like to opt out of these messages",
            "please stop texting me",
            "Stop texting me",
            "stop texting",
            "STOP MESSAGING ME!",
            "quit texting me",
            "stop sending me texts",
            "Please stop sending messages",
            "stop sending these",
            "stop the messages",
            "stop these texts",
            "Stop all messages",
            "remove me",
            "Remove me from your list",
            "please remove my number",
            "take me off your list",
            "wrong number, remove me",
            "Wrong number. Please remove me from your list.",
            "do not text me",
            "Don’t text me again",
            "don't contact me anymore",
            "Do not contact this number",
            "never text me again",
            "no more texts",
            "No more messages please",
            "I do not want to receive texts",
            "I don't want any more messages",
            "leave me alone",
            "lose my number",
            "Delete my number",
            "can you stop texting me?",
            "could you please stop messaging me",
            "I revoke my consent",
            "cease contacting me",
            "stop bothering me",
            "Thanks for the help. Stop texting me.",
            "Stop texting me, I hired another company",
            "no thanks, opt out",
            "I said stop",
            "get me off this list",
            "stop spamming me",
        ] {
            assert_eq!(wish(body), Some(Wish::Stop), "{body}");
        }
    }

    #[test]
    fn sentence_that_only_contains_a_keyword_is_no_wish() {
        for body in [
            "",
            " ",
            "STOP 12345",
            "can you stop by at 5?",
            "Please stop by tomorrow",
            "stop by",
            "cancel my appointment",
            "Please cancel",
            "cancel please",
            "I need to cancel tomorrow",
            "The end unit",
            "the end",
            "No",
            "no thanks",
            "stop it",
            "stop it, I said",
            "please stop the leak",
            "How do I stop the water?",
            "the water won't stop",
            "it does not stop",
            "don't stop",
            "I quit smoking",
            "the bus stop on Main",
            "end of the driveway",
            "take me through it",
            "remove the old water heater",
            "can you remove me from the 3 pm slot and put me at 5",
            "Stop! There is water everywhere",
            "nonstop dripping",
            "my toilet won't quit running",
            "quit working today",
            "unsubscribed",
            "yes please",
            "Yes, 5 pm works",
            "help me please, my basement floods",
            "more info please",
            "I need help",
            "start at 8?",
            "when do you start",
            "wrong number",
            "who is this",
            "text me instead",
            "do not text me after 9, call me",
            "please call, do not text",
            "👍",
            "STOPPED",
            "full stop at the corner",
            "revoked",
            "opt for the cheaper one",
            "opt out of the warranty",
        ] {
            assert_eq!(wish(body), None, "{body}");
        }
    }

    #[test]
    fn sentence_that_opts_out_in_german_or_spanish_is_stop() {
        for body in [
            "Stopp",
            "STOPP!",
            "Stop bitte",
            "Bitte stopp",
            "Abmelden",
            "bitte abbestellen",
            "Bitte keine SMS mehr",
            "Keine weiteren Nachrichten bitte",
            "Ich möchte keine Nachrichten mehr bekommen",
            "Schreiben Sie mir nicht mehr",
            "PARAR",
            "STOP por favor",
            "por favor parar",
            "No me escriban más",
            "No me manden mensajes",
            "no me envíen más mensajes por favor",
            "No más mensajes",
            "No quiero más mensajes",
            "Dejen de escribirme",
            "denme de baja",
        ] {
            assert_eq!(wish(body), Some(Wish::Stop), "{body}");
        }
        for body in [
            "Das Wasser hört nicht auf",
            "keine Ahnung",
            "keine Nachricht von Ihnen bekommen",
            "Schreiben Sie mir",
            "El agua no para",
            "no me funciona la calefacción",
            "el techo es alto",
            "más mensajes no, llámeme",
        ] {
            assert_eq!(wish(body), None, "{body}");
        }
        for body in ["ALTO", "Baja", "quiero cancelar la cita"] {
            assert!(mentions_stop(body), "{body}");
        }
    }

    #[test]
    fn keyword_within_a_sentence_is_a_mention_and_no_wish() {
        for body in [
            "can you stop by at 5?",
            "cancel my appointment",
            "Please cancel",
        ] {
            assert!(mentions_stop(body), "{body}");
        }
        for body in [
            "STOP",
            "stop texting me",
            "my sink leaks",
            "unstoppable",
            "",
        ] {
            assert!(!mentions_stop(body), "{body}");
        }
    }

    #[test]
    fn start_and_help_are_whole_messages() {
        for body in [
            "START",
            "start.",
            "Unstop",
            "YES",
            "yes!",
            "please start",
            "Start texting me again",
            "opt in",
        ] {
            assert_eq!(wish(body), Some(Wish::Start), "{body}");
        }
        for body in ["HELP", "help!", "Info", "“help”"] {
            assert_eq!(wish(body), Some(Wish::Help), "{body}");
        }
    }
}
