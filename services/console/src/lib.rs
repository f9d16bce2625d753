#![doc = include_str!("../README.md")]

mod api;
mod app;
mod db;
mod effects;
mod http;
mod limit;
mod line;
mod operator;
mod pages;
mod password;
mod state;
mod watch;

use std::time::Duration;

use role::{Error, Parts, Role, RoleSpec};

use crate::api::Api;
use crate::limit::SignInLimit;
use crate::line::Line;
use crate::state::State;
use crate::watch::WebhookWatch;

/// The role, for the binary's list.
pub const ROLE: RoleSpec = RoleSpec {
    name: "console",
    routes: &[http::ROUTES],
    migrations: Some(|| db::MIGRATIONS),
    start: |parts| Box::pin(start(parts)),
};

/// How often what is over is cleared away.
const CLEAN_EVERY: Duration = Duration::from_secs(600);

async fn start(parts: &Parts) -> Result<Role, Error> {
    let mut role = Role::new(ROLE.name, parts);
    let (store, relay) = role.with_store(db::MIGRATIONS).await?;
    role.performs(effects::grant::AnswerSession {
        store: store.clone(),
        clock: parts.clock.clone(),
    })?;
    role.decides(app::keys::EndKeySessions)?;
    role.runs(effects::cleaning::clean(
        store.clone(),
        parts.clock.clone(),
        CLEAN_EVERY,
        parts.stopping.clone(),
    ));
    let settings = &parts.settings;
    let public_url = settings.public_url();
    role.serves(
        http::ROUTES,
        State {
            store,
            relay,
            clock: parts.clock.clone(),
            keys: parts.keys.clone(),
            api: Api::new(parts)?,
            watch: WebhookWatch::default(),
            limit: SignInLimit::default(),
            secure: public_url.starts_with("https://"),
            public_url,
            text_price_micro_usd: settings.text_price_micro_usd,
            line: Line::new(parts),
        },
    );
    Ok(role)
}
