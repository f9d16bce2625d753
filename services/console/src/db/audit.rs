//! What was changed, by whom, when.

use store::prelude::*;
use store::types::Time;
use store::{Error, Tx, on};

use super::schema::audit;

/// One change.
#[derive(Debug, Clone, Queryable, Insertable)]
#[diesel(table_name = audit)]
pub struct AuditRow {
    /// Sorts by time.
    pub id: String,
    /// When.
    pub at: Time,
    /// Whose session, by its name.
    pub actor: String,
    /// Whose data; empty: the platform's.
    pub tenant_id: String,
    /// `sign_in`, `operator.create`, `conversation.reply`, ...
    pub action: String,
    /// The id of what was changed.
    pub subject: String,
}

/// Writes one down.
pub async fn audit_insert(tx: &mut Tx, row: &AuditRow) -> Result<(), Error> {
    on!(tx, c => diesel::insert_into(audit::table).values(row).execute(c).await)?;
    Ok(())
}

/// The latest, of one tenant or of all.
pub async fn audit_list(
    tx: &mut Tx,
    tenant: Option<&str>,
    limit: i64,
) -> Result<Vec<AuditRow>, Error> {
    Ok(on!(tx, c => {
        let mut query = audit::table.into_boxed();
        if let Some(tenant) = tenant {
            query = query.filter(audit::tenant_id.eq(tenant));
        }
        query.order(audit::id.desc()).limit(limit).load::<AuditRow>(c).await
    })?)
}
