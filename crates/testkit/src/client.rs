//! The client that tests make requests with.

use std::sync::LazyLock;

use reqwest::Client;

/// For every request of a test: each client that is made reads all of the system's certificates. A server closes a
/// connection that is idle for five seconds, and a request that meets the close is lost; one that stops looks but once a
/// second whether its connections are over. So none is used again.
pub fn client() -> Client {
    static CLIENT: LazyLock<Client> = LazyLock::new(|| {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().pool_max_idle_per_host(0);
        client.build().expect("a client can be made")
    });
    CLIENT.clone()
}
