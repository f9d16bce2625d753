//! A URL in pieces, and the forms of it that a signature may have been made over.

use std::fmt;

/// A URL in pieces that together are the URL again, without its fragment: that is neither sent nor signed.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Address<'a> {
    /// With its `://`.
    pub(crate) scheme: &'a str,
    /// With its `@`.
    pub(crate) user: &'a str,
    pub(crate) host: &'a str,
    /// With its `:`.
    pub(crate) port: &'a str,
    pub(crate) path: &'a str,
    /// With its `?`.
    pub(crate) query: &'a str,
}

/// One way to write the URL. The default is as it came.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Form {
    drop_user: bool,
    /// No port where there is one; the scheme's own where there is none.
    other_port: bool,
    /// A trailing slash where there is none, none where there is one.
    other_slash: bool,
    query: Query,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Query {
    #[default]
    AsIs,
    /// A text in place of another.
    Replace(&'static str, &'static str),
}

impl Form {
    pub(crate) const AS_IS: Self = Self {
        drop_user: false,
        other_port: false,
        other_slash: false,
        query: Query::AsIs,
    };
}

const QUERIES: [Query; 4] = [
    Query::AsIs,
    Query::Replace("'", "%27"),
    Query::Replace("%27", "'"),
    Query::Replace("+", "%20"),
];

impl<'a> Address<'a> {
    pub(crate) fn split(url: &'a str) -> Self {
        let url = url.split_once('#').map_or(url, |(url, _)| url);
        let Some(after_scheme) = url.find("://").map(|at| at + 3) else {
            // Not a URL; it can only be signed as it is.
            return Self {
                scheme: "",
                user: "",
                host: url,
                port: "",
                path: "",
                query: "",
            };
        };
        let (scheme, rest) = url.split_at(after_scheme);
        let (authority, rest) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let (user, authority) = authority.split_at(authority.rfind('@').map_or(0, |at| at + 1));
        // An IPv6 address has colons of its own, in brackets.
        let host_ends = authority.rfind(']').unwrap_or(0);
        let colon = authority[host_ends..].rfind(':').map(|at| at + host_ends);
        let (host, port) = authority.split_at(colon.unwrap_or(authority.len()));
        let (path, query) = rest.split_at(rest.find('?').unwrap_or(rest.len()));
        Self {
            scheme,
            user,
            host,
            port,
            path,
            query,
        }
    }

    /// The first value of a query parameter, as it is written.
    pub(crate) fn query_value(&self, name: &str) -> Option<&'a str> {
        let query = self.query.strip_prefix('?')?;
        query
            .split('&')
            .find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))
    }

    /// Every form that Twilio may have signed, each once; as it came is the first, without credentials where there are some.
    ///
    /// Ports: Twilio drops them from some requests, so official libraries try without and with, and so do we. Query: the Node library lets `'` and
    /// `%27`, and `+` and `%20`, stand for each other. Sockets: Twilio's page says to try a trailing slash.
    pub(crate) fn forms(&self) -> impl Iterator<Item = Form> + use<> {
        let users: &'static [bool] = if self.user.is_empty() {
            &[false]
        } else {
            &[true, false]
        };
        let ports: &'static [bool] = match (self.port, self.default_port()) {
            ("", "") => &[false],
            _ => &[false, true],
        };
        let slashes: &'static [bool] = if self.is_socket() {
            &[false, true]
        } else {
            &[false]
        };
        let queries = QUERIES.map(|query| match query {
            Query::AsIs => Some(query),
            Query::Replace(from, _) => self.query.contains(from).then_some(query),
        });
        users.iter().flat_map(move |drop_user| {
            slashes.iter().flat_map(move |other_slash| {
                ports.iter().flat_map(move |other_port| {
                    queries.into_iter().flatten().map(move |query| Form {
                        drop_user: *drop_user,
                        other_port: *other_port,
                        other_slash: *other_slash,
                        query,
                    })
                })
            })
        })
    }

    /// The URL in that form, piece by piece.
    pub(crate) fn pieces(&self, form: Form, mut each: impl FnMut(&str)) {
        each(self.scheme);
        if !form.drop_user {
            each(self.user);
        }
        each(self.host);
        match (form.other_port, self.port) {
            (false, port) => each(port),
            (true, "") => each(self.default_port()),
            (true, _) => {}
        }
        match (form.other_slash, self.path.strip_suffix('/')) {
            (false, _) => each(self.path),
            (true, Some(path)) => each(path),
            (true, None) => {
                each(self.path);
                each("/");
            }
        }
        match form.query {
            Query::AsIs => each(self.query),
            Query::Replace(from, to) => {
                for (index, piece) in self.query.split(from).enumerate() {
                    if index > 0 {
                        each(to);
                    }
                    each(piece);
                }
            }
        }
    }

    pub(crate) fn is_socket(&self) -> bool {
        self.is("wss://") || self.is("ws://")
    }

    pub(crate) fn is(&self, scheme: &str) -> bool {
        self.scheme.eq_ignore_ascii_case(scheme)
    }

    /// Official libraries add `:80` to `wss`; the port of a secure socket is 443.
    fn default_port(&self) -> &'static str {
        match () {
            () if self.is("https://") || self.is("wss://") => ":443",
            () if self.is("http://") || self.is("ws://") => ":80",
            () => "",
        }
    }
}

impl fmt::Display for Address<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            scheme,
            user,
            host,
            port,
            path,
            query,
        } = self;
        write!(f, "{scheme}{user}{host}{port}{path}{query}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn forms(url: &str) -> Vec<String> {
        let address = Address::split(url);
        let write = |form| {
            let mut out = String::new();
            address.pieces(form, |piece| out.push_str(piece));
            out
        };
        address.forms().map(write).collect()
    }

    #[test]
    fn splits() {
        let it = Address::split("https://u:p@h.example:8443/a/b?c=d#rc=2");
        assert_eq!(
            (it.scheme, it.user, it.host, it.port, it.path, it.query),
            ("https://", "u:p@", "h.example", ":8443", "/a/b", "?c=d")
        );
        let it = Address::split("http://[::1]:80?x=/@");
        assert_eq!(
            (it.host, it.port, it.path, it.query),
            ("[::1]", ":80", "", "?x=/@")
        );
        let it = Address::split("http://[::1]/");
        assert_eq!((it.host, it.port), ("[::1]", ""));
    }

    #[test]
    fn first_form_is_as_it_came() {
        assert_eq!(forms("https://h/p"), ["https://h/p", "https://h:443/p"]);
        assert_eq!(
            forms("https://h:8443/p"),
            ["https://h:8443/p", "https://h/p"]
        );
        assert_eq!(forms("http://h/p"), ["http://h/p", "http://h:80/p"]);
        assert_eq!(
            forms("wss://h/p"),
            ["wss://h/p", "wss://h:443/p", "wss://h/p/", "wss://h:443/p/"]
        );
        assert_eq!(
            forms("https://u@h/"),
            [
                "https://h/",
                "https://h:443/",
                "https://u@h/",
                "https://u@h:443/"
            ]
        );
        assert_eq!(
            forms("https://h:1/?a='+%27")[..4],
            [
                "https://h:1/?a='+%27",
                "https://h:1/?a=%27+%27",
                "https://h:1/?a='+'",
                "https://h:1/?a='%20%27"
            ]
        );
        assert_eq!(forms("nonsense:80"), ["nonsense:80"]);
    }

    proptest! {
        #[test]
        fn pieces_are_the_whole(url in "([a-z]{1,5}://)?[a-z:@\\[\\]/?.=&%+']{0,30}") {
            prop_assert_eq!(&Address::split(&url).to_string(), &url);
            let forms = forms(&url);
            let mut once = forms.clone();
            once.sort();
            once.dedup();
            prop_assert_eq!(once.len(), forms.len());
        }
    }
}
