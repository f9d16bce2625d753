//! What must be so at the end of every case, and cleaning up.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use aho_corasick::AhoCorasick;
use serde_json::Value;

use super::{ADMIN, LocalPlatform, Mode, SECRET_KEY, SERVICE_KEY, TOKEN};

/// How many lines of each log are shown: a report has room for the ends of eight and for the reason.
const SHOWN: usize = 15;

impl LocalPlatform {
    /// An orderly end; the texts that were expected and no more; no webhook that failed; no secret in a log.
    pub(super) async fn check_the_end(&self) {
        // Before the end: whatever Twilio tells after it finds nobody.
        let asked = self.twilio.log().await;
        self.stop().await;
        let mut texts: BTreeMap<String, Vec<Value>> = BTreeMap::new();
        let messages = self.twilio.messages().await;
        for message in &messages {
            if message["direction"] == "outbound-api" {
                let to = message["to"].as_str().unwrap().to_owned();
                texts.entry(to).or_default().push(message.clone());
            }
        }
        for (caller, count) in self.expected.lock().unwrap().iter() {
            let sent = texts.get(caller).map_or(0, Vec::len);
            assert_eq!(sent, *count, "texts in the end: {:#?}", texts.get(caller));
        }
        if !self.rough {
            for entry in asked {
                let well = entry["error"].is_null()
                    && entry["status"].as_u64().is_none_or(|status| status < 400);
                assert!(
                    well || entry["direction"] != "out",
                    "a webhook failed: {entry:#}"
                );
            }
        }
        let bodies = messages.iter().filter_map(|m| m["body"].as_str());
        self.check_logs(bodies);
    }

    /// No phone number, text or secret in what the platform's processes have written.
    pub fn check_logs<'a>(&self, bodies: impl Iterator<Item = &'a str>) {
        // Short texts, such as STOP, are words like others.
        let mut secrets: Vec<String> = bodies
            .filter(|body| body.len() >= 12)
            .map(str::to_owned)
            .collect();
        let ours = [TOKEN, ADMIN, SERVICE_KEY, SECRET_KEY];
        secrets.extend(ours.map(str::to_owned));
        secrets.extend(self.secrets.lock().unwrap().iter().cloned());
        secrets.sort_unstable();
        secrets.dedup();
        // A long run has thousands of texts, and millions of lines.
        let search = AhoCorasick::new(&secrets).unwrap();
        for process in self.processes.lock().unwrap().values() {
            for line in process.log().lines() {
                let shown = &line[..line.floor_char_boundary(600)];
                let number = phone_number(line);
                assert!(
                    number.is_none(),
                    "{} logs the number {number:?}: {shown}",
                    process.name
                );
                let secret = search.find(line).map(|found| &secrets[found.pattern()]);
                assert!(
                    secret.is_none(),
                    "{} logs {secret:?}: {shown}",
                    process.name
                );
            }
        }
    }

    /// The ends of the logs, for whoever looks for what went wrong.
    pub(super) fn show(&self) {
        let processes = self.processes.lock();
        let processes = processes.unwrap_or_else(PoisonError::into_inner);
        for process in processes.values() {
            let log = process.log();
            let lines: Vec<&str> = log.lines().collect();
            let last = &lines[lines.len().saturating_sub(SHOWN)..];
            println_all(&process.name, last);
        }
        drop(processes);
        let kept = super::wait::keep_logs();
        if let Some(kept) = kept {
            let from = self.dir.path();
            let to = kept.join(from.file_name().unwrap());
            let _ = std::fs::create_dir_all(&to);
            for entry in std::fs::read_dir(from).unwrap().flatten() {
                let _ = std::fs::copy(entry.path(), to.join(entry.file_name()));
            }
        }
    }

    /// Ends what still runs and removes what lies outside of the folder.
    pub(super) async fn remove(&self) {
        let processes = self.processes.lock();
        processes.unwrap_or_else(PoisonError::into_inner).clear();
        if self.mode == Mode::Split
            && let Some(backends) = &self.backends
        {
            backends.remove().await;
        }
    }
}

#[expect(clippy::print_stdout, reason = "a failed test shows why")]
fn println_all(name: &str, lines: &[&str]) {
    println!("--- the end of the log of {name}");
    for line in lines {
        println!("{line}");
    }
}

/// How a list of bytes writes `1555`: a message that is shown as it went over the wire.
const AS_BYTES: &str = "49, 53, 53, 53, ";

/// A number of those that the tests use: eleven digits that stand by themselves. Those within a longer run of letters
/// and digits are a part of an id, as chance has it once in some hundred thousand ids.
fn phone_number(line: &str) -> Option<&str> {
    if in_bytes(line) {
        return Some("in bytes");
    }
    line.match_indices("1555").find_map(|(at, _)| {
        let (before, rest) = line.split_at(at);
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, after) = rest.split_at(digits);
        let goes_on = after.starts_with(|c: char| c.is_ascii_alphanumeric());
        (digits == 11 && !goes_on && ends_a_word(before)).then_some(number)
    })
}

/// Whether what follows is no part of the same word: after the beginning, a sign, or a character that is written
/// otherwise in a URL (`%2B`) or in JSON (`\n`, `\u002b`).
fn ends_a_word(text: &str) -> bool {
    match text.as_bytes() {
        [.., b'%', high, low] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => true,
        [.., b'\\', b'n' | b'r' | b't'] | [.., b'\\', b'u', _, _, _, _] => true,
        bytes => !bytes.last().is_some_and(u8::is_ascii_alphanumeric),
    }
}

/// Whether a list of bytes has the eleven digits of a number in a row.
fn in_bytes(line: &str) -> bool {
    let is_digit = |byte: &str| byte.parse().is_ok_and(|byte: u8| byte.is_ascii_digit());
    line.match_indices(AS_BYTES).any(|(at, known)| {
        let rest = line[at + known.len()..].split(|c: char| !c.is_ascii_digit());
        let rest = rest.filter(|byte| !byte.is_empty());
        rest.take(7).filter(|byte| is_digit(byte)).count() == 7
    })
}

#[test]
fn phone_number_is_found() {
    let number = Some("15550100001");
    for line in [
        "to=%2B15550100001&x",
        "a=1555&to=%2b15550100001",
        "+15550100001",
        "15550100001",
        "\"to\":\"15550100001\"",
        "sip:15550100001@example.com",
        "sip%3A15550100001",
        "whatsapp:+15550100001",
        r"two lines:\n15550100001\n",
        r"\u002b15550100001",
        "1555 is not all of +15550100001",
    ] {
        assert_eq!(phone_number(line), number, "{line}");
    }
    let bytes = "[43, 49, 53, 53, 53, 48, 49, 48, 48, 48, 48, 49]";
    assert_eq!(phone_number(bytes), Some("in bytes"));
}

#[test]
fn digits_within_an_id_are_no_phone_number() {
    for line in [
        "+1555***0001 at 1555 and 15551",
        "\"event.id\":\"df4279e31555010000114eb374\"",
        "\"event.id\":\"df4279e30fe814eb15550100001\"",
        "\"event.id\":\"15550100001df4279e30fe814eb\"",
        "\"call.sid\":\"CA15550100001f4b5732f484b1beb9e73\"",
        "155501000012",
        "2B15550100001",
        "[49, 53, 53, 53, 97, 98, 99, 48, 48, 48, 49]",
    ] {
        assert_eq!(phone_number(line), None, "{line}");
    }
}
