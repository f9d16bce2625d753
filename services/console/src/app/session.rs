//! How long a session lasts, and what is written when one begins.

use chrono::Duration;
use clock::Time;
use role::Tx;

use crate::db::{self, AuditRow, Session};

/// A session that is not used ends.
pub const IDLE: Duration = Duration::hours(8);
/// And every session ends.
pub const ABSOLUTE: Duration = Duration::days(7);
/// How exactly the last use is known: a row is not written at every request.
pub const SEEN_EVERY: Duration = Duration::minutes(1);

/// Who signs in.
#[derive(Debug, Clone, Default)]
pub struct Identity {
    /// The operator's id; empty: a link's or a key's session.
    pub operator_id: String,
    /// The hash of the API key; empty: none.
    pub key_hash: String,
    /// The name that the audit log has.
    pub name: String,
    /// The tenant; empty: all.
    pub tenant_id: String,
    /// `read`, `write`, `admin`.
    pub scopes: String,
}

/// Whether a session still counts.
pub fn is_live(session: &Session, now: Time) -> bool {
    now < session.created_at.0 + ABSOLUTE && now < session.seen_at.0 + IDLE
}

/// Whether its last use is to be written down again.
pub fn is_stale(session: &Session, now: Time) -> bool {
    now >= session.seen_at.0 + SEEN_EVERY
}

/// Writes a session that begins. `hash` is of its token; `id` the audit row's.
pub async fn begin(
    tx: &mut Tx,
    now: Time,
    id: String,
    hash: String,
    who: Identity,
) -> Result<(), store::Error> {
    let at = now.into();
    if !who.operator_id.is_empty() {
        db::operator_signed_in(tx, &who.operator_id, at).await?;
    }
    let audit = AuditRow {
        id,
        at,
        actor: who.name.clone(),
        tenant_id: who.tenant_id.clone(),
        action: "sign_in".to_owned(),
        subject: who.operator_id.clone(),
    };
    let session = Session {
        hash,
        operator_id: who.operator_id,
        key_hash: who.key_hash,
        name: who.name,
        tenant_id: who.tenant_id,
        scopes: who.scopes,
        created_at: at,
        seen_at: at,
    };
    db::session_insert(tx, &session).await?;
    db::audit_insert(tx, &audit).await
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    #[test]
    fn session_ends_when_idle_and_in_any_case() {
        let start = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let session = |seen: Duration| Session {
            hash: String::new(),
            operator_id: String::new(),
            key_hash: String::new(),
            name: String::new(),
            tenant_id: String::new(),
            scopes: String::new(),
            created_at: start.into(),
            seen_at: (start + seen).into(),
        };
        let fresh = session(Duration::zero());
        assert!(is_live(&fresh, start + IDLE - Duration::seconds(1)));
        assert!(!is_live(&fresh, start + IDLE));
        let used = session(ABSOLUTE - Duration::minutes(5));
        assert!(is_live(&used, start + ABSOLUTE - Duration::seconds(1)));
        assert!(!is_live(&used, start + ABSOLUTE));
        assert!(!is_stale(&fresh, start) && is_stale(&fresh, start + SEEN_EVERY));
    }
}
