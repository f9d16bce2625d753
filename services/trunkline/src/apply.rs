//! `trunkline apply`: a file of tenants, numbers, flows and keys.

use std::io::Read;

use serde_json::Value;

use crate::Failure;
use crate::cli::ApplyArgs;
use crate::client::Client;
use crate::terminal::say;

/// Sends the file and says what changed.
pub async fn run(args: ApplyArgs) -> Result<(), Failure> {
    let document = read(&args)?;
    let client = Client::new(&args.target)?;
    let answer = client.post("/api/apply", &document).await?;
    for (what, sign) in [("created", "+"), ("updated", "~"), ("unchanged", "=")] {
        for item in answer[what].as_array().into_iter().flatten() {
            say(format!(
                "{sign} {}",
                item.as_str()
                    .map_or_else(|| item.to_string(), str::to_owned)
            ));
        }
    }
    // Keys are shown once, by the answer that made them.
    for key in answer["keys"].as_array().into_iter().flatten() {
        say(format!(
            "key {}: {}",
            key["name"].as_str().unwrap_or(""),
            key["key"].as_str().unwrap_or("")
        ));
    }
    Ok(())
}

fn read(args: &ApplyArgs) -> Result<Value, Failure> {
    let shown = args.file.display();
    let unreadable = |e: std::io::Error| Failure::Usage(format!("{shown} cannot be read: {e}"));
    let text = if args.file.as_os_str() == "-" {
        let mut text = String::new();
        std::io::stdin()
            .read_to_string(&mut text)
            .map_err(unreadable)?;
        text
    } else {
        std::fs::read_to_string(&args.file).map_err(unreadable)?
    };
    serde_yaml_ng::from_str(&text).map_err(|e| Failure::Usage(format!("{shown} is not YAML: {e}")))
}
