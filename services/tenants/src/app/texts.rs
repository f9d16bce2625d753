//! What a business says to its customers in words of its own.

use std::collections::BTreeMap;

use events::v1::{self, own_texts};
use phrases::template;
use triage::Danger;

use super::read::Reader;
pub use crate::db::model::OwnTexts;

/// The most characters of one of them: three segments, and what is filled in.
const LONGEST: usize = 480;

impl OwnTexts {
    /// As they travel; none when nothing is said.
    pub fn told(&self) -> Option<v1::OwnTexts> {
        let safety = self.safety.iter().map(|(danger, text)| own_texts::Safety {
            danger: danger.clone(),
            text: text.clone(),
        });
        (*self != Self::default()).then(|| v1::OwnTexts {
            help: self.help.clone().unwrap_or_default(),
            start: self.start.clone().unwrap_or_default(),
            safety: safety.collect(),
        })
    }
}

pub(super) fn texts(it: &mut Reader<'_>) -> OwnTexts {
    OwnTexts {
        help: text(it, "help"),
        start: text(it, "start"),
        safety: it.object("safety", safety).unwrap_or_default(),
    }
}

fn safety(it: &mut Reader<'_>) -> BTreeMap<String, String> {
    let names = Danger::ALL.map(Danger::as_str);
    let said = names.map(|name| Some((name.to_owned(), text(it, name)?)));
    said.into_iter().flatten().collect()
}

fn text(it: &mut Reader<'_>, field: &'static str) -> Option<String> {
    let text = it.words(field, LONGEST)?;
    if let Err(e) = template::check_message(&text) {
        it.fault(field, e);
    }
    Some(text)
}
