//! A wire that can be cut, paused and slowed: TCP connections that go through us to a server.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use url::Url;

/// What is read at once.
const CHUNK: usize = 16 * 1024;

/// How a wire is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Whole,
    /// Each piece takes this long, either way.
    Slow(Duration),
    /// Connections stay, and nothing passes.
    Paused,
    Cut,
}

/// The wire.
pub struct Proxy {
    /// Where it is entered, on 127.0.0.1.
    pub port: u16,
    address: Url,
    socket: Mutex<Option<TcpSocket>>,
    state: Arc<watch::Sender<State>>,
    task: Mutex<Option<JoinHandle<()>>>,
}

impl Proxy {
    /// A wire to the server of a URL that is not laid yet: the port refuses connections until [`Proxy::open`].
    pub fn closed(server: &str) -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        // Bound and not listening, it is ours and refuses.
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        Self {
            port: socket.local_addr().unwrap().port(),
            address: Url::parse(server).expect("DATABASE_URL and AMQP_URL are URLs"),
            socket: Mutex::new(Some(socket)),
            state: Arc::new(watch::Sender::new(State::Whole)),
            task: Mutex::default(),
        }
    }

    /// A wire to the server of a URL.
    pub fn to(server: &str) -> Self {
        let proxy = Self::closed(server);
        proxy.open();
        proxy
    }

    /// Lays it.
    pub fn open(&self) {
        let Some(socket) = self.socket.lock().unwrap().take() else {
            return;
        };
        let listener = socket.listen(1024).unwrap();
        let pass = pass(listener, self.server(), self.state.clone());
        *self.task.lock().unwrap() = Some(tokio::spawn(pass));
    }

    /// The server's URL by way of the wire.
    pub fn url(&self) -> String {
        let mut address = self.address.clone();
        address.set_host(Some("127.0.0.1")).unwrap();
        address.set_port(Some(self.port)).unwrap();
        address.to_string()
    }

    /// Every connection breaks, and no new one lasts.
    pub fn cut(&self) {
        self.state.send_replace(State::Cut);
    }

    /// Connections stay, new ones come about, and nothing passes.
    pub fn pause(&self) {
        self.state.send_replace(State::Paused);
    }

    /// Each piece takes this long, either way.
    pub fn slow(&self, delay: Duration) {
        self.state.send_replace(State::Slow(delay));
    }

    /// As before.
    pub fn mend(&self) {
        self.state.send_replace(State::Whole);
    }

    fn server(&self) -> String {
        let standard = if self.address.scheme().starts_with("amqp") {
            5672
        } else {
            5432
        };
        format!(
            "{}:{}",
            self.address.host_str().unwrap_or("127.0.0.1"),
            self.address.port().unwrap_or(standard)
        )
    }
}

async fn pass(listener: TcpListener, server: String, state: Arc<watch::Sender<State>>) {
    while let Ok((near, _)) = listener.accept().await {
        let mut cut = state.subscribe();
        if *cut.borrow_and_update() == State::Cut {
            continue;
        }
        let server = server.clone();
        tokio::spawn(async move {
            let Ok(far) = TcpStream::connect(&server).await else {
                return;
            };
            let _ = near.set_nodelay(true);
            let _ = far.set_nodelay(true);
            let (there, back) = (cut.clone(), cut.clone());
            let (near_read, near_write) = near.into_split();
            let (far_read, far_write) = far.into_split();
            let both = async {
                tokio::join!(
                    carry(near_read, far_write, there),
                    carry(far_read, near_write, back)
                )
            };
            tokio::select! {
                _ = both => {}
                _ = cut.wait_for(|state| *state == State::Cut) => {}
            }
        });
    }
}

/// One way, until its end.
async fn carry(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut state: watch::Receiver<State>,
) -> std::io::Result<()> {
    let mut chunk = vec![0; CHUNK];
    loop {
        let read = from.read(&mut chunk).await?;
        if read == 0 {
            return to.shutdown().await;
        }
        let delay = match state.wait_for(|state| *state != State::Paused).await {
            Ok(state) => match *state {
                State::Slow(delay) => delay,
                State::Whole | State::Paused | State::Cut => Duration::ZERO,
            },
            // The wire is not held any more: the connection goes on as it is.
            Err(_) => Duration::ZERO,
        };
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        to.write_all(&chunk[..read]).await?;
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if let Some(task) = self.task.get_mut().unwrap().take() {
            task.abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A server that gives back what it gets, and a connection to it by a wire.
    async fn echo() -> (Proxy, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                tokio::spawn(async move {
                    let (mut read, mut write) = socket.split();
                    tokio::io::copy(&mut read, &mut write).await
                });
            }
        });
        let wire = Proxy::to(&url);
        let socket = TcpStream::connect(("127.0.0.1", wire.port)).await.unwrap();
        (wire, socket)
    }

    async fn comes_back(socket: &mut TcpStream, sent: &[u8]) {
        let mut back = vec![0; sent.len()];
        socket.read_exact(&mut back).await.unwrap();
        assert_eq!(back, sent);
    }

    #[tokio::test]
    async fn paused_wire_keeps_what_was_sent_until_it_is_mended() {
        let (wire, mut socket) = echo().await;
        socket.write_all(b"one").await.unwrap();
        comes_back(&mut socket, b"one").await;
        wire.pause();
        socket.write_all(b"two").await.unwrap();
        let mut back = [0; 3];
        let nothing = tokio::time::timeout(Duration::from_millis(50), socket.read(&mut back));
        assert!(nothing.await.is_err(), "nothing passes");
        wire.mend();
        comes_back(&mut socket, b"two").await;
    }

    #[tokio::test]
    async fn slowed_wire_takes_its_time_each_way() {
        let (wire, mut socket) = echo().await;
        let delay = Duration::from_millis(30);
        wire.slow(delay);
        let began = std::time::Instant::now();
        socket.write_all(b"one").await.unwrap();
        comes_back(&mut socket, b"one").await;
        assert!(began.elapsed() >= delay * 2, "{:?}", began.elapsed());
    }

    #[tokio::test]
    async fn cut_wire_ends_connections_and_takes_no_new_one() {
        let (wire, mut socket) = echo().await;
        socket.write_all(b"one").await.unwrap();
        comes_back(&mut socket, b"one").await;
        wire.cut();
        assert!(matches!(socket.read(&mut [0; 3]).await, Ok(0) | Err(_)));
        let mut another = TcpStream::connect(("127.0.0.1", wire.port)).await.unwrap();
        assert!(matches!(another.read(&mut [0; 3]).await, Ok(0) | Err(_)));
    }
}
