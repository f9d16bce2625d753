//! What an assistant says without its model.

use phrases::Language;

/// What is said without the model.
pub struct Words {
    /// The greeting of an assistant without one of its own.
    pub how_can_i_help: &'static str,
    /// Nothing was understood.
    pub say_again: &'static str,
    /// Nothing was said.
    pub still_there: &'static str,
    /// The model takes its time.
    pub one_moment: &'static str,
    /// There is no person to hand over to.
    pub nobody_there: &'static str,
    /// A person takes over.
    pub connecting: &'static str,
    /// The person who was to take over has not answered.
    pub nobody_answered: &'static str,
    /// Something failed; a person takes over.
    pub sorry_a_person: &'static str,
    /// Nobody can answer any more: what is it about?
    pub leave_message: &'static str,
    /// The last words after that.
    pub passed_on: &'static str,
    /// The last words to a caller who says nothing any more.
    pub goodbye: &'static str,
}

const ENGLISH: Words = Words {
    how_can_i_help: "Hello, how can I help you?",
    say_again: "I am sorry, I did not understand that. Could you say it again?",
    still_there: "Are you still there?",
    one_moment: "One moment, please.",
    nobody_there: "I am sorry, nobody can take your call right now.",
    connecting: "I connect you with a person.",
    nobody_answered: "I am sorry, nobody has answered. Can I pass something on?",
    sorry_a_person: "I am sorry, I have a technical problem. I connect you with a person.",
    leave_message: "Please tell me in a few words what it is about, and we call you back.",
    passed_on: "Thank you, I pass that on. Goodbye!",
    goodbye: "Thank you for calling. Goodbye!",
};

const GERMAN: Words = Words {
    how_can_i_help: "Guten Tag, wie kann ich Ihnen helfen?",
    say_again: "Das habe ich leider nicht verstanden. Können Sie es noch einmal sagen?",
    still_there: "Sind Sie noch da?",
    one_moment: "Einen Moment, bitte.",
    nobody_there: "Im Moment kann leider niemand Ihren Anruf annehmen.",
    connecting: "Ich verbinde Sie mit einem Menschen.",
    nobody_answered: "Leider hat niemand abgenommen. Soll ich etwas ausrichten?",
    sorry_a_person: "Ich habe leider ein technisches Problem. Ich verbinde Sie mit einem Menschen.",
    leave_message: "Bitte sagen Sie mir kurz, worum es geht. Wir rufen Sie zurück.",
    passed_on: "Danke, ich gebe das weiter. Auf Wiederhören!",
    goodbye: "Vielen Dank für Ihren Anruf. Auf Wiederhören!",
};

const SPANISH: Words = Words {
    how_can_i_help: "Hola, ¿en qué puedo ayudarle?",
    say_again: "Perdone, no le he entendido. ¿Puede repetirlo?",
    still_there: "¿Sigue ahí?",
    one_moment: "Un momento, por favor.",
    nobody_there: "Lo siento, nadie puede atenderle en este momento.",
    connecting: "Le paso con una persona.",
    nobody_answered: "Lo siento, nadie ha contestado. ¿Quiere dejar un recado?",
    sorry_a_person: "Lo siento, tengo un problema técnico. Le paso con una persona.",
    leave_message: "Dígame en pocas palabras de qué se trata y le llamamos.",
    passed_on: "Gracias, lo comunicaré. ¡Adiós!",
    goodbye: "Gracias por llamar. ¡Adiós!",
};

/// Those of a language.
pub fn words_of(language: &str) -> &'static Words {
    match Language::of(language) {
        Language::English => &ENGLISH,
        Language::German => &GERMAN,
        Language::Spanish => &SPANISH,
    }
}
