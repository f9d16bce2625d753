//! Removing a person's interviews.

use clock::Time;
use diesel::JoinOnDsl;
use store::prelude::*;
use store::{Error, Tx, on, types};

use super::schema::{candidates, interview_calls, interviews};

/// What was removed.
#[derive(Default)]
pub struct Erased {
    /// Candidates.
    pub candidates: usize,
    /// Interviews, by id.
    pub interviews: Vec<String>,
    /// Calls that were made for them: each with its account.
    pub calls: Vec<(String, String)>,
}

/// Removes the candidates with this number, or this one, and every interview of theirs, of a tenant or of all.
pub async fn erase(
    tx: &mut Tx,
    tenant: Option<&str>,
    number: &str,
    candidate: &str,
) -> Result<Erased, Error> {
    let people = on!(tx, c => {
        let mut query = candidates::table
            .filter(candidates::phone.eq(number).or(candidates::id.eq(candidate)))
            .select(candidates::id)
            .into_boxed();
        if let Some(tenant) = tenant {
            query = query.filter(candidates::tenant_id.eq(tenant));
        }
        query.load::<String>(c).await
    })?;
    let held = on!(tx, c => {
        let with = interviews::person.eq(number).nullable().or(interviews::candidate_id.eq_any(&people));
        let mut query = interviews::table
            .filter(with.assume_not_null())
            .select((interviews::id, interviews::account_sid))
            .into_boxed();
        if let Some(tenant) = tenant {
            query = query.filter(interviews::tenant_id.eq(tenant));
        }
        query.load::<(String, String)>(c).await
    })?;
    let mut erased = Erased::default();
    for (id, account_sid) in held {
        let calls = on!(tx, c => interview_calls::table
            .filter(interview_calls::interview_id.eq(&id))
            .select(interview_calls::call_sid)
            .load::<String>(c)
            .await)?;
        let calls = calls.into_iter().map(|call| (account_sid.clone(), call));
        erased.calls.extend(calls);
        on!(tx, c => diesel::delete(interview_calls::table.filter(interview_calls::interview_id.eq(&id)))
            .execute(c)
            .await)?;
        on!(tx, c => diesel::delete(interviews::table.find(&id)).execute(c).await)?;
        erased.interviews.push(id);
    }
    for id in people {
        erased.candidates +=
            on!(tx, c => diesel::delete(candidates::table.find(&id)).execute(c).await)?;
    }
    Ok(erased)
}

/// Removes interviews of a tenant's that ended before a time, the oldest first, and candidates of before it who have
/// none left; says how many interviews. What scoring keeps of them goes with its next sweep.
pub async fn expire(tx: &mut Tx, tenant: &str, before: Time, limit: usize) -> Result<usize, Error> {
    let before = types::Time(before);
    let over = on!(tx, c => interviews::table
        .filter(interviews::tenant_id.eq(tenant).and(interviews::status.eq("ended")))
        .filter(interviews::ended_at.lt(before))
        .order(interviews::ended_at)
        .limit(i64::try_from(limit).unwrap_or(i64::MAX))
        .select(interviews::id)
        .load::<String>(c)
        .await)?;
    let calls = interview_calls::table.filter(interview_calls::interview_id.eq_any(&over));
    on!(tx, c => diesel::delete(calls).execute(c).await)?;
    let gone = interviews::table.filter(interviews::id.eq_any(&over));
    on!(tx, c => diesel::delete(gone).execute(c).await)?;
    let idle = on!(tx, c => candidates::table
        .left_join(interviews::table.on(interviews::candidate_id.eq(candidates::id.nullable())))
        .filter(candidates::tenant_id.eq(tenant).and(candidates::created_at.lt(before)))
        .filter(interviews::id.is_null())
        .limit(i64::try_from(limit).unwrap_or(i64::MAX))
        .select(candidates::id)
        .load::<String>(c)
        .await)?;
    let idle = candidates::table.filter(candidates::id.eq_any(&idle));
    on!(tx, c => diesel::delete(idle).execute(c).await)?;
    Ok(over.len())
}
