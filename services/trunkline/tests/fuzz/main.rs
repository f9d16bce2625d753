//! The entry functions of `fuzz/`, with the seeds below, mutated by a seeded generator: what libFuzzer does for hours, for a
//! moment in each run of the suite. `TRUNKLINE_FUZZ_INPUTS` makes it longer, `TRUNKLINE_TEST_SEED` repeats a run.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "helpers of tests are tests"
)]

#[path = "../../../../fuzz/src/entries.rs"]
mod entries;

use std::panic::{AssertUnwindSafe, catch_unwind};

use audio::{Encoding, Sound};
use entries::{ENTRIES, Entry};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

/// How many inputs each reader gets, besides its seeds.
const INPUTS: u64 = 1_500;
/// No input is longer.
const LONGEST: usize = 16 * 1024;
/// What breaks readers: ends of ranges, quotes, escapes, half a character.
const TOKENS: &[&[u8]] = &[
    b"\0",
    b"\xff",
    b"\xed\xa0\x80",
    b"%00",
    b"%",
    b"&",
    b"=",
    b"\"",
    b"{",
    b"[",
    b"]]>",
    b"<!DOCTYPE a [",
    b"&#0;",
    b"&amp;",
    b"<Say>",
    b"</Response>",
    b"-1",
    b"1e999",
    b"18446744073709551616",
    b"null",
    b"\\ud800",
    b"\n",
    b": ",
    b"- ",
    b"*a",
    b"&a ",
    b"\xff\xff\xff\xff",
    b"\0\0\0\0",
    b"data",
    b"fmt ",
    b"ID3",
    b"\xff\xfb\x90\x44",
];

fn seeds(entry: &str) -> Vec<Vec<u8>> {
    let texts: &[&str] = match entry {
        "signature" => &[
            "https://a.example/webhooks/twilio/call\nCallSid=CA1&From=%2B15550109999&Body=It%27s+here",
            "http://a.example:8080/voice?a=1&b=%20c\n",
            "wss://a.example/ws/twilio/x\nAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
        ],
        "form" => &[
            "CallSid=CA00000000000000000000000000000001&AccountSid=AC00000000000000000000000000000001&From=%2B15550109999&To=%2B15550100001&CallStatus=ringing&Direction=inbound&ApiVersion=2010-04-01",
            "MessageSid=SM00000000000000000000000000000001&AccountSid=AC00000000000000000000000000000001&From=%2B15550109999&To=%2B15550100001&Body=STOP&NumMedia=1&MediaUrl0=https%3A%2F%2Fapi.twilio.com%2Fx&MediaContentType0=image%2Fjpeg",
            "CallSid=CA00000000000000000000000000000001&RecordingSid=RE00000000000000000000000000000001&RecordingUrl=https%3A%2F%2Fapi.twilio.com%2Fy&RecordingDuration=12&Digits=1&SpeechResult=yes&DialCallStatus=no-answer",
        ],
        "twiml" => &[
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Response><Gather input=\"dtmf speech\" timeout=\"5\" action=\"/a?b=1&amp;c=2\"><Say language=\"en-US\">Press <emphasis>1</emphasis></Say></Gather><Dial timeout=\"20\" callerId=\"+15550100001\"><Number>+15550100002</Number></Dial><Record maxLength=\"60\"/><Hangup/></Response>",
            "<Response><Start><Recording recordingStatusCallback=\"/r\"/></Start><Connect><Stream url=\"wss://a.example/s\"><Parameter name=\"session\" value=\"1\"/></Stream></Connect><Message>&#128512;</Message></Response>",
        ],
        "stream_messages" => &[
            r#"{"event":"start","sequenceNumber":"1","start":{"streamSid":"MZ1","accountSid":"AC1","callSid":"CA1","tracks":["inbound"],"mediaFormat":{"encoding":"audio/x-mulaw","sampleRate":8000,"channels":1},"customParameters":{"session":"x"}},"streamSid":"MZ1"}"#,
            r#"{"event":"media","sequenceNumber":"3","media":{"track":"inbound","chunk":"1","timestamp":"5","payload":"//////8="},"streamSid":"MZ1"}"#,
            r#"{"event":"dtmf","dtmf":{"track":"inbound_track","digit":"1"}}"#,
            r#"{"type":"setup","sessionId":"VX1","callSid":"CA1","customParameters":{"session":"x"}}"#,
            r#"{"type":"prompt","voicePrompt":"hello","lang":"en-US","last":true}"#,
        ],
        "flows" => &[
            r#"{"name":"loan","kind":"eligibility","greeting":"Hello.","questions":[{"id":"a","ask":"Salaried?","expect":"yes_no"}],"rule":"all_yes","eligible":"Yes.","not_eligible":"No.","unclear":"Later.","max_call_s":120}"#,
            r#"{"name":"desk","kind":"conversation","instructions":"You are the receptionist.","tools":[{"name":"transfer","to":"+15550100012"},{"name":"book","url":"https://a.example/b","parameters":{"type":"object"}}],"voice":{"provider":"elevenlabs","id":"x"}}"#,
        ],
        "apply" => &[
            include_str!("../../samples/tenants.yaml"),
            "tenants:\n- &a {id: a, name: A}\n- *a\n",
        ],
        "sound" => &["RIFF", "ID3\u{4}"],
        other => panic!("{other} has no seeds"),
    };
    let mut seeds: Vec<Vec<u8>> = texts.iter().map(|text| text.as_bytes().to_vec()).collect();
    if entry == "sound" {
        let sound = Sound::mono((0..400_i16).map(|n| n * 37).collect());
        for encoding in [Encoding::Pcm16, Encoding::MuLaw] {
            seeds.push(sound.to_wav(encoding).unwrap());
        }
        // A frame of MPEG 1 layer III at 128 kbit/s and 44.1 kHz, twice.
        let mut frame = vec![0xff, 0xfb, 0x90, 0x44];
        frame.resize(417, 0);
        seeds.push([frame.clone(), frame].concat());
    }
    seeds
}

/// A few changes of one seed, or of two in one.
fn mutated(random: &mut StdRng, seeds: &[Vec<u8>]) -> Vec<u8> {
    let mut data = seeds[random.random_range(0..seeds.len())].clone();
    for _ in 0..random.random_range(1..6) {
        let at = random.random_range(0..=data.len());
        match random.random_range(0..7) {
            0 => data.truncate(at),
            1 if at < data.len() => data[at] = random.random(),
            2 if at < data.len() => data[at] ^= 1 << random.random_range(0..8),
            3 => {
                let token = TOKENS[random.random_range(0..TOKENS.len())];
                data.splice(at..at, token.iter().copied());
            }
            4 => {
                let end = (at + random.random_range(0..64)).min(data.len());
                let piece: Vec<u8> = data[at..end].to_vec();
                let to = random.random_range(0..=data.len());
                data.splice(to..to, piece);
            }
            5 => {
                let end = (at + random.random_range(0..32)).min(data.len());
                data.drain(at..end);
            }
            _ => {
                let other = &seeds[random.random_range(0..seeds.len())];
                let from = random.random_range(0..=other.len());
                data.truncate(at);
                data.extend_from_slice(&other[from..]);
            }
        }
    }
    data.truncate(LONGEST);
    data
}

#[expect(clippy::disallowed_methods, reason = "a test has no other settings")]
fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok().filter(|it| !it.is_empty())?;
    Some(text.parse().expect("a whole number"))
}

fn run((name, entry): Entry) {
    let seed = number("TRUNKLINE_TEST_SEED").unwrap_or(15);
    let count = number("TRUNKLINE_FUZZ_INPUTS").unwrap_or(INPUTS);
    let mut random = StdRng::seed_from_u64(seed);
    let seeds = seeds(name);
    let feed = |data: &[u8]| {
        let fed = catch_unwind(AssertUnwindSafe(|| entry(data)));
        assert!(
            fed.is_ok(),
            "{name} breaks on {:?}",
            data.escape_ascii().to_string()
        );
    };
    for seed in &seeds {
        feed(seed);
    }
    for _ in 0..count {
        feed(&mutated(&mut random, &seeds));
    }
    for _ in 0..count / 10 {
        let length = random.random_range(0..256);
        let data: Vec<u8> = (0..length).map(|_| random.random()).collect();
        feed(&data);
    }
}

fn named(name: &str) {
    let entry = ENTRIES.iter().find(|(it, _)| *it == name);
    run(*entry.expect("an entry of this name"));
}

#[test]
fn signed_requests_are_checked_whatever_comes() {
    named("signature");
}

#[test]
fn forms_are_read_or_refused_whatever_comes() {
    named("form");
}

#[test]
fn twiml_is_read_or_refused_whatever_comes() {
    named("twiml");
}

#[test]
fn stream_messages_are_read_or_refused_whatever_comes() {
    named("stream_messages");
}

#[test]
fn sound_files_are_read_or_refused_whatever_comes() {
    named("sound");
}

#[test]
fn flows_are_read_or_refused_whatever_comes() {
    named("flows");
}

#[test]
fn apply_files_are_read_or_refused_whatever_comes() {
    named("apply");
}

/// Each entry has a target of libFuzzer's and its line in `fuzz/Cargo.toml`, and there is no other.
#[test]
fn every_entry_has_a_fuzz_target() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz");
    let manifest = std::fs::read_to_string(format!("{root}/Cargo.toml")).unwrap();
    let mut targets: Vec<String> = std::fs::read_dir(format!("{root}/fuzz_targets"))
        .unwrap()
        .map(|file| {
            file.unwrap()
                .path()
                .file_stem()
                .unwrap()
                .to_string_lossy()
                .into_owned()
        })
        .collect();
    targets.sort_unstable();
    let mut names: Vec<&str> = ENTRIES.iter().map(|(name, _)| *name).collect();
    names.sort_unstable();
    assert_eq!(targets, names);
    for name in names {
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name}");
        let target = std::fs::read_to_string(format!("{root}/fuzz_targets/{name}.rs")).unwrap();
        assert!(target.contains(&format!("entries::{name}(data)")), "{name}");
    }
}
