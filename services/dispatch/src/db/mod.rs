//! The tables of dispatch and their queries. A text in a column is one of a few words; the types beside the queries
//! say which.
//!
//! Transactions take their locks in one order, so that none waits for another in a circle: a delivery, then the
//! customer (his row in `opt_outs`), then the rest.

mod conversations;
mod deliveries;
mod messages;
mod opt_outs;
mod schema;
mod text_backs;

use diesel_migrations::embed_migrations;
use store::Migrations;

pub use conversations::{
    Answering, Conversation, Filter, conversation_answering, conversation_find, conversation_list,
    conversation_open, conversation_touch,
};
pub use deliveries::{Delivery, delivery_advance};
pub use messages::{
    Media, Message, Sender, media_list, message_by_sid, message_find, message_insert, message_list,
    message_refused, message_sent, new_inbound, new_outbound,
};
pub use opt_outs::{Evidence, opt_out_lock, opt_out_set};
pub use text_backs::{text_back_insert, text_back_near, text_back_of_call};

/// The role's migrations.
pub const MIGRATIONS: Migrations = Migrations {
    postgres: embed_migrations!("migrations/postgres"),
    sqlite: embed_migrations!("migrations/sqlite"),
};
