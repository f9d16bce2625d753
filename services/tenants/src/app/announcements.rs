//! What a caller hears when nobody can take the call.

use events::v1::TenantContext;
use phrases::Speaker;
use twiml::{Hangup, Response, Say};

/// A few polite words in the tenant's language, where the tenant is known and we have them, and the end.
pub fn not_in_service(tenant: Option<&TenantContext>) -> Response {
    let chosen = tenant.map(|tenant| Speaker::new(&tenant.language, &tenant.voice));
    let (phrase, speaker) = phrases::not_in_service(chosen.unwrap_or_default());
    let mut say = Say::new(phrase);
    if !speaker.language.is_empty() {
        say = say.language(speaker.language);
    } else if speaker.voice.is_empty() {
        // Not what the account's console may have for its default.
        say = say.language("en-US");
    }
    if !speaker.voice.is_empty() {
        say = say.voice(speaker.voice);
    }
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
        assert!(xml("xx").contains("not in service") && xml("xx").contains("en-US"));
        assert!(xml("es").contains("<Hangup/>"));
        assert!(
            not_in_service(None)
                .to_xml()
                .unwrap()
                .contains("not in service")
        );
    }
}
