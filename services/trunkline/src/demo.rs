//! `trunkline demo`: scripted calls on a platform of their own, shown as they happen, and a table of what came of them.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::time::Instant;

use reqwest::Method;
use serde_json::{Value, json};
use settings::{EmulatorMode, Settings};

use crate::Failure;
use crate::archived::Archived;
use crate::call::{Expected, Line, free_port};
use crate::cli::DemoArgs;
use crate::demo_conversation::{self, Thread};
use crate::interview::{Interview, longest_wait_ms};
use crate::local;
use crate::roles::ROLES;
use crate::terminal::{Colour, is_terminal, paint, say};
use crate::timeline_printer::TimelinePrinter;
use crate::up::{LocalPlatform, wait_for_shutdown};
use crate::voices::Voices;

/// A call of the demo: what happens, and how it should end.
struct Act {
    name: &'static str,
    what: &'static str,
    /// What the business's phone does, if it is dialled: a fault of the emulator's, in its own words.
    callee: Option<fn() -> Value>,
    script: fn() -> Result<Value, Failure>,
    /// The call's outcome, or the interview's, and how many texts the caller gets for it.
    outcome: &'static str,
    texts: usize,
    /// Why the caller gets none, where one might be expected.
    untexted: Option<&'static str>,
    /// Of an interview: how many questions are answered.
    answers: Option<usize>,
    /// How many recordings are kept: the whole call's, the tracks of a stream, and each answer's that is recorded.
    recordings: usize,
}

const CALLER: &str = "+15550109999";

const ACTS: &[Act] = &[
    Act {
        name: "missed call",
        what: "A customer calls Smith Plumbing. Nobody picks up; the caller is texted back.",
        callee: Some(
            || json!({ "kind": "callee", "number": "+15550100002", "behaviour": "no-answer" }),
        ),
        script: || {
            Ok(
                json!({ "number": "+15550100001", "from": CALLER, "steps": [{ "wait_for": "sorry we missed your call" }] }),
            )
        },
        outcome: "missed",
        texts: 1,
        untexted: None,
        answers: None,
        recordings: 1,
    },
    Act {
        name: "calls again",
        what: "The same customer calls again a minute later. No second text is sent.",
        callee: Some(|| json!({ "kind": "callee", "number": "+15550100002", "behaviour": "busy" })),
        script: || {
            Ok(
                json!({ "number": "+15550100001", "from": CALLER, "steps": [{ "pause": { "seconds": 20 } }] }),
            )
        },
        outcome: "missed",
        texts: 0,
        untexted: Some(
            "no second text was sent: the caller got one less than 30 minutes ago, the window of this business (text_back.window_s)",
        ),
        answers: None,
        recordings: 1,
    },
    Act {
        name: "answered call",
        what: "A patient calls Harbor Dental. The whisper asks, the dentist presses 1, they talk.",
        callee: Some(
            || json!({ "kind": "callee", "number": "+15550100012", "behaviour": "answer", "after_s": 4, "press": "1", "talk_s": 20 }),
        ),
        script: || {
            Ok(
                // The caller stays until the dentist hangs up. Only the phones are sped up: a caller with a clock might not wait for us.
                json!({ "number": "+15550100011", "from": "+15550109998", "steps": [] }),
            )
        },
        outcome: "answered",
        texts: 0,
        untexted: None,
        answers: None,
        recordings: 1,
    },
    Act {
        name: "coached interview",
        what: "A caller practises with Bright Coaching: presses 1, answers five questions, hears the feedback.",
        callee: None,
        script: || serde_yaml_ng::from_str(COACHED).map_err(Failure::failed),
        outcome: "completed",
        texts: 0,
        untexted: None,
        answers: Some(5),
        recordings: 6,
    },
    Act {
        name: "streamed screener",
        what: "A caller of QuickRupee talks with a bot on a stream, interrupts it once, answers by voice and by key.",
        callee: None,
        script: || serde_yaml_ng::from_str(STREAMED).map_err(Failure::failed),
        outcome: "eligible",
        texts: 0,
        untexted: None,
        answers: Some(3),
        recordings: 3,
    },
];

/// The same call as `trunkline call +15550100021 --script services/trunkline/samples/coached.yaml`.
const COACHED: &str = include_str!("../samples/coached.yaml");

/// The same call as `trunkline call +15550100003 --script services/trunkline/samples/streamed.yaml`.
const STREAMED: &str = include_str!("../samples/streamed.yaml");

/// Plays them all.
pub async fn run(args: DemoArgs) -> Result<(), Failure> {
    let folder = tempdir(&args)?;
    let settings = settings(&folder.path)?;
    let voices = Voices::of(&settings)?;
    // A model takes its time, whatever the phones' clock says.
    let speed = args
        .speed
        .unwrap_or(if voices.is_some() { 1.0 } else { 20.0 });
    let complete = local::complete(settings, false)?;
    let started = Instant::now();
    let local_platform = LocalPlatform::start(complete, ROLES, speed).await?;
    if let (Some(voices), Some(emulator)) = (&voices, &local_platform.emulator) {
        emulator.hear_with(voices.ears());
    }
    local_platform.seed().await?;
    local_platform.remember(true)?;
    say(format!(
        "{} at {} in {} ms, {} times as fast as real time. Nothing here leaves this machine.\n",
        paint(Colour::Bold, "Trunkline is up"),
        local_platform.url,
        started.elapsed().as_millis(),
        speed
    ));
    let voices = voices
        .as_ref()
        .map(|voices| (voices, folder.path.as_path()));
    let result = play_all(&local_platform, speed, voices).await;
    if result.is_ok() && !args.once && is_terminal() {
        say(format!(
            "\nThe platform stays up at {} (API key {}). Ctrl-C ends it.",
            local_platform.url, local_platform.api_key
        ));
        local_platform.key_was_shown()?;
        wait_for_shutdown().await?;
    }
    local_platform.stop().await;
    result
}

/// Neither a settings file is read nor the environment, but for the voice of this machine: the demo is about the platform, never
/// about the caller's accounts, servers and providers, and it writes no log.
fn settings(data_dir: &Path) -> Result<Settings, Failure> {
    let speech: BTreeMap<String, String> = std::env::vars()
        .filter(|(name, _)| ["SPEECH", "TRUNKLINE_SPEECH_URL"].contains(&name.as_str()))
        .collect();
    let mut settings = Settings::load(&speech, None)?;
    settings.data_dir = data_dir.to_owned();
    settings.port = free_port()?;
    settings.emulator = EmulatorMode::On;
    settings.emulator_port = Some(free_port()?);
    Ok(settings)
}

/// What speaks for callers, and the folder for what they say.
type Speaking<'a> = Option<(&'a Voices, &'a Path)>;

async fn play_all(
    local_platform: &LocalPlatform,
    speed: f64,
    voices: Speaking<'_>,
) -> Result<(), Failure> {
    let line = local_platform
        .line()
        .ok_or_else(|| Failure::failed("the demo's emulator did not start"))?;
    let mut rows = Vec::new();
    let mut shown = HashSet::new();
    for (n, act) in ACTS.iter().enumerate() {
        say(format!(
            "{} {}",
            paint(Colour::Bold, &format!("{}. {}.", n + 1, act.name)),
            act.what
        ));
        let row = play(&line, act, speed, voices, &mut shown).await?;
        rows.push(row);
        say("");
    }
    let threads = demo_conversation::play(&line, CALLER, ACTS.len() + 1).await?;
    rows.extend(threads.into_iter().map(Row::from));
    table(&rows);
    if rows.iter().all(|row| row.fault.is_none()) {
        Ok(())
    } else {
        Err(Failure::failed("not every call ended as scripted"))
    }
}

struct Row {
    name: &'static str,
    outcome: String,
    texts: usize,
    /// Questions answered and asked.
    answered: Option<(usize, usize)>,
    /// The longest silence after an answer.
    waited_ms: Option<u64>,
    took_s: f64,
    fault: Option<String>,
}

impl From<Thread> for Row {
    fn from(thread: Thread) -> Self {
        Self {
            name: thread.name,
            outcome: thread.outcome,
            texts: thread.texts,
            answered: None,
            waited_ms: None,
            took_s: thread.took_s,
            fault: thread.fault,
        }
    }
}

async fn play(
    line: &Line,
    act: &Act,
    speed: f64,
    voices: Speaking<'_>,
    shown: &mut HashSet<String>,
) -> Result<Row, Failure> {
    if let Some(callee) = act.callee {
        line.control(Method::POST, "/emulator/faults", Some(&callee()))
            .await?;
    }
    let mut script = (act.script)()?;
    if let Some(script) = script.as_object_mut() {
        // How it ends is looked at below, and how long that takes is measured where nothing is sped up.
        script.remove("expect");
    }
    if let Some((voices, folder)) = voices {
        voices.speak(&mut script, folder).await?;
    }
    let started = Instant::now();
    let expected = Expected {
        text: act.texts > 0,
        interview: act.answers.is_some(),
    };
    let mut printer = TimelinePrinter::new(speed);
    let played = line
        .play_expecting(&script, expected, Some(&mut printer))
        .await?;
    printer.tell(&played.phone, &played.timeline);
    let texts = new_texts(line, shown).await?;
    for text in &texts {
        say(format!(
            "             {}  {text:?}",
            paint(Colour::Yellow, "texts    ")
        ));
    }
    if let (Some(why), []) = (act.untexted, texts.as_slice()) {
        say(format!(
            "             {}  {why}",
            paint(Colour::Yellow, "texts    ")
        ));
    }
    if let Some(interview) = &played.interview {
        interview.tell(&played.phone);
    }
    let sid = played.call["call_sid"].as_str().unwrap_or_default();
    let archived = Archived::of(&line.client, sid, act.recordings).await?;
    archived.tell(sid);
    let outcome = match &played.interview {
        Some(interview) => interview.outcome(),
        None => played.call["outcome"].as_str().unwrap_or_default(),
    };
    let answered = played.interview.as_ref().map(Interview::answered);
    let fault = if let Some(problem) = played.phone["problem"].as_str() {
        Some(problem.to_owned())
    } else if outcome != act.outcome {
        Some(format!("should have been {}", act.outcome))
    } else if texts.len() != act.texts {
        Some(format!("should have {} texts", act.texts))
    } else if answered.map(|(answered, _)| answered) != act.answers {
        let answers = act.answers.unwrap_or_default();
        Some(format!("should have {answers} answers"))
    } else {
        archived.fault(act.recordings)
    };
    Ok(Row {
        name: act.name,
        outcome: if outcome.is_empty() { "open" } else { outcome }.to_owned(),
        texts: texts.len(),
        answered,
        waited_ms: longest_wait_ms(&played.phone),
        took_s: started.elapsed().as_secs_f64(),
        fault,
    })
}

/// The texts that were sent since this was asked last, read from Twilio's side. One that comes late, for a call that
/// should have had none, is one too many of the next.
async fn new_texts(line: &Line, shown: &mut HashSet<String>) -> Result<Vec<String>, Failure> {
    let path = format!("/2010-04-01/Accounts/{}/Messages.json", line.account_sid);
    let list = line.control(Method::GET, &path, None).await?;
    let texts = list["messages"].as_array().into_iter().flatten();
    let new = texts.filter(|m| {
        m["sid"]
            .as_str()
            .is_some_and(|sid| shown.insert(sid.to_owned()))
    });
    Ok(new
        .filter_map(|m| m["body"].as_str().map(str::to_owned))
        .collect())
}

fn table(rows: &[Row]) {
    say(paint(
        Colour::Bold,
        &format!(
            "{:<18} {:<10} {:>5} {:>8} {:>12}  {:>7}  result",
            "call", "outcome", "texts", "answers", "longest wait", "took"
        ),
    ));
    for row in rows {
        let verdict = match &row.fault {
            None => paint(Colour::Green, "as scripted"),
            Some(fault) => paint(Colour::Red, fault),
        };
        let answers = row
            .answered
            .map(|(answered, asked)| format!("{answered} of {asked}"));
        let waited = row.waited_ms.map(|ms| format!("{ms} ms"));
        say(format!(
            "{:<18} {:<10} {:>5} {:>8} {:>12}  {:>6.2}s  {verdict}",
            row.name,
            row.outcome,
            row.texts,
            answers.unwrap_or_default(),
            waited.unwrap_or_default(),
            row.took_s
        ));
    }
}

struct Folder {
    path: std::path::PathBuf,
    temporary: bool,
}

/// However the demo ends: one that cannot start leaves nothing behind either.
impl Drop for Folder {
    fn drop(&mut self) {
        if self.temporary {
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

fn tempdir(args: &DemoArgs) -> Result<Folder, Failure> {
    if let Some(path) = &args.data_dir {
        return Ok(Folder {
            path: path.clone(),
            temporary: false,
        });
    }
    let path = std::env::temp_dir().join(format!("trunkline-demo-{}", std::process::id()));
    std::fs::create_dir_all(&path).map_err(Failure::failed)?;
    Ok(Folder {
        path,
        temporary: true,
    })
}
