//! `trunkline events`: what passes on the bus of a platform that runs, and what could not be handled.

use futures::StreamExt;
use serde_json::{Value, json};

use crate::Failure;
use crate::cli::{DeadWhat, EventsArgs, EventsWhat};
use crate::client::Client;
use crate::screen::say;

/// Runs the command.
pub async fn run(args: EventsArgs) -> Result<(), Failure> {
    let client = Client::new(&args.target)?;
    match args.what {
        EventsWhat::Tail { kind } => tail(&client, &kind).await,
        EventsWhat::Dead(DeadWhat::List) => list(&client).await,
        EventsWhat::Dead(DeadWhat::Replay { id }) => {
            client
                .post(&format!("/api/dead-letters/{id}/replay"), &json!({}))
                .await?;
            say(format!("{id} is back in its queue"));
            Ok(())
        }
    }
}

async fn tail(client: &Client, kind: &str) -> Result<(), Failure> {
    let kind: String = url_encode(kind);
    let mut body = client
        .stream(&format!("/events?type={kind}"))
        .await?
        .bytes_stream();
    let mut buffer = String::new();
    while let Some(chunk) = body.next().await {
        let chunk = chunk.map_err(|e| Failure::failed(format!("the platform went away: {e}")))?;
        buffer.push_str(&String::from_utf8_lossy(&chunk));
        while let Some(end) = buffer.find('\n') {
            let line: String = buffer.drain(..=end).collect();
            if let Some(data) = line.strip_prefix("data:") {
                say(data.trim());
            }
        }
    }
    Err(Failure::failed("the platform ended the feed"))
}

async fn list(client: &Client) -> Result<(), Failure> {
    let answer = client.get("/api/dead-letters/?limit=200").await?;
    let items = answer["items"].as_array().cloned().unwrap_or_default();
    if items.is_empty() {
        say("no dead letters");
    }
    let text = |item: &Value, name: &str| item[name].as_str().unwrap_or("").to_owned();
    for item in &items {
        say(format!(
            "{}  {}  {}  {}  attempts {}  {}",
            text(item, "id"),
            text(item, "died_at"),
            text(item, "queue"),
            text(item, "type"),
            item["attempts"],
            text(item, "reason"),
        ));
    }
    Ok(())
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
