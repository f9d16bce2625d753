//! A caller on a stream: a frame every 20 ms, marks when what was sent has been played, words when the bot has asked.

use std::collections::VecDeque;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use audio::mulaw;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tokio::time::sleep_until;

use super::frames::{FRAME, SAMPLES};
use super::socket::{Message, Socket};
use super::tally::{Barge, Tally, lateness};
use crate::load::Connection;
use crate::twilio::{ACCOUNT_SID, Requests, call_sid, handshake};

/// So many frames may lie at the other side unplayed: they come at once.
const LEAD: usize = 15;
/// A caller thinks before speaking.
const THINKS: Duration = Duration::from_millis(400);
/// One who interrupts has heard so many frames of a line before.
const HEARD_BEFORE: usize = 60;
/// What is said, and how many seconds it takes.
const ANSWER: (&str, f64) = ("yes I am", 0.8);
const INTERRUPTION: (&str, f64) = ("yes I am, and I wanted to ask you something", 1.4);

/// What a caller does.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Manner {
    /// Waits until the bot has spoken, and answers.
    Polite,
    /// Speaks into what the bot says.
    Interrupting,
    /// The other side is an echo: speaks all the time, and hears it.
    Echoed,
}

/// A caller.
pub struct Line {
    socket: Socket,
    manner: Manner,
    sid: String,
    sounds: Rc<Sounds>,
    tally: Rc<Tally>,
    /// Frames that have been sent, and those of the speech that goes on.
    sent: u64,
    speaking: Option<usize>,
    spoke_at: Instant,
    interrupts: bool,
    /// When frames of this line came, since it began.
    came: Vec<Duration>,
    began: Instant,
    /// When everything that came will have been played.
    played: Instant,
    marks: VecDeque<(String, Instant)>,
    /// Marks of what was dropped: they come back, and nothing was heard.
    dropped: usize,
    asked: bool,
    over: bool,
}

/// Frames in base64, made once for all.
pub struct Sounds {
    silence: String,
    answer: Vec<String>,
    interruption: Vec<String>,
}

impl Sounds {
    /// Makes them.
    pub fn new() -> Self {
        let spoken = |(words, seconds): (&str, f64)| {
            let sound = mulaw::encode_all(&audio::speech(words, Some(seconds)));
            let frames = sound.chunks_exact(SAMPLES);
            frames.map(|frame| STANDARD.encode(frame)).collect()
        };
        Self {
            silence: STANDARD.encode([mulaw::SILENCE; SAMPLES]),
            answer: spoken(ANSWER),
            interruption: spoken(INTERRUPTION),
        }
    }
}

/// Where calls are made.
pub struct Place {
    /// The platform's port.
    pub port: u16,
    /// Of its requests.
    pub requests: Requests,
    /// What is sent.
    pub sounds: Rc<Sounds>,
    /// Where it is counted.
    pub tally: Rc<Tally>,
}

impl Place {
    /// Call `n` of a series comes in, and its stream begins.
    pub async fn call(&self, series: u32, n: u64, manner: Manner) -> Result<Line> {
        let mut webhook = Connection::open(&self.requests).await?;
        webhook.ask(&self.requests.bytes(series, n)).await?;
        let document = webhook.answered();
        let base = format!("ws://127.0.0.1:{}", self.port);
        let path = document
            .split_once(base.as_str())
            .and_then(|(_, rest)| rest.split_once('"'))
            .with_context(|| format!("no stream of ours is offered: {document}"))?
            .0;
        let signature = handshake(self.port, path);
        let socket = Socket::open(self.port, path, &signature).await?;
        let mut line = self.line(socket, series, n, manner);
        let connected = json!({"event": "connected", "protocol": "Call", "version": "1.0.0"});
        line.say(&connected)?;
        let sid = line.sid.clone();
        line.say(&json!({
            "event": "start", "sequenceNumber": "1", "streamSid": sid,
            "start": {
                "streamSid": sid, "accountSid": ACCOUNT_SID, "callSid": call_sid(series, n), "tracks": ["inbound"],
                "mediaFormat": {"encoding": "audio/x-mulaw", "sampleRate": 8000, "channels": 1}, "customParameters": {},
            },
        }))?;
        Ok(line)
    }

    /// A socket of the echo.
    pub async fn echo(&self, n: u64) -> Result<Line> {
        let socket = Socket::open(self.port, "/echo", "").await?;
        Ok(self.line(socket, 0, n, Manner::Echoed))
    }

    fn line(&self, socket: Socket, series: u32, n: u64, manner: Manner) -> Line {
        let now = Instant::now();
        Line {
            socket,
            manner,
            sid: format!("MZ{series:08x}{n:024x}"),
            sounds: Rc::clone(&self.sounds),
            tally: Rc::clone(&self.tally),
            sent: 0,
            speaking: None,
            spoke_at: now,
            interrupts: false,
            came: Vec::new(),
            began: now,
            played: now,
            marks: VecDeque::new(),
            dropped: 0,
            asked: false,
            over: false,
        }
    }
}

impl Line {
    /// Goes on until the other side ends it, or for ever.
    pub async fn hold(mut self) {
        if self.go_on().await.is_err() || self.over {
            self.tally.broke();
        }
    }

    async fn go_on(&mut self) -> Result<()> {
        let mut due = Instant::now();
        let tick = sleep_until(due.into());
        tokio::pin!(tick);
        while !self.over {
            tokio::select! {
                biased;
                ready = self.socket.readable() => {
                    ready?;
                    self.read()?;
                }
                () = &mut tick => {
                    self.tick(due)?;
                    due += FRAME;
                    tick.as_mut().reset(due.into());
                }
            }
        }
        Ok(())
    }

    fn say(&mut self, message: &Value) -> Result<()> {
        self.socket.send(message.to_string().as_bytes())
    }

    /// Twenty milliseconds have passed.
    fn tick(&mut self, due: Instant) -> Result<()> {
        let now = Instant::now();
        // The timer's own grain is not the load's.
        self.tally
            .own((now - due).saturating_sub(Duration::from_millis(1)));
        while let Some((name, _)) = self.marks.front().filter(|(_, played)| *played <= now) {
            let mark = json!({"event": "mark", "streamSid": self.sid, "mark": {"name": name}});
            self.say(&mark)?;
            self.marks.pop_front();
            match self.dropped {
                0 => self.asked = true,
                _ => self.dropped -= 1,
            }
        }
        self.consider(now);
        let place = self.sent;
        let text = format!(
            r#"{{"event":"media","sequenceNumber":"{}","media":{{"track":"inbound","chunk":"{}","timestamp":"{}","payload":"{}"}},"streamSid":"{}"}}"#,
            place + 2,
            place + 1,
            place * 20,
            self.frame(),
            self.sid
        );
        if self.speaking == Some(0) {
            self.spoke_at = now;
        }
        self.socket.send(text.as_bytes())?;
        self.sent += 1;
        let length = self.words().len();
        self.speaking = self.speaking.map(|at| at + 1).filter(|at| *at < length);
        Ok(())
    }

    /// Whether it is time to speak.
    fn consider(&mut self, now: Instant) {
        let may_interrupt = self.manner == Manner::Interrupting && !self.interrupts;
        if self.speaking.is_some() || self.manner == Manner::Echoed {
            return;
        }
        if may_interrupt && self.came.len() >= HEARD_BEFORE && self.played > now + FRAME {
            (self.interrupts, self.speaking) = (true, Some(0));
        } else if self.asked && self.marks.is_empty() && now >= self.played + THINKS {
            (self.asked, self.speaking) = (false, Some(0));
        }
    }

    fn words(&self) -> &[String] {
        match self.interrupts {
            true => &self.sounds.interruption,
            false => &self.sounds.answer,
        }
    }

    fn frame(&self) -> &str {
        let words = self.words();
        match (self.manner, self.speaking) {
            (Manner::Echoed, _) => &words[usize::try_from(self.sent).unwrap_or(0) % words.len()],
            (_, Some(at)) => &words[at],
            (_, None) => &self.sounds.silence,
        }
    }

    fn read(&mut self) -> Result<()> {
        let now = Instant::now();
        let mut texts = Vec::new();
        let mut over = false;
        self.socket.read(|message| match message {
            // Only frames are many: the rest is read as JSON.
            Message::Text(text) if text.starts_with(br#"{"event":"media""#) => texts.push(None),
            Message::Text(text) => texts.push(serde_json::from_slice::<Value>(text).ok()),
            Message::Close => over = true,
            Message::Other => {}
        })?;
        self.over |= over;
        for text in texts {
            match text {
                None => self.came(now),
                Some(message) => self.told(&message, now),
            }
        }
        Ok(())
    }

    fn came(&mut self, now: Instant) {
        self.tally.frame();
        if self.manner == Manner::Echoed {
            self.came.push(now - self.began);
            if self.came.len() >= 100 {
                self.count();
            }
            return;
        }
        if self.came.is_empty() {
            self.began = now;
        }
        self.came.push(now - self.began);
        self.played = self.played.max(now) + FRAME;
    }

    fn told(&mut self, message: &Value, now: Instant) {
        match message["event"].as_str() {
            Some("mark") => {
                let name = message["mark"]["name"].as_str().unwrap_or_default();
                self.marks.push_back((name.to_owned(), self.played));
                self.count();
            }
            Some("clear") => {
                if let Some(frames) = self.speaking.filter(|_| self.interrupts) {
                    let after = now - self.spoke_at;
                    self.tally.cleared(Barge { frames, after });
                }
                self.came.clear();
                self.played = now;
                self.dropped = self.marks.len();
                self.marks.iter_mut().for_each(|mark| mark.1 = now);
            }
            _ => {}
        }
    }

    /// A line has come whole.
    fn count(&mut self) {
        let lead = match self.manner {
            Manner::Echoed => 0,
            _ => LEAD,
        };
        self.tally.late(lateness(&self.came, lead));
        self.came.clear();
        self.interrupts = false;
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        self.socket.close();
    }
}
