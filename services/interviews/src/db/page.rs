//! Lists that begin with the newest, a page at a time.

use clock::Time;

/// Where such a list goes on: after the row of this time and id.
pub type Place = (Time, String);

/// What is shown of such a list.
#[derive(Debug, Clone, Default)]
pub struct Shown {
    /// Only this tenant's; none: all.
    pub tenant: Option<String>,
    /// Only what comes after this place.
    pub after: Option<Place>,
    /// How many. One more is given where there are more, so that the caller sees it.
    pub limit: i64,
}

/// The rows of a boxed query that are [`Shown`]. Its table has the columns `tenant_id`, `created_at` and `id`.
macro_rules! newest_first {
    ($tx:expr, $shown:expr, $columns:ident, $row:ty => $query:expr) => {
        store::on!($tx, c => {
            let mut query = $query;
            if let Some(tenant) = &$shown.tenant {
                query = query.filter($columns::tenant_id.eq(tenant));
            }
            if let Some((at, id)) = &$shown.after {
                let at = store::types::Time(*at);
                let same_time = $columns::created_at.eq(at).and($columns::id.lt(id));
                query = query.filter($columns::created_at.lt(at).or(same_time));
            }
            query
                .order(($columns::created_at.desc(), $columns::id.desc()))
                .limit($shown.limit + 1)
                .load::<$row>(c)
                .await
        })
    };
}

pub(super) use newest_first;
