//! Server-sent events: what happens to calls and messages, as it happens.

use std::collections::VecDeque;
use std::sync::Arc;

use actix_web::web::Bytes;
use futures::Stream;
use futures::stream::unfold;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use crate::state::{Call, Moment, Shared, State};

struct Watch {
    shared: Arc<Shared>,
    sid: Option<String>,
    /// What had happened before the watch began.
    past: VecDeque<Moment>,
    live: Receiver<Moment>,
    seen: u64,
}

/// A stream of moments. Of a named call the past comes first, and what happens to the legs that it dials comes too.
pub(crate) fn events(
    shared: Arc<Shared>,
    sid: Option<String>,
) -> impl Stream<Item = Result<Bytes, std::io::Error>> + 'static {
    let (past, live) = {
        let state = shared.state();
        (
            sid.as_deref()
                .map(|sid| past(&state, sid))
                .unwrap_or_default(),
            state.watch(),
        )
    };
    let watch = Watch {
        shared,
        sid,
        past,
        live,
        seen: 0,
    };
    unfold(watch, |mut watch| async move {
        let moment = watch.next().await?;
        let json = serde_json::to_string(&moment).unwrap_or_default();
        let text = format!(
            "id: {}\nevent: {}\ndata: {json}\n\n",
            moment.seq, moment.kind
        );
        Some((Ok(Bytes::from(text)), watch))
    })
}

/// What has happened to a call and to the legs that it dialled.
fn past(state: &State, sid: &str) -> VecDeque<Moment> {
    let family = |call: &&Call| call.sid == sid || call.parent.as_deref() == Some(sid);
    let legs = state.calls.iter().filter(family);
    let mut past: Vec<Moment> = legs.flat_map(|leg| leg.timeline.iter().cloned()).collect();
    past.sort_by_key(|moment| moment.seq);
    past.into()
}

impl Watch {
    /// The next moment; none once the emulator stops.
    async fn next(&mut self) -> Option<Moment> {
        let stop = self.shared.stop.clone();
        loop {
            let moment = match self.past.pop_front() {
                Some(moment) => moment,
                None => tokio::select! {
                    () = stop.cancelled() => return None,
                    received = self.live.recv() => match received {
                        Ok(moment) => moment,
                        // A slow watcher has missed some; the call's record has them all.
                        Err(RecvError::Lagged(_)) => continue,
                        Err(RecvError::Closed) => return None,
                    },
                },
            };
            if moment.seq > self.seen && self.wanted(&moment.sid) {
                self.seen = moment.seq;
                return Some(moment);
            }
        }
    }

    fn wanted(&self, sid: &str) -> bool {
        let Some(wanted) = self.sid.as_deref().filter(|wanted| *wanted != sid) else {
            return true;
        };
        self.shared
            .state()
            .call(sid)
            .is_some_and(|call| call.parent.as_deref() == Some(wanted))
    }
}
