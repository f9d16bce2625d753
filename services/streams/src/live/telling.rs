//! What others hear of a session, and what is written down of it.

use std::time::Duration;

use ai::task::Utterance;
use clock::Clock;
use events::v1::{
    AiPreferences, CallHangUp, CallSummarize, CallWords, StreamEnded, StreamOffer, StreamStarted,
    TurnTaken, VoiceParameters,
};
use events::{Envelope, Event};
use futures::future::BoxFuture;
use prost::Message;
use role::{Relay, derive_id};
use session::{EndReason, TurnTiming};
use store::{Error, Store};
use tracing::warn;

use super::converse::Memory;
use crate::db::{self, BROWSER, Ended, Ending, LOST, SessionRow};

/// Writes a session's row, and lets events leave with it.
#[derive(Clone)]
pub struct Teller {
    /// The role's data.
    pub store: Store,
    /// The role's way out.
    pub relay: Relay,
    /// For what is told at best.
    pub bus: bus::Bus,
    /// The time.
    pub clock: Clock,
    /// This process, as the rows of its sessions know it.
    pub process: String,
}

/// An event on its way.
pub type Telling = BoxFuture<'static, ()>;

/// How a session ended.
#[derive(Debug, Clone, Default)]
pub struct End {
    /// Why.
    pub reason: Option<EndReason>,
    /// Twilio's id of the stream.
    pub stream_sid: String,
    /// The interview that it held.
    pub interview_id: String,
    /// Who takes over.
    pub target: String,
    /// What they hear before they are connected; empty: nothing.
    pub whisper: String,
    /// What a conversation remembers, for the stream that follows; `None`: it is no conversation.
    pub state: Option<String>,
    /// Of a conversation: in which language it was, BCP 47.
    pub language: String,
    /// Of a conversation: who sums it up.
    pub wishes: AiPreferences,
    /// On the line.
    pub lasted: Duration,
    /// How many turns it had.
    pub turns: u64,
    /// Messages that could not be read.
    pub malformed: u64,
    /// What a conversation came to, as JSON; empty for a script.
    pub result: String,
}

impl Teller {
    /// The time as it is told.
    pub fn now(&self) -> String {
        let now = self.clock.now();
        now.to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
    }

    /// Takes an offered session. False when its path was used before.
    pub async fn claim(&self, id: &str) -> Result<bool, Error> {
        let mut tx = self.store.begin().await?;
        let taken = db::session_claim(&mut tx, id, &self.process, self.clock.now()).await?;
        tx.commit().await?;
        Ok(taken)
    }

    /// What a conversation remembers is kept, at best.
    pub async fn remember(&self, id: &str, state: &str) {
        let kept = async {
            let mut tx = self.store.begin().await?;
            db::session_remember(&mut tx, id, state).await?;
            tx.commit().await
        };
        if let Err(error) = kept.await {
            warn!(%error, "what a conversation remembers is not written down");
        }
    }

    /// Tells that the stream began, beside whoever asks for that.
    pub fn started(&self, row: &SessionRow, stream_sid: &str) -> Telling {
        let event = StreamStarted {
            session_id: row.id.clone(),
            tenant_id: row.tenant_id.clone(),
            call_sid: row.call_sid.clone(),
            account_sid: row.account_sid.clone(),
            stream_sid: stream_sid.to_owned(),
            engine: row.engine.clone(),
            app: row.named(),
            voice: voice(row),
            recording: offer(row)
                .and_then(|offer| offer.tenant)
                .and_then(|tenant| tenant.recording),
        };
        self.tell(row, "stream.started", &event)
    }

    /// Tells that a turn is over, beside whoever asks for that.
    pub fn turn(&self, row: &SessionRow, timing: &TurnTiming) -> Telling {
        let between =
            |from: Option<Duration>, to: Option<Duration>| to?.checked_sub(from?).map(milliseconds);
        let event = TurnTaken {
            session_id: row.id.clone(),
            tenant_id: row.tenant_id.clone(),
            call_sid: row.call_sid.clone(),
            turn: u32::try_from(timing.turn).unwrap_or(u32::MAX),
            hangover_ms: between(timing.speech_end, timing.utterance),
            transcription_ms: between(timing.utterance, timing.transcribed),
            decision_ms: between(timing.transcribed.or(timing.utterance), timing.decided),
            speech_ms: between(timing.decided, timing.first_byte),
            response_ms: timing.response().map(milliseconds),
            heard_ms: between(timing.first_frame, timing.heard),
            interrupted: timing.interrupted,
            account_sid: row.account_sid.clone(),
            voice: voice(row),
        };
        self.tell(row, &format!("turn.taken.{}", timing.turn), &event)
    }

    /// The session is over: its row says why, and the call is hung up where that is to be.
    pub async fn ended(&self, row: &SessionRow, end: &End) {
        for _ in 0..3 {
            match self.end(row, end).await {
                Ok(()) => return,
                Err(error) => warn!(%error, "the end of a session is not written down yet"),
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    async fn end(&self, row: &SessionRow, end: &End) -> Result<(), Error> {
        let now = self.clock.now();
        let reason = end.reason.unwrap_or(EndReason::Stopped);
        let event = StreamEnded {
            session_id: row.id.clone(),
            tenant_id: row.tenant_id.clone(),
            call_sid: row.call_sid.clone(),
            account_sid: row.account_sid.clone(),
            interview_id: end.interview_id.clone(),
            reason: reason.as_str().to_owned(),
            duration_ms: milliseconds(end.lasted),
            turns: u32::try_from(end.turns).unwrap_or(u32::MAX),
            malformed: u32::try_from(end.malformed).unwrap_or(u32::MAX),
            result: end.result.clone(),
            voice: voice(row),
        };
        let mut leaving = Vec::new();
        leaving.extend(self.summarize(row, end));
        let is_telephone = row.engine != BROWSER;
        if is_telephone {
            leaving.push(self.envelope(row, "stream.ended", &event));
        }
        if is_telephone && matches!(reason, EndReason::Goodbye | EndReason::TimeUp) {
            let hang_up = CallHangUp {
                call_sid: row.call_sid.clone(),
                tenant_id: row.tenant_id.clone(),
                account_sid: row.account_sid.clone(),
                reason: reason.as_str().to_owned(),
            };
            leaving.push(self.envelope(row, "call.hang_up", &hang_up));
        }
        let ending = Ending {
            reason: reason.as_str(),
            stream_sid: &end.stream_sid,
            interview_id: &end.interview_id,
            target: &end.target,
            whisper: &end.whisper,
            state: end.state.as_deref().unwrap_or(&row.state),
            result: &end.result,
        };
        let mut tx = self.store.begin().await?;
        match db::session_end(&mut tx, &row.id, &ending, now).await? {
            Ended::Now => {}
            // It was told when this process seemed to be gone. The call is hung up and summed up all the same.
            Ended::AfterLost => leaving.retain(|it| it.kind != StreamEnded::TYPE),
            Ended::Before => return tx.rollback().await,
        }
        self.relay.put(&mut tx, now, &leaving).await?;
        tx.commit().await?;
        self.relay.leave(leaving);
        Ok(())
    }

    /// The process that held a session is gone, and `lasted` is how long the session was held as far as anybody knows: its row ends, and
    /// that is told. False where it has ended meanwhile.
    pub async fn lost(&self, row: &SessionRow, lasted: Duration) -> Result<bool, Error> {
        let now = self.clock.now();
        let event = StreamEnded {
            session_id: row.id.clone(),
            tenant_id: row.tenant_id.clone(),
            call_sid: row.call_sid.clone(),
            account_sid: row.account_sid.clone(),
            interview_id: row.interview_id.clone(),
            reason: LOST.to_owned(),
            duration_ms: milliseconds(lasted),
            voice: voice(row),
            ..StreamEnded::default()
        };
        let ending = Ending {
            reason: LOST,
            stream_sid: &row.stream_sid,
            interview_id: &row.interview_id,
            target: &row.target,
            whisper: &row.whisper,
            state: &row.state,
            result: &row.result,
        };
        let mut leaving = Vec::new();
        if row.engine != BROWSER {
            leaving.push(self.envelope(row, "stream.ended", &event));
        }
        let mut tx = self.store.begin().await?;
        if db::session_end(&mut tx, &row.id, &ending, now).await? != Ended::Now {
            tx.rollback().await?;
            return Ok(false);
        }
        self.relay.put(&mut tx, now, &leaving).await?;
        tx.commit().await?;
        self.relay.leave(leaving);
        Ok(true)
    }

    /// A conversation in which the caller has said something is summed up.
    fn summarize(&self, row: &SessionRow, end: &End) -> Option<Envelope> {
        let memory = Memory::of(end.state.as_deref()?);
        if !memory.history.iter().any(|it| it.who == "caller") {
            return None;
        }
        let words = |it: Utterance| CallWords {
            who: it.who,
            text: it.text,
        };
        let command = CallSummarize {
            session_id: row.id.clone(),
            tenant_id: row.tenant_id.clone(),
            call_sid: row.call_sid.clone(),
            account_sid: row.account_sid.clone(),
            language: end.language.clone(),
            wishes: Some(end.wishes.clone()),
            said: memory.history.into_iter().map(words).collect(),
            voice: voice(row),
        };
        Some(self.envelope(row, "call.summarize", &command))
    }

    /// At best: what nobody hears of a turn that is over harms nobody. A call does not wait for it: the bus may take its time.
    fn tell<E: Event + 'static>(&self, row: &SessionRow, purpose: &str, event: &E) -> Telling {
        // What is no telephone call is none of the calls'.
        let envelope = (row.engine != BROWSER).then(|| self.envelope(row, purpose, event));
        let bus = self.bus.clone();
        Box::pin(async move {
            let Some(envelope) = envelope else { return };
            if let Err(error) = bus.publish(&envelope).await {
                warn!(%error, kind = E::TYPE, "an event of a session is lost");
            }
        })
    }

    fn envelope<E: Event>(&self, row: &SessionRow, purpose: &str, event: &E) -> Envelope {
        let id = derive_id(&[purpose, &row.id]);
        Envelope::at("trunkline/streams", id, self.clock.now(), event)
            .tenant(row.tenant_id.clone())
            .key(row.call_sid.clone())
    }
}

/// The call's parameters, as it was offered the stream.
fn voice(row: &SessionRow) -> Option<VoiceParameters> {
    offer(row)?.voice
}

fn offer(row: &SessionRow) -> Option<StreamOffer> {
    StreamOffer::decode(row.offer.as_slice()).ok()
}

fn milliseconds(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}
