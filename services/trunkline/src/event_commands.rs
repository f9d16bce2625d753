//! `trunkline events`: what passes on the bus of a platform that runs, and what could not be handled.

use futures::StreamExt;
use serde_json::{Value, json};

use crate::Failure;
use crate::cli::{DeadWhat, EventsArgs, EventsWhat};
use crate::client::Client;
use crate::terminal::say;

/// Runs the command.
pub async fn run(args: EventsArgs) -> Result<(), Failure> {
    let client = Client::new(&args.target)?;
    match args.what {
        EventsWhat::Tail { kind } => tail(&client, &kind).await,
        EventsWhat::Dead(DeadWhat::List { kind }) => list(&client, kind.as_deref()).await,
        EventsWhat::Dead(DeadWhat::Replay { id: Some(id), .. }) => replay(&client, &id).await,
        EventsWhat::Dead(DeadWhat::Replay { id: None, kind }) => {
            replay_type(&client, kind.as_deref().unwrap_or_default()).await
        }
    }
}

async fn replay(client: &Client, id: &str) -> Result<(), Failure> {
    client
        .post(&format!("/api/dead-letters/{id}/replay"), &json!({}))
        .await?;
    say(format!("{id} is back in its queue"));
    Ok(())
}

/// Every letter of a type that is there now, the oldest first, as they came. One that is gone meanwhile was replayed by
/// another.
async fn replay_type(client: &Client, kind: &str) -> Result<(), Failure> {
    let letters = all(client, Some(kind)).await?;
    let oldest_first = letters.iter().rev();
    for id in oldest_first.filter_map(|letter| letter["id"].as_str()) {
        match replay(client, id).await {
            Err(Failure::Failed(why)) if why.starts_with("refused (404)") => {}
            other => other?,
        }
    }
    Ok(())
}

async fn tail(client: &Client, kind: &str) -> Result<(), Failure> {
    let kind: String = url_encode(kind);
    let mut body = client
        .stream(&format!("/events?type={kind}"))
        .await?
        .bytes_stream();
    // Bytes, since a piece may end within a character.
    let mut buffer: Vec<u8> = Vec::new();
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|e| Failure::failed(format!("the platform went away: {e}")))?;
        buffer.extend_from_slice(&chunk);
        while let Some(end) = buffer.iter().position(|byte| *byte == b'\n') {
            let line: Vec<u8> = buffer.drain(..=end).collect();
            if let Some(data) = line.strip_prefix(b"data:") {
                say(String::from_utf8_lossy(data).trim());
            }
        }
    }
    Err(Failure::failed("the platform ended the feed"))
}

async fn list(client: &Client, kind: Option<&str>) -> Result<(), Failure> {
    all(client, kind).await?.iter().for_each(show);
    Ok(())
}

/// All of them, or of a type, page after page, the newest first. Where there are none, that is said.
async fn all(client: &Client, kind: Option<&str>) -> Result<Vec<Value>, Failure> {
    let (mut path, mut found) = ("/api/dead-letters/?limit=200".to_owned(), Vec::new());
    loop {
        let mut answer = client.get(&path).await?;
        if let Some(items) = answer["items"].as_array_mut() {
            found.append(items);
        }
        let Some(next) = answer["next_cursor"].as_str() else {
            break;
        };
        path = format!("/api/dead-letters/?limit=200&cursor={}", url_encode(next));
    }
    found.retain(|letter| kind.is_none_or(|kind| letter["type"] == kind));
    match kind {
        _ if !found.is_empty() => {}
        Some(kind) => say(format!("no dead letters of type {kind}")),
        None => say("no dead letters"),
    }
    Ok(found)
}

fn show(letter: &Value) {
    let text = |name: &str| letter[name].as_str().unwrap_or("").to_owned();
    say(format!(
        "{}  {}  {}  {}  attempts {}  {}",
        text("id"),
        text("died_at"),
        text("queue"),
        text("type"),
        letter["attempts"],
        text("reason"),
    ));
}

fn url_encode(text: &str) -> String {
    text.bytes()
        .map(|b| {
            if b.is_ascii_alphanumeric() || b == b'.' {
                char::from(b).to_string()
            } else {
                format!("%{b:02X}")
            }
        })
        .collect()
}
