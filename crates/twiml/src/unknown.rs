//! Attributes that were read and not understood, for who wants to warn about them.

use std::fmt;

use crate::characters::shorten;

/// An attribute that was read and not understood. Its value is not told: it may be a person's phone number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    /// The element it stands in.
    pub element: String,
    /// Its name, cut at 64 characters.
    pub attribute: String,
    /// Whether the element has an attribute of that name, so that it is the value that does not fit.
    pub exists: bool,
}

impl Unknown {
    pub(crate) fn new(element: &str, attribute: &str, exists: bool) -> Self {
        Self {
            element: element.to_owned(),
            attribute: shorten(attribute),
            exists,
        }
    }
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            element, attribute, ..
        } = self;
        match self.exists {
            true => write!(f, "<{element}> cannot have this value for {attribute}"),
            false => write!(f, "<{element}> has no attribute {attribute}"),
        }
    }
}
