//! A wire to the broker that can be cut.

use std::sync::{Arc, Mutex};

use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::AbortHandle;

pub struct Proxy {
    pub port: u16,
    whole: watch::Sender<bool>,
    wires: Arc<Mutex<Vec<AbortHandle>>>,
}

impl Proxy {
    /// To the broker at this address.
    pub async fn open(target: String) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (whole, state) = watch::channel(true);
        let wires: Arc<Mutex<Vec<AbortHandle>>> = Arc::default();
        let kept = wires.clone();
        tokio::spawn(async move {
            loop {
                let Ok((mut here, _)) = listener.accept().await else {
                    return;
                };
                let target = target.clone();
                // Both under one lock, so that no wire is laid while all are cut.
                let mut kept = kept.lock().unwrap();
                if !*state.borrow() {
                    continue;
                }
                let wire = tokio::spawn(async move {
                    let Ok(mut there) = TcpStream::connect(target).await else {
                        return;
                    };
                    let _ = copy_bidirectional(&mut here, &mut there).await;
                });
                kept.push(wire.abort_handle());
            }
        });
        Self { port, whole, wires }
    }

    pub fn cut(&self) {
        let mut wires = self.wires.lock().unwrap();
        self.whole.send_replace(false);
        wires.drain(..).for_each(|wire| wire.abort());
    }

    pub fn mend(&self) {
        self.whole.send_replace(true);
    }
}
