#![doc = include_str!("../README.md")]

mod app;
mod db;
mod http;

use app::{delivery, inbound, opt_out, text_back};
use role::{Parts, Role, RoleSpec};

/// The role, for the binary's list.
pub const ROLE: RoleSpec = RoleSpec {
    name: "dispatch",
    routes: &[http::ROUTES],
    migrations: Some(|| db::MIGRATIONS),
    start: |parts| Box::pin(start(parts)),
};

async fn start(parts: &Parts) -> Result<Role, role::Error> {
    let mut role = Role::new(ROLE.name, parts);
    let (store, relay) = role.with_store(db::MIGRATIONS).await?;
    role.decides(text_back::TextBack)?;
    role.decides(inbound::Inbound)?;
    role.decides(delivery::Sent(parts.clock.clone()))?;
    role.decides(delivery::Refused)?;
    role.decides(delivery::Status)?;
    role.decides(opt_out::OptOut)?;
    let clock = parts.clock.clone();
    role.serves(
        http::ROUTES,
        http::State {
            store,
            relay,
            clock,
        },
    );
    Ok(role)
}

/// The decisions without the bus around them, for tests that try many orders of events. Not for others.
#[doc(hidden)]
pub mod door {
    pub use crate::app::delivery::{refused, sent, status};
    pub use crate::app::inbound::{Kept, keep};
    pub use crate::app::opt_out::note;
    pub use crate::app::text_back::{Skip, answer};
    pub use crate::db::{
        Conversation, Evidence, Filter, MIGRATIONS, Message, conversation_find, conversation_list,
        message_list,
    };
}
