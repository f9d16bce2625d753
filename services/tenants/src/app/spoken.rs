//! What a caller hears when nobody can take the call.

use events::v1::TenantContext;
use twiml::{Hangup, Response, Say};

const WORDS: &[(&str, &str)] = &[
    (
        "de",
        "Dieser Anschluss ist zurzeit nicht erreichbar. Auf Wiederhören.",
    ),
    (
        "en",
        "Sorry, this number is not in service at the moment. Goodbye.",
    ),
    (
        "es",
        "Lo sentimos, este número no está disponible en este momento. Adiós.",
    ),
    (
        "fr",
        "Désolé, ce numéro n'est pas en service actuellement. Au revoir.",
    ),
    ("hi", "क्षमा करें, यह नंबर अभी सेवा में नहीं है। धन्यवाद।"),
    (
        "it",
        "Spiacenti, questo numero non è al momento attivo. Arrivederci.",
    ),
    (
        "pt",
        "Desculpe, este número não está disponível no momento. Até logo.",
    ),
];
const ENGLISH: &str = "Sorry, this number is not in service at the moment. Goodbye.";

/// A few polite words in the tenant's language, where he is known and we have them, and the end.
pub fn not_in_service(tenant: Option<&TenantContext>) -> Response {
    let language = tenant.map_or("", |tenant| tenant.language.as_str());
    let voice = tenant.map_or("", |tenant| tenant.voice.as_str());
    let stem = language
        .split('-')
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase();
    let words = WORDS
        .iter()
        .find(|(tag, _)| *tag == stem)
        .map(|(_, words)| *words);
    let say = Say::new(words.unwrap_or(ENGLISH));
    let say = match words {
        Some(_) if voice.is_empty() => say.language(language),
        Some(_) => say.language(language).voice(voice),
        None => say.language("en-US"),
    };
    Response::new().say(say).hangup(Hangup::default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn xml(language: &str) -> String {
        let tenant = TenantContext {
            language: language.into(),
            ..TenantContext::default()
        };
        not_in_service(Some(&tenant)).to_xml().unwrap()
    }

    #[test]
    fn in_the_tenants_language_when_we_have_it() {
        assert!(xml("es-MX").contains("language=\"es-MX\""));
        assert!(xml("es-MX").contains("Adiós"));
        assert!(xml("xx").contains(ENGLISH) && xml("xx").contains("en-US"));
        assert!(xml("es").contains("<Hangup/>"));
        assert!(not_in_service(None).to_xml().unwrap().contains(ENGLISH));
    }
}
