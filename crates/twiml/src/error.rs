//! What is wrong with a document, with Twilio's number for it.

use std::fmt;

use crate::limits::{INLINE_LIMIT, SIZE_LIMIT};

/// What is wrong with a document. [`Error::code`] is the number Twilio's debugger shows.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// 12100: it is not XML.
    #[error("12100: not XML at {position}: {problem}")]
    NotXml {
        /// Where.
        position: Position,
        /// Why.
        problem: NotXml,
    },
    /// 12200: it is XML and not TwiML.
    #[error("12200: not TwiML at {position}: {problem}")]
    Schema {
        /// Where the element at fault begins.
        position: Position,
        /// Why.
        problem: Schema,
    },
    /// 11750: it is larger than Twilio takes.
    #[error("11750: a response may have {SIZE_LIMIT} bytes, this one has {bytes}")]
    TooBig {
        /// How large it is.
        bytes: usize,
    },
    /// 32018: it is longer than the `Twiml` parameter of a REST request may be.
    #[error(
        "32018: an inline document may have {INLINE_LIMIT} characters, this one has {characters}"
    )]
    InlineTooLong {
        /// How long it is.
        characters: usize,
    },
}

impl Error {
    /// Twilio's error code.
    #[must_use]
    pub fn code(&self) -> u32 {
        match self {
            Self::NotXml { .. } => 12100,
            Self::Schema { .. } => 12200,
            Self::TooBig { .. } => 11750,
            Self::InlineTooLong { .. } => 32018,
        }
    }

    /// Where the fault is, if it is at one place.
    #[must_use]
    pub fn position(&self) -> Option<Position> {
        match self {
            Self::NotXml { position, .. } | Self::Schema { position, .. } => Some(*position),
            Self::TooBig { .. } | Self::InlineTooLong { .. } => None,
        }
    }
}

/// Why a text is not XML.
#[derive(Debug, Clone, thiserror::Error)]
pub enum NotXml {
    /// The markup is broken.
    #[error(transparent)]
    Markup(#[from] quick_xml::Error),
    /// An attribute is broken or stands twice.
    #[error(transparent)]
    Attribute(#[from] quick_xml::events::attributes::AttrError),
    /// A document type could declare entities, so none is taken.
    #[error("a document type declaration is refused")]
    Doctype,
    /// Something other than `lt`, `gt`, `amp`, `quot`, `apos` or a character's number stands between `&` and `;`.
    #[error("unknown entity; write & as &amp;")]
    Entity,
    /// XML 1.0 does not allow this character, not even by number.
    #[error("character U+{:04X} is not allowed in XML", *.0 as u32)]
    Character(char),
    /// A `<` stands in an attribute's value.
    #[error("< in the value of an attribute; write it as &lt;")]
    LessThan,
    /// An element or attribute has a name that XML does not allow.
    #[error("illegal name")]
    Name,
    /// Something stands before the declaration, often a line break.
    #[error("the declaration <?xml ..?> must be the first thing in the document")]
    LateDeclaration,
    /// There is text outside the root element.
    #[error("text outside the root element")]
    Outside,
    /// There is a second root element.
    #[error("a second root element")]
    SecondRoot,
    /// There is nothing.
    #[error("the document is empty")]
    Empty,
    /// The document ends too early.
    #[error("<{0}> is never closed")]
    Unclosed(String),
}

/// Why XML is not TwiML.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Schema {
    /// The root is not `<Response>`.
    #[error("the root must be <Response>, not <{0}>")]
    Root(String),
    /// An element that TwiML does not have at this place. Names are case-sensitive.
    #[error("<{name}> is not allowed in <{parent}>")]
    Element {
        /// The element around it.
        parent: String,
        /// The element.
        name: String,
    },
    /// Text where only elements may stand.
    #[error("text is not allowed in <{0}>")]
    Text(String),
    /// An element that must be there is missing.
    #[error("<{parent}> lacks its <{name}>")]
    Missing {
        /// The element around it.
        parent: &'static str,
        /// The element that is missing.
        name: &'static str,
    },
    /// An element stands twice where it may stand once.
    #[error("<{parent}> may have one <{name}>")]
    Twice {
        /// The element around it.
        parent: &'static str,
        /// The element.
        name: &'static str,
    },
    /// Elements nested deeper than any TwiML.
    #[error("elements are nested too deep")]
    TooDeep,
}

/// A place in a document, both counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The line.
    pub line: usize,
    /// The character in the line.
    pub column: usize,
}

impl Position {
    pub(crate) fn of(source: &str, at: usize) -> Self {
        let mut end = at.min(source.len());
        while !source.is_char_boundary(end) {
            end -= 1;
        }
        let before = &source[..end];
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Self {
            line: before.matches('\n').count() + 1,
            column: before[line_start..].chars().count() + 1,
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// An error that only knows its offset; the reader turns it into an [`Error`].
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) at: usize,
    pub(crate) problem: Problem,
}

#[derive(Debug)]
pub(crate) enum Problem {
    NotXml(NotXml),
    Schema(Schema),
}

impl Fault {
    pub(crate) fn not_xml(at: usize, problem: impl Into<NotXml>) -> Self {
        Self {
            at,
            problem: Problem::NotXml(problem.into()),
        }
    }

    pub(crate) fn schema(at: usize, problem: Schema) -> Self {
        Self {
            at,
            problem: Problem::Schema(problem),
        }
    }

    pub(crate) fn locate(self, source: &str) -> Error {
        let position = Position::of(source, self.at);
        match self.problem {
            Problem::NotXml(problem) => Error::NotXml { position, problem },
            Problem::Schema(problem) => Error::Schema { position, problem },
        }
    }
}
