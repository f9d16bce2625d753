//! What the parts of the page share: escaping, and the mark of what is simulated.

use std::fmt::{self, Display, Write};

const SIMULATED: &str = r#" <span class="tag">simulated</span>"#;

/// A text within HTML, also within a quoted attribute.
pub(super) struct Safe<'a>(pub(super) &'a str);

impl Display for Safe<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for c in self.0.chars() {
            match c {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

pub(super) fn tag(simulated: bool) -> &'static str {
    if simulated { SIMULATED } else { "" }
}
