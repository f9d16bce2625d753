//! What is looked at, how hard, and what is found.

/// How many bytes may be signed to find out why a signature does not fit. The default is 4 MB, some ten milliseconds: right for a person
/// who asks. Where strangers can cause it, less is right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effort(pub usize);

impl Default for Effort {
    fn default() -> Self {
        Self(4 * 1024 * 1024)
    }
}

/// One other sight of the URL. What is `None` is as in the URL that was checked.
#[derive(Debug, Clone, Copy, Default)]
pub struct Seen<'a> {
    /// Where it was seen, for the explanation: `the Host header`.
    pub source: &'a str,
    /// `http`, `https` or `wss`.
    pub scheme: Option<&'a str>,
    /// The host, with its port if there is one.
    pub host: Option<&'a str>,
    /// The path and the query, from the first slash on.
    pub path_and_query: Option<&'a str>,
}

/// Why a signature does not fit. It holds no token, no value, and of the request only what the signature proved or names.
///
/// `Display` is one line: the explanation and the remedy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Diagnosis {
    /// It does fit.
    Valid,
    /// There is none.
    MissingHeader,
    /// There is no token to check with.
    NoToken,
    /// It is not Base64.
    NotBase64,
    /// It is Base64 of something that is not 20 bytes long.
    WrongLength {
        /// How long it is.
        bytes: usize,
    },
    /// It was made over another scheme.
    Scheme {
        /// The one it was made over.
        signed: &'static str,
    },
    /// It was made over another port.
    Port {
        /// The one it was made over.
        signed: u16,
    },
    /// It was made over an address that was seen elsewhere.
    Host {
        /// The scheme and the host it was made over.
        signed: String,
        /// Where that was seen.
        source: String,
    },
    /// It was made over a path that was seen elsewhere.
    Path {
        /// Where that was seen.
        source: String,
    },
    /// It was made with a trailing slash, or without the one that is there.
    TrailingSlash,
    /// It was made over a query that the URL has lost.
    QueryLost {
        /// Where that was seen.
        source: String,
    },
    /// It was made without the URL's query.
    QueryAdded,
    /// It was made with a token that is known, and not accepted any more.
    RotatedToken {
        /// Which of the clues' tokens, counted from 0.
        index: usize,
    },
    /// It was made with the token of another account.
    OtherAccount {
        /// Which of the clues' other tokens, counted from 0.
        index: usize,
    },
    /// It was made without this parameter.
    ExtraParameter {
        /// Its name.
        name: String,
    },
    /// It was made without the blank parameters.
    BlanksNotSigned,
    /// It was made with blank parameters that are not there any more.
    BlanksLost {
        /// Their names.
        names: Vec<&'static str>,
    },
    /// It was made over values without white space around them.
    TrimmedBySigner,
    /// It was made over a value with white space around it.
    TrimmedHere {
        /// The parameter's name.
        name: String,
    },
    /// The query's parameters have got into the body's.
    QueryInBody,
    /// It was made over the URL alone.
    BodyNotSigned,
    /// It fits, and the body does not fit `bodySHA256`.
    BodyHash,
    /// It fits, and the URL has no `bodySHA256` for the body.
    NoBodyHash,
    /// None of these.
    Unknown {
        /// The names of the parameters, fit for a log: one may be Twilio's new one that got lost, or one that was added on the way.
        names: Vec<String>,
        /// How many parameters there are; the names of the first 20 are told.
        count: usize,
    },
}
