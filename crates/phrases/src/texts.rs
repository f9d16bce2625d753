//! What text messages say. The words of German and Spanish keep to the letters of the cheap alphabet (GSM 03.38): one other
//! letter makes a text twice as long to Twilio.

use crate::phrase_struct::phrase_struct;

phrase_struct! {
    /// What text messages say in one language.
    pub struct TextPhrases {
        /// After a missed call, where the business has written nothing of its own.
        missed_call,
        /// How to opt out.
        opt_out,
        /// No provider answers a customer. It promises nothing.
        a_person_answers,
        /// Who is it, and how does one stop it.
        help,
        /// Texts go out again.
        welcome_back,
        /// What a customer has sent cannot be shown.
        unsupported,
    }
}

pub(crate) const ENGLISH: TextPhrases = TextPhrases {
    missed_call: "Hi! Sorry we missed your call at {business_name}. How can we help? Reply STOP to opt out.",
    opt_out: "Reply STOP to opt out.",
    a_person_answers: "Thanks for your message to {business_name}. A person will read it and answer here.",
    help: "This is {business_name}. Tell us here what you need. Reply STOP to opt out.",
    welcome_back: "You get texts from {business_name} again. Reply STOP to opt out.",
    unsupported: "We could not open the file that you sent. We can look at photos, short videos and PDFs of up to 5 MB. Please send one of those, or describe it in words.",
};

pub(crate) const GERMAN: TextPhrases = TextPhrases {
    missed_call: "Hallo! Leider haben wir Ihren Anruf bei {business_name} verpasst. Wie können wir helfen? Antworten Sie STOP, um keine Nachrichten zu erhalten.",
    opt_out: "Antworten Sie STOP, um keine Nachrichten zu erhalten.",
    a_person_answers: "Danke für Ihre Nachricht an {business_name}. Ein Mensch liest sie und antwortet Ihnen hier.",
    help: "Hier ist {business_name}. Schreiben Sie uns, was Sie brauchen. Antworten Sie STOP, um keine Nachrichten zu erhalten.",
    welcome_back: "Sie erhalten wieder Nachrichten von {business_name}. Antworten Sie STOP, um keine Nachrichten zu erhalten.",
    unsupported: "Die Datei, die Sie geschickt haben, können wir nicht öffnen. Wir sehen uns Fotos, kurze Videos und PDFs bis 5 MB an. Bitte schicken Sie eine davon oder beschreiben Sie es in Worten.",
};

pub(crate) const SPANISH: TextPhrases = TextPhrases {
    missed_call: "¡Hola! Sentimos no haber atendido su llamada a {business_name}. ¿En qué podemos ayudarle? Responda STOP para no recibir mensajes.",
    opt_out: "Responda STOP para no recibir mensajes.",
    a_person_answers: "Gracias por su mensaje a {business_name}. Una persona lo lee y le contesta por este medio.",
    help: "Esto es {business_name}. Escriba por este medio lo que necesita. Responda STOP para no recibir mensajes.",
    welcome_back: "Vuelve a recibir mensajes de {business_name}. Responda STOP para no recibir mensajes.",
    unsupported: "No hemos podido abrir el archivo que nos ha enviado. Aceptamos fotos, videos cortos y archivos PDF de hasta 5 MB. Mande uno de ellos o cuéntenos el problema con palabras.",
};
