//! The mistakes that are tried.

use super::{Diagnosis, Effort, Seen};
use crate::form::parse_form;
use crate::signature::{Address, Digits, Token, sorted};

/// The most bytes of parameters that are signed with other accounts' tokens: there may be thousands of these, and what Twilio sends has
/// some 1,500.
pub const OTHERS_LIMIT: usize = 4 * 1024;

/// Ports that programs listen on behind a proxy.
const PORTS: [u16; 10] = [80, 443, 3000, 4000, 5000, 8000, 8080, 8081, 8443, 9000];

/// What Twilio sends blank, one at a time.
const SINGLE_BLANKS: [&str; 6] = [
    "Body",
    "CallerName",
    "Digits",
    "ErrorCode",
    "SpeechResult",
    "StreamError",
];

/// What Twilio sends blank together, when it knows nothing about a number.
const PLACES: [&str; 16] = [
    "FromCity",
    "FromState",
    "FromZip",
    "FromCountry",
    "ToCity",
    "ToState",
    "ToZip",
    "ToCountry",
    "CallerCity",
    "CallerState",
    "CallerZip",
    "CallerCountry",
    "CalledCity",
    "CalledState",
    "CalledZip",
    "CalledCountry",
];

pub(super) struct Probe<'a> {
    signature: Digits,
    tokens: &'a [Token],
    url: &'a str,
    address: Address<'a>,
    params: Vec<(&'a str, &'a str)>,
    effort: usize,
}

impl<'a> Probe<'a> {
    pub(super) fn new(
        signature: Digits,
        tokens: &'a [Token],
        url: &'a str,
        params: Vec<(&'a str, &'a str)>,
        effort: Effort,
    ) -> Self {
        Self {
            signature,
            tokens,
            url,
            address: Address::split(url),
            params,
            effort: effort.0,
        }
    }

    pub(super) fn former_tokens(&mut self, tokens: &[Token]) -> Option<Diagnosis> {
        let index = self.signed_with(tokens)?;
        Some(Diagnosis::RotatedToken { index })
    }

    pub(super) fn other_accounts(&mut self, tokens: &[Token]) -> Option<Diagnosis> {
        if size(&self.params) > OTHERS_LIMIT {
            return None;
        }
        let index = self.signed_with(tokens)?;
        Some(Diagnosis::OtherAccount { index })
    }

    /// Which of these tokens fits, of as many as can be afforded.
    fn signed_with(&mut self, tokens: &[Token]) -> Option<usize> {
        let params = sorted(self.params.iter().copied());
        let each = cost(&params, self.url) * self.address.forms().count();
        let tokens = &tokens[..tokens.len().min(self.effort / each)];
        self.effort -= each * tokens.len();
        self.signature.signer(tokens, &self.address, &params)
    }

    pub(super) fn other_urls(&mut self, seen: &[Seen<'_>]) -> Option<Diagnosis> {
        self.other_scheme()
            .or_else(|| seen.iter().find_map(|seen| self.seen_elsewhere(seen)))
            .or_else(|| self.other_slash())
            .or_else(|| self.without_query())
            .or_else(|| self.other_port())
    }

    pub(super) fn other_params(&mut self) -> Option<Diagnosis> {
        if self.params.is_empty() {
            return self.blanks_lost();
        }
        self.query_in_body()
            .or_else(|| self.reduced(|(_, value)| !value.is_empty(), Diagnosis::BlanksNotSigned))
            .or_else(|| self.reduced(|_| false, Diagnosis::BodyNotSigned))
            .or_else(|| self.trimmed())
            .or_else(|| self.blanks_lost())
            .or_else(|| self.one_less())
    }

    fn fits(&mut self, url: &str, params: &[(&str, &str)]) -> bool {
        let address = Address::split(url);
        let times = address.forms().count() * self.tokens.len();
        self.effort = self.effort.saturating_sub(cost(params, url) * times);
        if self.effort == 0 {
            return false;
        }
        self.signature
            .signer(self.tokens, &address, params)
            .is_some()
    }

    fn fits_url(&mut self, url: &str) -> bool {
        let params = sorted(self.params.iter().copied());
        self.fits(url, &params)
    }

    fn fits_params(&mut self, params: Vec<(&str, &str)>) -> bool {
        self.fits(self.url, &sorted(params.into_iter()))
    }

    fn other_scheme(&mut self) -> Option<Diagnosis> {
        let address = self.address;
        ["https://", "http://", "wss://", "ws://"]
            .into_iter()
            .find_map(|scheme| {
                let url = Address { scheme, ..address }.to_string();
                (!address.is(scheme) && self.fits_url(&url)).then(|| Diagnosis::Scheme {
                    signed: scheme.trim_end_matches("://"),
                })
            })
    }

    /// Every mixture of what was seen with what was checked; the one that changes least first.
    fn seen_elsewhere(&mut self, seen: &Seen<'_>) -> Option<Diagnosis> {
        let ours = self.address;
        let scheme = seen.scheme.map(|scheme| format!("{scheme}://"));
        for (with_host, with_path, with_scheme) in [
            (false, true, false),
            (true, false, false),
            (true, false, true),
            (true, true, false),
            (false, true, true),
            (true, true, true),
        ] {
            let mut address = ours;
            if let (true, Some(scheme)) = (with_scheme, &scheme) {
                address.scheme = scheme;
            }
            if let (true, Some(host)) = (with_host, seen.host) {
                (address.host, address.port) = (host, "");
            }
            if let (true, Some(path)) = (with_path, seen.path_and_query) {
                (address.path, address.query) = path.split_at(path.find('?').unwrap_or(path.len()));
            }
            if self.fits_url(&address.to_string()) {
                return Some(name_difference(&ours, &address, seen.source));
            }
        }
        None
    }

    fn other_slash(&mut self) -> Option<Diagnosis> {
        let Address { path, .. } = self.address;
        let with = format!("{path}/");
        let path = path.strip_suffix('/').unwrap_or(&with);
        let url = Address {
            path,
            ..self.address
        }
        .to_string();
        self.fits_url(&url).then_some(Diagnosis::TrailingSlash)
    }

    fn without_query(&mut self) -> Option<Diagnosis> {
        let url = Address {
            query: "",
            ..self.address
        }
        .to_string();
        (!self.address.query.is_empty() && self.fits_url(&url)).then_some(Diagnosis::QueryAdded)
    }

    fn other_port(&mut self) -> Option<Diagnosis> {
        PORTS.into_iter().find_map(|signed| {
            let port = format!(":{signed}");
            let url = Address {
                port: &port,
                ..self.address
            }
            .to_string();
            self.fits_url(&url).then_some(Diagnosis::Port { signed })
        })
    }

    fn query_in_body(&mut self) -> Option<Diagnosis> {
        let query = self.address.query.strip_prefix('?')?;
        let query = parse_form(query.as_bytes(), usize::MAX).ok()?;
        let is_in_query = |pair: &(&str, &str)| query.iter().any(|it| it == *pair);
        self.reduced(|pair| !is_in_query(pair), Diagnosis::QueryInBody)
    }

    /// Leaves parameters out, if that leaves out any.
    fn reduced(
        &mut self,
        keep: impl Fn(&(&str, &str)) -> bool,
        diagnosis: Diagnosis,
    ) -> Option<Diagnosis> {
        let params: Vec<_> = self.params.iter().copied().filter(keep).collect();
        (params.len() < self.params.len() && self.fits_params(params)).then_some(diagnosis)
    }

    fn one_less(&mut self) -> Option<Diagnosis> {
        (0..self.params.len()).find_map(|index| {
            if self.effort == 0 {
                return None;
            }
            let mut params = self.params.clone();
            let (name, _) = params.remove(index);
            self.fits_params(params).then(|| Diagnosis::ExtraParameter {
                name: name.to_owned(),
            })
        })
    }

    fn trimmed(&mut self) -> Option<Diagnosis> {
        let trimmed = self
            .params
            .iter()
            .map(|(name, value)| (*name, value.trim()))
            .collect();
        if self.fits_params(trimmed) {
            return Some(Diagnosis::TrimmedBySigner);
        }
        // The texts that people type.
        for name in ["Body", "SpeechResult", "CallerName"] {
            let Some(index) = self.params.iter().position(|(it, _)| *it == name) else {
                continue;
            };
            let value = self.params[index].1;
            for padded in [
                format!("{value} "),
                format!("{value}\n"),
                format!("{value}\r\n"),
                format!(" {value}"),
            ] {
                let mut params = self.params.clone();
                params[index].1 = &padded;
                if self.fits(self.url, &sorted(params.into_iter())) {
                    return Some(Diagnosis::TrimmedHere {
                        name: name.to_owned(),
                    });
                }
            }
        }
        None
    }

    fn blanks_lost(&mut self) -> Option<Diagnosis> {
        let is_absent = |name: &&str| !self.params.iter().any(|(it, _)| it == name);
        let single: Vec<_> = SINGLE_BLANKS
            .iter()
            .chain(&PLACES)
            .copied()
            .filter(is_absent)
            .collect();
        let places = |first: usize, last: usize| -> Vec<&'static str> {
            PLACES[first..last]
                .iter()
                .copied()
                .filter(is_absent)
                .collect()
        };
        let groups = [
            places(0, 4),
            places(4, 8),
            places(0, 8),
            places(8, 16),
            places(0, 16),
        ];
        let singles = single.into_iter().map(|name| vec![name]);
        groups.into_iter().chain(singles).find_map(|names| {
            let blanks = names.iter().map(|name| (*name, ""));
            let params = self.params.iter().copied().chain(blanks).collect();
            self.fits_params(params)
                .then_some(Diagnosis::BlanksLost { names })
        })
    }
}

fn size(params: &[(&str, &str)]) -> usize {
    let sizes = params.iter().map(|(name, value)| name.len() + value.len());
    sizes.sum()
}

/// The bytes that one signature takes; each has two blocks beside what is signed.
fn cost(params: &[(&str, &str)], url: &str) -> usize {
    size(params) + url.len() + 128
}

fn name_difference(ours: &Address<'_>, signed: &Address<'_>, source: &str) -> Diagnosis {
    let source = source.to_owned();
    if ours.host != signed.host || ours.port != signed.port {
        let Address {
            scheme, host, port, ..
        } = signed;
        let signed = format!("{scheme}{host}{port}");
        return Diagnosis::Host { signed, source };
    }
    match ours.path == signed.path {
        true => Diagnosis::QueryLost { source },
        false => Diagnosis::Path { source },
    }
}
