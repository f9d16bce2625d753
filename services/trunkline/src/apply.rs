//! `trunkline apply`: a file of tenants, numbers, flows and keys.

use std::io::Read;

use api::Strict;
use serde_json::Value;

use crate::Failure;
use crate::cli::ApplyArgs;
use crate::client::Client;
use crate::terminal::{Colour, paint, say};

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
    for item in answer["unlisted"].as_array().into_iter().flatten() {
        let item = item.as_str().unwrap_or("");
        say(format!("= {item}, which the file does not list"));
    }
    for warning in answer["warnings"].as_array().into_iter().flatten() {
        let (path, message) = (&warning["path"], &warning["message"]);
        say(format!(
            "{} {} {}",
            paint(Colour::Yellow, "warning:"),
            path.as_str().unwrap_or(""),
            message.as_str().unwrap_or("")
        ));
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
    let bytes = if args.file.as_os_str() == "-" {
        let mut bytes = Vec::new();
        std::io::stdin()
            .read_to_end(&mut bytes)
            .map_err(unreadable)?;
        bytes
    } else {
        std::fs::read(&args.file).map_err(unreadable)?
    };
    let wrong = |what: String| Failure::Usage(format!("{shown} {what}"));
    let text = decoded(bytes).ok_or_else(|| wrong("is neither UTF-8 nor UTF-16".to_owned()))?;
    parsed(&text).map_err(wrong)
}

/// The text behind a byte order mark, if there is one: editors write them.
fn decoded(bytes: Vec<u8>) -> Option<String> {
    let wide = |bytes: &[u8], unit: fn([u8; 2]) -> u16| {
        let (pairs, rest) = bytes.as_chunks::<2>();
        let units: Vec<u16> = pairs.iter().map(|pair| unit(*pair)).collect();
        String::from_utf16(&units).ok().filter(|_| rest.is_empty())
    };
    match bytes.as_slice() {
        [0xff, 0xfe, rest @ ..] => wide(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => wide(rest, u16::from_be_bytes),
        [0xef, 0xbb, 0xbf, rest @ ..] => String::from_utf8(rest.to_vec()).ok(),
        _ => String::from_utf8(bytes).ok(),
    }
}

/// JSON is read as JSON: YAML knows neither `\/` nor a character in two escapes.
fn parsed(text: &str) -> Result<Value, String> {
    if text.trim_start().starts_with(['{', '['])
        && let Ok(Strict(value)) = serde_json::from_str(text)
    {
        return Ok(value);
    }
    let read: Result<Strict, _> = serde_yaml_ng::from_str(text);
    read.map(|it| it.0)
        .map_err(|e| format!("cannot be read: {e}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn file_of_an_editor_is_read_behind_its_byte_order_mark() {
        let text = "tenants: []\n";
        let wide = |unit: fn(u16) -> [u8; 2]| -> Vec<u8> {
            let marked = std::iter::once(0xfeff).chain(text.encode_utf16());
            marked.flat_map(unit).collect()
        };
        for bytes in [
            text.as_bytes().to_vec(),
            format!("\u{feff}{text}").into_bytes(),
            wide(u16::to_le_bytes),
            wide(u16::to_be_bytes),
        ] {
            assert_eq!(decoded(bytes).as_deref(), Some(text));
        }
        assert_eq!(decoded(vec![b'a', 0xe4]), None);
        assert_eq!(decoded(vec![0xff, 0xfe, b'a']), None);
    }

    #[test]
    fn file_of_json_keeps_its_escapes() {
        let text = r#"{"name": "\ud83d\ude00 http:\/\/x"}"#;
        assert_eq!(parsed(text), Ok(json!({ "name": "😀 http://x" })));
        // YAML's own flow style is no JSON.
        assert_eq!(parsed("{name: x}"), Ok(json!({ "name": "x" })));
    }

    #[test]
    fn field_that_stands_twice_is_refused() {
        for text in [
            "tenants:\n- id: a\n  numbers: []\n  numbers: []\n",
            r#"{"tenants": [{"id": "a", "numbers": [], "numbers": []}]}"#,
        ] {
            let why = parsed(text).unwrap_err();
            assert!(why.contains("numbers stands twice in tenants[0]"), "{why}");
        }
    }
}
