//! What must be so at the end of every case, and cleaning up.

use std::collections::BTreeMap;
use std::sync::PoisonError;

use serde_json::Value;

use super::{ADMIN, Mode, SECRET_KEY, SERVICE_KEY, Site, TOKEN};

impl Site {
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
        for process in self.processes.lock().unwrap().values() {
            for line in process.log().lines() {
                let shown = &line[..line.floor_char_boundary(600)];
                let number = phone_number(line);
                assert!(number.is_none(), "{} logs a number: {shown}", process.name);
                let secret = secrets.iter().find(|secret| line.contains(*secret));
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
            let last = &lines[lines.len().saturating_sub(40)..];
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

/// A number of those that the tests use, in any writing: its digits in a row.
fn phone_number(line: &str) -> Option<&str> {
    if line.contains(AS_BYTES) {
        return Some("in bytes");
    }
    let at = line.find("1555")?;
    let digits = line[at..].bytes().take_while(u8::is_ascii_digit).count();
    if digits == 11 {
        return Some(&line[at..at + digits]);
    }
    phone_number(&line[at + 4..])
}

#[test]
fn a_phone_number_is_found() {
    assert_eq!(phone_number("to=%2B15550100001&x"), Some("15550100001"));
    assert_eq!(phone_number("+1555***0001 at 1555 and 15551"), None);
}
