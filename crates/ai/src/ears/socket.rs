//! The socket: opened once, kept alive while nobody speaks, given up when it breaks.

use std::time::Duration;

use futures::{SinkExt, StreamExt};
use metrics::{counter, histogram};
use reqwest::Upgraded;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message as Frame;
use tokio_tungstenite::tungstenite::protocol::Role;
use tracing::{debug, warn};

use super::ledger::{Ledger, Message};
use super::orders::{LAST_WORDS, Order, Reply, Shared, broken, late};
use crate::attempt::AttemptError;
use crate::breaker::Breaker;
use crate::plain;
use crate::provider::{Client, Measure};
use crate::{Answer, Prices, Provider, Usage};

/// The server closes a socket on which nothing came for ten seconds.
const KEEP_ALIVE: Duration = Duration::from_secs(4);
/// So long the server may take to read what it is sent.
const WRITE: Duration = Duration::from_secs(2);
/// Everything that has come is to be understood now.
const FINALIZE: &str = r#"{"type":"Finalize"}"#;
/// Bytes of a second of sound.
const SECOND: f64 = 8_000.0;

/// Whom a socket is opened to, and on which terms.
pub(super) struct Place<'a> {
    /// Whose address and key it is.
    pub client: &'a dyn Client,
    pub model: &'a str,
    pub breaker: &'a Breaker,
    pub prices: &'a Prices,
    pub connect: Duration,
    pub language: &'a str,
}

type Socket = WebSocketStream<Upgraded>;

/// Why a socket is over, in a few fixed words.
type Why = &'static str;

/// Holds a socket until nobody needs it any more, or it breaks.
pub(super) async fn hold(place: &Place<'_>, orders: UnboundedReceiver<Order>, shared: &Shared) {
    let Ok(permit) = place.breaker.admit() else {
        debug!("ears are not opened: the provider has failed too often");
        return;
    };
    let began = Instant::now();
    let socket = match open(place).await {
        Ok(socket) => {
            permit.alive();
            socket
        }
        Err(why) => {
            permit.failed();
            counted("failed", began);
            warn!(
                why,
                "ears cannot be opened; what callers say is transcribed when they have said it"
            );
            return;
        }
    };
    let mut listening = Listening {
        place,
        socket,
        shared,
        ledger: Ledger::default(),
        sent: 0,
        current: None,
        before: 0,
        awaited: None,
        last_sent: Instant::now(),
    };
    if let Err(why) = listening.run(orders).await {
        if let Ok(permit) = place.breaker.admit() {
            permit.failed();
        }
        warn!(
            why,
            "ears broke; what callers say is transcribed when they have said it"
        );
        if let Some(awaited) = listening.awaited.take() {
            counted("failed", awaited.since);
            let _ = awaited.reply.send(Err(broken(why)));
        }
    }
}

fn counted(outcome: &'static str, since: Instant) {
    counter!("ai_attempts_total", "provider" => "deepgram", "task" => "listen", "outcome" => outcome)
        .increment(1);
    histogram!("ai_attempt_seconds", "provider" => "deepgram", "task" => "listen", "outcome" => outcome)
        .record(since.elapsed().as_secs_f64());
}

async fn open(place: &Place<'_>) -> Result<Socket, Why> {
    let opening = async {
        let upgraded = place.client.listen(place.language).await?;
        let socket = Socket::from_raw_socket(upgraded, Role::Client, None).await;
        Ok::<Socket, AttemptError>(socket)
    };
    match timeout(place.connect, opening).await {
        Ok(Ok(socket)) => Ok(socket),
        Ok(Err(AttemptError::Refused(_))) => Err("the handshake was refused"),
        Ok(Err(_)) => Err("no connection"),
        Err(_) => Err("no connection in time"),
    }
}

/// An utterance whose last words are waited for.
struct Awaited {
    reply: Reply,
    /// Its bytes.
    from: u64,
    to: u64,
    since: Instant,
}

/// An open socket.
struct Listening<'a> {
    place: &'a Place<'a>,
    socket: Socket,
    shared: &'a Shared,
    ledger: Ledger,
    /// Bytes that went out.
    sent: u64,
    /// Where the utterance begins that goes on.
    current: Option<u64>,
    /// Where the one before began.
    before: u64,
    awaited: Option<Awaited>,
    last_sent: Instant,
}

impl Listening<'_> {
    async fn run(&mut self, mut orders: UnboundedReceiver<Order>) -> Result<(), Why> {
        loop {
            let patience = self.awaited.as_ref().map(|it| it.since + LAST_WORDS);
            let wake = self.last_sent + KEEP_ALIVE;
            let wake = patience.map_or(wake, |it| it.min(wake));
            tokio::select! {
                order = orders.recv() => match order {
                    Some(order) => self.take(order).await?,
                    None => {
                        self.tell(r#"{"type":"CloseStream"}"#).await?;
                        let _ = timeout(WRITE, self.socket.close(None)).await;
                        return Ok(());
                    }
                },
                message = self.socket.next() => match message {
                    Some(Ok(Frame::Text(text))) => self.hear(&text)?,
                    Some(Ok(Frame::Close(_))) | None => return Err("the server closed the socket"),
                    Some(Ok(_)) => {}
                    Some(Err(_)) => return Err("the socket broke off"),
                },
                () = sleep_until(wake) => {
                    if patience.is_some_and(|it| it <= Instant::now()) {
                        self.answer_late();
                    }
                    if self.last_sent.elapsed() >= KEEP_ALIVE {
                        self.tell(r#"{"type":"KeepAlive"}"#).await?;
                    }
                }
            }
        }
    }

    async fn take(&mut self, order: Order) -> Result<(), Why> {
        match order {
            Order::Sound(sound) => {
                self.current.get_or_insert(self.sent);
                self.sent += sound.len() as u64;
                self.send(Frame::Binary(sound.into())).await
            }
            Order::Forget => {
                let was_said = self.current.is_some();
                self.end(false);
                match was_said {
                    // What follows is not to be taken for its end.
                    true => self.tell(FINALIZE).await,
                    false => Ok(()),
                }
            }
            Order::Finish { joins, reply } => {
                let from = self.end(joins);
                if let Some(superseded) = self.awaited.take() {
                    // Nobody waits for it alone any more.
                    let _ =
                        superseded
                            .reply
                            .send(Ok(self.answer(String::new(), 0, superseded.since)));
                }
                self.awaited = Some(Awaited {
                    reply,
                    from,
                    to: self.sent,
                    since: Instant::now(),
                });
                if self.ledger.is_final_to(self.sent) {
                    self.answer_now();
                    return Ok(());
                }
                self.tell(FINALIZE).await
            }
        }
    }

    /// The utterance is over; says where it began.
    fn end(&mut self, joins: bool) -> u64 {
        let own = self.current.take().unwrap_or(self.sent);
        let from = if joins { self.before } else { own };
        self.ledger.forget_before(from);
        self.before = from;
        self.shared.understand(String::new());
        from
    }

    fn hear(&mut self, text: &str) -> Result<(), Why> {
        let Ok(message) = serde_json::from_str::<Message>(text) else {
            return Err("the server says what cannot be read");
        };
        match message.kind.as_str() {
            "Results" => self.ledger.take(&message),
            "Error" => return Err("the server reports an error"),
            _ => return Ok(()),
        }
        if let Some(from) = self.current {
            self.shared
                .understand(plain::text(self.ledger.so_far(from)));
        }
        let is_whole = |it: &Awaited| {
            let is_told = message.from_finalize && self.ledger.is_about_final_to(it.to);
            is_told || self.ledger.is_final_to(it.to)
        };
        if self.awaited.as_ref().is_some_and(is_whole) {
            self.answer_now();
        }
        Ok(())
    }

    /// The words are there.
    fn answer_now(&mut self) {
        let Some(awaited) = self.awaited.take() else {
            return;
        };
        let text = plain::text(self.ledger.so_far(awaited.from));
        counted("ok", awaited.since);
        let answer = self.answer(text, awaited.to.saturating_sub(awaited.from), awaited.since);
        if let Some(cost) = answer.usage.cost_micro_usd {
            counter!("ai_cost_micro_usd_total", "provider" => "deepgram", "task" => "listen")
                .increment(cost);
        }
        let _ = awaited.reply.send(Ok(answer));
    }

    /// Nothing final has come in time. Words that may still change are better than none, where they are of everything that was said.
    fn answer_late(&mut self) {
        let reaches = |it: &Awaited| self.ledger.reaches_to(it.to);
        if self.awaited.as_ref().is_some_and(reaches) {
            return self.answer_now();
        }
        if let Some(awaited) = self.awaited.take() {
            counted("late", awaited.since);
            let _ = awaited.reply.send(Err(late()));
        }
    }

    fn answer(&self, value: String, bytes: u64, since: Instant) -> Answer<String> {
        let measure = Measure {
            seconds: Some(bytes as f64 / SECOND),
            ..Measure::default()
        };
        let model = self.place.model.to_owned();
        Answer {
            value,
            usage: Usage {
                provider: Provider::Deepgram,
                cost_micro_usd: self.place.prices.of(&model, &measure),
                model,
                simulated: false,
                latency: since.elapsed(),
                attempts: 1,
                prompt_tokens: None,
                completion_tokens: None,
            },
        }
    }

    async fn tell(&mut self, text: &'static str) -> Result<(), Why> {
        self.send(Frame::text(text)).await
    }

    async fn send(&mut self, frame: Frame) -> Result<(), Why> {
        self.last_sent = Instant::now();
        match timeout(WRITE, self.socket.send(frame)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) => Err("the socket broke off"),
            Err(_) => Err("the server does not read"),
        }
    }
}
