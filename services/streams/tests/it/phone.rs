//! Twilio's side of a socket, as fast as it goes: a frame out for each step, and what comes back is played at once.

use std::collections::VecDeque;
use std::time::Duration;

use audio::mulaw;
use futures::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

use crate::test_app::{ACCOUNT, TOKEN, TestApp, signed};

const SILENCE: [u8; 160] = [0xFF; 160];
const SIGNATURE: &str = "X-Twilio-Signature";

/// How long the other side may take to close.
const FAREWELL: Duration = Duration::from_secs(20);

/// A telephone on a stream.
pub struct Phone {
    socket: WebSocketStream<MaybeTlsStream<TcpStream>>,
    playing: VecDeque<Result<Vec<u8>, String>>,
    speech: VecDeque<u8>,
    played: Vec<i16>,
    /// What was heard, line by line.
    pub heard: Vec<String>,
    /// Every frame that came, also what was dropped afterwards.
    pub received: Vec<Vec<u8>>,
    /// How often what was being said was dropped.
    pub clears: usize,
    /// Whether the other side has closed the socket, and with which code.
    pub closed: Option<u16>,
    place: u64,
    /// How far the other side may take us to be, in frames: where the machine is slow, its clock stands in for our frames.
    pace: u64,
    sent: Instant,
    /// Marks that do not come back.
    lost: usize,
}

/// The status of a handshake that fails.
pub async fn refused(app: &TestApp, path: &str, signature: Option<&str>) -> u16 {
    refused_with(app, path, signature.map(|it| (SIGNATURE, it))).await
}

/// The same with any header.
pub async fn refused_with(app: &TestApp, path: &str, header: Option<(&'static str, &str)>) -> u16 {
    match open_with(app, path, header).await {
        Err(Error::Http(response)) => response.status().as_u16(),
        Err(other) => panic!("{other}"),
        Ok(_) => 101,
    }
}

/// Opens a socket.
pub async fn open(
    app: &TestApp,
    path: &str,
    signature: Option<&str>,
) -> Result<WebSocketStream<MaybeTlsStream<TcpStream>>, Error> {
    open_with(app, path, signature.map(|it| (SIGNATURE, it))).await
}

async fn open_with(
    app: &TestApp,
    path: &str,
    header: Option<(&'static str, &str)>,
) -> Result<WebSocketStream<MaybeTlsStream<TcpStream>>, Error> {
    let url = format!("{}{path}", app.base().replacen("http", "ws", 1));
    let mut request = url.into_client_request()?;
    if let Some((name, value)) = header {
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    connect_async(request).await.map(|(socket, _)| socket)
}

impl Phone {
    /// Opens the socket and says nothing yet.
    pub async fn open(app: &TestApp, path: &str) -> Self {
        let signature = signed(path, TOKEN);
        Self::on(open(app, path, Some(&signature)).await.unwrap())
    }

    /// A page of an operator's.
    pub async fn page(app: &TestApp, path: &str, key: &str) -> Self {
        let key = Some(("X-API-Key", key));
        Self::on(open_with(app, path, key).await.unwrap())
    }

    fn on(socket: WebSocketStream<MaybeTlsStream<TcpStream>>) -> Self {
        Self {
            socket,
            playing: VecDeque::new(),
            speech: VecDeque::new(),
            played: Vec::new(),
            heard: Vec::new(),
            received: Vec::new(),
            clears: 0,
            closed: None,
            place: 0,
            pace: 0,
            sent: Instant::now(),
            lost: 0,
        }
    }

    /// Opens the socket and begins the stream.
    pub async fn call(app: &TestApp, path: &str, call_sid: &str) -> Self {
        let mut phone = Self::open(app, path).await;
        phone.start(call_sid).await;
        phone
    }

    pub async fn start(&mut self, call_sid: &str) {
        self.send(json!({"event": "connected", "protocol": "Call", "version": "1.0.0"}))
            .await;
        self.send(json!({"event": "start", "sequenceNumber": "1", "streamSid": "MZ1", "start": {
            "streamSid": "MZ1", "accountSid": ACCOUNT, "callSid": call_sid, "tracks": ["inbound"],
            "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}, "customParameters": {},
        }}))
        .await;
    }

    pub async fn send(&mut self, message: Value) {
        self.text(&message.to_string()).await;
    }

    pub async fn text(&mut self, text: &str) {
        // Whoever has closed it is noticed when reading.
        let _ = self.socket.send(Message::text(text)).await;
    }

    pub async fn binary(&mut self, bytes: &[u8]) {
        let _ = self.socket.send(Message::binary(bytes.to_vec())).await;
    }

    /// Says this from the next frame on.
    pub fn speak(&mut self, text: &str) {
        self.speech
            .extend(mulaw::encode_all(&audio::speech(text, None)));
    }

    /// The same, in so many seconds.
    pub fn speak_for(&mut self, text: &str, seconds: f64) {
        self.speech
            .extend(mulaw::encode_all(&audio::speech(text, Some(seconds))));
    }

    /// The next marks do not come back.
    pub fn lose_marks(&mut self, marks: usize) {
        self.lost = marks;
    }

    /// Twenty milliseconds pass, and the other side has taken note of them.
    async fn step(&mut self) {
        self.next_frame().await;
        self.settle().await;
        // A little real time, so that those whom the other side asks can do their part.
        tokio::time::sleep(Duration::from_millis(2)).await;
        self.play().await;
    }

    /// Sends the next frame.
    pub async fn next_frame(&mut self) {
        let mut frame = SILENCE;
        let taken = self.speech.len().min(frame.len());
        for (code, said) in frame.iter_mut().zip(self.speech.drain(..taken)) {
            *code = said;
        }
        let payload = base64(&frame);
        let media = json!({"event": "media", "streamSid": "MZ1", "media": {
            "track": "inbound", "chunk": (self.place + 1).to_string(), "timestamp": (self.place * 20).to_string(), "payload": payload,
        }});
        let late = u64::try_from(self.sent.elapsed().as_millis() / 20).unwrap();
        self.pace = self.pace.max(self.place + late);
        self.place += 1;
        self.sent = Instant::now();
        self.send(media).await;
    }

    /// Waits until the other side has taken everything that was sent, and reads what it has made of it: a pong follows all of that.
    async fn settle(&mut self) {
        let name = self.place.to_be_bytes().to_vec();
        let _ = self.socket.send(Message::Ping(name.clone().into())).await;
        let settled = async {
            while self.closed.is_none() {
                match self.socket.next().await {
                    Some(Ok(Message::Pong(it))) if it == name => return,
                    Some(Ok(message)) => self.take(message),
                    _ => {
                        self.closed.get_or_insert(0);
                    }
                }
            }
        };
        let settled = tokio::time::timeout(testkit::PATIENCE, settled).await;
        assert!(settled.is_ok(), "the other side answers no ping");
    }

    async fn play(&mut self) {
        if let Some(Ok(sound)) = self.playing.front() {
            self.played.extend(mulaw::decode_all(sound));
            self.playing.pop_front();
        }
        while let Some(Err(_)) = self.playing.front() {
            if let Some(Err(name)) = self.playing.pop_front() {
                self.listen();
                if self.lost > 0 {
                    self.lost -= 1;
                    continue;
                }
                self.send(json!({"event": "mark", "streamSid": "MZ1", "mark": {"name": name}}))
                    .await;
            }
        }
    }

    fn listen(&mut self) {
        let played = std::mem::take(&mut self.played);
        self.heard.extend(audio::heard(&played));
    }

    fn take(&mut self, message: Message) {
        match message {
            Message::Text(text) => {
                let message: Value = serde_json::from_str(&text).unwrap();
                assert_eq!(message["streamSid"], "MZ1");
                match message["event"].as_str().unwrap() {
                    "media" => {
                        let payload = message["media"]["payload"].as_str().unwrap();
                        let frame = unbase64(payload);
                        self.received.push(frame.clone());
                        self.playing.push_back(Ok(frame));
                    }
                    "mark" => {
                        let name = message["mark"]["name"].as_str().unwrap();
                        self.playing.push_back(Err(name.to_owned()));
                    }
                    "clear" => {
                        self.clears += 1;
                        self.playing.clear();
                        self.listen();
                    }
                    other => panic!("{other} is no message of ours"),
                }
            }
            Message::Close(frame) => {
                let code = frame.map_or(1005, |frame| frame.code.into());
                self.closed = Some(code);
            }
            _ => {}
        }
    }

    /// Time passes until this is so.
    pub async fn until(&mut self, what: &str, so: impl Fn(&Self) -> bool) {
        let patience = Instant::now() + testkit::PATIENCE;
        while !so(self) {
            assert!(
                Instant::now() < patience,
                "{what} did not come; heard {:?}, closed {:?}",
                self.heard,
                self.closed
            );
            self.step().await;
        }
    }

    /// Frames that have passed on the line.
    pub fn frames(&self) -> usize {
        usize::try_from(self.place).unwrap()
    }

    /// Time passes until the other side's clock is not ahead of our frames: what it has sent has been played by then, on both sides.
    pub async fn catch_up(&mut self) {
        self.until("the line has caught up", |phone| phone.pace <= phone.place)
            .await;
    }

    /// By how many frames the other side's clock may be ahead of ours.
    pub fn behind(&self) -> usize {
        usize::try_from(self.pace.saturating_sub(self.place)).unwrap()
    }

    /// So many frames are lost on the way.
    pub fn skip(&mut self, frames: u64) {
        self.place += frames;
    }

    /// Whether nothing is being said.
    pub fn is_silent(&self) -> bool {
        self.playing.is_empty() && self.played.is_empty()
    }

    /// Time passes until this was heard.
    pub async fn hears(&mut self, text: &str) {
        self.until(text, |phone| phone.heard.iter().any(|it| it.contains(text)))
            .await;
    }

    /// Time passes, in frames.
    pub async fn wait(&mut self, frames: usize) {
        for _ in 0..frames {
            self.step().await;
        }
    }

    /// Hangs up as Twilio does, which reads to the other side's close. A socket that is dropped with something unread is reset, and
    /// a reset takes with it what the server has not read yet: nothing in the server could keep that.
    pub async fn hang_up(mut self) {
        self.send(json!({"event": "stop", "streamSid": "MZ1", "stop": {"accountSid": ACCOUNT, "callSid": ""}}))
            .await;
        let _ = self.socket.close(None).await;
        let closed = async {
            while let Some(Ok(message)) = self.socket.next().await {
                if message.is_close() {
                    break;
                }
            }
        };
        let _ = tokio::time::timeout(FAREWELL, closed).await;
    }
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

fn unbase64(text: &str) -> Vec<u8> {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD
        .decode(text)
        .unwrap()
}
