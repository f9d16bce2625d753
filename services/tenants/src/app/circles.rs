//! Calls that would go in circles: a number forwards to a number of this platform, which forwards back.

use std::collections::BTreeMap;

use phone::E164;

pub use crate::db::tenants::Forwarder;

/// The longest way that is followed.
pub const FARTHEST: usize = 8;

/// Where a call goes that a tenant forwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// Out of the platform.
    Out,
    /// To another tenant's number here, and out from there.
    Through,
    /// Back to where it came from.
    Around,
}

/// Follows a call of `tenant` that is forwarded to `to`.
pub fn way(forwarders: &BTreeMap<E164, Forwarder>, tenant: &str, to: &E164) -> Way {
    let mut next = Some(to);
    for step in 0..FARTHEST {
        let Some(at) = next.and_then(|number| forwarders.get(number)) else {
            return match step {
                0 => Way::Out,
                _ => Way::Through,
            };
        };
        if at.tenant == tenant {
            return Way::Around;
        }
        next = at.to.as_ref();
    }
    // It goes round among others, and does not come back here.
    Way::Through
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(n: u32) -> E164 {
        E164::parse(&format!("+155501{n:05}")).unwrap()
    }

    #[test]
    fn call_is_followed_until_it_leaves_or_comes_back() {
        let forwards = |from: u32, tenant: &str, to: Option<u32>| {
            let (tenant, to) = (tenant.to_owned(), to.map(number));
            (number(from), Forwarder { tenant, to })
        };
        let all = BTreeMap::from([
            forwards(1, "a", Some(2)),
            forwards(2, "b", Some(3)),
            forwards(3, "c", Some(1)),
            forwards(4, "d", Some(9)),
            forwards(5, "e", None),
            forwards(6, "f", Some(7)),
            forwards(7, "g", Some(6)),
        ]);
        let way = |tenant, to| way(&all, tenant, &number(to));
        assert_eq!(way("a", 2), Way::Around);
        assert_eq!(way("x", 9), Way::Out);
        assert_eq!((way("x", 4), way("x", 5)), (Way::Through, Way::Through));
        assert_eq!(way("x", 6), Way::Through, "others go round");
    }
}
