//! What people say beside AI, on the page.

use std::fmt::{self, Write};

use super::safe::Safe;
use crate::http::view::ReviewView;

/// A person's note and score, if there is one.
pub(super) fn note(out: &mut String, review: Option<&ReviewView>) -> fmt::Result {
    let Some(it) = review else { return Ok(()) };
    write!(out, "<p class=\"review\"><b>{}</b>", Safe(&it.by))?;
    if let Some(score) = it.score {
        write!(out, " scores it {score}")?;
    }
    if let Some(word) = &it.recommendation {
        write!(out, " recommends: {}", Safe(&word.replace('_', " ")))?;
    }
    if !it.note.is_empty() {
        write!(out, " – {}", Safe(&it.note))?;
    }
    write!(
        out,
        " <span class=\"small\">{}</span></p>",
        it.at.format("%Y-%m-%d %H:%M UTC")
    )
}
