//! Listening in on a live call: its sound as a WAV file that goes on for as long as the call.

use actix_web::{HttpResponse, web};
use api::{ApiError, Caller};
use bytes::Bytes;
use futures::{StreamExt, stream};
use metrics::counter;
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tracing::info;

use super::State;

/// Samples a second.
const RATE: u32 = 8_000;

pub(super) async fn listen(
    state: web::Data<State>,
    caller: Caller,
    call: web::Path<String>,
) -> Result<HttpResponse, ApiError> {
    let found = state
        .listeners
        .listen(&call, |tenant| caller.may_see(tenant));
    let (call_sid, sound) =
        found.ok_or_else(|| ApiError::not_found("live stream of this call in this process"))?;
    counter!("streams_listened_total").increment(1);
    info!(call.sid = call_sid, "an operator listens in on a call");
    let first = stream::once(async { Ok::<_, actix_web::Error>(header()) });
    let rest = stream::unfold(sound, next).map(Ok);
    let stopping = state.parts.stopping.clone();
    let all = first.chain(rest).take_until(stopping.cancelled_owned());
    Ok(HttpResponse::Ok()
        .content_type("audio/wav")
        .insert_header(("cache-control", "no-store"))
        .streaming(Box::pin(all)))
}

/// What passes next; none when the call is over. Who is slow loses some.
async fn next(mut sound: Receiver<Bytes>) -> Option<(Bytes, Receiver<Bytes>)> {
    loop {
        match sound.recv().await {
            Ok(step) => return Some((step, sound)),
            Err(RecvError::Lagged(_)) => {}
            Err(RecvError::Closed) => return None,
        }
    }
}

/// Of a file whose length nobody knows: 16 bits, one channel.
fn header() -> Bytes {
    let mut header = Vec::with_capacity(44);
    let endless = u32::MAX.to_le_bytes();
    header.extend_from_slice(b"RIFF");
    header.extend_from_slice(&endless);
    header.extend_from_slice(b"WAVEfmt ");
    header.extend_from_slice(&16_u32.to_le_bytes());
    header.extend_from_slice(&1_u16.to_le_bytes());
    header.extend_from_slice(&1_u16.to_le_bytes());
    header.extend_from_slice(&RATE.to_le_bytes());
    header.extend_from_slice(&(RATE * 2).to_le_bytes());
    header.extend_from_slice(&2_u16.to_le_bytes());
    header.extend_from_slice(&16_u16.to_le_bytes());
    header.extend_from_slice(b"data");
    header.extend_from_slice(&endless);
    header.into()
}
