//! The words that stop messages, start them again, or ask for help.

/// What such a word asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Keyword {
    /// No more messages.
    Stop,
    /// Messages again.
    Start,
    /// Who is it, and how does one stop it.
    Help,
}

impl Keyword {
    /// The value of `OptOutType`, which Twilio sends with Advanced Opt-Out.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stop => "STOP",
            Self::Start => "START",
            Self::Help => "HELP",
        }
    }

    pub(crate) fn parse(opt_out_type: &str) -> Option<Self> {
        [Self::Stop, Self::Start, Self::Help]
            .into_iter()
            .find(|it| it.as_str().eq_ignore_ascii_case(opt_out_type))
    }
}

/// Twilio's default words for numbers in the US and Canada.
const WORDS: [(Keyword, &[&str]); 3] = [
    (
        Keyword::Stop,
        &[
            "STOP",
            "STOPALL",
            "UNSUBSCRIBE",
            "CANCEL",
            "END",
            "QUIT",
            "REVOKE",
            "OPTOUT",
        ],
    ),
    (Keyword::Start, &["START", "YES", "UNSTOP"]),
    (Keyword::Help, &["HELP", "INFO"]),
];

/// The keyword that a message consists of: the whole message, in any case, white space around it aside.
///
/// `YES` counts as [`Keyword::Start`] for Twilio whether or not the sender had stopped; only the one who asked a question knows better.
#[must_use]
pub fn opt_out_keyword(body: &str) -> Option<Keyword> {
    let body = body.trim();
    WORDS
        .iter()
        .find(|(_, words)| words.iter().any(|word| body.eq_ignore_ascii_case(word)))
        .map(|(keyword, _)| *keyword)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_messages_only() {
        for (body, expected) in [
            ("STOP", Some(Keyword::Stop)),
            (" stop\n", Some(Keyword::Stop)),
            ("OptOut", Some(Keyword::Stop)),
            ("revoke", Some(Keyword::Stop)),
            ("unstop", Some(Keyword::Start)),
            ("yes", Some(Keyword::Start)),
            ("Info", Some(Keyword::Help)),
            ("please stop", None),
            ("stop it", None),
            ("STOP ALL", None),
            ("", None),
        ] {
            assert_eq!(opt_out_keyword(body), expected, "{body}");
        }
    }
}
