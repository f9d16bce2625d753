//! What text messages say.

use crate::phrase_struct::phrase_struct;

phrase_struct! {
    /// What text messages say in one language.
    pub struct TextPhrases {
        /// After a missed call, where the business has written nothing of its own.
        missed_call,
        /// How to opt out.
        opt_out,
    }
}

pub(crate) const ENGLISH: TextPhrases = TextPhrases {
    missed_call: "Hi! Sorry we missed your call at {business_name}. How can we help? Reply STOP to opt out.",
    opt_out: "Reply STOP to opt out.",
};

pub(crate) const GERMAN: TextPhrases = TextPhrases {
    missed_call: "Hallo! Leider haben wir Ihren Anruf bei {business_name} verpasst. Wie können wir helfen? Antworten Sie STOP, um keine Nachrichten zu erhalten.",
    opt_out: "Antworten Sie STOP, um keine Nachrichten zu erhalten.",
};

pub(crate) const SPANISH: TextPhrases = TextPhrases {
    missed_call: "¡Hola! Sentimos no haber atendido su llamada a {business_name}. ¿En qué podemos ayudarle? Responda STOP para no recibir mensajes.",
    opt_out: "Responda STOP para no recibir mensajes.",
};
