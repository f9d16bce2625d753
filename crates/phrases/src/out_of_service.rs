//! What callers of a suspended number hear.

use crate::speaker::Speaker;

/// The one phrase that we have in further languages: whoever calls a suspended number may be anybody's customer.
const NOT_IN_SERVICE: &[(&str, &str)] = &[
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

/// That a number is not in service, and who says it.
pub fn not_in_service(speaker: Speaker<'_>) -> (&'static str, Speaker<'_>) {
    let primary = speaker.language.split('-').next().unwrap_or_default();
    let further = NOT_IN_SERVICE
        .iter()
        .find(|(tag, _)| primary.eq_ignore_ascii_case(tag));
    if let Some((_, phrase)) = further {
        return (phrase, speaker);
    }
    let (language, speaker) = speaker.ours();
    (language.calls().not_in_service, speaker)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn not_in_service_is_said_by_a_voice_of_its_language() {
        let said = |language, voice| not_in_service(Speaker::new(language, voice));
        let (phrase, speaker) = said("fr-CA", "Polly.Gabrielle");
        assert!(phrase.contains("pas en service") && speaker.voice == "Polly.Gabrielle");
        let (phrase, speaker) = said("xx", "Polly.Lea");
        assert!(phrase.contains("not in service"));
        assert_eq!((speaker.language, speaker.voice), ("en-US", ""));
        assert!(said("es-MX", "").0.contains("Adiós"));
    }
}
