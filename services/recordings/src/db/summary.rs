//! How complete the recordings are.

use clock::Time;
use store::prelude::*;
use store::{Error, Tx, on, types};

use super::schema::recordings;

/// How many recordings there are of a kind and a status: type, status, count. Answers of interviews and rows that have
/// become a part of another one do not count.
pub async fn recordings_by_status(
    tx: &mut Tx,
    tenant: Option<&str>,
    (since, until): (Time, Time),
    not_counted: (&str, &str),
) -> Result<Vec<(String, String, i64)>, Error> {
    let (source, status) = not_counted;
    let (since, until) = (types::Time(since), types::Time(until));
    Ok(on!(tx, c => {
        let mut query = recordings::table
            .filter(recordings::started_at.ge(since).and(recordings::started_at.lt(until)))
            .filter(recordings::source.ne(source).and(recordings::status.ne(status)))
            .group_by((recordings::recording_type, recordings::status))
            .select((recordings::recording_type, recordings::status, diesel::dsl::count_star()))
            .order((recordings::recording_type, recordings::status))
            .into_boxed();
        if let Some(tenant) = tenant {
            query = query.filter(recordings::tenant_id.eq(tenant));
        }
        query.load::<(String, String, i64)>(c).await
    })?)
}
