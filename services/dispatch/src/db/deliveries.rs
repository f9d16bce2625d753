//! The fate of what we sent, by MessageSid. It is kept apart from the messages, because Twilio may tell of it before
//! we have heard the MessageSid.

use store::prelude::*;
use store::{Error, Tx, on};

use super::schema::deliveries;
use super::schema::deliveries::dsl;

/// A message's state at Twilio.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Insertable)]
#[diesel(table_name = deliveries, treat_none_as_default_value = false)]
pub struct Delivery {
    /// Twilio's id.
    pub message_sid: String,
    /// Twilio's word.
    pub status: String,
    /// How far that is; see [`rank`].
    pub rank: i64,
    /// Twilio's code, when it went wrong.
    pub error_code: Option<i64>,
    /// Its words for the code.
    pub error_message: String,
}

/// How far a status is. A higher one is never replaced by a lower one, whatever the order of arrival; among the
/// final ones a receipt beats a supposed loss. A word that Twilio has added since comes before all.
fn rank(status: &str) -> i64 {
    match status {
        "scheduled" => 1,
        "accepted" => 2,
        "queued" => 3,
        "sending" => 4,
        "sent" => 5,
        "partially_delivered" => 6,
        "canceled" => 7,
        "failed" => 8,
        "undelivered" => 9,
        "delivered" => 10,
        "read" => 11,
        _ => 0,
    }
}

/// Moves a delivery forward, or leaves it, and gives what holds now. Its row is locked until the transaction ends.
pub async fn delivery_advance(
    tx: &mut Tx,
    message_sid: &str,
    status: &str,
    error_code: Option<i64>,
    words: &str,
) -> Result<Delivery, Error> {
    let news = Delivery {
        message_sid: message_sid.to_owned(),
        status: status.to_owned(),
        rank: rank(status),
        error_code,
        error_message: words.to_owned(),
    };
    let known = on!(tx, c => diesel::insert_into(deliveries::table)
        .values(&news)
        .on_conflict(dsl::message_sid)
        .do_update()
        .set(dsl::message_sid.eq(excluded(dsl::message_sid)))
        .returning(deliveries::all_columns)
        .cached()
        .get_result::<Delivery>(c)
        .await)?;
    let key = |d: &Delivery| (d.rank, d.status.clone(), d.error_code);
    if key(&known) >= key(&news) {
        return Ok(known);
    }
    on!(tx, c => diesel::update(dsl::deliveries.find(message_sid))
        .set((
            dsl::status.eq(&news.status),
            dsl::rank.eq(news.rank),
            dsl::error_code.eq(error_code),
            dsl::error_message.eq(&news.error_message),
        ))
        .cached()
        .execute(c)
        .await)?;
    Ok(news)
}

/// What Twilio has told of a message last.
pub async fn delivery_find(tx: &mut Tx, message_sid: &str) -> Result<Option<Delivery>, Error> {
    Ok(on!(tx, c => dsl::deliveries
        .find(message_sid)
        .first::<Delivery>(c)
        .await
        .optional())?)
}

#[cfg(test)]
mod tests {
    use super::rank;

    #[test]
    fn final_status_is_above_all_that_lead_to_it() {
        let path = ["unheard_of", "accepted", "queued", "sending", "sent"];
        assert!(path.windows(2).all(|w| rank(w[0]) < rank(w[1])));
        for last in ["delivered", "undelivered", "failed", "canceled", "read"] {
            assert!(rank(last) > rank("sent"), "{last}");
        }
        assert!(rank("scheduled") < rank("queued"));
    }
}
