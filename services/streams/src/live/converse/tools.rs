//! The tools of an assistant, as the model is offered them.

use ai::task::ToolOffer;
use serde_json::json;

/// One of them. Those that the platform brings take one text at most.
pub(super) fn offer(tool: &flow::Tool) -> ToolOffer {
    let (ours, takes) = match tool.name.as_str() {
        "transfer" => (
            "connects the caller with a person, who takes over and hears the summary before",
            Some(("summary", "who is calling and why, in a sentence or two")),
        ),
        "send_text" => (
            "sends the caller a text message",
            Some(("text", "the message")),
        ),
        "hang_up" => ("ends the call, after a goodbye", None),
        "take_message" => (
            "passes a message on to the business",
            Some(("text", "the message, in the caller's words")),
        ),
        _ => ("", None),
    };
    let parameters = takes.map_or_else(
        || tool.parameters.clone(),
        |(name, what)| {
            json!({
                "type": "object",
                "properties": {name: {"type": "string", "description": what}},
                "required": [name],
            })
        },
    );
    ToolOffer {
        name: tool.name.clone(),
        description: if tool.description.is_empty() {
            ours.to_owned()
        } else {
            tool.description.clone()
        },
        parameters,
    }
}

pub(super) fn argument(arguments: &str, name: &str) -> Option<String> {
    let value: serde_json::Value = serde_json::from_str(arguments).ok()?;
    Some(value.get(name)?.as_str()?.to_owned())
}
