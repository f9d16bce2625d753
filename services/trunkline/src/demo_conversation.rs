//! The demo's texts: the missed caller writes back and books a visit with the AI; in another thread a person steps in.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};

use crate::Failure;
use crate::call::Line;
use crate::terminal::{Colour, paint, say};
use crate::until::until;

/// The business's number.
const NUMBER: &str = "+15550100001";
/// The customer of the second thread.
const OTHER: &str = "+15550109997";
/// How long an answer may take: a few seconds for a person, three of quiet, and the model.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long the AI is listened for where it must not answer.
const SILENCE: Duration = Duration::from_secs(7);

/// What the caller writes, and what a part of each answer is.
const TEXTS: [(&str, &str); 3] = [
    ("Hi! My kitchen sink has a leak.", "address"),
    (
        "789 Sunset Blvd, San Francisco 94110. Tomorrow morning would be great.",
        "Shall I book it?",
    ),
    ("Yes please", "Booked:"),
];

/// What came of a thread.
pub struct Thread {
    pub name: &'static str,
    pub outcome: String,
    pub texts: usize,
    pub took_s: f64,
    pub fault: Option<String>,
}

/// Plays both threads, the first with the caller who was texted back.
pub async fn play(line: &Line, caller: &str, first: usize) -> Result<Vec<Thread>, Failure> {
    say(format!(
        "{} The missed caller answers the text. The AI asks, proposes a time and books it.",
        paint(Colour::Bold, &format!("{first}. text conversation."))
    ));
    let booked = booking(line, caller).await?;
    say("");
    say(format!(
        "{} Another customer writes. Ann of Smith Plumbing answers, and the AI is silent.",
        paint(Colour::Bold, &format!("{}. a person steps in.", first + 1))
    ));
    let human = takeover(line).await?;
    say("");
    Ok(vec![booked, human])
}

async fn booking(line: &Line, caller: &str) -> Result<Thread, Failure> {
    let started = Instant::now();
    let mut fault = None;
    for (text, expected) in TEXTS {
        let before = thread(line, caller).await?.map_or(0, |it| ours(&it).len());
        write(line, caller, text).await?;
        let answer = until(PATIENCE, async || {
            let found = thread(line, caller).await?;
            Ok(found.and_then(|it| ours(&it).get(before).map(|it| (*it).clone())))
        })
        .await?;
        let Some(answer) = answer else {
            fault = Some(format!("nobody answered {text:?}"));
            break;
        };
        tell(&answer);
        let body = answer["body"].as_str().unwrap_or_default();
        if !body.contains(expected) {
            fault = Some(format!("should have answered with {expected:?}"));
            break;
        }
    }
    let found = thread(line, caller).await?.unwrap_or_default();
    let is_booked = found["appointments"][0]["status"] == "confirmed";
    if fault.is_none() && !is_booked {
        fault = Some("should have been booked".to_owned());
    }
    Ok(row(
        "text conversation",
        if is_booked { "booked" } else { "open" },
        3,
        started,
        fault,
    ))
}

async fn takeover(line: &Line) -> Result<Thread, Failure> {
    let started = Instant::now();
    write(line, OTHER, "Do you also install bidets?").await?;
    let found = until(PATIENCE, async || thread(line, OTHER).await).await?;
    let id = found
        .as_ref()
        .and_then(|it| it["id"].as_str())
        .unwrap_or_default()
        .to_owned();
    let reply = json!({ "message": "Ann here, from Smith Plumbing. We do, which model is it?" });
    line.client
        .post(&format!("/conversations/{id}/reply"), &reply)
        .await?;
    tell(&json!({ "sender": "human", "body": reply["message"] }));
    write(line, OTHER, "The white one from the catalog").await?;
    let spoke = until(SILENCE, async || {
        let found = thread(line, OTHER).await?.unwrap_or_default();
        let of_ai = |it: &&Value| it["sender"] == "ai";
        Ok(ours(&found).into_iter().find(of_ai).cloned())
    })
    .await?;
    let found = thread(line, OTHER).await?.unwrap_or_default();
    let answering = found["answering"].as_str().unwrap_or("open");
    let fault = match spoke {
        Some(text) => {
            tell(&text);
            Some("the AI should have been silent".to_owned())
        }
        None if answering != "human" => Some("a person should be answering".to_owned()),
        None => None,
    };
    Ok(row("a person steps in", answering, 1, started, fault))
}

async fn write(line: &Line, from: &str, body: &str) -> Result<(), Failure> {
    say(format!(
        "             {}  {body:?}",
        paint(Colour::Yellow, "customer ")
    ));
    let text = json!({ "from": from, "to": NUMBER, "body": body });
    line.control(Method::POST, "/emulator/messages", Some(&text))
        .await?;
    Ok(())
}

/// A customer's thread, once there is one.
async fn thread(line: &Line, customer: &str) -> Result<Option<Value>, Failure> {
    let digits = customer.trim_start_matches('+');
    let list = line
        .client
        .get(&format!("/conversations/?q={digits}"))
        .await?;
    let Some(id) = list["items"][0]["id"].as_str() else {
        return Ok(None);
    };
    line.client.find(&format!("/conversations/{id}")).await
}

/// What we wrote in answer: not the text-back.
fn ours(thread: &Value) -> Vec<&Value> {
    let messages = thread["messages"].as_array().into_iter().flatten();
    messages
        .filter(|it| it["direction"] == "outbound" && it["sender"] != "system")
        .collect()
}

fn tell(message: &Value) {
    let sender = match message["sender"].as_str() {
        Some("ai") if message["simulated"] == true => "AI (sim.)",
        Some("ai") => "AI       ",
        _ => "person   ",
    };
    let body = message["body"].as_str().unwrap_or_default();
    say(format!(
        "             {}  {body:?}",
        paint(Colour::Yellow, sender)
    ));
}

fn row(
    name: &'static str,
    outcome: &str,
    texts: usize,
    started: Instant,
    fault: Option<String>,
) -> Thread {
    Thread {
        name,
        outcome: outcome.to_owned(),
        texts,
        took_s: started.elapsed().as_secs_f64(),
        fault,
    }
}
