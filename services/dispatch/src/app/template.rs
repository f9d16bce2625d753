//! The words of a text-back.

/// What goes out when the business has written nothing of its own.
const DEFAULT: &str =
    "Hi! Sorry we missed your call at {business_name}. How can we help? Reply STOP to opt out.";

/// The most characters that Twilio takes.
pub const LONGEST: usize = 1600;

/// What the placeholders stand for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Facts<'a> {
    /// `{business_name}`.
    pub business_name: &'a str,
    /// `{caller}`.
    pub caller: &'a str,
    /// `{number}`.
    pub number: &'a str,
    /// `{trade}`.
    pub trade: &'a str,
}

impl Facts<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        match name {
            "business_name" => Some(self.business_name),
            "caller" => Some(self.caller),
            "number" => Some(self.number),
            "trade" => Some(self.trade),
            _ => None,
        }
    }
}

/// Puts the facts into the template, or into the default where there is none. A placeholder that we do not know stays
/// as it is, what a fact says is not looked into again, and the end is cut off where Twilio would refuse the whole.
pub fn render(template: &str, facts: &Facts<'_>) -> String {
    let template = if template.trim().is_empty() {
        DEFAULT
    } else {
        template
    };
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        let known = after
            .split_once('}')
            .and_then(|(name, tail)| Some((facts.get(name)?, tail)));
        rest = match known {
            Some((fact, tail)) => {
                text.push_str(fact);
                tail
            }
            None => {
                text.push('{');
                after
            }
        };
    }
    text.push_str(rest);
    if let Some((end, _)) = text.char_indices().nth(LONGEST) {
        text.truncate(end);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    const FACTS: Facts<'static> = Facts {
        business_name: "Smith {caller}",
        caller: "+15550109999",
        number: "+15550100001",
        trade: "plumbing",
    };

    #[test]
    fn known_placeholders_are_filled_and_others_stay() {
        for (template, text) in [
            ("{business_name}", "Smith {caller}"),
            ("{{trade}}", "{plumbing}"),
            ("{caller} to {number}", "+15550109999 to +15550100001"),
            ("{name} {trade", "{name} {trade"),
            ("a } b {} {Trade}", "a } b {} {Trade}"),
            ("{x{trade}", "{xplumbing"),
        ] {
            assert_eq!(render(template, &FACTS), text, "{template}");
        }
    }

    #[test]
    fn nothing_written_is_the_default() {
        let text = "Hi! Sorry we missed your call at Smith {caller}. How can we help? Reply STOP to opt out.";
        for template in ["", " \n"] {
            assert_eq!(render(template, &FACTS), text);
        }
    }

    #[test]
    fn the_end_is_cut_between_characters() {
        let text = render(&"é😀".repeat(900), &FACTS);
        assert_eq!(text.chars().count(), LONGEST);
        assert!(text.ends_with('😀'));
    }
}
