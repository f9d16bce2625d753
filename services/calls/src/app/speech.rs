//! What is spoken in a call: the tenant's own text, or a phrase of ours.

use events::v1::TenantContext;
use phrases::template::{Facts, render};
use phrases::{CallPhrases, Speaker};
use twiml::Say;

/// A text that the tenant has written, in its language and voice.
pub fn own(tenant: &TenantContext, caller: &str, text: &str) -> Say {
    spoken(speaker(tenant), &render(text, &facts(tenant, caller)))
}

/// A phrase of ours, in the tenant's language and voice where we have it in that language.
pub fn ours(
    tenant: &TenantContext,
    caller: &str,
    choose: impl FnOnce(&CallPhrases) -> &'static str,
) -> Say {
    let (language, speaker) = speaker(tenant).ours();
    let phrase = choose(language.calls());
    spoken(speaker, &render(phrase, &facts(tenant, caller)))
}

fn speaker(tenant: &TenantContext) -> Speaker<'_> {
    Speaker::new(&tenant.language, &tenant.voice)
}

fn facts<'a>(tenant: &'a TenantContext, caller: &'a str) -> Facts<'a> {
    Facts {
        business_name: &tenant.name,
        caller,
        number: tenant.number.as_ref().map_or("", |n| &n.number),
        trade: &tenant.trade,
    }
}

fn spoken(speaker: Speaker<'_>, text: &str) -> Say {
    let mut say = Say::new(text);
    if !speaker.voice.is_empty() {
        say = say.voice(speaker.voice);
    }
    if !speaker.language.is_empty() {
        say = say.language(speaker.language);
    }
    say
}

#[cfg(test)]
mod tests {
    use super::*;
    use twiml::Response;

    fn xml(say: Say) -> String {
        Response::new().say(say).to_xml().unwrap()
    }

    fn tenant(language: &str, voice: &str) -> TenantContext {
        TenantContext {
            name: "Smith".into(),
            language: language.into(),
            voice: voice.into(),
            ..TenantContext::default()
        }
    }

    #[test]
    fn phrase_in_the_tenants_language_is_spoken_by_its_voice() {
        let xml = xml(ours(&tenant("de-DE", "Polly.Vicki"), "", |it| it.missed));
        assert!(
            xml.contains(
                "voice=\"Polly.Vicki\" language=\"de-DE\">Vielen Dank für Ihren Anruf bei Smith."
            ),
            "{xml}"
        );
    }

    #[test]
    fn phrase_in_an_unknown_language_is_english_words_with_an_english_voice() {
        let xml = xml(ours(&tenant("fr-FR", "Polly.Lea"), "", |it| it.whisper));
        assert!(
            xml.contains("<Say language=\"en-US\">A call for Smith."),
            "{xml}"
        );
    }

    #[test]
    fn own_text_keeps_the_tenants_voice_and_fills_placeholders() {
        let tenant = tenant("fr-FR", "Polly.Lea");
        let xml = xml(own(&tenant, "+15550109999", "{business_name} : {caller}"));
        assert!(
            xml.contains("voice=\"Polly.Lea\" language=\"fr-FR\">Smith : +15550109999<"),
            "{xml}"
        );
    }
}
