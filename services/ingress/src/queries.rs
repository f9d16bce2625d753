//! What the URLs that we give to Twilio have in their queries.

use schemars::JsonSchema;

/// Which interview a webhook is about.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "read parameter by parameter")]
pub struct Place {
    /// Of the interview. Unsaid: the call's own.
    interview_id: Option<String>,
    /// Which of its questions, from 1, where it is about one.
    question_number: Option<u32>,
}

/// The same where the call waits for what comes next.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "read parameter by parameter")]
pub struct Asked {
    #[schemars(flatten)]
    place: Place,
    /// How often the caller was asked to wait since nobody had answered. Unsaid: never.
    #[schemars(rename = "try")]
    tries: Option<u32>,
}

/// Whose call whoever picks up is told of.
#[derive(JsonSchema)]
#[expect(dead_code, reason = "read parameter by parameter")]
pub struct Whispered {
    /// The business's number, E.164.
    number: Option<String>,
    /// `assistant` where one hands the call over.
    by: Option<String>,
    /// Said where it is heard for the second time.
    again: Option<u32>,
}
