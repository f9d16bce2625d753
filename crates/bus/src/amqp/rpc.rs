//! Questions and replies, by RabbitMQ's direct reply-to: no reply queue, nothing declared, nothing stored.

use std::pin::pin;
use std::time::Duration;

use events::{Envelope, ReplyTo};
use futures::FutureExt;
use lapin::BasicProperties;
use lapin::options::BasicPublishOptions;
use lapin::types::ShortString;

use super::connection::{DIRECT_REPLY_TO, Session};
use super::headers;
use super::publish::{Message, UNHEARD, unavailable};
use super::shared::{Amqp, Core, PATIENCE};
use crate::Error;

impl Amqp {
    pub(super) async fn ask(
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
        let message = Message {
            exchange: &core.names.events,
            key: headers::short(&envelope.kind)?,
            properties: headers::persistent(&envelope)?,
            body: &envelope.data,
            // Whoever asks wants an answer.
            mandatory: true,
        };
        let route = message.route();
        // Whoever waits no longer than that wants to know whether it was accepted.
        let unheard = match timeout > UNHEARD * 2 {
            true => UNHEARD,
            false => Duration::ZERO,
        };
        let mut stored = pin!(session.questions.publish_unheard(message, unheard));
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
            if reply.is_ok() {
                session.questions.learn(route);
            }
            core.shows.show(&envelope);
        }
        reply
    }

    pub(super) async fn answer(&self, to: &ReplyTo, envelope: &Envelope) -> Result<(), Error> {
        let session = self.core.session(PATIENCE).await?;
        let mut answer = envelope.clone();
        answer.reply_to = None;
        let properties =
            headers::transient(&answer)?.with_correlation_id(headers::short(&to.correlation)?);
        let address = headers::short(&to.address)?;
        let sent = self
            .core
            .send_reply(&session, address, &answer.data, properties);
        sent.await?.map_err(|error| session.fail(&error))
    }
}

impl Core {
    /// Hands a reply to lapin, which writes it soon. It is not waited for until it is written: that would say nothing of
    /// whether it arrives, and wake the task once more for each reply. A bus that closes waits, or the end of its
    /// connection might overtake it.
    pub(super) async fn send_reply(
        &self,
        session: &Session,
        address: ShortString,
        body: &[u8],
        properties: BasicProperties,
    ) -> Result<lapin::Result<()>, Error> {
        let options = BasicPublishOptions::default();
        let sending = session
            .replies
            .basic_publish("".into(), address, options, body, properties);
        if self.closing.is_cancelled() {
            return Ok(session.answered(sending).await?.map(drop));
        }
        // What cannot be sent is known at once.
        Ok(sending.now_or_never().map_or(Ok(()), |sent| sent.map(drop)))
    }
}
