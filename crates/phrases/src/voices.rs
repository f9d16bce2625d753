//! Which language a Twilio voice speaks, as far as its name says so.

/// Amazon's names for the voices of the languages that are ours beside English, without what follows a dash.
const POLLY: &[(&str, &[&str])] = &[
    ("de-DE", &["Vicki", "Marlene", "Hans", "Daniel", "Hannah"]),
    (
        "es-ES",
        &[
            "Conchita", "Lucia", "Enrique", "Sergio", "Mia", "Andres", "Lupe", "Miguel",
            "Penelope", "Pedro",
        ],
    ),
];

/// The BCP 47 tag of a voice's language; none: its name does not say. Google's names begin with the tag
/// (`Google.de-DE-Wavenet-A`), Amazon's are given names (`Polly.Vicki-Neural`).
pub(crate) fn language_of(voice: &str) -> Option<&str> {
    let (maker, name) = voice.split_once('.')?;
    match maker {
        "Google" => {
            let mut dashes = name.match_indices('-').map(|(at, _)| at);
            let end = dashes.nth(1).unwrap_or(name.len());
            name.get(..end).filter(|tag| tag.contains('-'))
        }
        "Polly" => {
            let given = name.split('-').next()?;
            let of = POLLY.iter().find(|(_, names)| names.contains(&given));
            of.map(|(tag, _)| *tag)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn voice_name_says_its_language() {
        for (voice, tag) in [
            ("Google.de-DE-Wavenet-A", Some("de-DE")),
            ("Google.es-US-Chirp3-HD-Aoede", Some("es-US")),
            ("Polly.Vicki-Neural", Some("de-DE")),
            ("Polly.Joanna", None),
            ("alice", None),
            ("Google.", None),
        ] {
            assert_eq!(language_of(voice), tag, "{voice}");
        }
    }
}
