//! The socket: opened and signed as Twilio does it, fed in the emulator's time.

use std::collections::VecDeque;
use std::time::Duration;

use audio::mulaw;
use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt, StreamExt};
use serde_json::{Map, Value};
use tokio::net::TcpStream;
use tokio::sync::mpsc::UnboundedReceiver;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::{Error as WsError, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use url::Url;
use webhook::signature::{Token, sign_url};

use super::message::{Said, Writer, read};
use super::playback::{FRAME, Playback, Played};
use super::trouble::{self, Trouble, dropped};
use crate::leg_context::LegContext;
use crate::leg_control::{Earful, Input, Interrupt};
use crate::recording::tape_from;
use crate::state::Side;
use crate::time::seconds;
use crate::wire::Failure;

/// How long Twilio tries to connect.
const CONNECT: Duration = Duration::from_secs(5);
/// How long a far side may take to read what it is sent.
pub(super) const WRITE: Duration = Duration::from_secs(5);

/// See [`pause`].
const PAUSE_REAL_S: f64 = 0.5;

pub(super) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// How a stream ended.
#[derive(Debug)]
pub(crate) enum Ended {
    /// The application closed it.
    Closed,
    /// It broke, or was told to.
    Broken(Failure),
    /// The leg goes elsewhere.
    Interrupted(Interrupt),
}

/// One stream of one leg.
pub(crate) struct Stream {
    context: LegContext,
    out: SplitSink<Socket, Message>,
    incoming: Option<SplitStream<Socket>>,
    writer: Writer,
    playback: Playback,
    /// What the caller says, in mu-law.
    speech: VecDeque<u8>,
    trouble: Trouble,
    audible: bool,
    warned: bool,
}

impl Stream {
    /// Opens the socket and begins.
    pub(crate) async fn open(
        context: &LegContext,
        url: &str,
        sid: String,
        parameters: Map<String, Value>,
    ) -> Result<Self, Failure> {
        let (out, incoming) = connect(context, url).await?.split();
        let account = &context.shared.account;
        let fault = trouble::fault(context);
        let mut stream = Self {
            writer: Writer::new(sid, context.sid.clone(), account.sid.clone()),
            context: context.clone(),
            out,
            incoming: Some(incoming),
            playback: Playback::new(pause(context)),
            speech: VecDeque::new(),
            trouble: Trouble::new(fault, context.shared.seed),
            audible: false,
            warned: false,
        };
        let (connected, start) = (stream.writer.connected(), stream.writer.start(parameters));
        stream.send(connected).await?;
        stream.send(start).await?;
        Ok(stream)
    }

    /// Runs until one of its two sides ends it.
    pub(crate) async fn run(mut self, inputs: &mut UnboundedReceiver<Input>) -> Ended {
        let time = self.context.shared.time.clone();
        let began = time.now();
        let mut place = 0u64;
        let Some(mut incoming) = self.incoming.take() else {
            return Ended::Closed;
        };
        let ended = loop {
            let elapsed = (time.now() - began).as_seconds_f64();
            let due = (elapsed * 50.0) as u64;
            if place <= due {
                match self.frame(place).await {
                    Ok(()) => place += 1,
                    Err(failure) => break Ended::Broken(failure),
                }
                // Frames that are due at once do not keep the others from being heard.
                tokio::task::yield_now().await;
            }
            let wait = seconds((place as f64 / 50.0 - elapsed).max(0.0));
            let control = self.context.control.clone();
            tokio::select! {
                biased;
                why = control.interrupted() => break Ended::Interrupted(why),
                Some(input) = inputs.recv() => {
                    if let Err(failure) = self.input(input).await {
                        break Ended::Broken(failure);
                    }
                }
                message = incoming.next() => match message {
                    Some(Ok(Message::Text(text))) => {
                        if let Err(failure) = self.take(&text).await {
                            break Ended::Broken(failure);
                        }
                    }
                    Some(Ok(Message::Binary(_))) => self.warn(31950, "a binary message"),
                    Some(Ok(Message::Close(_))) | None => break Ended::Closed,
                    Some(Ok(_)) => {}
                    Some(Err(e)) => break Ended::Broken(Failure::new(31921, format!("the socket broke: {e}"))),
                },
                () = time.sleep(wait) => {}
            }
        };
        self.close(&ended).await;
        ended
    }

    /// One frame both ways.
    async fn frame(&mut self, place: u64) -> Result<(), Failure> {
        if self.trouble.drops(place) {
            return Err(dropped());
        }
        let mut sound = [mulaw::SILENCE; FRAME];
        let taken = FRAME.min(self.speech.len());
        for (code, said) in sound.iter_mut().zip(self.speech.drain(..taken)) {
            *code = said;
        }
        let message = self.writer.media(place, &sound);
        for message in self.trouble.pass(place, message) {
            self.send(message).await?;
        }
        let mut played = self.playback.step();
        if played.audible && self.context.control.is_listened_to() {
            let sound = std::mem::take(&mut played.sound);
            self.context.control.put(Earful::Sound(sound));
        }
        self.hear(played).await
    }

    async fn input(&mut self, input: Input) -> Result<(), Failure> {
        match input {
            Input::Digit(digit) => {
                let message = self.writer.dtmf(digit);
                self.send(message).await
            }
            Input::Speech(said) if !said.live => {
                self.speech.extend(mulaw::encode_all(&said.samples()));
                Ok(())
            }
            Input::Sound(sound) => {
                self.speech.extend(mulaw::encode_all(&sound));
                Ok(())
            }
            Input::Speech(_) | Input::Begins | Input::Quiet | Input::Pause(_) => Ok(()),
        }
    }

    async fn take(&mut self, text: &str) -> Result<(), Failure> {
        match read(text, &self.writer.stream_sid) {
            Ok(Said::Media(sound)) => self.playback.sound(&sound),
            Ok(Said::Mark(name)) => self.playback.mark(name),
            Ok(Said::Clear) => {
                self.context.moment("stream", "clear");
                self.context.control.put(Earful::Clear);
                let played = self.playback.clear();
                return self.hear(played).await;
            }
            Err(why) => self.warn(31951, &why),
        }
        Ok(())
    }

    async fn hear(&mut self, played: Played) -> Result<(), Failure> {
        if played.audible && !self.audible {
            self.audible = true;
            self.context.begins("stream", "");
        }
        let is_told = !played.heard.is_empty();
        let mut drops = false;
        for sound in played.heard {
            let words = audio::heard(&sound).unwrap_or_default();
            if words.is_empty() {
                self.context.listen("stream", "", &sound);
            }
            let lasted = chrono::Duration::microseconds(sound.len() as i64 * 125);
            let from = self.context.shared.time.now() - lasted;
            tape_from(
                &self.context.shared,
                &self.context.sid,
                Side::Outbound,
                from,
                || sound,
            );
            self.context.heard("stream", &words);
            drops |= self.trouble.drops_after(&words);
        }
        if is_told {
            self.audible = false;
        }
        if drops {
            return Err(dropped());
        }
        for mark in played.marks {
            let message = self.writer.mark(&mark);
            self.send(message).await?;
        }
        Ok(())
    }

    /// Twilio warns once.
    fn warn(&mut self, code: u32, words: &str) {
        if !std::mem::replace(&mut self.warned, true) {
            self.context.note("stream", &Failure::new(code, words));
        }
    }

    async fn send(&mut self, text: String) -> Result<(), Failure> {
        let broken = |why: String| Failure::new(31921, why);
        match tokio::time::timeout(WRITE, self.out.send(Message::text(text))).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(e)) => Err(broken(format!("the socket broke: {e}"))),
            Err(_) => Err(broken("the application does not read".to_owned())),
        }
    }

    async fn close(mut self, ended: &Ended) {
        let rest = self.playback.clear();
        for sound in rest.heard {
            let words = audio::heard(&sound).unwrap_or_default();
            self.context.heard("stream", &words);
        }
        if matches!(ended, Ended::Broken(_)) {
            // Dropped without a word.
            return;
        }
        let stop = self.writer.stop();
        // Whoever has closed it does not read this any more.
        let _ = self.send(stop).await;
        let _ = tokio::time::timeout(WRITE, self.out.close()).await;
    }
}

/// Opens a socket as Twilio does, signed with the account's token.
pub(super) async fn connect(context: &LegContext, url: &str) -> Result<Socket, Failure> {
    let url = checked(context, url)?;
    let signature = Token::new(&context.shared.account.token)
        .map(|token| sign_url(&token, url.as_str()))
        .unwrap_or_default();
    let invalid = |e: &dyn std::fmt::Display| {
        Failure::new(31923, format!("the stream's url cannot be used: {e}"))
    };
    let mut request = url
        .as_str()
        .into_client_request()
        .map_err(|e| invalid(&e))?;
    let signature = HeaderValue::from_str(&signature).map_err(|e| invalid(&e))?;
    request
        .headers_mut()
        .insert("X-Twilio-Signature", signature);
    match tokio::time::timeout(CONNECT, connect_async(request)).await {
        Ok(Ok((socket, _))) => Ok(socket),
        Ok(Err(WsError::Http(response))) => {
            let words = format!("the handshake was answered with {}", response.status());
            Err(Failure::new(31920, words))
        }
        Ok(Err(WsError::Tls(e))) => Err(Failure::new(31910, format!("tls: {e}"))),
        Ok(Err(e)) => Err(Failure::new(
            31902,
            format!("the socket cannot be opened: {e}"),
        )),
        Err(_) => Err(Failure::new(31901, "the socket was not opened in time")),
    }
}

/// How many frames of silence end what is being said: a second, but really at least so long that a slow machine's application can
/// go on.
fn pause(context: &LegContext) -> u32 {
    let frame = context.shared.time.real(seconds(0.02)).as_secs_f64();
    (PAUSE_REAL_S / frame).max(50.0) as u32
}

/// The address of a stream: a socket's, without its query, which Twilio drops.
fn checked(context: &LegContext, url: &str) -> Result<Url, Failure> {
    let mut url = Url::parse(url)
        .map_err(|e| Failure::new(31923, format!("the stream's url cannot be read: {e}")))?;
    let is_local = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    match url.scheme() {
        "wss" => {}
        // Twilio takes wss alone; on this machine there is no certificate to be had.
        "ws" if is_local => {}
        other => {
            let words = format!("a stream's url is wss://, not {other}://");
            return Err(Failure::new(31922, words));
        }
    }
    if url.query().is_some() {
        let words = "the query of a stream's url is dropped: use <Parameter>, or the path";
        context.note("stream", &Failure::new(31923, words));
        url.set_query(None);
    }
    url.set_fragment(None);
    Ok(url)
}
