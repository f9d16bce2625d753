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

/// Shows them all, page after page.
async fn list(client: &Client) -> Result<(), Failure> {
    let (mut path, mut shown) = ("/api/dead-letters/?limit=200".to_owned(), 0);
    loop {
        let answer = client.get(&path).await?;
        let items = answer["items"].as_array();
        let items = items.map(Vec::as_slice).unwrap_or_default();
        items.iter().for_each(show);
        shown += items.len();
        let Some(next) = answer["next_cursor"].as_str() else {
            break;
        };
        path = format!("/api/dead-letters/?limit=200&cursor={}", url_encode(next));
    }
    if shown == 0 {
        say("no dead letters");
    }
    Ok(())
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
