//! What is there, and what follows from a document: the words of `plan`.

use std::collections::BTreeMap;

use clock::Clock;
use outbound::Reach;
use phone::E164;
use settings::Secret;

use super::change::Change;
use super::flows::Flow;
use super::named::Named;
use super::refusal::FieldError;
use crate::db::model::{Key, Number, Tenant};
use crate::db::tenants::Forwarder;

/// What is there of all that a document names.
#[derive(Debug, Default)]
pub struct Known {
    /// Tenants by id: those of the document, and those that its flows and keys name.
    pub tenants: BTreeMap<String, Tenant>,
    /// Numbers that are not released: those of its tenants, and those it lists.
    pub numbers: Vec<Number>,
    /// Where calls go on that its tenants forward to numbers of this platform, as it is before the document.
    pub forwarders: BTreeMap<E164, Forwarder>,
    /// The tenant of each account that it names.
    pub accounts: BTreeMap<String, String>,
    /// Keys by name.
    pub keys: BTreeMap<String, Key>,
    /// The digests of flows that were applied before, by tenant (empty: every tenant) and name.
    pub flows: BTreeMap<(String, String), String>,
}

/// Everything that follows from a document.
#[derive(Debug, Default)]
pub struct Plan {
    /// Tenants as they will be.
    pub tenants: Vec<(Change, Tenant)>,
    /// Numbers as they will be.
    pub numbers: Vec<(Change, Number)>,
    /// Flows as they will be.
    pub flows: Vec<(Change, Flow)>,
    /// Keys as they will be.
    pub keys: Vec<(Change, Key)>,
    /// Keys that were made here, by name; they can be shown once.
    pub made: Vec<(String, Secret)>,
    /// Hashes that no longer open anything.
    pub withdrawn: Vec<String>,
    /// Numbers of the tenants that the document does not list; they stay as they are.
    pub unlisted: Vec<E164>,
    /// What Twilio has to be asked before anything of this is done.
    pub claims: Vec<Claim>,
    /// What will hardly do what was meant.
    pub warnings: Vec<FieldError>,
    /// Flows that are named and not known here.
    pub named: Vec<Named>,
}

/// A number that a tenant says is of its account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// `AC..`.
    pub account: String,
    /// The number.
    pub number: E164,
}

/// Who asks, and when.
pub struct Asker<'a> {
    /// The only tenant that the key may touch; none: all.
    pub bound: Option<&'a str>,
    /// What Twilio says of the numbers that are claimed: the SID of each, none where it is another account's.
    pub verified: &'a BTreeMap<E164, Option<String>>,
    /// The account of tenants that have none of their own.
    pub platform_account: &'a str,
    /// How far an address of theirs may reach.
    pub reach: Reach,
    /// The time, and new ids.
    pub clock: &'a Clock,
}
