//! What whoever sends a tenant has seen of it: another tab may have been faster.

use clock::Time;

use crate::app::document::{Document, TenantSpec};
use crate::app::planned::Known;
use crate::app::refusal::Refusal;

/// What whoever sends a tenant expects to be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Anything.
    Any,
    /// Nothing: it is to be new.
    Nothing,
    /// The tenant as it was at this time.
    Since(Time),
}

impl Expected {
    /// What stands in the way.
    pub(super) fn refusal(self, document: &Document, known: &Known) -> Option<Refusal> {
        let found = |it: &TenantSpec| known.tenants.get(&it.id);
        match self {
            Self::Any => None,
            Self::Nothing => {
                let there = document.tenants.iter().any(|it| found(it).is_some());
                let words = "this tenant is there already; PUT /api/tenants/{id} changes it";
                there.then(|| Refusal::conflict("exists", words))
            }
            Self::Since(seen) => {
                let same = |it: &TenantSpec| found(it).is_some_and(|it| it.updated_at == seen);
                let words =
                    "this tenant was changed meanwhile; load it again and repeat your change";
                let changed = !document.tenants.iter().all(same);
                changed.then(|| Refusal::conflict("changed_meanwhile", words))
            }
        }
    }
}
