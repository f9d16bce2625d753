//! What is printed for people: on standard output, in one place.

use std::fmt::Display;
use std::io::{IsTerminal, Write};

/// A line on standard output. A reader that has gone is no reason to fail.
pub fn say(line: impl Display) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}

/// A line on standard error.
pub fn complain(line: impl Display) {
    let _ = writeln!(std::io::stderr().lock(), "trunkline: {line}");
}

/// Whether a person is looking.
pub fn is_terminal() -> bool {
    std::io::stdout().is_terminal()
}

/// Text in a colour, where there are colours.
pub fn paint(colour: Colour, text: &str) -> String {
    if is_terminal() {
        format!("\x1b[{}m{text}\x1b[0m", colour as u8)
    } else {
        text.to_owned()
    }
}

/// The colours in use.
#[derive(Debug, Clone, Copy)]
pub enum Colour {
    Bold = 1,
    Faint = 2,
    Red = 31,
    Green = 32,
    Yellow = 33,
    Cyan = 36,
}
