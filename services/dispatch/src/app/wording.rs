//! Texts of ours: what customers are told in fixed words, and how any text is made cheap to send.

use events::v1::TenantContext;
use phrases::Language;
use phrases::template::{Facts, render_message};
use triage::Danger;
use webhook::segments;

/// The most segments of a text that the platform writes by itself.
const SEGMENTS: usize = 2;

/// What goes out once when no provider answers. It promises nothing.
pub fn fallback(business: &str) -> String {
    cheap(&format!(
        "Thanks for your message to {business}. A person will read it and answer here."
    ))
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
    let facts = Facts {
        business_name: &tenant.name,
        trade: &tenant.trade,
        ..Facts::default()
    };
    let text = render_message(template, &facts);
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
    let business = &tenant.name;
    let now = match danger {
        Danger::Gas => {
            "If you smell gas: leave the building now, use no switches or flames, and call 911 or your gas company from outside."
        }
        Danger::CarbonMonoxide => {
            "If a CO alarm sounds: get everyone outside into fresh air now and call 911."
        }
        Danger::Fire => {
            "If there is smoke or fire: get everyone out now and call 911. Touch nothing that burns or is hot."
        }
        Danger::Shock => {
            "Keep away from it and touch nothing wet or metal nearby. If it is safe, switch off the main breaker. If anyone is hurt or it burns, call 911."
        }
        Danger::Water => {
            "If you can: shut the main water valve (often by the meter) and keep away from outlets that are wet."
        }
        Danger::Climate => {
            "Keep everyone in one room, warm or cool as you need it. If anyone feels ill, call 911."
        }
        Danger::Trapped => "If anyone is in danger, hurt or in a hot car, call 911 now.",
        Danger::Intrusion => "If you do not feel safe, go where you are safe and call 911 now.",
        Danger::Falling => {
            "Keep everyone away from the door and do not use the opener. If anyone is hurt, call 911."
        }
    };
    cheap(&format!("{now} {business} has been alerted."))
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
    let usual = || {
        let business = &tenant.name;
        cheap(&format!(
            "This is {business}. Tell us here what you need. Reply STOP to opt out."
        ))
    };
    said.unwrap_or_else(usual)
}

/// Texts again: in the business's own words, where it has some.
pub fn welcome_back(tenant: &TenantContext) -> String {
    let said = tenant.texts.as_ref().and_then(|it| own(&it.start, tenant));
    let usual = || {
        let business = &tenant.name;
        cheap(&format!(
            "You get texts from {business} again. Reply STOP to opt out."
        ))
    };
    said.unwrap_or_else(usual)
}

/// What a customer has sent cannot be shown.
pub fn unsupported() -> String {
    "We could not open the file that you sent. We can look at photos, short videos and PDFs of up to 5 MB. Please send one of those, \
     or describe it in words."
        .to_owned()
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
    fn fixed_texts_are_cheap() {
        let tenant = TenantContext {
            name: "Smith Plumbing and Heating of San Francisco".into(),
            ..TenantContext::default()
        };
        for danger in Danger::ALL {
            // The first text to a customer may be this one.
            let text = introduced(&safety(danger, &tenant), &tenant, false);
            assert!(text.ends_with("Reply STOP to opt out."), "{text}");
            let it = segments(&text);
            assert!(
                it.encoding == Encoding::Gsm7 && it.count <= 2 && !text.ends_with("..."),
                "{text}"
            );
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
