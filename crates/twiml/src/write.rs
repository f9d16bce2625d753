//! Elements to XML text.
//!
//! Characters that XML 1.0 forbids (everything below U+0020 but tab, line feed and carriage return; U+FFFE and U+FFFF) are left out: a control
//! character in a generated sentence must not end a call with error 12100. Everything else arrives as it was, line ends included.

use crate::attribute::Attributes;
use crate::characters::is_allowed;
use crate::unknown::Unknown;

/// What can be written.
pub(crate) trait Write {
    fn write(&self, out: &mut Writer);
}

#[derive(Default)]
pub(crate) struct Writer {
    pub(crate) out: String,
    /// What was read of these elements and not understood: every element passes here.
    pub(crate) unknown: Vec<Unknown>,
}

impl Writer {
    /// `<Tag a="b"/>`
    pub(crate) fn leaf(&mut self, tag: &str, element: &dyn Attributes) {
        self.begin(tag, element);
        self.out.push_str("/>");
    }

    /// `<Tag a="b">text</Tag>`
    pub(crate) fn text(&mut self, tag: &str, element: &dyn Attributes, text: &str) {
        self.around(tag, element, text.is_empty(), |out| out.characters(text));
    }

    /// `<Tag a="b"><Child/></Tag>`
    pub(crate) fn children<T: Write>(
        &mut self,
        tag: &str,
        element: &dyn Attributes,
        children: &[T],
    ) {
        self.around(tag, element, children.is_empty(), |out| {
            for child in children {
                child.write(out);
            }
        });
    }

    pub(crate) fn around(
        &mut self,
        tag: &str,
        element: &dyn Attributes,
        is_empty: bool,
        inside: impl FnOnce(&mut Self),
    ) {
        if is_empty {
            return self.leaf(tag, element);
        }
        self.begin(tag, element);
        self.out.push('>');
        inside(self);
        self.out.push_str("</");
        self.out.push_str(tag);
        self.out.push('>');
    }

    pub(crate) fn characters(&mut self, text: &str) {
        for c in text.chars() {
            match c {
                // A bare carriage return is read back as a line feed.
                '\r' => self.out.push_str("&#13;"),
                _ => self.character(c),
            }
        }
    }

    fn begin(&mut self, tag: &str, element: &dyn Attributes) {
        element.unknown(&mut |name, exists| self.unknown.push(Unknown::new(tag, name, exists)));
        self.out.push('<');
        self.out.push_str(tag);
        element.each(&mut |name, value| {
            self.out.push(' ');
            self.out.push_str(name);
            self.out.push_str("=\"");
            for c in value.chars() {
                match c {
                    // Bare white space is read back as a space.
                    '\t' => self.out.push_str("&#9;"),
                    '\n' => self.out.push_str("&#10;"),
                    '\r' => self.out.push_str("&#13;"),
                    _ => self.character(c),
                }
            }
            self.out.push('"');
        });
    }

    fn character(&mut self, c: char) {
        match c {
            '&' => self.out.push_str("&amp;"),
            '<' => self.out.push_str("&lt;"),
            '>' => self.out.push_str("&gt;"),
            '"' => self.out.push_str("&quot;"),
            c if is_allowed(c) => self.out.push(c),
            _ => {}
        }
    }
}
