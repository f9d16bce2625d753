//! Attributes that have no field of their own.

use std::fmt;

/// Attributes that were read and are not known, or whose value is not one that is known.
///
/// `Debug` shows their names only, since a misspelt `callerId` would show a number.
#[derive(Clone, Default, PartialEq, Eq)]
pub(crate) struct Extra(pub(crate) Vec<(String, String)>);

impl fmt::Debug for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|(name, _)| name))
            .finish()
    }
}

/// Attributes by name, for the reader and the writer.
pub(crate) trait Attributes {
    /// Fills the field of that name. False when there is none, or when the value does not fit it.
    fn set(&mut self, name: &str, value: &str) -> bool;
    /// Keeps what `set` did not take.
    fn keep(&mut self, name: &str, value: &str);
    /// Calls back for every attribute that is set, in the order of the documentation.
    fn each(&self, visit: &mut dyn FnMut(&str, &str));
    /// Calls back for every attribute that was not understood, and whether there is one of that name.
    fn unknown(&self, _visit: &mut dyn FnMut(&str, bool)) {}
}

/// No attributes.
impl Attributes for () {
    fn set(&mut self, _: &str, _: &str) -> bool {
        false
    }

    fn keep(&mut self, _: &str, _: &str) {}

    fn each(&self, _: &mut dyn FnMut(&str, &str)) {}
}

impl Attributes for Extra {
    fn set(&mut self, _: &str, _: &str) -> bool {
        false
    }

    fn keep(&mut self, name: &str, value: &str) {
        self.0.push((name.to_owned(), value.to_owned()));
    }

    fn each(&self, visit: &mut dyn FnMut(&str, &str)) {
        for (name, value) in &self.0 {
            visit(name, value);
        }
    }
}
