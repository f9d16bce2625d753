//! Questions and replies, by RabbitMQ's direct reply-to: no reply queue, nothing declared, nothing stored.

use std::pin::pin;
use std::time::Duration;

use events::{Envelope, ReplyTo};
use lapin::options::BasicPublishOptions;

use super::connection::{DIRECT_REPLY_TO, answered};
use super::headers;
use super::publish::{Message, unavailable};
use super::shared::{Amqp, PATIENCE};
use crate::Error;

impl Amqp {
    pub(crate) async fn request(
        &self,
        mut envelope: Envelope,
        timeout: Duration,
    ) -> Result<Envelope, Error> {
        let core = &self.core;
        let mut late = pin!(tokio::time::sleep(timeout));
        let session = core.session(PATIENCE.min(timeout)).await?;
        let mut slot = core.pending.open();
        // The broker puts a name of its own in this place, which travels with the question.
        envelope.reply_to = Some(ReplyTo {
            address: DIRECT_REPLY_TO.to_owned(),
            correlation: slot.correlation.clone(),
        });
        let mut stored = pin!(session.questions.publish(Message {
            exchange: &core.names.events,
            key: headers::short(&envelope.kind)?,
            properties: headers::persistent(&envelope)?,
            body: &envelope.data,
            // Whoever asks wants somebody to answer.
            mandatory: true,
        }));
        // A reply that is faster than the confirm says as much.
        let mut accepted = false;
        let reply = loop {
            tokio::select! {
                biased;
                reply = &mut slot.reply => break reply.map_err(|_| Error::NoReply(timeout)),
                stored = &mut stored, if !accepted => match stored {
                    Ok(()) => {
                        accepted = true;
                        core.shows.show(&envelope);
                    }
                    Err(error) => return Err(error),
                },
                // The address of this question dies with its channel: the reply cannot come any more.
                () = session.broken.cancelled(), if accepted => break Err(Error::NoReply(timeout)),
                () = &mut late => {
                    if !accepted {
                        return Err(unavailable("no confirm in time"));
                    }
                    break Err(Error::NoReply(timeout));
                }
            }
        };
        if !accepted {
            core.shows.show(&envelope);
        }
        reply
    }

    pub(crate) async fn reply(&self, to: &ReplyTo, envelope: &Envelope) -> Result<(), Error> {
        let session = self.core.session(PATIENCE).await?;
        let mut answer = envelope.clone();
        answer.reply_to = None;
        let properties =
            headers::transient(&answer)?.with_correlation_id(headers::short(&to.correlation)?);
        let address = headers::short(&to.address)?;
        let sending = session.replies.basic_publish(
            "".into(),
            address,
            BasicPublishOptions::default(),
            &answer.data,
            properties,
        );
        let sent = answered(sending).await?;
        sent.map(drop).map_err(|error| session.fail(&error))
    }
}
