#![doc = include_str!("../README.md")]

mod app;
mod db;
mod effects;
mod http;

use app::{
    again, calls, delivery, drafted, emergency_call, erase, hand_back, inbound, media, opt_out,
    reply, text_back,
};
use objects::Objects;
use outbound::{Outbound, Reach};
use role::{Accounts, Parts, Role, RoleSpec};

// By which whoever collects everything about a person finds objects.
pub use db::{draft_id, media_key};

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
    role.decides(text_back::TextBack(parts.directory.clone()))?;
    role.decides(inbound::Inbound(parts.directory.clone()))?;
    role.decides_on("threads", delivery::Sent(parts.clock.clone()))?;
    role.decides_on("threads", delivery::Refused)?;
    role.decides_on("threads", delivery::Status)?;
    role.decides(opt_out::OptOut)?;
    role.decides_on("threads", calls::CallOver)?;
    role.decides_on("threads", calls::Interviewed)?;
    role.decides_on("threads", calls::Recorded)?;
    role.decides_on("threads", emergency_call::Placed)?;
    role.decides_on("threads", emergency_call::NotPlaced)?;
    role.decides_on("threads", media::Fetched)?;
    role.decides_on("threads", media::Missed(parts.directory.clone()))?;
    role.decides_on("threads", hand_back::HandBack)?;
    role.decides_on("replies", again::Again)?;
    role.decides_on("replies", reply::Due)?;
    role.decides_on("replies", drafted::Drafted)?;
    role.decides_on("replies", drafted::DraftFailed)?;
    role.decides_on("threads", erase::Forget)?;
    role.decides_on("threads", erase::Expire)?;
    let clock = parts.clock.clone();
    let objects = Objects::open(parts.settings.object_store());
    role.performs(effects::Fetch {
        accounts: Accounts::without_redirects(parts),
        outbound: Outbound::new(concat!("trunkline/", env!("CARGO_PKG_VERSION")))
            .map_err(|e| role::Error::Settings(e.to_string()))?,
        reach: reach(parts.settings.twilio_api_url()),
        objects: objects.clone(),
        clock: clock.clone(),
    })?;
    role.performs(effects::Erase {
        objects: objects.clone(),
    })?;
    role.serves(
        http::ROUTES,
        http::State {
            store,
            relay,
            clock,
            directory: parts.directory.clone(),
            bus: parts.bus.clone(),
            objects,
        },
    );
    Ok(role)
}

/// How far the redirects of this Twilio may lead. Whoever stands in for it has its files where it is.
fn reach(twilio: &str) -> Reach {
    let host = twilio.trim_start_matches("https://");
    let host = host.split(['/', ':']).next().unwrap_or_default();
    match host == "twilio.com" || host.ends_with(".twilio.com") {
        true => Reach::Public,
        false => Reach::Private,
    }
}

/// The decisions without the bus around them, for tests that try many orders of events. Not for others.
#[doc(hidden)]
pub mod test_support {
    pub use crate::app::delivery::{refused, sent, status};
    pub use crate::app::drafted::{drafted, failed};
    pub use crate::app::follow::{Follow, Out};
    pub use crate::app::hand_back;
    pub use crate::app::human::{Text, Written, switch, write};
    pub use crate::app::inbound::{Kept, keep};
    pub use crate::app::opt_out::note;
    pub use crate::app::reply::due;
    pub use crate::app::text_back::{Skip, answer};
    pub use crate::db::{
        Answering, Conversation, Evidence, Filter, MIGRATIONS, Message, Window, conversation_find,
        conversation_list, message_list,
    };
}
