//! Threads: one for each customer and number of a tenant, whether it began with a call or a text.

use clock::Time;
use diesel::JoinOnDsl;
use role::derive_id;
use store::prelude::*;
use store::{Error, Tx, on, types};

use super::schema::conversations::dsl;
use super::schema::{conversations, opt_outs};

/// Who writes to the customer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answering {
    /// The AI may answer by itself.
    Ai,
    /// A person has taken over.
    Human,
}

impl Answering {
    /// The word in the column and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ai => "ai",
            Self::Human => "human",
        }
    }
}

/// A thread.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = conversations, treat_none_as_default_value = false)]
pub struct Conversation {
    /// Follows from tenant, number and customer.
    pub id: String,
    /// Whose it is.
    pub tenant_id: String,
    /// The other end.
    pub customer: String,
    /// The tenant's number.
    pub number: String,
    /// The Twilio account of that number.
    pub account_sid: String,
    /// `open`.
    pub status: String,
    /// `ai` or `human`.
    pub answering: String,
    /// `normal`.
    pub urgency: String,
    /// The first that we heard.
    pub created_at: types::Time,
    /// The latest.
    pub updated_at: types::Time,
}

impl Conversation {
    /// A thread that begins at this time.
    pub fn new(tenant: &str, customer: &str, number: &str, account_sid: &str, at: Time) -> Self {
        Self {
            id: derive_id(&["conversation", tenant, number, customer]),
            tenant_id: tenant.to_owned(),
            customer: customer.to_owned(),
            number: number.to_owned(),
            account_sid: account_sid.to_owned(),
            status: "open".to_owned(),
            answering: Answering::Ai.as_str().to_owned(),
            urgency: "normal".to_owned(),
            created_at: at.into(),
            updated_at: at.into(),
        }
    }
}

/// What a list is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only this tenant's.
    pub tenant: Option<String>,
    /// Only what comes after this place in the list.
    pub after: Option<(Time, String)>,
}

/// The thread, made if it is new, with the time of its latest news. The customer's lock is held.
pub async fn conversation_open(tx: &mut Tx, new: &Conversation) -> Result<Conversation, Error> {
    let known = on!(tx, c => dsl::conversations
        .find(&new.id)
        .first::<Conversation>(c)
        .await
        .optional())?;
    let Some(mut row) = known else {
        on!(tx, c => diesel::insert_into(conversations::table).values(new).execute(c).await)?;
        return Ok(new.clone());
    };
    let (from, until) = (
        new.created_at.min(row.created_at),
        new.updated_at.max(row.updated_at),
    );
    let moved = !new.account_sid.is_empty() && new.account_sid != row.account_sid;
    if (from, until) != (row.created_at, row.updated_at) || moved {
        (row.created_at, row.updated_at) = (from, until);
        if moved {
            row.account_sid.clone_from(&new.account_sid);
        }
        on!(tx, c => diesel::update(dsl::conversations.find(&row.id))
            .set((
                dsl::created_at.eq(row.created_at),
                dsl::updated_at.eq(row.updated_at),
                dsl::account_sid.eq(&row.account_sid),
            ))
            .cached()
            .execute(c)
            .await)?;
    }
    Ok(row)
}

/// A thread and whether its customer has opted out.
pub async fn conversation_find(
    tx: &mut Tx,
    id: &str,
) -> Result<Option<(Conversation, bool)>, Error> {
    let found = on!(tx, c => conversations::table
        .left_join(opt_outs::table.on(wish()))
        .filter(dsl::id.eq(id))
        .select((conversations::all_columns, opt_outs::opted_out.nullable()))
        .first::<(Conversation, Option<bool>)>(c)
        .await
        .optional())?;
    Ok(found.map(|(row, out)| (row, out.unwrap_or(false))))
}

/// Threads, those with the latest news first; one more than `limit`, so that the caller sees whether there are more.
pub async fn conversation_list(
    tx: &mut Tx,
    filter: &Filter,
    limit: i64,
) -> Result<Vec<(Conversation, bool)>, Error> {
    let rows = on!(tx, c => {
        let mut query = conversations::table
            .left_join(opt_outs::table.on(wish()))
            .select((conversations::all_columns, opt_outs::opted_out.nullable()))
            .into_boxed();
        if let Some(tenant) = &filter.tenant {
            query = query.filter(dsl::tenant_id.eq(tenant));
        }
        if let Some((at, id)) = &filter.after {
            let at = types::Time(*at);
            query = query.filter(dsl::updated_at.lt(at).or(dsl::updated_at.eq(at).and(dsl::id.lt(id))));
        }
        query
            .order((dsl::updated_at.desc(), dsl::id.desc()))
            .limit(limit + 1)
            .load::<(Conversation, Option<bool>)>(c)
            .await
    })?;
    Ok(rows
        .into_iter()
        .map(|(row, out)| (row, out.unwrap_or(false)))
        .collect())
}

/// Says who answers from now on. False: there is no such thread.
pub async fn conversation_answering(
    tx: &mut Tx,
    id: &str,
    answering: Answering,
) -> Result<bool, Error> {
    let rows = on!(tx, c => diesel::update(dsl::conversations.find(id))
        .set(dsl::answering.eq(answering.as_str()))
        .cached()
        .execute(c)
        .await)?;
    Ok(rows == 1)
}

/// Notes that there is news, of this time.
pub async fn conversation_touch(tx: &mut Tx, id: &str, at: Time) -> Result<(), Error> {
    let at = types::Time(at);
    on!(tx, c => diesel::update(dsl::conversations.find(id).filter(dsl::updated_at.lt(at)))
        .set(dsl::updated_at.eq(at))
        .cached()
        .execute(c)
        .await)?;
    Ok(())
}

/// Joins a thread with its customer's wish.
#[diesel::dsl::auto_type]
fn wish() -> _ {
    opt_outs::tenant_id
        .eq(conversations::tenant_id)
        .and(opt_outs::customer.eq(conversations::customer))
}
