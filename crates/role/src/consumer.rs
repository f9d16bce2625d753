//! What the frames around deciders and performers share.

use std::sync::Arc;
use std::time::Instant;

use bus::{Delivery, Disposition, Handler, Subscription};
use events::{Envelope, Event};
use metrics::histogram;
use tracing::{Instrument, error, warn};

use crate::handler_error::HandlerError;

/// A consumer, whichever kind it is, for the list that starts them.
pub(crate) type Consumer = (Subscription, Arc<dyn Handler>);

/// The data of an event; what cannot be read can never be handled.
pub(crate) fn decode<E: Event>(envelope: &Envelope) -> Result<E, HandlerError> {
    envelope
        .decode()
        .map_err(|e| HandlerError::Reject(e.to_string()))
}

/// Runs the handling of a delivery in its span, measures and logs what comes of it, and says how the delivery ends.
pub(crate) async fn observe(
    consumer: &str,
    delivery: &Delivery,
    run: impl Future<Output = Result<(), HandlerError>> + Send,
) -> Disposition {
    let envelope = &delivery.envelope;
    let span = telemetry::consumer_span(consumer, envelope);
    let started = Instant::now();
    let result = run.instrument(span.clone()).await;
    let outcome = if result.is_ok() { "done" } else { "fault" };
    histogram!("role_handle_seconds", "consumer" => consumer.to_owned(), "outcome" => outcome)
        .record(started.elapsed().as_secs_f64());
    let _entered = span.enter();
    match result {
        Ok(()) => Disposition::Done,
        Err(HandlerError::Reject(why)) => {
            error!(
                event.id = envelope.id,
                event.kind = envelope.kind,
                why,
                "event refused"
            );
            Disposition::Dead(why)
        }
        Err(fault) => {
            let disposition = fault.disposition(delivery.attempt);
            match &disposition {
                // The first delivery says it; those that follow would say the same for as long as it lasts.
                Disposition::Wait { reason, .. } if delivery.attempt == 1 => {
                    warn!(
                        event.id = envelope.id,
                        event.kind = envelope.kind,
                        why = reason,
                        "event waits: something outside is away"
                    );
                }
                Disposition::Retry(why) => {
                    warn!(
                        event.id = envelope.id,
                        event.kind = envelope.kind,
                        attempt = delivery.attempt,
                        why,
                        "event will be delivered again"
                    );
                }
                _ => {}
            }
            disposition
        }
    }
}
