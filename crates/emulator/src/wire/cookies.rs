//! Cookies: what an application sets in an answer comes back with the next request of the same call, or of the same two numbers
//! that text each other.

use std::collections::BTreeMap;

use chrono::{DateTime, Duration, Utc};
use reqwest::header::{HeaderMap, SET_COOKIE};
use url::Url;

use crate::wire::Request;

/// A conversation's cookies are forgotten when nothing was texted for this long; no call lasts longer.
const HOURS: i64 = 4;
/// Of one call or conversation, and how many calls and conversations have some. The oldest go first.
const MOST: usize = 50;
const MOST_JARS: usize = 5_000;

/// The cookies of every call and conversation, apart by host: nobody gets what another host has set.
#[derive(Debug, Default)]
pub(crate) struct Cookies(BTreeMap<(String, String), Jar>);

#[derive(Debug)]
struct Jar {
    used: DateTime<Utc>,
    cookies: Vec<Cookie>,
}

#[derive(Debug)]
struct Cookie {
    name: String,
    value: String,
    path: String,
    /// Only for https.
    secure: bool,
    until: Option<DateTime<Utc>>,
}

/// The call or conversation of a request. Reports of messages belong to none: Twilio keeps cookies for what comes in.
pub(crate) fn holder(request: &Request) -> Option<String> {
    let param = |name: &str| {
        let mut params = request.params.iter();
        params.find_map(|(key, value)| (key == name).then_some(value.as_str()))
    };
    match request.kind {
        "message-inbound" => Some(format!("{} {}", param("From")?, param("To")?)),
        kind if kind.starts_with("message") => None,
        _ => request.sid.clone(),
    }
}

fn place(holder: &str, url: &Url) -> (String, String) {
    let host = url.host_str().unwrap_or_default();
    (holder.to_owned(), host.to_owned())
}

impl Cookies {
    /// What is sent along, as the header has it.
    pub(crate) fn sent(&mut self, holder: &str, url: &Url, now: DateTime<Utc>) -> Option<String> {
        let jar = self.0.get_mut(&place(holder, url))?;
        if now - jar.used > Duration::hours(HOURS) {
            jar.cookies.clear();
        }
        jar.used = now;
        let pairs: Vec<String> = jar
            .cookies
            .iter()
            .filter(|cookie| cookie.until.is_none_or(|until| now < until))
            .filter(|cookie| is_within(url.path(), &cookie.path))
            .filter(|cookie| !cookie.secure || url.scheme() == "https")
            .map(|cookie| format!("{}={}", cookie.name, cookie.value))
            .collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }

    /// Takes over what an answer sets.
    pub(crate) fn keep(
        &mut self,
        holder: &str,
        url: &Url,
        headers: &HeaderMap,
        now: DateTime<Utc>,
    ) {
        for header in headers.get_all(SET_COOKIE) {
            if let Some(cookie) = header.to_str().ok().and_then(|text| read(text, url, now)) {
                self.put(place(holder, url), cookie, now);
            }
        }
    }

    fn put(&mut self, place: (String, String), cookie: Cookie, now: DateTime<Utc>) {
        if self.0.len() >= MOST_JARS && !self.0.contains_key(&place) {
            let oldest = self.0.iter().min_by_key(|(_, jar)| jar.used);
            if let Some(oldest) = oldest.map(|(place, _)| place.clone()) {
                self.0.remove(&oldest);
            }
        }
        let jar = self.0.entry(place).or_insert_with(|| Jar {
            used: now,
            cookies: Vec::new(),
        });
        jar.used = now;
        jar.cookies
            .retain(|other| (&other.name, &other.path) != (&cookie.name, &cookie.path));
        if jar.cookies.len() >= MOST {
            jar.cookies.remove(0);
        }
        jar.cookies.push(cookie);
    }

    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}

/// One `Set-Cookie`. A cookie that is over at once stays as such: it takes the place of the one before.
fn read(text: &str, url: &Url, now: DateTime<Utc>) -> Option<Cookie> {
    let mut parts = text.split(';').map(str::trim);
    let (name, value) = parts.next()?.split_once('=')?;
    let (name, value) = (name.trim(), value.trim());
    if name.is_empty() {
        return None;
    }
    // Without a path it is for where the request went, and below.
    let path = url.path().rsplit_once('/').map_or("", |(before, _)| before);
    let mut cookie = Cookie {
        name: name.to_owned(),
        value: value.to_owned(),
        path: if path.is_empty() { "/" } else { path }.to_owned(),
        secure: false,
        until: None,
    };
    for part in parts {
        let (key, value) = part.split_once('=').unwrap_or((part, ""));
        match key.trim().to_ascii_lowercase().as_str() {
            "path" if value.starts_with('/') => cookie.path = value.to_owned(),
            "secure" => cookie.secure = true,
            "max-age" => {
                let seconds = value.trim().parse::<i64>().ok();
                // None of them outlives the conversation.
                cookie.until = seconds
                    .map(|seconds| now + Duration::seconds(seconds.clamp(0, HOURS * 60 * 60)));
            }
            // How applications take a cookie back. Other dates are of a clock that need not be ours.
            "expires" if cookie.until.is_none() => {
                let at = DateTime::parse_from_rfc2822(value.trim()).ok();
                cookie.until = at.filter(|at| at.timestamp() <= 86_400).map(|_| now);
            }
            _ => {}
        }
    }
    Some(cookie)
}

/// Whether a path is the cookie's or below it.
fn is_within(path: &str, whole: &str) -> bool {
    path.strip_prefix(whole)
        .is_some_and(|rest| rest.is_empty() || whole.ends_with('/') || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::{is_within, read};

    #[test]
    fn cookie_is_taken_back_by_a_date_long_ago() {
        let (url, now) = (
            "http://a.example/sms".parse().unwrap(),
            DateTime::UNIX_EPOCH,
        );
        let until = |text: &str| read(text, &url, now).unwrap().until;
        let gone = "s=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT";
        assert_eq!(until(gone), Some(now));
        assert_eq!(until("s=1; Expires=Wed, 21 Oct 2026 07:28:00 GMT"), None);
    }

    #[test]
    fn path_holds_what_is_below_it() {
        assert!(is_within("/sms", "/") && is_within("/sms", "/sms") && is_within("/sms/a", "/sms"));
        assert!(!is_within("/smsa", "/sms") && !is_within("/", "/sms"));
    }
}
