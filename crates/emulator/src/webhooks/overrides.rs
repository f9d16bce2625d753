//! Connection overrides: `#rc=2&rp=all` on a webhook's URL (specification, section 5). Not sent, not signed.

use std::time::Duration;

/// What went wrong with an attempt, as `rp` names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// `ct`: no connection.
    Connect,
    /// `rt`: no answer in time.
    Read,
    /// `4xx`
    Client,
    /// `5xx`
    Server,
    /// Nothing that a retry is for.
    Other,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Overrides {
    pub(crate) connect: Duration,
    pub(crate) read: Duration,
    pub(crate) total: Duration,
    pub(crate) retries: u32,
    retry_on: Vec<Trouble>,
}

impl Default for Overrides {
    fn default() -> Self {
        Self {
            connect: Duration::from_millis(5000),
            read: Duration::from_millis(15_000),
            total: Duration::from_millis(15_000),
            retries: 1,
            retry_on: vec![Trouble::Connect],
        }
    }
}

impl Overrides {
    /// Reads a fragment. What is unknown or out of range is left at its default.
    pub(crate) fn parse(fragment: &str) -> Self {
        let mut overrides = Self::default();
        for (key, value) in fragment.split('&').filter_map(|pair| pair.split_once('=')) {
            let millis = |least: u64, most: u64| {
                value
                    .parse()
                    .ok()
                    .filter(|millis| (least..=most).contains(millis))
                    .map(Duration::from_millis)
            };
            match key {
                "ct" => overrides.connect = millis(100, 10_000).unwrap_or(overrides.connect),
                "rt" => overrides.read = millis(100, 15_000).unwrap_or(overrides.read),
                "tt" => overrides.total = millis(100, 15_000).unwrap_or(overrides.total),
                "rc" => {
                    overrides.retries = value
                        .parse()
                        .ok()
                        .filter(|count| *count <= 5)
                        .unwrap_or(overrides.retries)
                }
                "rp" => overrides.retry_on = policy(value),
                _ => {}
            }
        }
        overrides
    }

    pub(crate) fn retries_on(&self, trouble: Trouble) -> bool {
        self.retry_on.contains(&trouble)
    }
}

fn policy(value: &str) -> Vec<Trouble> {
    value
        .split(',')
        .flat_map(|word| match word {
            "4xx" => vec![Trouble::Client],
            "5xx" => vec![Trouble::Server],
            "ct" => vec![Trouble::Connect],
            "rt" => vec![Trouble::Read],
            "all" => vec![
                Trouble::Client,
                Trouble::Server,
                Trouble::Connect,
                Trouble::Read,
            ],
            _ => vec![],
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_default_one_retry_on_connection_failure_only() {
        let overrides = Overrides::parse("");
        assert_eq!(overrides.retries, 1);
        assert!(overrides.retries_on(Trouble::Connect));
        assert!(!overrides.retries_on(Trouble::Server));
    }

    #[test]
    fn reads_what_is_in_range() {
        let overrides = Overrides::parse("rc=3&rp=4xx,5xx,ct,rt&tt=2000&ct=99999&sni=y");
        assert_eq!(overrides.retries, 3);
        assert!(overrides.retries_on(Trouble::Client) && overrides.retries_on(Trouble::Read));
        assert_eq!(overrides.total, Duration::from_secs(2));
        assert_eq!(overrides.connect, Duration::from_secs(5));
        assert!(Overrides::parse("rp=all").retries_on(Trouble::Server));
    }
}
