//! What we say ourselves, in each language that we have.

/// A language that we have words in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// English; also for every language that we have no words in.
    English,
    /// German
    German,
    /// Spanish
    Spanish,
}

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

/// Our words in one language.
pub struct Words {
    /// The coach's first words.
    pub coach_greeting: &'static str,
    /// The screener's first words.
    pub screener_greeting: &'static str,
    /// What the keys do.
    pub menu: &'static str,
    /// What happens here, for who asks.
    pub help: &'static str,
    /// A key that does nothing, or silence.
    pub not_understood: &'static str,
    /// Before the first question: how to answer.
    pub how_to_answer: &'static str,
    /// Between two questions.
    pub thanks: &'static str,
    /// While something is being prepared.
    pub hold: &'static str,
    /// After the last answer, where feedback follows.
    pub preparing_feedback: &'static str,
    /// The feedback takes longer.
    pub still_preparing: &'static str,
    /// The feedback is not there in time.
    pub feedback_later: &'static str,
    /// There is no feedback of an earlier interview.
    pub no_feedback: &'static str,
    /// Before the feedback of the last interview.
    pub last_feedback: &'static str,
    /// The last words of an interview.
    pub completion: &'static str,
    /// The last words else.
    pub goodbye: &'static str,
    /// Something of ours is broken.
    pub apology: &'static str,
    /// The caller is eligible.
    pub eligible: &'static str,
    /// The caller is not.
    pub not_eligible: &'static str,
    /// An answer that decides was never understood.
    pub unclear: &'static str,
    /// Neither yes nor no was understood.
    pub yes_or_no: &'static str,
    /// Questions for when a written one is late.
    pub questions: &'static [&'static str],
}

const ENGLISH: Words = Words {
    coach_greeting: "Welcome to interview coaching.",
    screener_greeting: "Hello, and thank you for taking this interview.",
    menu: "For a mock interview, press or say 1. To hear your last feedback, press or say 2. To end this call, press or say 3.",
    help: "In a mock interview I ask you a few questions, one after the other, and at the end you hear what was good and what was not.",
    not_understood: "Sorry, I did not get that.",
    how_to_answer: "Answer after the tone, and press the pound key when you are done.",
    thanks: "Thank you.",
    hold: "One moment, please.",
    preparing_feedback: "Thank you, that was the last question. One moment, please, while I prepare your feedback.",
    still_preparing: "Just a moment longer.",
    feedback_later: "Your feedback is not ready yet. Call again later and press 2 to hear it.",
    no_feedback: "There is no feedback for you yet.",
    last_feedback: "Here is the feedback on your last interview.",
    completion: "Thank you for completing the interview. Goodbye!",
    goodbye: "Goodbye!",
    apology: "We are sorry, something went wrong with this call. Please try again later.",
    eligible: "Great, you are eligible. Our team will call you.",
    not_eligible: "Thank you. You are not eligible at this time.",
    unclear: "Thank you. I could not understand every answer. Our team will call you back.",
    yes_or_no: "Please say yes or no, or press 1 for yes and 2 for no.",
    questions: &[
        "Tell me about a time when you took the lead.",
        "Tell me about a time when you had to work under pressure.",
        "Describe a difficult problem that you solved, and how you went about it.",
        "Tell me about a disagreement with a colleague, and how it ended.",
        "What is a mistake that you learned something from?",
        "How do you decide what to do first when everything is urgent?",
        "Tell me about something that you had to learn quickly.",
        "What are you most proud of in your work so far?",
    ],
};

const GERMAN: Words = Words {
    coach_greeting: "Willkommen beim Interviewtraining.",
    screener_greeting: "Guten Tag, und danke, dass Sie sich Zeit für dieses Gespräch nehmen.",
    menu: "Für ein Probeinterview drücken oder sagen Sie 1. Für Ihre letzte Rückmeldung drücken oder sagen Sie 2. Zum Beenden drücken oder sagen Sie 3.",
    help: "In einem Probeinterview stelle ich Ihnen nacheinander ein paar Fragen, und am Ende hören Sie, was gut war und was nicht.",
    not_understood: "Das habe ich leider nicht verstanden.",
    how_to_answer: "Antworten Sie nach dem Ton, und drücken Sie die Rautetaste, wenn Sie fertig sind.",
    thanks: "Vielen Dank.",
    hold: "Einen Augenblick, bitte.",
    preparing_feedback: "Vielen Dank, das war die letzte Frage. Einen Augenblick, bitte, ich bereite Ihre Rückmeldung vor.",
    still_preparing: "Nur noch einen Augenblick.",
    feedback_later: "Ihre Rückmeldung ist noch nicht fertig. Rufen Sie später wieder an und drücken Sie 2, um sie zu hören.",
    no_feedback: "Es gibt noch keine Rückmeldung für Sie.",
    last_feedback: "Hier ist die Rückmeldung zu Ihrem letzten Interview.",
    completion: "Vielen Dank für das Gespräch. Auf Wiederhören!",
    goodbye: "Auf Wiederhören!",
    apology: "Es tut uns leid, bei diesem Anruf ist etwas schiefgegangen. Bitte versuchen Sie es später noch einmal.",
    eligible: "Sehr gut, Sie erfüllen die Bedingungen. Wir rufen Sie an.",
    not_eligible: "Vielen Dank. Sie erfüllen die Bedingungen zurzeit nicht.",
    unclear: "Vielen Dank. Ich habe nicht jede Antwort verstanden. Wir rufen Sie zurück.",
    yes_or_no: "Bitte sagen Sie ja oder nein, oder drücken Sie 1 für ja und 2 für nein.",
    questions: &[
        "Erzählen Sie von einer Situation, in der Sie die Führung übernommen haben.",
        "Erzählen Sie von einer Situation, in der Sie unter Druck arbeiten mussten.",
        "Beschreiben Sie ein schwieriges Problem, das Sie gelöst haben, und wie Sie vorgegangen sind.",
        "Erzählen Sie von einer Meinungsverschiedenheit mit Kollegen, und wie sie ausging.",
        "Aus welchem Fehler haben Sie etwas gelernt?",
        "Wie entscheiden Sie, was zuerst kommt, wenn alles dringend ist?",
        "Erzählen Sie von etwas, das Sie schnell lernen mussten.",
        "Worauf sind Sie in Ihrer Arbeit bisher am meisten stolz?",
    ],
};

const SPANISH: Words = Words {
    coach_greeting: "Bienvenido al entrenamiento de entrevistas.",
    screener_greeting: "Hola, y gracias por dedicar su tiempo a esta entrevista.",
    menu: "Para una entrevista de práctica, marque o diga 1. Para escuchar sus últimos comentarios, marque o diga 2. Para terminar, marque o diga 3.",
    help: "En una entrevista de práctica le hago algunas preguntas, una tras otra, y al final escucha qué estuvo bien y qué no.",
    not_understood: "Lo siento, no le he entendido.",
    how_to_answer: "Responda después del tono y marque la tecla numeral cuando termine.",
    thanks: "Gracias.",
    hold: "Un momento, por favor.",
    preparing_feedback: "Gracias, esa fue la última pregunta. Un momento, por favor, mientras preparo sus comentarios.",
    still_preparing: "Solo un momento más.",
    feedback_later: "Sus comentarios aún no están listos. Vuelva a llamar más tarde y marque 2 para escucharlos.",
    no_feedback: "Todavía no hay comentarios para usted.",
    last_feedback: "Estos son los comentarios de su última entrevista.",
    completion: "Gracias por completar la entrevista. ¡Hasta luego!",
    goodbye: "¡Hasta luego!",
    apology: "Lo sentimos, algo salió mal en esta llamada. Inténtelo de nuevo más tarde.",
    eligible: "Muy bien, usted cumple los requisitos. Nuestro equipo le llamará.",
    not_eligible: "Gracias. Por ahora no cumple los requisitos.",
    unclear: "Gracias. No pude entender todas las respuestas. Nuestro equipo le llamará.",
    yes_or_no: "Diga sí o no, o marque 1 para sí y 2 para no.",
    questions: &[
        "Hábleme de una ocasión en la que tomó la iniciativa.",
        "Hábleme de una ocasión en la que tuvo que trabajar bajo presión.",
        "Describa un problema difícil que resolvió y cómo lo hizo.",
        "Hábleme de un desacuerdo con un colega y de cómo terminó.",
        "¿De qué error aprendió algo?",
        "¿Cómo decide qué hacer primero cuando todo es urgente?",
        "Hábleme de algo que tuvo que aprender rápidamente.",
        "¿De qué está más orgulloso en su trabajo hasta ahora?",
    ],
};

impl Words {
    /// Whether this is one of our lines.
    fn has(&self, line: &str) -> bool {
        let lines = [
            self.coach_greeting,
            self.screener_greeting,
            self.menu,
            self.not_understood,
            self.how_to_answer,
            self.thanks,
            self.hold,
            self.preparing_feedback,
            self.still_preparing,
            self.feedback_later,
            self.no_feedback,
            self.last_feedback,
            self.completion,
            self.goodbye,
            self.apology,
            self.eligible,
            self.not_eligible,
            self.unclear,
            self.yes_or_no,
        ];
        lines.contains(&line) || self.questions.contains(&line)
    }
}

impl Language {
    /// In which language a line is spoken where the flow's is `tag`: in that, but for words of ours that we have in
    /// English only.
    pub fn of_line<'a>(tag: &'a str, line: &str) -> &'a str {
        if Self::is_known(tag) || !ENGLISH.has(line) {
            tag
        } else {
            "en-US"
        }
    }

    /// In which language words are listened for that we have to understand ourselves.
    pub fn heard(tag: &str) -> &str {
        if Self::is_known(tag) { tag } else { "en-US" }
    }

    fn is_known(tag: &str) -> bool {
        let primary = tag.split('-').next().unwrap_or_default();
        Self::of(tag) != Self::English || primary.eq_ignore_ascii_case("en")
    }

    /// The language of a BCP 47 tag.
    pub fn of(tag: &str) -> Self {
        let primary = tag.split('-').next().unwrap_or_default();
        match primary.to_ascii_lowercase().as_str() {
            "de" => Self::German,
            "es" => Self::Spanish,
            _ => Self::English,
        }
    }

    /// Its words.
    pub fn words(self) -> &'static Words {
        match self {
            Self::English => &ENGLISH,
            Self::German => &GERMAN,
            Self::Spanish => &SPANISH,
        }
    }

    /// What speech recognition should listen for at the menu (`<Gather hints>`).
    pub fn menu_hints(self) -> &'static str {
        match self {
            Self::English => {
                "one, two, three, interview, mock interview, feedback, help, quit, goodbye"
            }
            Self::German => {
                "eins, zwei, drei, Interview, Probeinterview, Rückmeldung, Hilfe, Ende, Auf Wiederhören"
            }
            Self::Spanish => "uno, dos, tres, entrevista, comentarios, ayuda, terminar, adiós",
        }
    }

    /// The same where yes or no is asked for.
    pub fn yes_no_hints(self) -> &'static str {
        match self {
            Self::English => "yes, no, yeah, nope",
            Self::German => "ja, nein",
            Self::Spanish => "sí, no",
        }
    }

    /// What was chosen by a key or by words.
    pub fn choice(self, digits: &str, speech: &str) -> Option<Choice> {
        match digits.chars().next() {
            Some('0' | '*') => return Some(Choice::Help),
            Some('1') => return Some(Choice::Interview),
            Some('2') => return Some(Choice::Feedback),
            Some('3') => return Some(Choice::Quit),
            _ => {}
        }
        let says = |words: &[&str]| spoken(speech).any(|word| words.contains(&word.as_str()));
        let (quit, feedback, interview): (&[&str], &[&str], &[&str]) = match self {
            Self::English => (
                &["3", "three", "quit", "bye", "goodbye", "end", "exit"],
                &["2", "two", "feedback"],
                &["1", "one", "interview", "mock", "start", "begin"],
            ),
            Self::German => (
                &["3", "drei", "ende", "beenden", "tschüss", "wiederhören"],
                &["2", "zwei", "rückmeldung", "feedback"],
                &["1", "eins", "interview", "probeinterview", "anfangen"],
            ),
            Self::Spanish => (
                &["3", "tres", "terminar", "salir", "adiós"],
                &["2", "dos", "comentarios"],
                &["1", "uno", "entrevista", "práctica", "empezar"],
            ),
        };
        let help: &[&str] = match self {
            Self::English => &["help"],
            Self::German => &["hilfe"],
            Self::Spanish => &["ayuda"],
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
    fn the_menu_is_answered_by_key_or_word() {
        let english = Language::of("en-GB");
        assert_eq!(english.choice("1", ""), Some(Choice::Interview));
        assert_eq!(
            english.choice("", "A mock interview, please."),
            Some(Choice::Interview)
        );
        assert_eq!(
            english.choice("", "the feedback on my last interview"),
            Some(Choice::Feedback)
        );
        assert_eq!(english.choice("9", "quit"), Some(Choice::Quit));
        assert_eq!(english.choice("", "Help!"), Some(Choice::Help));
        assert_eq!(english.choice("", "what?"), None);
        assert_eq!(Language::of("de-AT").choice("", "Drei"), Some(Choice::Quit));
        assert_eq!(Language::of("fr"), Language::English);
        let line = |tag| Language::of_line(tag, ENGLISH.menu).to_owned();
        assert_eq!(
            ["fr-FR", "de-AT", "EN-GB"].map(line),
            ["en-US", "de-AT", "EN-GB"]
        );
        assert_eq!(Language::of_line("fr-FR", "Pourquoi ?"), "fr-FR");
        assert_eq!(
            (Language::heard("fr"), Language::heard("es-MX")),
            ("en-US", "es-MX")
        );
    }
}
