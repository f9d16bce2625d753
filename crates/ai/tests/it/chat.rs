//! What is sent to a chat model, and which answers will do.

use std::collections::BTreeMap;

use ai::task::Score;
use ai::{Block, ChatRequest, Error, Price, Prices, Provider, Settings, Task};
use serde_json::{Value, json};

use crate::server::{Act, CHAT, SCORE, Server, ai, completion};

pub fn request() -> ChatRequest {
    let data =
        json!({ "question": "Tell me about your work.", "transcript": "I led a team of five." });
    ChatRequest::new(Task::Score, "Score the answer.").with(Block::json("answer", &data))
}

#[tokio::test]
async fn model_is_held_to_the_schema() {
    let server = Server::start().await;
    let ai = ai(server.openai());
    let request = ChatRequest {
        model: "gpt-test".into(),
        ..request()
    };
    let answer = ai.chat::<Score>(&request).await.unwrap();
    assert_eq!(answer.value.score, 70);
    let seen = &server.seen(CHAT)[0];
    assert_eq!(seen.headers["authorization"], "Bearer sk-openai-key");
    let sent = seen.json();
    assert_eq!(sent["model"], "gpt-test");
    assert_eq!(sent["response_format"]["type"], "json_schema");
    let format = &sent["response_format"]["json_schema"];
    assert_eq!(format["strict"], true);
    assert_eq!(format["name"], "Score");
    let schema = &format["schema"];
    assert_eq!(schema["additionalProperties"], false);
    assert_eq!(schema["required"], json!(["feedback", "quote", "score"]));
    assert_eq!(schema["properties"]["score"]["maximum"], 100);
}

#[tokio::test]
async fn what_it_took_is_recorded() {
    let server = Server::start().await;
    let price = Price {
        prompt_tokens: Some(0.15),
        completion_tokens: Some(0.6),
        ..Price::default()
    };
    let prices = Prices(BTreeMap::from([("gpt-4o-mini".to_owned(), price)]));
    let ai = ai(Settings {
        prices,
        ..server.openai()
    });
    server.next(CHAT, [Act::status(500)]);
    let usage = ai.chat::<Score>(&request()).await.unwrap().usage;
    assert_eq!(usage.provider, Provider::OpenAi);
    assert_eq!(usage.model, "gpt-4o-mini");
    assert!(!usage.simulated);
    assert_eq!(usage.attempts, 2);
    assert_eq!(
        (usage.prompt_tokens, usage.completion_tokens),
        (Some(1_000), Some(50))
    );
    assert_eq!(usage.cost_micro_usd, Some(180));
    assert!(usage.latency.as_micros() > 0);

    let other = ChatRequest {
        model: "of unknown price".into(),
        ..request()
    };
    let usage = ai.chat::<Score>(&other).await.unwrap().usage;
    assert_eq!(usage.cost_micro_usd, None);
}

#[tokio::test]
async fn answers_of_other_servers_are_understood() {
    let server = Server::start().await;
    let ai = ai(server.openai());
    let bare = json!({ "choices": [{ "message": { "content": SCORE } }] }).to_string();
    let fenced = completion(&format!("```json\n{SCORE}\n```")).to_string();
    for body in [bare, fenced] {
        server.next(CHAT, [Act::Say("text/plain", body.clone().into_bytes())]);
        let answer = ai.chat::<Score>(&request()).await.unwrap();
        assert_eq!(answer.usage.attempts, 1, "{body}");
        assert_eq!(answer.value.quote, "I led a team");
    }
}

#[tokio::test]
async fn chat_answer_with_nul_is_given_without_it() {
    let server = Server::start().await;
    let ai = ai(server.openai());
    let content = r#"{"score":70,"feedback":"\u0000Cl\u0000ear.","quote":"I led\u0000"}"#;
    server.next(CHAT, [Act::Content(content.into())]);
    let answer = ai.chat::<Score>(&request()).await.unwrap();
    let Score {
        feedback, quote, ..
    } = answer.value;
    assert_eq!((&*feedback, &*quote), ("Clear.", "I led"));
    assert_eq!(answer.usage.attempts, 1);
}

#[tokio::test]
async fn chat_invalid_answer_is_repeated() {
    let server = Server::start().await;
    let ai = ai(server.openai());
    let say = |body: Value| Act::Say("application/json", body.to_string().into_bytes());
    let refusal = json!({ "choices": [{ "message": { "refusal": "No.", "content": null } }] });
    let invalid = [
        Act::Content("I would say 70.".into()),
        Act::Content(r#"{"score":70}"#.into()),
        Act::Content(r#"{"score":"good","feedback":"","quote":""}"#.into()),
        Act::Content(r#"{"score":70,"feedback":"","quote":"","grade":"A"}"#.into()),
        Act::Content(r#"{"score":170,"feedback":"","quote":""}"#.into()),
        say(refusal),
        say(json!({ "choices": [] })),
        say(json!([])),
        Act::Say("text/html", b"<html>Bad gateway</html>".to_vec()),
        Act::Say("application/json", Vec::new()),
    ];
    for act in invalid {
        server.next(CHAT, [act]);
        let fits = |score: &Score| score.score <= 100;
        let answer = ai.chat_that(&request(), fits).await.unwrap();
        assert_eq!(answer.usage.attempts, 2);
        assert_eq!(answer.value.score, 70);
    }
}

#[tokio::test]
async fn chat_invalid_answers_only_fail() {
    let server = Server::start().await;
    let ai = ai(server.openai());
    let error = ai
        .chat_that::<Score>(&request(), |_| false)
        .await
        .unwrap_err();
    assert_eq!(error.reason(), "provider_failed");
    assert!(error.is_retryable());
    assert!(
        matches!(error, Error::Failed { attempts: 3, .. }),
        "{error}"
    );
    assert_eq!(server.seen(CHAT).len(), 3);
}
