//! The client's side of a WebSocket, as cheap as it can be: a load of a thousand calls must not take the machine from what is loaded.

use std::io;

use anyhow::{Context, Result, ensure};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// What is read at once.
const PIECE: usize = 16 << 10;

/// A message of the other side.
pub enum Message<'a> {
    /// Text.
    Text(&'a [u8]),
    /// It closes the socket.
    Close,
    /// Nothing that matters.
    Other,
}

/// An open socket.
pub struct Socket {
    stream: TcpStream,
    read: Vec<u8>,
    /// What has not been taken by the kernel yet.
    unsent: Vec<u8>,
}

impl Socket {
    /// Opens one at `ws://127.0.0.1:PORT/PATH`.
    pub async fn open(port: u16, path: &str, signature: &str) -> Result<Self> {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
        stream.set_nodelay(true)?;
        let key = STANDARD.encode([7; 16]);
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\nX-Twilio-Signature: {signature}\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await?;
        let mut read = Vec::with_capacity(PIECE);
        let end = loop {
            let got = stream.read_buf(&mut read).await?;
            ensure!(got > 0, "the server closed the connection in the handshake");
            if let Some(end) = read.windows(4).position(|it| it == b"\r\n\r\n") {
                break end + 4;
            }
        };
        ensure!(
            read.starts_with(b"HTTP/1.1 101"),
            "the handshake is refused: {}",
            String::from_utf8_lossy(&read[..end])
        );
        read.drain(..end);
        Ok(Self {
            stream,
            read,
            unsent: Vec::new(),
        })
    }

    /// Waits until there is something to read.
    pub async fn readable(&self) -> Result<()> {
        self.stream.readable().await.context("the socket")
    }

    /// Sends text, as far as the kernel takes it now; the rest goes before the next one.
    pub fn send(&mut self, text: &[u8]) -> Result<()> {
        frame(&mut self.unsent, 0x81, text);
        self.flush()
    }

    /// Says goodbye; whoever does not hear it hears the connection end.
    pub fn close(&mut self) {
        frame(&mut self.unsent, 0x88, &1_000u16.to_be_bytes());
        let _ = self.flush();
    }

    fn flush(&mut self) -> Result<()> {
        while !self.unsent.is_empty() {
            match self.stream.try_write(&self.unsent) {
                Ok(sent) => drop(self.unsent.drain(..sent)),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break,
                Err(error) => return Err(error).context("the socket"),
            }
        }
        Ok(())
    }

    /// Hands out the messages that have come.
    pub fn read(&mut self, mut take: impl FnMut(Message<'_>)) -> Result<()> {
        loop {
            self.read.reserve(PIECE);
            match self.stream.try_read_buf(&mut self.read) {
                Ok(0) => {
                    take(Message::Close);
                    return Ok(());
                }
                Ok(_) => {
                    let mut from = 0;
                    while let Some((message, length)) = parse(&self.read[from..]) {
                        take(message);
                        from += length;
                    }
                    self.read.drain(..from);
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error).context("the socket"),
            }
        }
    }
}

/// A frame under a mask of zeros, which changes nothing.
fn frame(into: &mut Vec<u8>, head: u8, payload: &[u8]) {
    into.push(head);
    match u16::try_from(payload.len()) {
        Ok(length) if length < 126 => into.push(0x80 | length as u8),
        Ok(length) => {
            into.push(0x80 | 126);
            into.extend_from_slice(&length.to_be_bytes());
        }
        Err(_) => {
            into.push(0x80 | 127);
            into.extend_from_slice(&(payload.len() as u64).to_be_bytes());
        }
    }
    into.extend_from_slice(&[0; 4]);
    into.extend_from_slice(payload);
}

/// The first message and its length with its head, once all of it is there.
fn parse(bytes: &[u8]) -> Option<(Message<'_>, usize)> {
    let (head, short) = (*bytes.first()?, *bytes.get(1)? & 0x7F);
    let (length, start) = match short {
        126 => (
            usize::from(u16::from_be_bytes(bytes.get(2..4)?.try_into().ok()?)),
            4,
        ),
        127 => {
            let length = u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?);
            (usize::try_from(length).ok()?, 10)
        }
        short => (usize::from(short), 2),
    };
    let payload = bytes.get(start..start + length)?;
    let message = match head & 0x0F {
        1 => Message::Text(payload),
        8 => Message::Close,
        _ => Message::Other,
    };
    Some((message, start + length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_read_when_they_are_whole() {
        let mut bytes = vec![0x81, 3, b'a', b'b', b'c', 0x81, 126, 0, 200];
        bytes.extend([b'x'; 200]);
        let (first, length) = parse(&bytes).unwrap();
        assert!(matches!(first, Message::Text(b"abc")));
        let rest = &bytes[length..];
        assert!(parse(&rest[..100]).is_none());
        assert!(matches!(parse(rest), Some((Message::Text(text), 204)) if text.len() == 200));
        assert!(matches!(
            parse(&[0x88, 2, 3, 232]),
            Some((Message::Close, 4))
        ));
        assert!(parse(&[]).is_none());
    }

    #[test]
    fn frames_are_masked_with_nothing() {
        let mut short = Vec::new();
        frame(&mut short, 0x81, b"hi");
        assert_eq!(short, [0x81, 0x82, 0, 0, 0, 0, b'h', b'i']);
        let mut long = Vec::new();
        frame(&mut long, 0x81, &[1; 300]);
        assert_eq!(&long[..4], [0x81, 0xFE, 1, 44]);
        assert_eq!(long.len(), 308);
    }
}
