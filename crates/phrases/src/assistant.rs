//! What an assistant says without its model.

use crate::phrase_struct::phrase_struct;

phrase_struct! {
    /// What an assistant says in one language without its model.
    pub struct AssistantPhrases {
        /// The greeting of an assistant without one of its own.
        how_can_i_help,
        /// Nothing was understood.
        say_again,
        /// Nothing was said.
        still_there,
        /// The model takes its time.
        one_moment,
        /// There is no person to hand over to.
        nobody_there,
        /// A person takes over.
        connecting,
        /// The person who was to take over has not answered.
        nobody_answered,
        /// Something failed; a person takes over.
        sorry_a_person,
        /// Nobody can answer any more: what is it about?
        leave_message,
        /// The last words after that.
        passed_on,
        /// The last words to a caller who says nothing any more.
        goodbye,
    }
}

pub(crate) const ENGLISH: AssistantPhrases = AssistantPhrases {
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

pub(crate) const GERMAN: AssistantPhrases = AssistantPhrases {
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

pub(crate) const SPANISH: AssistantPhrases = AssistantPhrases {
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
