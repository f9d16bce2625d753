//! Reactions that telephones send as texts ("tapbacks").

/// A reaction to another text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reaction {
    /// Which.
    pub kind: Kind,
    /// What it is a reaction to; none for a picture.
    pub quoted: Option<String>,
    /// Whether it is taken back.
    pub removed: bool,
}

/// The kind of a reaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A heart.
    Loved,
    /// A thumb up.
    Liked,
    /// A thumb down.
    Disliked,
    /// A laugh.
    Laughed,
    /// Two exclamation marks.
    Emphasized,
    /// A question mark: a person looks.
    Questioned,
    /// Another sign.
    Sign(String),
}

impl Kind {
    /// The sign that stands for it.
    #[must_use]
    pub fn sign(&self) -> &str {
        match self {
            Self::Loved => "❤️",
            Self::Liked => "👍",
            Self::Disliked => "👎",
            Self::Laughed => "😂",
            Self::Emphasized => "‼️",
            Self::Questioned => "❓",
            Self::Sign(sign) => sign,
        }
    }
}

const VERBS: &[(&str, Kind)] = &[
    ("Loved ", Kind::Loved),
    ("Liked ", Kind::Liked),
    ("Disliked ", Kind::Disliked),
    ("Laughed at ", Kind::Laughed),
    ("Emphasized ", Kind::Emphasized),
    ("Emphasised ", Kind::Emphasized),
    ("Questioned ", Kind::Questioned),
];
const REMOVED: &[(&str, Kind)] = &[
    ("Removed a heart from ", Kind::Loved),
    ("Removed a like from ", Kind::Liked),
    ("Removed a dislike from ", Kind::Disliked),
    ("Removed a laugh from ", Kind::Laughed),
    ("Removed an exclamation from ", Kind::Emphasized),
    ("Removed a question mark from ", Kind::Questioned),
];
/// What stands for a text that has no words.
const THINGS: &[&str] = &[
    "an image",
    "an attachment",
    "a movie",
    "a video",
    "an audio message",
    "a location",
    "a contact",
    "a sticker",
    "a message",
];

/// The reaction that a text is; none when a person wrote it.
#[must_use]
pub fn reaction(body: &str) -> Option<Reaction> {
    let invisible = |c: char| matches!(c, '\u{200a}'..='\u{200f}' | '\u{2060}' | '\u{feff}');
    let body: String = body.chars().filter(|c| !invisible(*c)).collect();
    let body = body.trim();
    let of = |list: &[(&str, Kind)], removed: bool| {
        list.iter().find_map(|(verb, kind)| {
            let quoted = quoted(body.strip_prefix(verb)?)?;
            Some(Reaction {
                kind: kind.clone(),
                quoted,
                removed,
            })
        })
    };
    of(VERBS, false)
        .or_else(|| of(REMOVED, true))
        .or_else(|| sign(body))
}

/// What is reacted to: words in quotes (of which the end may be cut off), or a thing.
fn quoted(rest: &str) -> Option<Option<String>> {
    let rest = rest.trim();
    if THINGS.contains(&rest) {
        return Some(None);
    }
    let inner = rest.strip_prefix(['“', '"', '„', '«'])?;
    let inner = inner.trim_end_matches(['”', '"', '“', '»', '…']).trim();
    (!inner.is_empty()).then(|| Some(inner.to_owned()))
}

/// `Reacted 👍 to “..”`, `👍 to “..”`, `Removed 👍 from “..”`.
fn sign(body: &str) -> Option<Reaction> {
    let (removed, rest, joint) = if let Some(rest) = body.strip_prefix("Reacted ") {
        (false, rest, " to ")
    } else if let Some(rest) = body.strip_prefix("Removed ") {
        (true, rest, " from ")
    } else {
        (false, body, " to ")
    };
    let (sign, rest) = rest.split_once(joint)?;
    let is_sign =
        (1..=8).contains(&sign.chars().count()) && !sign.chars().any(|c| c.is_alphanumeric());
    let quoted = quoted(rest)?;
    let sign = sign.to_owned();
    is_sign.then_some(Reaction {
        kind: Kind::Sign(sign),
        quoted,
        removed,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reaction_names_its_kind_and_what_it_quotes() {
        for (body, sign, quoted, removed) in [
            (
                "Loved “Hi! Sorry we missed your call”",
                "❤️",
                Some("Hi! Sorry we missed your call"),
                false,
            ),
            ("Liked \"See you at 5\"", "👍", Some("See you at 5"), false),
            ("Laughed at an image", "😂", None, false),
            ("Emphasized “Gas”", "‼️", Some("Gas"), false),
            (
                "Questioned “We come at 5”",
                "❓",
                Some("We come at 5"),
                false,
            ),
            (
                "Reacted 👍 to “We come at 5”",
                "👍",
                Some("We come at 5"),
                false,
            ),
            (
                "\u{200a}👍\u{200b} to “ We come at 5 ”",
                "👍",
                Some("We come at 5"),
                false,
            ),
            ("Removed a heart from “Hi”", "❤️", Some("Hi"), true),
            ("Removed 😮 from “Hi”", "😮", Some("Hi"), true),
        ] {
            let found = reaction(body).unwrap_or_else(|| panic!("{body}"));
            assert_eq!(
                (found.kind.sign(), found.quoted.as_deref(), found.removed),
                (sign, quoted, removed),
                "{body}"
            );
        }
    }

    #[test]
    fn text_that_resembles_a_reaction_is_none() {
        for body in [
            "Loved the service",
            "Liked it",
            "I reacted to the paint",
            "5 to “8”",
            "👍",
            "",
            "Questioned the bill",
        ] {
            assert_eq!(reaction(body), None, "{body}");
        }
    }
}
