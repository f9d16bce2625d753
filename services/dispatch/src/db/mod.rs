//! The tables of dispatch and their queries. A text in a column is one of a few words; the types beside the queries
//! say which.
//!
//! Transactions take their locks in one order, so that none waits for another in a circle: a delivery, then the
//! customer (the row in `opt_outs`), then the rest.

mod bookings;
mod contexts;
mod conversations;
mod deliveries;
mod entries;
mod erase;
mod leads;
mod messages;
mod opt_outs;
mod schema;
mod summary;
mod text_backs;
mod unreachable;

use diesel_migrations::embed_migrations;
use store::Migrations;

pub use bookings::{
    Booking, booking_find, booking_insert, booking_status, bookings_between, bookings_of,
    bookings_release,
};
pub use contexts::{context_find, context_put};
pub use conversations::{
    Answering, Conversation, Filter, Status, conversation_find, conversation_list,
    conversation_open, conversation_save, draft_id,
};
pub use deliveries::{Delivery, delivery_advance, delivery_find};
pub use entries::{Entry, dangers_since, entry_find, entry_list, entry_of_call, entry_put};
pub use erase::{erase, expire};
pub use leads::{Lead, LeadFilter, lead_find, lead_insert, lead_list, lead_save};
pub use messages::{
    Media, Message, Sender, Window, has_introduced_itself, media_key, media_list, message_by_sid,
    message_count, message_find, message_insert, message_latest_inbound, message_leaving,
    message_list, message_media, message_reactions, message_refused, message_sent, new_inbound,
    new_outbound,
};
pub use opt_outs::{
    Evidence, EvidenceFilter, OptOutEvidence, block_set, evidence_insert, evidence_is_kept,
    evidence_list, is_blocked, opt_out_lock, opt_out_set,
};
pub use summary::{
    Counted, Step, booked, bookings_by_status, conversations_begun, message_steps,
    messages_by_sender, opted_out, texted_back,
};
pub use text_backs::{text_back_insert, text_back_near, text_back_of_call};
pub use unreachable::{is_lasting, unreachable_code, unreachable_forget, unreachable_note};

/// The role's migrations.
pub const MIGRATIONS: Migrations = Migrations {
    postgres: embed_migrations!("migrations/postgres"),
    sqlite: embed_migrations!("migrations/sqlite"),
};
