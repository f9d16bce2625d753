//! Waiting for something to be so, and finding a port.

use std::collections::HashSet;
use std::net::TcpListener;
use std::sync::{LazyLock, Mutex};
use std::time::{Duration, Instant};

/// Longer than anything takes on the slowest machine.
pub const PATIENCE: Duration = Duration::from_secs(180);

/// For requests of a test: each client that is made reads all of the system's certificates. A server closes a connection
/// that is idle for five seconds, and a request that meets the close is lost; so none is used again, however long a busy
/// machine takes.
pub fn client() -> reqwest::Client {
    static CLIENT: LazyLock<reqwest::Client> = LazyLock::new(|| {
        super::install_tls();
        let client = reqwest::Client::builder().pool_max_idle_per_host(0);
        client.build().expect("a client can be made")
    });
    CLIENT.clone()
}

/// Asks until there is an answer.
pub async fn eventually<T>(what: &str, ask: impl AsyncFn() -> Option<T>) -> T {
    within(PATIENCE, what, ask).await
}

/// The same with a limit of its own.
#[track_caller]
pub fn within<T>(
    limit: Duration,
    what: &str,
    ask: impl AsyncFn() -> Option<T>,
) -> impl Future<Output = T> {
    let place = std::panic::Location::caller();
    async move {
        let started = Instant::now();
        let mut pause = Duration::from_millis(10);
        loop {
            if let Some(answer) = ask().await {
                return answer;
            }
            assert!(
                started.elapsed() < limit,
                "{what}: not within {limit:?} (asked at {place})"
            );
            tokio::time::sleep(pause).await;
            pause = (pause * 3 / 2).min(Duration::from_millis(200));
        }
    }
}

/// `Some` when it is so, for [`eventually`].
pub fn so(condition: bool) -> Option<()> {
    condition.then_some(())
}

/// A port that nobody listens on and that no test of this process gets again. Below the ports that the system gives to
/// outgoing connections, or one of those could take it before its process listens.
pub fn free_port() -> u16 {
    static TAKEN: Mutex<Option<HashSet<u16>>> = Mutex::new(None);
    let mut taken = TAKEN.lock().unwrap();
    let taken = taken.get_or_insert_default();
    for _ in 0..10_000 {
        let port = rand::random_range(10_240..19_999);
        let free = TcpListener::bind(("127.0.0.1", port)).is_ok();
        if free && taken.insert(port) {
            return port;
        }
    }
    panic!("no port is free");
}

/// Where the logs of a failed case are kept, if anywhere.
pub fn keep_logs() -> Option<std::path::PathBuf> {
    std::env::var_os("TRUNKLINE_TEST_LOGS").map(Into::into)
}
