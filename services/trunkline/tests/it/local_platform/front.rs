//! One address for the processes of a split platform, as a reverse proxy gives them: sockets go to streams, webhooks to ingress.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use tokio::io::{AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What is answered where nobody is behind it.
const NOBODY: &[u8] =
    b"HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

/// The address.
pub struct Front {
    port: u16,
    /// Where sockets go.
    streams: Arc<AtomicU16>,
    task: JoinHandle<()>,
}

impl Front {
    /// Opens it before these ports.
    pub async fn open(ingress: u16, streams: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let streams = Arc::new(AtomicU16::new(streams));
        let target = streams.clone();
        let task = tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                tokio::spawn(pass(near, ingress, target.load(Ordering::SeqCst)));
            }
        });
        Self {
            port,
            streams,
            task,
        }
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// From now on sockets go to this port; those that are open stay where they are.
    pub fn lead_sockets_to(&self, port: u16) {
        self.streams.store(port, Ordering::SeqCst);
    }
}

/// A connection goes where its first request goes.
async fn pass(mut near: TcpStream, ingress: u16, streams: u16) {
    let mut head = [0; 16];
    let Ok(read) = near.peek(&mut head).await else {
        return;
    };
    let port = match head[..read].starts_with(b"GET /ws/") {
        true => streams,
        false => ingress,
    };
    match TcpStream::connect(("127.0.0.1", port)).await {
        Ok(mut far) => {
            let _ = (near.set_nodelay(true), far.set_nodelay(true));
            let _ = copy_bidirectional(&mut near, &mut far).await;
        }
        // As a proxy says it: Twilio comes again. Who has sent the request is heard out, or they would hear a reset.
        Err(_) => {
            let _ = near.write_all(NOBODY).await;
            let _ = near.shutdown().await;
            let _ = tokio::io::copy(&mut near, &mut tokio::io::sink()).await;
        }
    }
}

impl Drop for Front {
    fn drop(&mut self) {
        self.task.abort();
    }
}
