//! Threads: one for each customer and number of a tenant, whether it began with a call or a text.

use clock::Time;
use diesel::EscapeExpressionMethods;
use role::derive_id;
use store::prelude::*;
use store::{Error, Tx, on, types};

use super::schema::conversations::dsl;
use super::schema::{conversations, messages, opt_outs};

diesel::define_sql_function! {
    /// Small letters.
    fn lower(text: diesel::sql_types::Text) -> diesel::sql_types::Text;
}

/// Words as `LIKE` takes them for themselves.
fn escaped(words: &str) -> String {
    words
        .replace('\\', "\\\\")
        .replace('%', "\\%")
        .replace('_', "\\_")
}

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

/// Whether a thread goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Status {
    /// It does.
    Active,
    /// What the customer wanted is settled.
    Completed,
    /// The customer has not come back.
    Abandoned,
}

impl Status {
    /// The word in the column and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Completed => "completed",
            Self::Abandoned => "abandoned",
        }
    }
}

/// A thread.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable, AsChangeset)]
#[diesel(table_name = conversations, treat_none_as_default_value = false, treat_none_as_null = true)]
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
    /// `active`, `completed` or `abandoned`.
    pub status: String,
    /// `ai` or `human`.
    pub answering: String,
    /// `normal`, `urgent` or `emergency`.
    pub urgency: String,
    /// The first that we heard.
    pub created_at: types::Time,
    /// The latest.
    pub updated_at: types::Time,
    /// When a new text opened it again; none: it was never closed.
    pub opened_at: Option<types::Time>,
    /// When it was completed or abandoned.
    pub closed_at: Option<types::Time>,
    /// How many texts of the customer no operator has read.
    pub unread: i64,
    /// Whether there are any: lists filter by it.
    pub is_unread: bool,
    /// Why an operator should look, in a word; empty: no need.
    pub attention: String,
    /// Counts what may change an answer that is under way: texts, takeovers, opt-outs.
    pub revision: i64,
    /// The first text of the customer that nobody has answered.
    pub waiting_since: Option<types::Time>,
    /// When the AI answers, unless a person does before.
    pub reply_due_at: Option<types::Time>,
    /// The answer that is being written.
    pub draft_id: Option<String>,
    /// When an operator's thread goes back to the AI; none: not by itself.
    pub human_until: Option<types::Time>,
    /// When the fixed text went out because no provider answered; none since an answer has.
    pub fallback_at: Option<types::Time>,
    /// The id of the booking that the customer was asked to confirm; empty: no question is open.
    pub question: String,
    /// What is known of the customer's wish.
    pub facts: types::Json,
    /// An answer that waits until it is due (`app::ahead::Held`).
    pub held: Option<Vec<u8>>,
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
            status: Status::Active.as_str().to_owned(),
            answering: Answering::Ai.as_str().to_owned(),
            urgency: "normal".to_owned(),
            created_at: at.into(),
            updated_at: at.into(),
            opened_at: None,
            closed_at: None,
            unread: 0,
            is_unread: false,
            attention: String::new(),
            revision: 0,
            waiting_since: None,
            reply_due_at: None,
            draft_id: None,
            human_until: None,
            fallback_at: None,
            question: String::new(),
            facts: types::Json(serde_json::json!({})),
            held: None,
        }
    }

    /// Whether the AI may answer in it.
    pub fn is_answered_by_ai(&self) -> bool {
        self.answering == Answering::Ai.as_str()
    }

    /// Asks an operator to look, for this reason.
    pub fn ask_for_attention(&mut self, reason: &str) {
        reason.clone_into(&mut self.attention);
        self.is_unread = true;
    }

    /// Whatever answer is under way is not sent any more.
    pub fn cancel_reply(&mut self) {
        self.revision += 1;
        self.waiting_since = None;
        self.reply_due_at = None;
        self.drop_draft();
    }

    /// The answer that is being written, or waits, is none any more.
    pub fn drop_draft(&mut self) {
        self.draft_id = None;
        self.held = None;
    }
}

/// The draft of an answer that is ordered of a thread at a revision.
pub fn draft_id(conversation: &str, revision: i64) -> String {
    derive_id(&["reply", conversation, &revision.to_string()])
}

/// What a list is narrowed to.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only this tenant's.
    pub tenant: Option<String>,
    /// `active`, `completed` or `abandoned`.
    pub status: Option<String>,
    /// `ai` or `human`.
    pub answering: Option<String>,
    /// `normal`, `urgent` or `emergency`.
    pub urgency: Option<String>,
    /// Whether there is something that no operator has read.
    pub unread: Option<bool>,
    /// Digits of the customer's number, or words of a text.
    pub words: Option<String>,
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
    Ok(on!(tx, c => conversations::table
        .filter(dsl::id.eq(id))
        .select((conversations::all_columns, has_opted_out()))
        .first::<(Conversation, bool)>(c)
        .await
        .optional())?)
}

/// Threads, those with the latest news first; one more than `limit`, so that the caller sees whether there are more.
pub async fn conversation_list(
    tx: &mut Tx,
    filter: &Filter,
    limit: i64,
) -> Result<Vec<(Conversation, bool)>, Error> {
    Ok(on!(tx, c => {
        let mut query = conversations::table
            .select((conversations::all_columns, has_opted_out()))
            .into_boxed();
        if let Some(tenant) = &filter.tenant {
            query = query.filter(dsl::tenant_id.eq(tenant));
        }
        if let Some(status) = &filter.status {
            query = query.filter(dsl::status.eq(status));
        }
        if let Some(answering) = &filter.answering {
            query = query.filter(dsl::answering.eq(answering));
        }
        if let Some(urgency) = &filter.urgency {
            query = query.filter(dsl::urgency.eq(urgency));
        }
        if let Some(unread) = filter.unread {
            query = query.filter(dsl::is_unread.eq(unread));
        }
        if let Some(words) = &filter.words {
            let digits: String = words.chars().filter(char::is_ascii_digit).collect();
            let is_number = digits.len() >= 3 && !words.chars().any(char::is_alphabetic);
            query = if is_number {
                query.filter(dsl::customer.like(format!("%{digits}%")))
            } else {
                let pattern = format!("%{}%", escaped(&words.to_lowercase()));
                query.filter(diesel::dsl::exists(
                    messages::table
                        .filter(messages::conversation_id.eq(dsl::id))
                        .filter(lower(messages::body).like(pattern).escape('\\')),
                ))
            };
        }
        if let Some((at, id)) = &filter.after {
            let at = types::Time(*at);
            query = query.filter(dsl::updated_at.lt(at).or(dsl::updated_at.eq(at).and(dsl::id.lt(id))));
        }
        query
            .order((dsl::updated_at.desc(), dsl::id.desc()))
            .limit(limit + 1)
            .load::<(Conversation, bool)>(c)
            .await
    })?)
}

/// Saves what was changed of a thread. The customer's lock is held.
pub async fn conversation_save(tx: &mut Tx, row: &Conversation) -> Result<(), Error> {
    on!(tx, c => diesel::update(dsl::conversations.find(&row.id))
        .set(row)
        .execute(c)
        .await)?;
    Ok(())
}

/// Whether a thread's customer wants no texts.
#[diesel::dsl::auto_type]
fn has_opted_out() -> _ {
    let theirs = opt_outs::tenant_id
        .eq(conversations::tenant_id)
        .and(opt_outs::customer.eq(conversations::customer));
    diesel::dsl::exists(opt_outs::table.filter(theirs.and(opt_outs::opted_out)))
}
