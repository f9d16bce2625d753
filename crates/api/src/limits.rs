//! How often one address and one key may ask the API.

use std::net::IpAddr;
use std::time::Duration;

use actix_web::HttpRequest;
use metrics::counter;
use settings::LimitSettings;

use crate::ApiError;
use crate::limit::Limiter;

/// The limits of this process. Replicas each have their own.
pub(crate) struct ApiLimits {
    by_address: Limiter<IpAddr>,
    by_key: Limiter<String>,
    trusted_proxies: usize,
}

impl ApiLimits {
    pub(crate) fn new(settings: &LimitSettings) -> Self {
        Self {
            by_address: Limiter::per_second(settings.address),
            by_key: Limiter::per_second(settings.key),
            trusted_proxies: usize::from(settings.trusted_proxies),
        }
    }

    /// Where a request comes from: who is connected, or whom the outermost of our own proxies has seen.
    pub(crate) fn source(&self, req: &HttpRequest) -> Option<IpAddr> {
        self.seen(req).map(network)
    }

    fn seen(&self, req: &HttpRequest) -> Option<IpAddr> {
        let peer = req.peer_addr().map(|peer| peer.ip());
        let Some(from_the_end) = self.trusted_proxies.checked_sub(1) else {
            return peer;
        };
        let lines: Vec<_> = req
            .headers()
            .get_all("X-Forwarded-For")
            .map(|line| String::from_utf8_lossy(line.as_bytes()))
            .collect();
        let seen: Vec<&str> = lines.iter().flat_map(|line| line.split(',')).collect();
        // What stands further to the left was written by whoever asks.
        let outermost = seen.iter().rev().nth(from_the_end);
        outermost
            .and_then(|address| address.trim().parse().ok())
            .or(peer)
    }

    /// Counts a request of an address. What has none is not counted.
    pub(crate) fn check_address(&self, source: Option<IpAddr>) -> Result<(), ApiError> {
        let Some(source) = source else { return Ok(()) };
        let checked = self.by_address.check(&source);
        checked.map_err(|after| too_many("address", after))
    }

    /// Counts a request of a key or an operator, by name.
    pub(crate) fn check_key(&self, name: &str) -> Result<(), ApiError> {
        let checked = self.by_key.check(&name.to_owned());
        checked.map_err(|after| too_many("key", after))
    }
}

/// Whoever has one IPv6 address has the 2^64 beside it.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6((u128::from(address) & (u128::MAX << 64)).into()),
        address => address,
    }
}

fn too_many(limit: &'static str, after: Duration) -> ApiError {
    counter!("requests_limited_total", "limit" => limit).increment(1);
    let message = match limit {
        "key" => {
            "too many requests with this key; wait as Retry-After says, or raise TRUNKLINE_LIMIT_KEY"
        }
        _ => {
            "too many requests from this address; wait as Retry-After says, or raise TRUNKLINE_LIMIT_ADDRESS"
        }
    };
    ApiError::too_many(message, after)
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn source_behind_proxies_is_what_the_outermost_has_seen() {
        let source = |trusted_proxies: u16, forwarded: &str| {
            let limits = ApiLimits::new(&LimitSettings {
                trusted_proxies,
                ..LimitSettings::default()
            });
            let req = TestRequest::default()
                .peer_addr("192.0.2.1:1".parse().unwrap())
                .insert_header(("X-Forwarded-For", forwarded));
            limits.source(&req.to_http_request()).unwrap().to_string()
        };
        let forged = "198.51.100.9, 203.0.113.7, 192.0.2.2";
        assert_eq!(source(0, forged), "192.0.2.1");
        assert_eq!(source(1, forged), "192.0.2.2");
        assert_eq!(source(2, forged), "203.0.113.7");
        assert_eq!(source(1, "nonsense"), "192.0.2.1");
        assert_eq!(source(1, "\u{e4}, 192.0.2.2"), "192.0.2.2");
        assert_eq!(source(1, "2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(source(1, "::ffff:192.0.2.9"), "192.0.2.9");
    }
}
