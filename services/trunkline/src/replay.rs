//! `trunkline replay`: a call on a stream, run again from what went into it.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::time::Duration;

use ai::Ai;
use clock::Clock;
use serde_json::Value;
use session::{Heard, Output};
use streams::replay::{Again, Changes, Journal, TurnAgain};

use crate::Failure;
use crate::cli::ReplayArgs;
use crate::client::Client;
use crate::local;
use crate::terminal::{Colour, paint, say};

/// Runs every stream of the call whose inputs are kept.
pub async fn run(args: ReplayArgs) -> Result<(), Failure> {
    let client = Client::new(&args.target)?;
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if args.call.is_empty() || !args.call.chars().all(plain) {
        return Err(Failure::Usage(format!(
            "{} is no call's SID; write one such as CA0123..",
            args.call
        )));
    }
    let changes = changes(&args)?;
    let path = format!("/api/streams/calls/{}", args.call);
    let parts = parts(&client.get(&path).await?);
    if parts.is_empty() {
        return Err(Failure::failed(
            "the inputs of this call are not kept; set `replay: {enabled: true}` for the tenant before the next one, or wait a moment \
             where the call has just ended",
        ));
    }
    let mut lines = args.outputs.as_deref().map(lines).transpose()?;
    for part in parts {
        let answer = client.stream(&format!("{path}/inputs/{part}")).await?;
        let bytes = answer.bytes().await.map_err(Failure::failed)?;
        let journal = Journal::read(&bytes).map_err(Failure::failed)?;
        let about = &journal.about;
        say(format!(
            "{} stream {part}, {}, held by version {} at {}",
            paint(Colour::Bold, &args.call),
            about.app,
            about.version,
            about.started_at
        ));
        match &changes {
            None => the_same(&journal, lines.as_mut())?,
            Some(changes) => {
                let turns = journal.with(changes, &asked(&args)?).await;
                turns.map_err(Failure::failed)?.iter().for_each(compare);
            }
        }
    }
    match lines {
        Some(mut lines) => lines.flush().map_err(Failure::failed),
        None => Ok(()),
    }
}

/// The streams of the call that can be run again.
fn parts(streams: &Value) -> Vec<i64> {
    let items = streams["items"].as_array().into_iter().flatten();
    let kept = items.filter(|it| it["inputs"] == true);
    kept.filter_map(|it| it["attempt"].as_i64()).collect()
}

fn changes(args: &ReplayArgs) -> Result<Option<Changes>, Failure> {
    let instructions = args.instructions.as_deref().map(|file| {
        std::fs::read_to_string(file)
            .map_err(|e| Failure::Usage(format!("{} cannot be read: {e}", file.display())))
    });
    let changes = Changes {
        instructions: instructions.transpose()?,
        model: args.model.clone(),
    };
    let is_changed = changes.instructions.is_some() || changes.model.is_some();
    Ok(is_changed.then_some(changes))
}

/// Those who are asked again: whoever the settings name here.
fn asked(args: &ReplayArgs) -> Result<Ai, Failure> {
    let settings = local::settings(&args.target.place, 8080)?;
    Ai::new(settings.providers(), Clock::system()).map_err(Failure::failed)
}

fn lines(file: &Path) -> Result<BufWriter<File>, Failure> {
    let opened = File::create(file)
        .map_err(|e| Failure::Usage(format!("{} cannot be written: {e}", file.display())))?;
    Ok(BufWriter::new(opened))
}

/// Runs a stream again and compares what comes out.
fn the_same(journal: &Journal<'_>, lines: Option<&mut BufWriter<File>>) -> Result<(), Failure> {
    let mut lines = lines;
    let mut written = Ok(());
    let again = journal.again(|at, output| {
        if let Some(words) = told(output) {
            say(format!("{} {words}", paint(Colour::Faint, &seconds(at))));
        }
        if let Some(lines) = &mut lines
            && written.is_ok()
        {
            written = writeln!(lines, "{output}");
        }
    });
    let again = again.map_err(Failure::failed)?;
    written.map_err(Failure::failed)?;
    judged(&again, &journal.about.version)
}

fn judged(again: &Again, version: &str) -> Result<(), Failure> {
    let outputs = &again.outputs;
    say(format!(
        "{} inputs, {} outputs, SHA-256 {}",
        again.inputs, outputs.count, outputs.sha256
    ));
    if outputs.cut {
        say("the call went on: its journal was as long as it may be");
    }
    match again.is_same() {
        Some(true) => say("byte for byte the outputs of the call"),
        None => {
            say("whether these are the outputs of the call is not known: its process was killed")
        }
        Some(false) => {
            let then = again.then.clone().unwrap_or_default();
            return Err(Failure::failed(format!(
                "these are not the outputs of the call, which had {}, SHA-256 {}; it was held by version {version}, this is {}",
                then.count,
                then.sha256,
                env!("CARGO_PKG_VERSION")
            )));
        }
    }
    Ok(())
}

/// What a reader wants to see of an output; sound is not among it.
fn told(output: &Output) -> Option<String> {
    Some(match output {
        Output::Ask { heard, .. } => heard_as(heard),
        Output::Said { text, cut, .. } if text.is_empty() => {
            format!(
                "nothing was heard of a line{}",
                if *cut { ", it was interrupted" } else { "" }
            )
        }
        Output::Said { text, cut, .. } => {
            let end = if *cut {
                paint(Colour::Yellow, " (interrupted)")
            } else {
                String::new()
            };
            format!("the platform: {text}{end}")
        }
        Output::End(reason) => format!("the end: {}", reason.as_str()),
        _ => return None,
    })
}

fn heard_as(heard: &Heard) -> String {
    match heard {
        Heard::Begin => "the caller is on the line".to_owned(),
        Heard::Words(words) if words.is_empty() => "the caller: (not understood)".to_owned(),
        Heard::Words(words) => format!("the caller: {words}"),
        Heard::Digits(digits) => format!("the caller presses {digits}"),
        Heard::Silence => "the caller says nothing".to_owned(),
    }
}

fn seconds(at: Duration) -> String {
    format!("{:9.3} s", at.as_secs_f64())
}

fn compare(turn: &TurnAgain) {
    say(heard_as(&turn.heard));
    say(format!("  then: {}", turn.then));
    let tool = match turn.tool.as_str() {
        "" => String::new(),
        tool => paint(Colour::Cyan, &format!(" [{tool}]")),
    };
    say(format!("  now:  {}{tool}", turn.now));
}
