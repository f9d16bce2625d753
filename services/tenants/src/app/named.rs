//! Flows that numbers name.

use super::refusal::FieldError;
use crate::db::model::enums::VoiceApp;

/// A flow that a number names and that is not known here: interviews may know it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    /// Where it is named.
    pub path: String,
    /// For whom.
    pub tenant: String,
    /// Its name.
    pub flow: String,
    /// Who follows it.
    pub voice: VoiceApp,
}

impl Named {
    /// What is wrong with it, by the kind that interviews knows; none: there is no such flow.
    pub fn judged(&self, kind: Option<&str>) -> Option<FieldError> {
        let message = match kind {
            Some(kind) => unfit(&self.voice, &self.flow, kind)?,
            None => format!(
                "names the flow {}, and there is none of this name, of this tenant's or of every tenant's",
                self.flow
            ),
        };
        Some(FieldError::new(self.path.clone(), message))
    }
}

/// Why an app cannot follow a flow of this kind.
pub(super) fn unfit(voice: &VoiceApp, flow: &str, kind: &str) -> Option<String> {
    let wants = match (voice, kind == flow::Assistant::KIND) {
        (VoiceApp::Screener(_) | VoiceApp::Coach(_), true) => "an interview",
        (VoiceApp::Assistant(_), false) => "a free conversation",
        _ => return None,
    };
    Some(format!(
        "names the flow {flow}, which is of the kind {kind} and not {wants}"
    ))
}
