//! Which rows of which tables belong to a person, and how they are found.

use std::collections::{BTreeMap, BTreeSet};

/// By what a row is found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// E.164.
    Number,
    /// What stands for a number that was forgotten.
    Pseudonym,
    /// A candidate's id.
    Candidate,
    /// Twilio's id of a call.
    Call,
    /// Twilio's id of a message.
    Message,
    /// A conversation's id.
    Thread,
    /// An interview's id.
    Interview,
    /// A receipt's id.
    Receipt,
    /// An object's key.
    Object,
}

/// The keys that are known of a person.
pub type Keys = BTreeMap<Key, BTreeSet<String>>;

/// A table's rows of a person.
pub struct Rule {
    /// `ROLE.TABLE`.
    pub table: &'static str,
    /// The columns that hold a key; a row belongs to the person when one of them does.
    pub found_by: &'static [(&'static str, Key)],
    /// The columns by whose values further rows and objects are found; `metadata/original/key` is a field within.
    pub leads_to: &'static [(&'static str, Key)],
}

const fn rule(
    table: &'static str,
    found_by: &'static [(&'static str, Key)],
    leads_to: &'static [(&'static str, Key)],
) -> Rule {
    Rule {
        table,
        found_by,
        leads_to,
    }
}

/// Every table with rows of people.
pub const PERSONAL: &[Rule] = &[
    rule(
        "interviews.candidates",
        &[("phone", Key::Number), ("id", Key::Candidate)],
        &[("id", Key::Candidate), ("phone", Key::Number)],
    ),
    rule(
        "interviews.interviews",
        &[("person", Key::Number), ("candidate_id", Key::Candidate)],
        &[("id", Key::Interview), ("call_sid", Key::Call)],
    ),
    rule(
        "interviews.interview_calls",
        &[("interview_id", Key::Interview)],
        &[("call_sid", Key::Call)],
    ),
    rule(
        "interviews.reviews",
        &[("interview_id", Key::Interview)],
        &[],
    ),
    rule(
        "interviews.figures",
        &[("interview_id", Key::Interview)],
        &[],
    ),
    rule(
        "calls.calls",
        &[
            ("from_address", Key::Number),
            ("to_address", Key::Number),
            ("call_sid", Key::Call),
        ],
        &[("call_sid", Key::Call)],
    ),
    rule("calls.timeline", &[("call_sid", Key::Call)], &[]),
    rule("calls.turns", &[("call_sid", Key::Call)], &[]),
    rule(
        "calls.notes",
        &[("key", Key::Call), ("key", Key::Thread)],
        &[],
    ),
    rule("calls.recordings", &[("call_sid", Key::Call)], &[]),
    rule("calls.customers", &[("customer", Key::Number)], &[]),
    rule(
        "dispatch.conversations",
        &[("customer", Key::Number)],
        &[("id", Key::Thread)],
    ),
    rule(
        "dispatch.messages",
        &[("conversation_id", Key::Thread)],
        &[("message_sid", Key::Message)],
    ),
    rule("dispatch.deliveries", &[("message_sid", Key::Message)], &[]),
    rule("dispatch.entries", &[("conversation_id", Key::Thread)], &[]),
    rule("dispatch.leads", &[("conversation_id", Key::Thread)], &[]),
    rule(
        "dispatch.bookings",
        &[("conversation_id", Key::Thread)],
        &[],
    ),
    rule("dispatch.text_backs", &[("customer", Key::Number)], &[]),
    rule("dispatch.opt_outs", &[("customer", Key::Number)], &[]),
    rule(
        "dispatch.opt_out_evidence",
        &[("customer", Key::Number)],
        &[],
    ),
    rule("dispatch.unreachable", &[("customer", Key::Number)], &[]),
    rule(
        "egress.effects",
        &[("sid", Key::Call), ("sid", Key::Message)],
        &[],
    ),
    rule(
        "egress.opt_outs",
        &[("customer", Key::Number), ("customer", Key::Pseudonym)],
        &[],
    ),
    rule("recordings.calls", &[("call_sid", Key::Call)], &[]),
    rule(
        "recordings.recordings",
        &[("call_sid", Key::Call)],
        &[
            ("object_key", Key::Object),
            ("peaks_key", Key::Object),
            ("transcript_key", Key::Object),
            ("metadata/original/key", Key::Object),
            ("metadata/original/peaks_key", Key::Object),
        ],
    ),
    rule("recordings.forgotten", &[("call_sid", Key::Call)], &[]),
    rule(
        "streams.sessions",
        &[("call_sid", Key::Call)],
        &[("inputs_key", Key::Object)],
    ),
    rule(
        "tenants.erasures",
        &[("subject", Key::Pseudonym)],
        &[("id", Key::Receipt)],
    ),
    rule(
        "tenants.erasure_parts",
        &[("erasure_id", Key::Receipt)],
        &[],
    ),
];

/// Tables without rows of callers, customers or candidates, so that a test can tell that none was forgotten.
#[cfg(test)]
pub const OTHERS: &[&str] = &[
    // Of operators.
    "console.operators",
    "console.memberships",
    "console.sessions",
    "console.links",
    "console.audit",
    // Of businesses.
    "dispatch.contexts",
    "egress.spending",
    "interviews.jobs",
    "interviews.flows",
    "tenants.tenants",
    "tenants.accounts",
    "tenants.numbers",
    "tenants.keys",
    "tenants.flows",
    // Under way, as what the outbox holds.
    "egress.waiting",
    // Of nobody.
    "interviews.speech",
    "recordings.leases",
    "streams.processes",
];

/// In every role's schema: events under way.
#[cfg(test)]
pub const FRAME: &[&str] = &["inbox", "outbox"];
