//! What calls say that are no interviews, and the front door when nobody behind it answers.

use crate::phrase_struct::phrase_struct;

phrase_struct! {
    /// What calls say in one language.
    pub struct CallPhrases {
        /// Nobody takes the call.
        missed,
        /// Nobody takes the call, and the caller is texted.
        missed_with_text,
        /// Whoever picks up for the business hears who is calling.
        whisper,
        /// The call is recorded: spoken before the recording begins.
        recording_notice,
        /// The number is suspended, or nobody's.
        not_in_service,
        /// The platform does not answer, and the business's phone is not known.
        unreachable,
        /// The platform does not answer, and Twilio asks again.
        hold,
        /// The platform has not answered several times.
        gives_up,
        /// Twilio's request makes no sense.
        broken,
    }
}

pub(crate) const ENGLISH: CallPhrases = CallPhrases {
    missed: "Thank you for calling {business_name}. We can't take your call right now.",
    missed_with_text: "Thank you for calling {business_name}. We can't take your call right now and will text you shortly.",
    whisper: "A call for {business_name}. Press 1 to accept.",
    recording_notice: "This call is being recorded.",
    not_in_service: "Sorry, this number is not in service at the moment. Goodbye.",
    unreachable: "We are sorry, we can't take your call right now. Please try again in a few minutes.",
    hold: "One moment, please.",
    gives_up: "We are sorry, we have to end this call because of a technical problem. What you have said so far is kept. Goodbye.",
    broken: "We are sorry, something went wrong with this call.",
};

pub(crate) const GERMAN: CallPhrases = CallPhrases {
    missed: "Vielen Dank für Ihren Anruf bei {business_name}. Wir können Ihren Anruf gerade nicht annehmen.",
    missed_with_text: "Vielen Dank für Ihren Anruf bei {business_name}. Wir können Ihren Anruf gerade nicht annehmen und schreiben Ihnen gleich eine Nachricht.",
    whisper: "Ein Anruf für {business_name}. Drücken Sie 1, um ihn anzunehmen.",
    recording_notice: "Dieses Gespräch wird aufgezeichnet.",
    not_in_service: "Dieser Anschluss ist zurzeit nicht erreichbar. Auf Wiederhören.",
    unreachable: "Es tut uns leid, wir können Ihren Anruf gerade nicht annehmen. Bitte versuchen Sie es in einigen Minuten noch einmal.",
    hold: "Einen Augenblick, bitte.",
    gives_up: "Es tut uns leid, wir müssen dieses Gespräch wegen einer technischen Störung beenden. Was Sie bisher gesagt haben, ist gespeichert. Auf Wiederhören.",
    broken: "Es tut uns leid, bei diesem Anruf ist etwas schiefgegangen.",
};

pub(crate) const SPANISH: CallPhrases = CallPhrases {
    missed: "Gracias por llamar a {business_name}. En este momento no podemos atender su llamada.",
    missed_with_text: "Gracias por llamar a {business_name}. En este momento no podemos atender su llamada y le enviaremos un mensaje en breve.",
    whisper: "Una llamada para {business_name}. Marque 1 para aceptarla.",
    recording_notice: "Esta llamada se está grabando.",
    not_in_service: "Lo sentimos, este número no está disponible en este momento. Adiós.",
    unreachable: "Lo sentimos, en este momento no podemos atender su llamada. Inténtelo de nuevo en unos minutos.",
    hold: "Un momento, por favor.",
    gives_up: "Lo sentimos, tenemos que terminar esta llamada por un problema técnico. Lo que ha dicho hasta ahora queda guardado. Adiós.",
    broken: "Lo sentimos, algo salió mal en esta llamada.",
};
