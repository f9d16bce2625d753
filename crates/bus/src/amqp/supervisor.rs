//! Keeps a session up for as long as the bus lives.

use std::sync::Arc;
use std::time::Duration;

use lapin::uri::AMQPUri;
use tokio::sync::watch;
use tracing::{debug, info, warn};

use super::connection::Session;
use super::shared::Core;
use super::topology;

const AWAY: &str = "rabbitmq cannot be reached; trying until it answers";
const CONNECT: Duration = Duration::from_secs(10);
const FIRST_WAIT: Duration = Duration::from_millis(100);
const LONGEST_WAIT: Duration = Duration::from_secs(2);

pub(super) type Sessions = watch::Sender<Option<Arc<Session>>>;

/// Keeps a session up until the bus ends.
pub(super) async fn run(core: Arc<Core>, uri: AMQPUri, sessions: Sessions) {
    let address = format!("{}:{}", uri.authority.host, uri.authority.port);
    let mut wait = FIRST_WAIT;
    // What is told of a broker that is away; the same is told once.
    let mut told = String::new();
    loop {
        let opened = tokio::select! {
            opened = tokio::time::timeout(CONNECT, open(uri.clone(), &core)) => opened,
            () = core.ended.cancelled() => return,
        };
        match opened {
            Ok(Ok(session)) => {
                info!(address, "connected to rabbitmq");
                wait = FIRST_WAIT;
                told.clear();
                let session = Arc::new(session);
                sessions.send_replace(Some(session.clone()));
                metrics::gauge!("bus_ready").set(1.0);
                tokio::select! {
                    () = session.broken.cancelled() => {}
                    () = core.ended.cancelled() => {}
                }
                sessions.send_replace(None);
                metrics::gauge!("bus_ready").set(0.0);
                session.broken.cancel();
                end(&session).await;
                if core.ended.is_cancelled() {
                    return;
                }
                warn!(address, "connection to rabbitmq lost");
                continue;
            }
            Ok(Err(error)) if topology::is_outage(&error) => {
                let news = "rabbitmq is in trouble; trying until it is over";
                tell(&mut told, &address, error.to_string(), news);
            }
            Ok(Err(error)) => tell(&mut told, &address, error.to_string(), AWAY),
            Err(_) => tell(&mut told, &address, "it does not answer".to_owned(), AWAY),
        }
        core.tried.cancel();
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = core.ended.cancelled() => return,
        }
        wait = (wait * 2).min(LONGEST_WAIT);
    }
}

async fn open(uri: AMQPUri, core: &Core) -> lapin::Result<Session> {
    let name = core.connection_name.as_str().into();
    Session::open(
        uri,
        name,
        &core.names,
        || core.known(),
        core.pending.clone(),
    )
    .await
}

/// Says why there is no session, when that is news.
fn tell(told: &mut String, address: &str, error: String, news: &str) {
    if *told == error {
        debug!(address, error, "still no session with rabbitmq");
    } else {
        warn!(address, error, "{news}");
        *told = error;
    }
}

/// Closes what is left of a session, without waiting long for a broker that may be gone.
async fn end(session: &Session) {
    if session.connection.status().connected() {
        let close = session.connection.close(200, "done".into());
        let _ = tokio::time::timeout(Duration::from_secs(1), close).await;
    }
}
