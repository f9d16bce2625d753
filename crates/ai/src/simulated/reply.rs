use super::language::Language;
use crate::task::{AboutThread, Fact, Facts, Reply};

/// Words by which a street is known.
const STREETS: [&str; 21] = [
    "st",
    "street",
    "ave",
    "avenue",
    "blvd",
    "boulevard",
    "rd",
    "road",
    "dr",
    "drive",
    "ln",
    "lane",
    "way",
    "ct",
    "court",
    "pl",
    "place",
    "ter",
    "terrace",
    "pkwy",
    "hwy",
];
const DAYS: [&str; 11] = [
    "today",
    "tonight",
    "tomorrow",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
    "weekend",
];
const PARTS: [&str; 5] = ["morning", "afternoon", "evening", "noon", "night"];
/// Words of a service's name that say nothing of the job.
const PLAIN: [&str; 8] = [
    "service",
    "repair",
    "repairs",
    "installation",
    "call",
    "visit",
    "general",
    "and",
];
/// The most letters of a job.
const JOB: usize = 80;

/// Asks for what is missing, in the order job, address; then proposes the first slot. Everything rests on the customer's words.
pub(super) fn write(about: &AboutThread, language: Language) -> Reply {
    let said = || {
        about
            .texts
            .iter()
            .filter(|text| text.sender == "customer")
            .map(|text| text.body.as_str())
    };
    let latest = said().next_back().unwrap_or_default();
    let or_known = |found: Option<Fact>, known: &Fact| found.unwrap_or_else(|| known.clone());
    let facts = Facts {
        job: if about.known.job.value.is_empty() {
            said().find_map(|body| job(about, body)).unwrap_or_default()
        } else {
            about.known.job.clone()
        },
        address: or_known(said().filter_map(address).next_back(), &about.known.address),
        preferred_time: or_known(
            said().filter_map(time).next_back(),
            &about.known.preferred_time,
        ),
        name: or_known(said().filter_map(name).next_back(), &about.known.name),
    };
    let (next_action, slot, text) = next(about, &facts, latest, language);
    Reply {
        facts,
        urgency: about.urgency.clone(),
        next_action: next_action.to_owned(),
        slot,
        text,
    }
}

fn next(
    about: &AboutThread,
    facts: &Facts,
    latest: &str,
    language: Language,
) -> (&'static str, String, String) {
    let asks_price = ["how much", "price", "cost", "quote", "was kostet", "preis"];
    let lower = latest.to_lowercase();
    let priced = about.services.iter().find(|it| {
        !it.price.is_empty()
            && names(
                &it.name,
                &(lower.clone() + " " + &facts.job.value.to_lowercase()),
            )
    });
    if let Some(service) = priced.filter(|_| asks_price.iter().any(|it| lower.contains(it))) {
        let (name, price) = (&service.name, &service.price);
        let text = match language {
            Language::English => {
                format!("{name} is usually {price}, depending on the job. What is the address?")
            }
            Language::German => {
                format!("{name} kostet meist {price}, je nach Aufwand. Wie ist die Adresse?")
            }
        };
        return ("answer", String::new(), text);
    }
    let sent_picture = about
        .texts
        .iter()
        .rfind(|text| text.sender == "customer")
        .is_some_and(|text| text.pictures > 0);
    if facts.job.value.is_empty() && sent_picture {
        let text = language.pick(
            "Thanks for the picture. This is a simulated assistant and cannot see it: what does it show?",
            "Danke fuer das Bild. Dies ist ein simulierter Assistent und kann es nicht sehen: Was zeigt es?",
        );
        return ("ask", String::new(), text.to_owned());
    }
    if facts.job.value.is_empty() {
        let text = language.pick(
            "How can we help? Please tell us what happened.",
            "Wie koennen wir helfen? Was ist passiert?",
        );
        return ("ask", String::new(), text.to_owned());
    }
    if facts.address.value.is_empty() {
        let text = language.pick(
            "Thanks, we can help with that. What is the address?",
            "Danke, da helfen wir gern. Wie ist die Adresse?",
        );
        return ("ask", String::new(), text.to_owned());
    }
    match about.slots.first() {
        Some(slot) => {
            let label = &slot.label;
            let text = match language {
                Language::English => format!(
                    "We can come {label}. Shall I book it? Reply YES, or tell us another time."
                ),
                Language::German => format!(
                    "Wir koennen {label} kommen. Soll ich das buchen? Antworten Sie mit JA oder nennen Sie eine andere Zeit."
                ),
            };
            ("propose", slot.starts_at.clone(), text)
        }
        None => {
            let text = language.pick(
                "Thanks! A person will get back to you here about a time.",
                "Danke! Wir melden uns hier wegen eines Termins.",
            );
            ("hand_over", String::new(), text.to_owned())
        }
    }
}

/// The service that the text names, or what it says.
fn job(about: &AboutThread, body: &str) -> Option<Fact> {
    let line = body.trim();
    let long = line.split_whitespace().count() >= 3;
    let service = about
        .services
        .iter()
        .find(|it| names(&it.name, &line.to_lowercase()));
    let value = match service {
        Some(service) => service.name.clone(),
        None if long => line.chars().take(JOB).collect(),
        None => return None,
    };
    Some(Fact {
        value,
        quote: line.to_owned(),
    })
}

/// Whether a text in small letters has a word of the service's name.
fn names(service: &str, text: &str) -> bool {
    let service = service.to_lowercase();
    let mut words = service.split(|c: char| !c.is_alphanumeric());
    words.any(|word| word.len() >= 4 && !PLAIN.contains(&word) && text.contains(word))
}

/// A number, one to four words, and what a street is called.
fn address(body: &str) -> Option<Fact> {
    let words: Vec<&str> = body.split_whitespace().collect();
    let plain = |word: &str| {
        word.trim_matches(|c: char| !c.is_alphanumeric())
            .to_lowercase()
    };
    let starts = (0..words.len()).filter(|at| {
        let word = words[*at].trim_matches(|c: char| !c.is_alphanumeric());
        word.len() <= 6 && word.starts_with(|c: char| c.is_ascii_digit())
    });
    for start in starts {
        let street = (start + 2..words.len().min(start + 6))
            .find(|at| STREETS.contains(&plain(words[*at]).as_str()));
        let Some(mut end) = street else {
            continue;
        };
        // A postal code near behind belongs to it.
        let code =
            |word: &str| plain(word).len() == 5 && plain(word).chars().all(|c| c.is_ascii_digit());
        if let Some(at) = (end + 1..words.len().min(end + 5)).find(|at| code(words[*at])) {
            end = at;
        }
        let value = words[start..=end].join(" ");
        // The point of `St.` belongs to it, that of a sentence does not.
        let is_code = value
            .trim_end_matches('.')
            .ends_with(|c: char| c.is_ascii_digit());
        let value = value
            .trim_end_matches(|c: char| !c.is_alphanumeric() && (is_code || c != '.'))
            .to_owned();
        return Some(Fact {
            quote: value.clone(),
            value,
        });
    }
    None
}

/// A day, a part of the day, an hour.
fn time(body: &str) -> Option<Fact> {
    let plain = |word: &str| {
        word.trim_matches(|c: char| !c.is_alphanumeric())
            .to_lowercase()
    };
    let words: Vec<&str> = body.split_whitespace().collect();
    let tells = |at: &usize| {
        let word = plain(words[*at]);
        let next = words.get(at + 1).map(|it| plain(it)).unwrap_or_default();
        let hour = |word: &str| {
            word.parse::<u32>()
                .is_ok_and(|hour| (1..=12).contains(&hour))
        };
        let clock = word
            .strip_suffix("am")
            .or_else(|| word.strip_suffix("pm"))
            .is_some_and(hour);
        DAYS.contains(&word.as_str())
            || PARTS.contains(&word.as_str())
            || clock
            || hour(&word) && (next == "am" || next == "pm")
    };
    let first = (0..words.len()).find(tells)?;
    let last = (0..words.len()).rfind(tells)?.min(first + 5);
    let last = if matches!(
        words.get(last + 1).map(|it| plain(it)).as_deref(),
        Some("am" | "pm")
    ) {
        last + 1
    } else {
        last
    };
    let quote = words[first..=last].join(" ");
    Some(Fact {
        value: quote
            .trim_end_matches(|c: char| !c.is_alphanumeric())
            .to_owned(),
        quote,
    })
}

fn name(body: &str) -> Option<Fact> {
    let lower = body.to_ascii_lowercase();
    let marks = ["my name is ", "this is ", "name's "];
    let (at, mark) = marks
        .iter()
        .find_map(|mark| Some((lower.find(mark)?, mark)))?;
    let rest = body.get(at + mark.len()..)?;
    let word = rest
        .split(|c: char| !c.is_alphabetic())
        .next()
        .unwrap_or_default();
    let is_name = word.len() >= 2 && word.starts_with(char::is_uppercase);
    is_name.then(|| Fact {
        value: word.to_owned(),
        quote: body
            .get(at..at + mark.len() + word.len())
            .unwrap_or(word)
            .to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::{Service, Slot, Text};

    fn about(said: &[&str]) -> AboutThread {
        AboutThread {
            business: "Smith Plumbing".into(),
            services: vec![Service {
                name: "Leak repair".into(),
                price: "$120 to $300".into(),
                duration_min: 90,
            }],
            slots: vec![Slot {
                starts_at: "2026-12-01T16:00:00Z".into(),
                label: "Tue Dec 1, 8-10 AM".into(),
            }],
            urgency: "normal".into(),
            texts: said
                .iter()
                .map(|body| Text {
                    sender: "customer".into(),
                    body: (*body).into(),
                    pictures: 0,
                })
                .collect(),
            ..AboutThread::default()
        }
    }

    #[test]
    fn simulated_reply_asks_for_what_is_missing_then_proposes() {
        for (said, action, slot) in [
            (&["hi"][..], "ask", ""),
            (&["hi", "my sink has a leak under it"][..], "ask", ""),
            (
                &[
                    "my sink has a leak",
                    "789 Sunset Blvd, San Francisco 94110. Tomorrow morning, this is Maria",
                ][..],
                "propose",
                "2026-12-01T16:00:00Z",
            ),
            (&["how much is a leak repair?"][..], "answer", ""),
        ] {
            let reply = write(&about(said), Language::English);
            assert_eq!(
                (reply.next_action.as_str(), reply.slot.as_str()),
                (action, slot),
                "{said:?}"
            );
            let all = said.join("\n");
            for fact in [
                &reply.facts.job,
                &reply.facts.address,
                &reply.facts.preferred_time,
                &reply.facts.name,
            ] {
                assert!(all.contains(&fact.quote), "{}", fact.quote);
            }
        }
        let mut picture = about(&[""]);
        picture.texts[0].pictures = 1;
        let reply = write(&picture, Language::English);
        assert!(
            reply.next_action == "ask"
                && reply.text.contains("simulated assistant and cannot see it")
        );
        let said = [
            "my sink has a leak",
            "789 Sunset Blvd, San Francisco 94110. Tomorrow morning, this is Maria",
        ];
        let facts = write(&about(&said), Language::English).facts;
        assert_eq!(facts.job.value, "Leak repair");
        assert_eq!(facts.address.value, "789 Sunset Blvd, San Francisco 94110");
        assert_eq!(facts.preferred_time.value, "Tomorrow morning");
        assert_eq!(facts.name.value, "Maria");
    }
}
