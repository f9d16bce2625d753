//! Which addresses may be asked.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, UdpSocket};

use url::{Host, Url};

/// How far requests may go.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Reach {
    /// To the public internet, and nowhere else.
    #[default]
    Public,
    /// To private networks and this machine as well; never to link-local addresses.
    Private,
}

/// Why an address is not asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It cannot be read.
    #[error("is not a web address; write https://host/path")]
    NotAnAddress,
    /// It has a user, a password or a fragment.
    #[error("must have neither a user nor a # part")]
    Parts,
    /// It is of this machine or of a private network.
    #[error("is a private address, or one of this platform's own; only public ones are asked")]
    Private,
    /// It is link-local, multicast or reserved.
    #[error("is a link-local or reserved address, which is never asked")]
    Reserved,
}

/// What can be said of a URL without asking anybody: its form, and an address that it spells out. A name is judged
/// when it is resolved.
///
/// # Errors
///
/// Why it will not be asked.
pub fn judge(url: &str, reach: Reach) -> Result<Url, Refused> {
    let url = Url::parse(url).map_err(|_| Refused::NotAnAddress)?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(Refused::NotAnAddress);
    }
    if !url.username().is_empty() || url.password().is_some() || url.fragment().is_some() {
        return Err(Refused::Parts);
    }
    match url.host() {
        None => return Err(Refused::NotAnAddress),
        Some(Host::Ipv4(ip)) => reach.admits(ip.into())?,
        Some(Host::Ipv6(ip)) => reach.admits(ip.into())?,
        Some(Host::Domain(name)) => {
            let name = name.trim_end_matches('.');
            let is_local = name == "localhost" || name.ends_with(".localhost");
            if is_local && reach == Reach::Public {
                return Err(Refused::Private);
            }
        }
    }
    Ok(url)
}

impl Reach {
    /// Whether this address may be connected to.
    pub(crate) fn admits(self, ip: IpAddr) -> Result<(), Refused> {
        match (class(ip), self) {
            (Class::Reserved, _) => Err(Refused::Reserved),
            (Class::Private, Self::Public) => Err(Refused::Private),
            (Class::Private | Class::Public, _) => Ok(()),
        }
    }

    /// The same of one that is about to be connected to: none of this machine's own.
    pub(crate) fn connects(self, ip: IpAddr) -> Result<(), Refused> {
        self.admits(ip)?;
        if self == Self::Public && is_ours(ip) {
            return Err(Refused::Private);
        }
        Ok(())
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Class {
    Public,
    Private,
    Reserved,
}

fn class(ip: IpAddr) -> Class {
    match ip {
        IpAddr::V4(ip) => class_v4(ip),
        IpAddr::V6(ip) => class_v6(ip),
    }
}

/// The special-purpose address registries of IANA.
fn class_v4(ip: Ipv4Addr) -> Class {
    match ip.octets() {
        // Shared address space is what carriers and clouds use inside.
        [10 | 127, ..] | [192, 168, ..] | [172, 16..=31, ..] | [100, 64..=127, ..] => {
            Class::Private
        }
        [0 | 224..=255, ..]
        | [169, 254, ..]
        | [192, 0, 0 | 2, _]
        | [192, 88, 99, _]
        | [198, 18 | 19, ..]
        | [198, 51, 100, _]
        | [203, 0, 113, _] => Class::Reserved,
        _ => Class::Public,
    }
}

/// Amazon's metadata service, in the midst of private addresses.
const METADATA: Ipv6Addr = Ipv6Addr::new(0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254);

fn class_v6(ip: Ipv6Addr) -> Class {
    let segments = ip.segments();
    let inner = |high: u16, low: u16| {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        class_v4(Ipv4Addr::new(a, b, c, d))
    };
    match segments {
        [0, 0, 0, 0, 0, 0, 0, 1] => Class::Private,
        // An IPv4 address in another dress: mapped, translated (RFC 6052), 6to4.
        [0, 0, 0, 0, 0, 0xffff, high, low] | [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            inner(high, low)
        }
        [0x2002, high, low, ..] => inner(high, low),
        _ if ip == METADATA => Class::Reserved,
        [0xfc00..=0xfdff, ..] => Class::Private,
        // Teredo, benchmarking, documentation.
        [0x2001, 0..=0x1ff | 0xdb8, ..] | [0x3fff, 0..=0xfff, ..] => Class::Reserved,
        [0x2000..=0x3fff, ..] => Class::Public,
        _ => Class::Reserved,
    }
}

/// Whether it is an address of this machine: a datagram to it would leave from itself. Nothing is sent.
fn is_ours(ip: IpAddr) -> bool {
    let any: IpAddr = match ip {
        IpAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        IpAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let from = UdpSocket::bind((any, 0)).and_then(|socket| {
        socket.connect((ip, 9))?;
        socket.local_addr()
    });
    from.is_ok_and(|from| from.ip() == ip)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn url_of_an_inner_address_is_refused_in_every_spelling() {
        for url in [
            "http://127.0.0.1/",
            "http://2130706433/",
            "http://0x7f.1/",
            "http://127.1:8080/x",
            "http://017700000001/",
            "http://localhost:5432/",
            "http://LOCALHOST./",
            "http://a.localhost/",
            "http://10.0.0.8/",
            "http://172.31.255.1/",
            "http://192.168.1.1/",
            "http://100.64.0.1/",
            "http://[::1]/",
            "http://[::ffff:127.0.0.1]/",
            "http://[64:ff9b::7f00:1]/",
            "http://[2002:7f00:1::]/",
            "http://[fd12::1]/",
        ] {
            assert_eq!(judge(url, Reach::Public), Err(Refused::Private), "{url}");
            assert!(judge(url, Reach::Private).is_ok(), "{url}");
        }
    }

    #[test]
    fn url_of_a_link_local_or_reserved_address_is_always_refused() {
        for url in [
            "http://169.254.169.254/latest/meta-data",
            "http://2852039166/",
            "http://[::ffff:169.254.169.254]/",
            "http://[fe80::1]/",
            "http://[fd00:ec2::254]/",
            "http://0.0.0.0/",
            "http://[::]/",
            "http://255.255.255.255/",
            "http://224.0.0.1/",
            "http://192.0.2.1/",
            "http://[2001:db8::1]/",
            "http://[ff02::1]/",
        ] {
            for reach in [Reach::Public, Reach::Private] {
                assert_eq!(judge(url, reach), Err(Refused::Reserved), "{url}");
            }
        }
    }

    #[test]
    fn url_in_the_wrong_form_is_refused() {
        for url in ["", "x", "ftp://x.example/", "http://", "//x.example"] {
            assert_eq!(
                judge(url, Reach::Public),
                Err(Refused::NotAnAddress),
                "{url}"
            );
        }
        for url in [
            "https://a@x.example/",
            "https://:b@x.example/",
            "https://x.example/#c",
        ] {
            assert_eq!(judge(url, Reach::Public), Err(Refused::Parts), "{url}");
        }
    }

    #[test]
    fn url_of_a_public_address_or_a_name_is_let_through() {
        for url in [
            "https://crm.example/hooks?a=b",
            "http://8.8.8.8:8080/",
            "https://[2606:4700::1111]/",
            "https://172.32.0.1/",
        ] {
            assert!(judge(url, Reach::Public).is_ok(), "{url}");
        }
    }

    #[test]
    fn address_of_this_machine_is_its_own() {
        assert!(is_ours(Ipv4Addr::LOCALHOST.into()));
        assert!(!is_ours(Ipv4Addr::new(8, 8, 8, 8).into()));
    }
}
