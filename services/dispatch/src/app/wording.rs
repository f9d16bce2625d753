//! Texts of ours: what customers are told in fixed words of crate `phrases`, and how any text is made cheap to send.

use events::v1::TenantContext;
use phrases::template::{Facts, render, render_message};
use phrases::{Language, TextPhrases};
use triage::Danger;
use webhook::segments;

/// The most segments of a text that the platform writes by itself.
const SEGMENTS: usize = 2;

/// What goes out once when no provider answers. It promises nothing.
pub fn fallback(tenant: &TenantContext) -> String {
    ours(tenant, |texts| texts.a_person_answers)
}

/// A text of ours, in the tenant's language.
fn ours(tenant: &TenantContext, phrase: fn(&TextPhrases) -> &'static str) -> String {
    let texts = Language::of(&tenant.language).texts();
    cheap(&render(phrase(texts), &facts(tenant)))
}

fn facts(tenant: &TenantContext) -> Facts<'_> {
    Facts {
        business_name: &tenant.name,
        trade: &tenant.trade,
        ..Facts::default()
    }
}

/// The first text to a customer: it says whose it is, and how to opt out. `is_cut`: it may lose its end to what is added.
pub fn introduced(body: &str, tenant: &TenantContext, is_cut: bool) -> String {
    let name = tenant.name.trim();
    let is_named = name.is_empty() || body.to_lowercase().contains(&name.to_lowercase());
    let head = if is_named {
        String::new()
    } else {
        format!("{name}: ")
    };
    let tail = if body.contains("STOP") {
        String::new()
    } else {
        format!(" {}", Language::of(&tenant.language).texts().opt_out)
    };
    let around = |body: &str| format!("{head}{body}{tail}");
    let mut body = body.to_owned();
    while is_cut && segments(&around(&body)).count > SEGMENTS {
        let without = body.trim_end_matches("...").trim_end();
        let Some((shorter, _)) = without.rsplit_once(' ') else {
            break;
        };
        body = format!("{}...", shorter.trim_end_matches([',', '.', ';', ':', '-']));
    }
    around(&body)
}

/// The business's own words, with what they name filled in; none: it has none.
fn own(template: &str, tenant: &TenantContext) -> Option<String> {
    let text = render_message(template, &facts(tenant));
    Some(text).filter(|text| !text.trim().is_empty())
}

/// What a customer in danger does now: in the business's own words for it, where it has some.
pub fn safety(danger: Danger, tenant: &TenantContext) -> String {
    let texts = tenant.texts.as_ref();
    let safety = texts.map_or(&[][..], |texts| &texts.safety);
    let said = safety.iter().find(|it| it.danger == danger.as_str());
    if let Some(text) = said.and_then(|it| own(&it.text, tenant)) {
        return text;
    }
    let safety = Language::of(&tenant.language).safety();
    let now = match danger {
        Danger::Gas => safety.gas,
        Danger::CarbonMonoxide => safety.carbon_monoxide,
        Danger::Fire => safety.fire,
        Danger::Shock => safety.shock,
        Danger::Water => safety.water,
        Danger::Climate => safety.climate,
        Danger::Trapped => safety.trapped,
        Danger::Intrusion => safety.intrusion,
        Danger::Falling => safety.falling,
    };
    cheap(&render(now, &facts(tenant)))
}

/// What the owner is told of an emergency.
pub fn alert(business: &str, customer: &str, danger: Danger, body: &str) -> String {
    let kind = danger.as_str().replace('_', " ");
    let head = format!("EMERGENCY ({kind}) for {business}: {customer} wrote: ");
    cheap(&format!("{head}\"{}\"", cut(body.trim(), 180)))
}

/// What the owner hears of an emergency, by telephone.
pub fn spoken_alert(business: &str, customer: &str, danger: Danger, body: &str) -> String {
    let kind = danger.as_str().replace('_', " ");
    let digits: Vec<String> = customer
        .chars()
        .filter(char::is_ascii_digit)
        .map(String::from)
        .collect();
    let (number, words) = (digits.join(" "), cut(body.trim(), 180));
    format!(
        "Emergency for {business}: {kind}. The customer with the number {number} wrote: {words}."
    )
}

/// Who is it, and how does one stop it: in the business's own words, where it has some.
pub fn help(tenant: &TenantContext) -> String {
    let said = tenant.texts.as_ref().and_then(|it| own(&it.help, tenant));
    said.unwrap_or_else(|| ours(tenant, |texts| texts.help))
}

/// Texts again: in the business's own words, where it has some.
pub fn welcome_back(tenant: &TenantContext) -> String {
    let said = tenant.texts.as_ref().and_then(|it| own(&it.start, tenant));
    said.unwrap_or_else(|| ours(tenant, |texts| texts.welcome_back))
}

/// What a customer has sent cannot be shown.
pub fn unsupported(tenant: &TenantContext) -> String {
    ours(tenant, |texts| texts.unsupported)
}

/// The text in the alphabet that costs least, cut where two segments end.
pub fn cheap(text: &str) -> String {
    let plain: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut plain = plain_marks(&plain);
    while segments(&plain).count > SEGMENTS {
        let without = plain.trim_end_matches("...").trim_end();
        let cut = without.rsplit_once(' ').map_or("", |(head, _)| head);
        if cut.is_empty() {
            return cut_units(&plain);
        }
        plain = format!("{}...", cut.trim_end_matches([',', '.', ';', ':', '-']));
    }
    plain
}

/// One word that is longer than two segments.
fn cut_units(text: &str) -> String {
    let mut short = text.to_owned();
    while segments(&short).count > SEGMENTS && short.pop().is_some() {}
    short
}

fn plain_marks(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.chars() {
        match PLAIN.iter().find(|(mark, _)| *mark == c) {
            Some((_, same)) => plain.push_str(same),
            None => plain.push(c),
        }
    }
    plain
}

/// Marks that cost a text its cheap alphabet, and what says the same.
const PLAIN: &[(char, &str)] = &[
    ('\u{2018}', "'"),
    ('\u{2019}', "'"),
    ('\u{201c}', "\""),
    ('\u{201d}', "\""),
    ('\u{201e}', "\""),
    ('\u{2013}', "-"),
    ('\u{2014}', "-"),
    ('\u{2011}', "-"),
    ('\u{2026}', "..."),
    ('\u{a0}', " "),
    ('\u{202f}', " "),
    ('\u{2009}', " "),
    ('\u{2022}', "-"),
    ('`', "'"),
    ('\u{b4}', "'"),
];

/// The first characters of a text.
pub fn cut(text: &str, most: usize) -> &str {
    text.char_indices()
        .nth(most)
        .map_or(text, |(end, _)| text.get(..end).unwrap_or(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use webhook::Encoding;

    #[test]
    fn text_is_cheap_and_never_longer_than_two_segments() {
        let text = cheap("We\u{2019}ll come \u{2013} \u{201c}soon\u{201d}\u{2026}");
        assert_eq!(text, "We'll come - \"soon\"...");
        for long in [
            "word ".repeat(400),
            "x".repeat(2000),
            "\u{43b}\u{43e} ".repeat(400),
        ] {
            let text = cheap(&long);
            assert!(segments(&text).count <= 2 && !text.is_empty(), "{text}");
        }
    }

    #[test]
    fn fixed_texts_are_cheap_in_each_language() {
        for language in ["en-US", "de-DE", "es-MX", "fr-FR"] {
            let tenant = TenantContext {
                name: "Smith Plumbing and Heating of San Francisco".into(),
                language: language.into(),
                ..TenantContext::default()
            };
            let opt_out = Language::of(language).texts().opt_out;
            let dangers = Danger::ALL.map(|danger| safety(danger, &tenant));
            let others = [help(&tenant), welcome_back(&tenant), fallback(&tenant)];
            // The first text to a customer may be any of these.
            for text in dangers.into_iter().chain(others) {
                let text = introduced(&text, &tenant, false);
                assert!(text.ends_with(opt_out), "{text}");
                let it = segments(&text);
                assert!(
                    it.encoding == Encoding::Gsm7 && it.count <= 2 && !text.ends_with("..."),
                    "{text}"
                );
            }
            assert_eq!(segments(&unsupported(&tenant)).encoding, Encoding::Gsm7);
        }
    }

    #[test]
    fn first_text_says_whose_it_is_and_how_to_opt_out() {
        let tenant = |name: &str, language: &str| TenantContext {
            name: name.into(),
            language: language.into(),
            ..TenantContext::default()
        };
        let smith = tenant("Smith Plumbing", "");
        for (body, first) in [
            (
                "What is the address?",
                "Smith Plumbing: What is the address? Reply STOP to opt out.",
            ),
            (
                "smith plumbing here. How can we help?",
                "smith plumbing here. How can we help? Reply STOP to opt out.",
            ),
            (
                "Hi! Text STOP to stop.",
                "Smith Plumbing: Hi! Text STOP to stop.",
            ),
            (
                "Smith Plumbing. Reply STOP to opt out.",
                "Smith Plumbing. Reply STOP to opt out.",
            ),
        ] {
            assert_eq!(introduced(body, &smith, true), first);
        }
        assert!(
            introduced("Hallo", &tenant("Rohr AG", "de-DE"), true).contains("Antworten Sie STOP")
        );
        let long = introduced(&"word ".repeat(70), &smith, true);
        assert!(
            segments(&long).count <= SEGMENTS && long.ends_with("... Reply STOP to opt out."),
            "{long}"
        );
        // What a customer in danger must do is never cut.
        let safety = "Leave the house. ".repeat(30);
        assert!(introduced(&safety, &smith, false).contains(safety.trim()));
    }
}
