//! `trunkline forget`: everything that belongs to a person, removed, with a receipt.

use std::time::{Duration, Instant};

use phone::E164;
use serde_json::{Value, json};

use crate::Failure;
use crate::cli::ForgetArgs;
use crate::client::Client;
use crate::terminal::say;

const PAUSE: Duration = Duration::from_millis(200);

/// Asks for it and waits for the receipt.
pub async fn run(args: ForgetArgs) -> Result<(), Failure> {
    let client = Client::new(&args.target)?;
    let begun = match E164::parse(&args.who) {
        Ok(number) => {
            let body = json!({ "number": number.as_str(), "tenant_id": args.tenant });
            client.post("/api/erasures/", &body).await?
        }
        Err(_) if args.who.starts_with('+') || !is_id(&args.who) => {
            return Err(Failure::Usage(format!(
                "{} is neither a number in E.164 (+15550109999) nor a candidate's id",
                args.who
            )));
        }
        Err(_) => {
            client
                .delete(&format!("/api/candidates/{}", args.who))
                .await?
        }
    };
    let id = begun["id"].as_str().unwrap_or_default();
    let receipt = receipt(&client, id, Duration::from_secs(args.wait)).await?;
    say(serde_json::to_string_pretty(&receipt).map_err(Failure::failed)?);
    if receipt["status"] == "done" {
        return Ok(());
    }
    Err(Failure::failed(format!(
        "not every role has answered yet; it goes on by itself, and GET /api/erasures/{id} has the receipt"
    )))
}

/// What can stand in a path.
fn is_id(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    !text.is_empty() && text.chars().all(plain)
}

/// The receipt when it is complete, or as it is when the time is over.
async fn receipt(client: &Client, id: &str, wait: Duration) -> Result<Value, Failure> {
    let begun = Instant::now();
    let path = format!("/api/erasures/{id}");
    loop {
        let found = client.find(&path).await?;
        let is_done = found.as_ref().is_some_and(|it| it["status"] == "done");
        if is_done || begun.elapsed() >= wait {
            return Ok(found.unwrap_or_else(|| json!({ "id": id, "status": "pending" })));
        }
        tokio::time::sleep(PAUSE).await;
    }
}
