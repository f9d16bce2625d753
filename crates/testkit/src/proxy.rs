//! A wire that can be cut: TCP connections that go through us to a server.

use std::sync::{Arc, Mutex};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use url::Url;

/// The wire.
pub struct Proxy {
    /// Where it is entered, on 127.0.0.1.
    pub port: u16,
    address: Url,
    socket: Mutex<Option<TcpSocket>>,
    whole: Arc<watch::Sender<bool>>,
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
            whole: Arc::new(watch::Sender::new(true)),
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
        let pass = pass(listener, self.server(), self.whole.clone());
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
        self.whole.send_replace(false);
    }

    /// As before.
    pub fn mend(&self) {
        self.whole.send_replace(true);
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

async fn pass(listener: TcpListener, server: String, whole: Arc<watch::Sender<bool>>) {
    while let Ok((mut near, _)) = listener.accept().await {
        let mut cut = whole.subscribe();
        if !*cut.borrow_and_update() {
            continue;
        }
        let server = server.clone();
        tokio::spawn(async move {
            let Ok(mut far) = TcpStream::connect(&server).await else {
                return;
            };
            let _ = near.set_nodelay(true);
            let _ = far.set_nodelay(true);
            tokio::select! {
                _ = copy_bidirectional(&mut near, &mut far) => {}
                _ = cut.wait_for(|whole| !whole) => {}
            }
        });
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if let Some(task) = self.task.get_mut().unwrap().take() {
            task.abort();
        }
    }
}
