//! The way out of a socket. A far side that does not read holds nobody up for long.

use std::time::Duration;

use flow::Engine;
use session::Frame;

use super::{wire, words_wire};

/// So long a message may wait for the far side to read.
const PATIENCE: Duration = Duration::from_secs(5);

/// The far side is gone, or does not read.
#[derive(Debug, Clone, Copy)]
pub struct Gone;

/// Writes messages to one socket.
pub struct Sink {
    socket: actix_ws::Session,
    engine: Engine,
    /// Empty before the start.
    pub stream_sid: String,
    /// Nothing is sent any more: the far side is gone.
    is_gone: bool,
}

impl Sink {
    /// Nothing has been sent yet.
    pub fn new(socket: actix_ws::Session, engine: Engine) -> Self {
        Self {
            socket,
            engine,
            stream_sid: String::new(),
            is_gone: false,
        }
    }

    /// A frame to be played.
    pub async fn frame(&mut self, frame: &Frame) -> Result<(), Gone> {
        let text = wire::frame(&self.stream_sid, frame);
        self.text(text).await
    }

    /// A mark.
    pub async fn mark(&mut self, name: &str) -> Result<(), Gone> {
        let text = wire::mark(&self.stream_sid, name);
        self.text(text).await
    }

    /// Drop what has not been played.
    pub async fn clear(&mut self) -> Result<(), Gone> {
        let text = wire::clear(&self.stream_sid);
        self.text(text).await
    }

    /// Words, where the other side speaks.
    pub async fn say(&mut self, text: &str, last: bool, interruptible: bool) -> Result<(), Gone> {
        self.text(words_wire::text(text, last, interruptible)).await
    }

    /// The answer to a ping.
    pub async fn pong(&mut self, bytes: &[u8]) -> Result<(), Gone> {
        if self.is_gone {
            return Ok(());
        }
        match tokio::time::timeout(PATIENCE, self.socket.pong(bytes)).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(Gone),
        }
    }

    /// The far side is gone: from now on nothing is sent, and nobody is told so again.
    pub fn give_up(&mut self) {
        self.is_gone = true;
    }

    /// Closes the socket.
    pub async fn close(mut self, reason: actix_ws::CloseCode) {
        if self.engine == Engine::Relay && !self.is_gone {
            let _ = self.text(words_wire::end()).await;
        }
        // Whoever is gone need not be told.
        let _ = tokio::time::timeout(PATIENCE, self.socket.close(Some(reason.into()))).await;
    }

    async fn text(&mut self, text: String) -> Result<(), Gone> {
        if self.is_gone {
            return Ok(());
        }
        match tokio::time::timeout(PATIENCE, self.socket.text(text)).await {
            Ok(Ok(())) => Ok(()),
            _ => Err(Gone),
        }
    }
}
