//! One call: messages, words, decisions and speech go into the session; what it answers goes out.

use std::sync::Arc;
use std::time::Duration;

use actix_ws::{Message, MessageStream};
use ai::task::Spoken;
use events::v1::{AiPreferences, StreamOffer};
use flow::{Assistant, Engine};
use futures::FutureExt;
use metrics::counter;
use session::{Config, EndReason, Heard, Input, Machine};
use tokio::runtime::Handle;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::{AbortHandle, JoinHandle, JoinSet};
use tokio::time::Instant;
use tracing::{Instrument, debug, info, info_span, warn};

use super::converse::Conversation;
use super::decide::Decided;
use super::hearing::Hearing;
use super::lines::Line;
use super::listen::Ears;
use super::mind::Mind;
use super::sink::{Gone, Sink};
use super::telling::{End, Teller, Telling};
use super::voice::Voice;
use super::wire::{self, Incoming, Malformed, Start};
use super::words_wire;
use crate::db::SessionRow;
use crate::inputs::{InputJournal, Inputs};
use crate::recording::{Recorder, Recording, Track};

/// How long what has come may take to be read when the socket is gone.
const LAST_MESSAGES: Duration = Duration::from_secs(2);

/// A call on a stream, and whom it asks.
pub struct Call {
    /// Its row.
    pub row: Arc<SessionRow>,
    /// What it was offered for.
    pub offer: Arc<StreamOffer>,
    /// How the session behaves.
    pub config: Config,
    /// Writes down what happens.
    pub teller: Teller,
    /// Ears and a voice.
    pub voice: Voice,
    /// How it goes on.
    pub mind: Mind,
    /// What is recorded of it.
    pub tracks: Vec<Track>,
    /// Where.
    pub recording: Recording,
    /// Where its inputs are journaled, where the tenant wants them kept.
    pub inputs: Inputs,
    /// Its place among those that live.
    pub line: Line,
    /// Who listens in.
    pub ears: Ears,
    /// Who understands the caller along the way.
    pub hearing: Hearing,
    /// Where its work is done: the thread that carries frames carries nothing else, or they would be late.
    pub workers: Handle,
}

/// Work that is done.
pub(super) enum Done {
    Words(u64, String),
    Decided(u64, Option<Decided>),
    /// A piece of a line's sound.
    Sound(u64, Arc<[u8]>),
    /// The line is whole, or cannot be spoken.
    Spoken(u64, bool),
    Assistant(u64, Heard, Option<Box<Assistant>>),
    /// A sentence of the model's answer, while it is written.
    Sentence(u64, String),
    /// The answer is over.
    Replied(u64, Option<Spoken>),
    /// A tool, with its answer.
    Answered(u64, String, String),
    /// The model takes its time.
    Late(u64),
    /// Something that nobody waits for.
    Aside,
}

/// One call while it lives.
pub(super) struct Running {
    pub(super) call: Call,
    pub(super) session: Machine,
    pub(super) sink: Sink,
    pub(super) work: JoinSet<Done>,
    /// The last event that is on its way: nobody waits for it but the next one, and the end.
    pub(super) telling: Option<JoinHandle<()>>,
    /// What work tells before it is done, in its order.
    pub(super) tell: UnboundedSender<Done>,
    told: UnboundedReceiver<Done>,
    began: Instant,
    pub(super) end: End,
    pub(super) language: String,
    pub(super) wishes: AiPreferences,
    /// Of an assistant, once its flow is there.
    pub(super) talk: Option<Conversation>,
    /// The turn for which nothing has been said yet.
    pub(super) undecided: Option<u64>,
    /// The turn that the model is answering, and its work.
    pub(super) answering: Option<(u64, AbortHandle)>,
    /// The turn that goes on when a tool has answered.
    pub(super) awaiting_tool: Option<u64>,
    pub(super) recorder: Option<Recorder>,
    pub(super) inputs: Option<InputJournal>,
}

/// Holds the call until it is over, and cleans up after it. `started`: the stream's `start`, where it was read before.
pub async fn run(
    call: Call,
    socket: actix_ws::Session,
    mut messages: MessageStream,
    started: Option<Start>,
) {
    let span = info_span!("stream", call.sid = call.row.call_sid, session = %&call.row.id[..6]);
    let tenant = call.offer.tenant.clone().unwrap_or_default();
    let (tell, told) = unbounded_channel();
    let mut running = Running {
        session: match call.row.engine() {
            Engine::Media => Machine::media(call.config.clone()),
            Engine::Relay => Machine::relay(call.config.clone()),
        },
        sink: Sink::new(socket, call.row.engine()),
        work: JoinSet::new(),
        telling: None,
        tell,
        told,
        began: Instant::now(),
        end: End::default(),
        language: tenant.language,
        wishes: tenant.ai.unwrap_or_default(),
        talk: None,
        undecided: None,
        answering: None,
        awaiting_tool: None,
        recorder: None,
        inputs: None,
        call,
    };
    if running.call.hearing.is_on() {
        running.session.listen_along();
    }
    async {
        running.journal().await;
        if let Some(start) = started {
            running.start(start).await;
        }
        let reason = running.hold(&mut messages).await;
        running.part(reason, &mut messages).await;
    }
    .instrument(span)
    .await;
}

impl Running {
    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    pub(super) fn put(&mut self, input: Input<'_>) {
        let now = self.now();
        if let Some(inputs) = &mut self.inputs {
            inputs.input(now, &input);
        }
        self.session.handle(now, input);
        while let Some(said) = self.session.next_voice() {
            let is_wanted = self.wishes.transcribe_model.is_empty();
            self.call.hearing.hear(said, &self.language, is_wanted);
        }
    }

    async fn hold(&mut self, messages: &mut MessageStream) -> EndReason {
        loop {
            match self.drain().await {
                Ok(None) => {}
                Ok(Some(reason)) => return reason,
                Err(Gone) => return self.last_messages(messages).await,
            }
            let Some(wish) = self.session.next_wish() else {
                return EndReason::Stopped;
            };
            tokio::select! {
                message = messages.recv() => match message {
                    Some(Ok(message)) => {
                        if self.take(message).await.is_err() {
                            return self.last_messages(messages).await;
                        }
                    }
                    Some(Err(error)) => {
                        debug!(%error, "the socket broke");
                        return self.last_messages(messages).await;
                    }
                    None => self.put(Input::Stopped),
                },
                Some(done) = self.told.recv() => self.done(done),
                Some(done) = self.work.join_next(), if !self.work.is_empty() => {
                    if let Ok(done) = done {
                        self.done(done);
                    }
                }
                () = tokio::time::sleep_until(self.began + wish) => self.put(Input::Tick),
                () = self.call.line.cut.cancelled() => return EndReason::Moved,
            }
        }
    }

    /// The socket is gone. What came before that is on the line all the same: it is heard and recorded.
    async fn last_messages(&mut self, messages: &mut MessageStream) -> EndReason {
        self.sink.give_up();
        let late = Instant::now() + LAST_MESSAGES;
        let mut has_broken = false;
        while Instant::now() < late {
            match messages.recv().now_or_never() {
                Some(Some(Ok(message))) => {
                    let _ = self.take(message).await;
                    if let Ok(Some(reason)) = self.drain().await {
                        return reason;
                    }
                }
                // actix-ws tells the fault before it decodes the bytes that came before it: those come at the next look.
                Some(Some(Err(_))) if !has_broken => has_broken = true,
                _ => break,
            }
        }
        self.put(Input::Stopped);
        let last = self.drain().await;
        last.ok().flatten().unwrap_or(EndReason::Stopped)
    }

    async fn take(&mut self, message: Message) -> Result<(), Gone> {
        match message {
            Message::Text(text) => self.read(&text).await,
            Message::Ping(bytes) => self.sink.pong(&bytes).await?,
            Message::Close(_) => self.put(Input::Stopped),
            Message::Binary(_) => self.skip(Malformed::Unreadable),
            Message::Pong(_) | Message::Continuation(_) | Message::Nop => {}
        }
        Ok(())
    }

    async fn read(&mut self, text: &str) {
        let known = Some(self.sink.stream_sid.as_str()).filter(|sid| !sid.is_empty());
        let read = match self.call.row.engine() {
            Engine::Media => wire::read(text, known),
            Engine::Relay => words_wire::read(text),
        };
        match read {
            Ok(Incoming::Start(start)) => self.start(start).await,
            Ok(Incoming::Media {
                timestamp_ms,
                sound,
            }) => self.put(Input::Media {
                timestamp_ms,
                payload: &sound,
            }),
            Ok(Incoming::Digit(digit)) => self.put(Input::Digit(digit)),
            Ok(Incoming::Mark(name)) => self.put(Input::Mark(&name)),
            Ok(Incoming::Stop) => self.put(Input::Stopped),
            Ok(Incoming::Words(text)) => self.put(Input::Words(&text)),
            Ok(Incoming::Interrupted(until)) => self.put(Input::Interrupted(&until)),
            Ok(Incoming::Trouble(why)) => {
                // Its words may be the caller's: only how long they are is told, and once.
                if self.end.malformed == 0 {
                    warn!(
                        bytes = why.len(),
                        "the other side of a conversation has a complaint"
                    );
                }
                self.skip(Malformed::Unreadable);
            }
            Ok(Incoming::Connected | Incoming::Other) => {}
            Err(malformed) => self.skip(malformed),
        }
    }

    async fn start(&mut self, start: Start) {
        let row = &self.call.row;
        let is_ours = (start.call_sid.is_empty() || start.call_sid == row.call_sid)
            && (start.account_sid.is_empty() || start.account_sid == row.account_sid);
        if !is_ours || !wire::is_plain(&start.stream_sid) || !self.sink.stream_sid.is_empty() {
            return self.skip(Malformed::Foreign);
        }
        self.end.stream_sid.clone_from(&start.stream_sid);
        self.sink.stream_sid = start.stream_sid;
        self.record().await;
        self.put(Input::Started);
        let teller = &self.call.teller;
        let started = teller.started(&self.call.row, &self.sink.stream_sid);
        self.tell_of(started);
    }

    /// Does something beside the call, on another thread.
    pub(super) fn work_on(
        &mut self,
        work: impl Future<Output = Done> + Send + 'static,
    ) -> AbortHandle {
        self.work.spawn_on(work, &self.call.workers)
    }

    /// Tells something beside the call, when what came before has been told.
    pub(super) fn tell_of(&mut self, telling: Telling) {
        let before = self.telling.take();
        self.telling = Some(self.call.workers.spawn(async move {
            if let Some(before) = before {
                let _ = before.await;
            }
            telling.await;
        }));
    }

    fn skip(&mut self, why: Malformed) {
        self.end.malformed += 1;
        counter!("streams_malformed_total").increment(1);
        if self.end.malformed == 1 {
            info!(%why, "a message of the stream is skipped; further ones are only counted");
        }
    }
}
