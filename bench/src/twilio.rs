//! Webhooks as Twilio sends them, signed, ready to be written to a socket.

use std::fmt::Write as _;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha1::Sha1;

/// The account that everything in the benchmark belongs to.
pub const ACCOUNT_SID: &str = "ACb0000000000000000000000000000001";
/// Its token.
pub const AUTH_TOKEN: &str = "b0000000000000000000000000000002";
/// The business's number.
pub const NUMBER: &str = "+14155550101";
/// Where its calls are forwarded.
pub const FORWARD_TO: &str = "+14155550102";
/// How long its phone rings, in seconds: until the part is over. Nobody tells how these calls end, and a call whose end is
/// overdue is looked up at Twilio, which is work that no other call would have caused.
pub const RINGS_S: u32 = 600;

/// A series of distinct requests of one kind; the n-th is the same for every server.
pub struct Requests {
    /// The server's port on 127.0.0.1.
    pub port: u16,
    /// What the body of a right answer contains.
    pub expect: &'static str,
    /// How a right answer begins.
    pub status: &'static str,
    kind: Kind,
}

#[derive(Clone, Copy)]
enum Kind {
    Voice,
    DialFinished,
    Unanswered,
    Text,
    Bot,
    Forged,
}

/// How a right answer to a signed request begins.
const OK: &str = "HTTP/1.1 200";
/// The parameters of a forged post, and how long each is: together just below what ingress reads.
const FORGED: (usize, usize) = (8, 8_000);

impl Requests {
    /// `POST /webhooks/twilio/call`: a call comes in.
    pub fn voice(port: u16) -> Self {
        Self {
            port,
            expect: "<Dial",
            status: OK,
            kind: Kind::Voice,
        }
    }

    /// `POST /webhooks/twilio/call/status/{CallSid}`: a `<Dial>` has ended.
    pub fn dial_finished(port: u16, expect: &'static str) -> Self {
        Self {
            port,
            expect,
            status: OK,
            kind: Kind::DialFinished,
        }
    }

    /// The same where nobody has picked up.
    pub fn unanswered(port: u16) -> Self {
        Self {
            port,
            expect: "<Response",
            status: OK,
            kind: Kind::Unanswered,
        }
    }

    /// `POST /webhooks/twilio/sms`: a text comes in, each from another customer.
    pub fn text(port: u16) -> Self {
        Self {
            port,
            expect: "<Response",
            status: OK,
            kind: Kind::Text,
        }
    }

    /// `POST /voice`: a call comes in for a bot on a stream.
    pub fn bot(port: u16) -> Self {
        Self {
            port,
            expect: "<Stream",
            status: OK,
            kind: Kind::Bot,
        }
    }

    /// `POST /webhooks/twilio/call` of 64 kB without an AccountSid, with a signature that nobody's token makes.
    pub fn forged(port: u16) -> Self {
        Self {
            port,
            expect: "forbidden",
            status: "HTTP/1.1 403",
            kind: Kind::Forged,
        }
    }

    /// The bytes of request `n`; `series` keeps one use of the series apart from another.
    pub fn bytes(&self, series: u32, n: u64) -> Vec<u8> {
        let (sid, caller) = (call_sid(series, n), caller(n));
        let (path, parameters) = match self.kind {
            Kind::Voice => ("/webhooks/twilio/call".to_owned(), voice(&sid, &caller)),
            Kind::Bot => ("/voice".to_owned(), voice(&sid, &caller)),
            Kind::Text => ("/webhooks/twilio/sms".to_owned(), text(&sid, &caller)),
            Kind::Forged => ("/webhooks/twilio/call".to_owned(), forged()),
            Kind::DialFinished => {
                let path = format!("/webhooks/twilio/call/status/{sid}");
                (path, dial_finished(&sid, &caller))
            }
            Kind::Unanswered => {
                let path = format!("/webhooks/twilio/call/status/{sid}");
                (path, unanswered(&sid, &caller))
            }
        };
        let host = format!("127.0.0.1:{}", self.port);
        let token = match self.kind {
            Kind::Forged => "nobody's",
            _ => AUTH_TOKEN,
        };
        let signature = sign(token, &format!("http://{host}{path}"), &parameters);
        let body = encode(&parameters);
        format!(
            "POST {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: TwilioProxy/1.1\r\nAccept: */*\r\n\
             Content-Type: application/x-www-form-urlencoded; charset=utf-8\r\n\
             I-Twilio-Idempotency-Token: {series:08x}-0000-4000-8000-{n:012x}\r\n\
             X-Twilio-Signature: {signature}\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        )
        .into_bytes()
    }
}

/// The CallSid of request `n` of a series.
pub fn call_sid(series: u32, n: u64) -> String {
    format!("CA{series:08x}{n:024x}")
}

/// Who calls or texts with request `n` of any series.
pub fn caller(n: u64) -> String {
    format!("+1415{:07}", 2_000_000 + n % 1_000_000)
}

/// What Twilio signs a handshake at `ws://127.0.0.1:PORT` with.
pub fn handshake(port: u16, path: &str) -> String {
    let url = format!("ws://127.0.0.1:{port}{path}");
    sign(AUTH_TOKEN, &url, &Vec::new())
}

/// A single request.
pub enum Signed<'a> {
    /// A call comes in.
    Voice {
        /// Its CallSid.
        call: &'a str,
    },
    /// The recording of a call can be fetched.
    Recorded {
        /// The CallSid.
        call: &'a str,
        /// The RecordingSid.
        recording: &'a str,
    },
}

/// Its address, signature and body.
pub fn signed(port: u16, request: &Signed<'_>) -> (String, String, String) {
    let (path, parameters) = match request {
        Signed::Voice { call } => ("/webhooks/twilio/call", voice(call, "+14152000000")),
        Signed::Recorded { call, recording } => ("/recording/status", recorded(call, recording)),
    };
    let url = format!("http://127.0.0.1:{port}{path}");
    let signature = sign(AUTH_TOKEN, &url, &parameters);
    (url, signature, encode(&parameters))
}

fn recorded(call: &str, recording: &str) -> Parameters {
    vec![
        ("AccountSid", ACCOUNT_SID.to_owned()),
        ("CallSid", call.to_owned()),
        ("RecordingSid", recording.to_owned()),
        ("RecordingStatus", "completed".to_owned()),
        ("RecordingChannels", "2".to_owned()),
        ("RecordingSource", "StartCallRecordingTwiML".to_owned()),
        (
            "RecordingStartTime",
            "Sun, 29 Nov 2026 10:00:00 +0000".to_owned(),
        ),
        ("RecordingTrack", "both".to_owned()),
    ]
}

type Parameters = Vec<(&'static str, String)>;

fn voice(sid: &str, caller: &str) -> Parameters {
    let mut parameters = party("Caller", caller);
    parameters.extend(party("Called", NUMBER));
    parameters.extend(party("From", caller));
    parameters.extend(party("To", NUMBER));
    parameters.extend([
        ("AccountSid", ACCOUNT_SID.to_owned()),
        ("ApiVersion", "2010-04-01".to_owned()),
        ("CallSid", sid.to_owned()),
        ("CallStatus", "ringing".to_owned()),
        ("Direction", "inbound".to_owned()),
        ("StirVerstat", "TN-Validation-Passed-A".to_owned()),
    ]);
    parameters
}

fn text(sid: &str, caller: &str) -> Parameters {
    let sid = sid.replacen("CA", "SM", 1);
    let mut parameters = party("From", caller);
    parameters.extend(party("To", NUMBER));
    parameters.extend([
        ("AccountSid", ACCOUNT_SID.to_owned()),
        ("ApiVersion", "2010-04-01".to_owned()),
        (
            "Body",
            "My kitchen sink is leaking, when can you come?".to_owned(),
        ),
        ("MessageSid", sid.clone()),
        ("NumMedia", "0".to_owned()),
        ("NumSegments", "1".to_owned()),
        ("SmsMessageSid", sid.clone()),
        ("SmsSid", sid),
        ("SmsStatus", "received".to_owned()),
    ]);
    parameters
}

fn unanswered(sid: &str, caller: &str) -> Parameters {
    let mut parameters = voice(sid, caller);
    parameters.extend([
        ("DialBridged", "false".to_owned()),
        ("DialCallSid", sid.replacen("CA", "CAd", 1)[..34].to_owned()),
        ("DialCallStatus", "no-answer".to_owned()),
    ]);
    parameters
}

fn forged() -> Parameters {
    let (count, length) = FORGED;
    (0..count).map(|_| ("Body", "x".repeat(length))).collect()
}

fn dial_finished(sid: &str, caller: &str) -> Parameters {
    let mut parameters = voice(sid, caller);
    for (name, value) in &mut parameters {
        if *name == "CallStatus" {
            "in-progress".clone_into(value);
        }
    }
    parameters.extend([
        ("DialBridged", "true".to_owned()),
        ("DialCallDuration", "42".to_owned()),
        ("DialCallSid", sid.replacen("CA", "CAd", 1)[..34].to_owned()),
        ("DialCallStatus", "completed".to_owned()),
    ]);
    parameters
}

/// A party of a call with the place that Twilio looks up for it.
fn party(role: &'static str, number: &str) -> Parameters {
    let names = match role {
        "Caller" => [
            "Caller",
            "CallerCity",
            "CallerState",
            "CallerZip",
            "CallerCountry",
        ],
        "Called" => [
            "Called",
            "CalledCity",
            "CalledState",
            "CalledZip",
            "CalledCountry",
        ],
        "From" => ["From", "FromCity", "FromState", "FromZip", "FromCountry"],
        _ => ["To", "ToCity", "ToState", "ToZip", "ToCountry"],
    };
    let values = [number, "SAN FRANCISCO", "CA", "94105", "US"];
    names.into_iter().zip(values.map(str::to_owned)).collect()
}

/// `X-Twilio-Signature`: HMAC-SHA1 over the URL and the sorted parameters.
fn sign(token: &str, url: &str, parameters: &Parameters) -> String {
    let mut sorted: Vec<_> = parameters.iter().collect();
    sorted.sort();
    // HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(token.as_bytes()) else {
        return String::new();
    };
    mac.update(url.as_bytes());
    for (name, value) in sorted {
        mac.update(name.as_bytes());
        mac.update(value.as_bytes());
    }
    STANDARD.encode(mac.finalize().into_bytes())
}

fn encode(parameters: &Parameters) -> String {
    let mut body = String::with_capacity(1024);
    for (name, value) in parameters {
        if !body.is_empty() {
            body.push('&');
        }
        body.push_str(name);
        body.push('=');
        for byte in value.bytes() {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' => {
                    body.push(char::from(byte));
                }
                b' ' => body.push('+'),
                // Writing to a String cannot fail.
                other => drop(write!(body, "%{other:02X}")),
            }
        }
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_the_one_of_twilios_documentation() {
        // Its example, with its token.
        let parameters = vec![
            ("CallSid", "CA1234567890ABCDE".to_owned()),
            ("Caller", "+12349013030".to_owned()),
            ("Digits", "1234".to_owned()),
            ("From", "+12349013030".to_owned()),
            ("To", "+18005551212".to_owned()),
        ];
        let url = "https://mycompany.com/myapp.php?foo=1&bar=2";
        assert_eq!(
            sign("12345", url, &parameters),
            "0/KCTR6DLpKmkAf8muzZqo1nDgQ="
        );
    }

    #[test]
    fn a_request_repeats_exactly_and_differs_from_the_next() {
        let requests = Requests::dial_finished(8080, "<Response");
        assert_eq!(requests.bytes(1, 7), requests.bytes(1, 7));
        assert_ne!(requests.bytes(1, 7), requests.bytes(1, 8));
        let text = String::from_utf8(requests.bytes(1, 7)).unwrap();
        assert!(text.starts_with(
            "POST /webhooks/twilio/call/status/CA00000001000000000000000000000007 HTTP/1.1\r\n"
        ));
        assert!(text.contains("DialCallSid=CAd0000000100000000000000000000000&"));
        assert!(text.contains("From=%2B14152000007&FromCity=SAN+FRANCISCO"));
    }
}
