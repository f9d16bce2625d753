//! Answers that are given out while they are written, and what happens when whoever writes them is gone.

use std::sync::Mutex;
use std::time::Duration;

use ai::task::{AboutConversation, Spoken, ToolOffer, Utterance};
use ai::{Answer, Block, ChatRequest, Error, Patience, Settings, Simulated, Task};
use serde_json::{Value, json};

use crate::server::{Act, CHAT, Server, ai, completion};

/// Longer than any machine needs.
const PATIENT: Duration = Duration::from_secs(20);

fn request() -> ChatRequest {
    let about = AboutConversation {
        knowledge: vec!["Open Monday to Friday. From 8 to 17.".into()],
        history: vec![Utterance {
            who: "caller".into(),
            text: "When are you open?".into(),
        }],
        ..AboutConversation::default()
    };
    ChatRequest::new(Task::Converse, "You are the receptionist.")
        .with(Block::json("conversation", &about))
}

fn book() -> ToolOffer {
    ToolOffer {
        name: "book".into(),
        description: "books an appointment".into(),
        parameters: json!({"type": "object", "properties": {"time": {"type": "string"}}}),
    }
}

/// Server-sent events; a stream that is not `whole` breaks off before its end.
fn events(deltas: &[Value], whole: bool) -> Act {
    let chunk = |delta: &Value| json!({"choices": [{"delta": delta}], "usage": null});
    let mut body: String = deltas
        .iter()
        .map(|delta| format!("data: {}\n\n", chunk(delta)))
        .collect();
    if whole {
        let usage = json!({"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 3}});
        body.push_str(&format!(
            ": a comment\n\ndata: {usage}\r\n\r\ndata: [DONE]\n\n"
        ));
    }
    Act::Say("text/event-stream; charset=utf-8", body.into_bytes())
}

fn say(text: &str) -> Value {
    json!({ "content": text })
}

async fn converse(
    settings: Settings,
    wait: Duration,
) -> (Vec<String>, Result<Answer<Spoken>, Error>) {
    let heard = Mutex::new(Vec::new());
    let patience = Patience {
        first: wait,
        next: wait,
    };
    let sentence = |text| heard.lock().unwrap().push(text);
    let answer = ai(settings)
        .converse(&request(), &[book()], patience, sentence)
        .await;
    (heard.into_inner().unwrap(), answer)
}

#[tokio::test]
async fn answer_is_given_out_by_sentence_and_ends_with_a_tool() {
    let server = Server::start().await;
    let call = |function: Value| json!({ "tool_calls": [{ "index": 0, "function": function }] });
    let deltas = [
        json!({ "role": "assistant", "content": null }),
        say("I look. One mo"),
        say("ment."),
        call(json!({ "name": "book", "arguments": "" })),
        call(json!({ "arguments": "{\"time\":" })),
        call(json!({ "arguments": "\"10\"}" })),
    ];
    server.next(CHAT, [events(&deltas, true)]);
    let (heard, answer) = converse(server.openai(), PATIENT).await;
    assert_eq!(heard, ["I look.", "One moment."]);
    let Answer { value, usage } = answer.unwrap();
    assert_eq!(value.say, "I look. One moment.");
    assert_eq!(
        (value.tool.as_str(), value.arguments.as_str()),
        ("book", r#"{"time":"10"}"#)
    );
    assert_eq!(
        (usage.prompt_tokens, usage.completion_tokens),
        (Some(7), Some(3))
    );
    let sent = server.seen(CHAT)[0].json();
    assert_eq!(sent["stream"], true);
    assert_eq!(sent["tools"][0]["type"], "function");
    assert_eq!(sent["tools"][0]["function"]["name"], "book");
    assert!(sent.get("response_format").is_none());
}

#[tokio::test]
async fn answer_that_breaks_off_is_gone_on_with_behind_what_was_given_out() {
    let server = Server::start().await;
    let broken = events(&[say("One. Two is ")], false);
    let error = json!({ "error": { "message": "overloaded" } });
    let failed = Act::Say(
        "text/event-stream",
        format!("data: {error}\n\n").into_bytes(),
    );
    let again = events(&[say("One. "), say("Two is two.")], true);
    server.next(CHAT, [broken, failed, again]);
    let (heard, answer) = converse(server.openai(), PATIENT).await;
    assert_eq!(heard, ["One.", "Two is two."]);
    let answer = answer.unwrap();
    assert_eq!(
        (answer.value.say.as_str(), answer.usage.attempts),
        ("One. Two is two.", 3)
    );
    let told = |n: usize| server.seen(CHAT)[n].text();
    assert!(!told(0).contains("spoken_already") && told(2).contains("spoken_already"));
}

#[tokio::test]
async fn model_that_falls_silent_is_asked_again() {
    let server = Server::start().await;
    let whole = || events(&[say("Here I am.")], true);
    server.next(CHAT, [Act::Hang, whole(), whole(), whole()]);
    let (heard, answer) = converse(server.openai(), Duration::from_millis(400)).await;
    assert_eq!(heard, ["Here I am."]);
    assert!(answer.unwrap().usage.attempts >= 2);
}

#[tokio::test]
async fn server_that_does_not_stream_is_heard_at_once() {
    let server = Server::start().await;
    let whole = completion("We open at 8. And close at 17.");
    server.next(
        CHAT,
        [Act::Say("application/json", whole.to_string().into_bytes())],
    );
    let (heard, answer) = converse(server.openai(), PATIENT).await;
    assert_eq!(heard, ["We open at 8.", "And close at 17."]);
    assert_eq!(answer.unwrap().value.tool, "");
}

#[tokio::test]
async fn answers_that_are_none_fail_and_what_was_given_out_stays() {
    let server = Server::start().await;
    let unknown =
        json!({"tool_calls": [{"index": 0, "function": {"name": "rm", "arguments": "{}"}}]});
    let page = Act::Say("text/event-stream", b"data: <html>\n\n".to_vec());
    let endless = Act::Say("text/event-stream", vec![b'x'; 400_000]);
    server.next(CHAT, [events(&[unknown], true), page, endless]);
    let (heard, answer) = converse(server.openai(), PATIENT).await;
    assert_eq!(heard, Vec::<String>::new());
    assert_eq!(answer.unwrap_err().reason(), "provider_failed");
    server.next(CHAT, [events(&[say("So. And")], false), Act::status(400)]);
    let (heard, answer) = converse(server.openai(), PATIENT).await;
    assert_eq!(heard, ["So."]);
    assert!(answer.is_err());
}

#[tokio::test]
async fn simulated_answer_comes_by_sentence_too() {
    let settings = Settings {
        simulated: Simulated::Words,
        ..Settings::default()
    };
    let (heard, answer) = converse(settings, PATIENT).await;
    assert_eq!(heard, ["Open Monday to Friday.", "From 8 to 17."]);
    assert!(answer.unwrap().usage.simulated);
}
