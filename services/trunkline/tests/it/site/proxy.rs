//! A wire that can be cut: TCP connections that go through us to a server.

use std::sync::Arc;

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// The wire.
pub struct Proxy {
    pub port: u16,
    whole: Arc<watch::Sender<bool>>,
    task: tokio::task::JoinHandle<()>,
}

impl Proxy {
    /// A wire to `server`, which is `host:port`.
    pub async fn to(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let whole = Arc::new(watch::Sender::new(true));
        let (state, server) = (whole.clone(), server.to_owned());
        let task = tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let mut cut = state.subscribe();
                // A connection that is made while the wire is cut is closed at once.
                if !*cut.borrow_and_update() {
                    continue;
                }
                let server = server.clone();
                tokio::spawn(async move {
                    let mut near = near;
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
        });
        Self { port, whole, task }
    }

    /// Every connection breaks, and no new one can be made.
    pub fn cut(&self) {
        self.whole.send_replace(false);
    }

    /// As before.
    pub fn mend(&self) {
        self.whole.send_replace(true);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The server in `scheme://user:password@host:port/path`, and the same address by way of a proxy.
pub fn through(url: &str) -> (String, impl Fn(u16) -> String + use<>) {
    let address = url::Url::parse(url).expect("DATABASE_URL and AMQP_URL are URLs");
    let standard = if address.scheme().starts_with("amqp") {
        5672
    } else {
        5432
    };
    let server = format!(
        "{}:{}",
        address.host_str().unwrap_or("127.0.0.1"),
        address.port().unwrap_or(standard)
    );
    let by_proxy = move |port| {
        let mut address = address.clone();
        address.set_host(Some("127.0.0.1")).unwrap();
        address.set_port(Some(port)).unwrap();
        address.to_string()
    };
    (server, by_proxy)
}
