//! The interview behind a call: asked for until it is told whole, and told.

use std::time::Duration;

use serde_json::{Value, json};

use crate::Failure;
use crate::client::Client;
use crate::terminal::{Colour, paint, say};
use crate::until::until;

/// How long the platform may take to evaluate an interview whose call is over.
const EVALUATION: Duration = Duration::from_secs(60);
/// Whether a call is an interview is known soon after it began.
const ACQUAINTANCE: Duration = Duration::from_secs(5);

/// An interview as the API shows it.
pub struct Interview {
    /// `GET /api/interviews/{id}/flow/`
    pub flow: Value,
    /// `GET /api/interviews/{id}/results/`; none while they are not ready.
    pub results: Option<Value>,
}

impl Interview {
    /// The interview of a call, once it is evaluated or cannot be waited for any longer; none when the call is no interview.
    /// `expected`: it must be one, so it is looked for a little longer.
    pub async fn of(
        client: &Client,
        call_sid: &str,
        expected: bool,
    ) -> Result<Option<Self>, Failure> {
        let patience = if expected {
            ACQUAINTANCE
        } else {
            Duration::ZERO
        };
        let found = until(patience, async || id_of(client, call_sid).await).await?;
        let Some(id) = found else {
            return Ok(None);
        };
        let flow = format!("/api/interviews/{id}/flow/");
        let results = until(EVALUATION, async || {
            client.find(&format!("/api/interviews/{id}/results/")).await
        })
        .await?;
        Ok(Some(Self {
            flow: client.get(&flow).await?,
            results,
        }))
    }

    /// Both, as they came.
    pub fn json(&self) -> Value {
        json!({ "flow": self.flow, "results": self.results })
    }

    /// How it ended: `completed`, `abandoned` and so on; empty while it goes on.
    pub fn outcome(&self) -> &str {
        self.flow["outcome"].as_str().unwrap_or_default()
    }

    /// Questions answered, and asked.
    pub fn answered(&self) -> (usize, usize) {
        let count = |name: &str| self.flow[name].as_array().map_or(0, Vec::len);
        (count("answers"), count("questions"))
    }

    /// Prints what was asked, answered and made of it. `phone` is the emulator's view of the call.
    pub fn tell(&self, phone: &Value) {
        let waits: Vec<&Value> = phone["waits"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|wait| wait["recording_sid"] != "")
            .collect();
        say(format!(
            "\n  {}  {} of {} questions answered, {}",
            paint(Colour::Bold, "interview"),
            self.answered().0,
            self.answered().1,
            if self.outcome().is_empty() {
                "open"
            } else {
                self.outcome()
            },
        ));
        let answers = self.flow["answers"].as_array().into_iter().flatten();
        for (n, answer) in answers.enumerate() {
            for line in told(answer, self.result_of(answer), waits.get(n).copied()) {
                say(format!("  {line}"));
            }
        }
        match &self.results {
            Some(results) => summary(results),
            None => say("    the results are not ready yet"),
        }
    }

    /// The same answer in the results, which know more.
    fn result_of<'a>(&'a self, answer: &Value) -> Option<&'a Value> {
        let results = self.results.as_ref()?["answers"].as_array()?;
        results
            .iter()
            .find(|result| result["question_number"] == answer["question_number"])
    }
}

/// The interview of a call: the call's record names it, or a recent interview names the call.
async fn id_of(client: &Client, call_sid: &str) -> Result<Option<String>, Failure> {
    let call = client.find(&format!("/calls/{call_sid}")).await?;
    let named = call.and_then(|call| text(&call["interview"]["id"]));
    if named.is_some() {
        return Ok(named);
    }
    let list = client.find("/api/interviews/?limit=50").await?;
    let item = list
        .as_ref()
        .and_then(|list| list["items"].as_array())
        .and_then(|items| items.iter().find(|item| item["call_sid"] == call_sid));
    Ok(item.and_then(|item| text(&item["interview_id"]).or_else(|| text(&item["id"]))))
}

fn text(value: &Value) -> Option<String> {
    value
        .as_str()
        .filter(|text| !text.is_empty())
        .map(str::to_owned)
}

/// One question with its answer, in lines.
fn told(answer: &Value, result: Option<&Value>, wait: Option<&Value>) -> Vec<String> {
    let field = |name: &str| {
        let known = result.map(|result| &result[name]);
        known
            .filter(|value| !value.is_null())
            .unwrap_or(&answer[name])
    };
    let number = answer["question_number"].as_u64().unwrap_or_default();
    let question = field("question").as_str().unwrap_or_default();
    let mut lines = vec![format!(
        "  {number}. {question}{}",
        simulated(field("question_simulated"))
    )];
    let transcript = field("transcript").as_str().unwrap_or_default();
    let status = field("transcript_status").as_str().unwrap_or_default();
    lines.push(match transcript {
        "" => format!("     answer     ({})", status.replace('_', " ")),
        words => format!("     answer     {words:?}{}", made_up(result, "transcribe")),
    });
    if let Some(score) = field("score").as_u64() {
        let feedback = field("feedback").as_str().unwrap_or_default();
        let label = made_up(result, "score");
        lines.push(format!("     score      {score}{label}  {feedback}"));
    }
    if let Some(wait) = wait.and_then(|wait| wait["real_ms"].as_u64()) {
        lines.push(format!("     then quiet {wait} ms"));
    }
    lines
}

/// Whether a simulated provider did this task of an answer.
fn made_up(answer: Option<&Value>, task: &str) -> &'static str {
    let usage = answer.and_then(|answer| answer["usage"].as_array());
    let did = |it: &Value| it["task"] == task && it["simulated"] == true;
    simulated(&Value::Bool(
        usage.is_some_and(|usage| usage.iter().any(did)),
    ))
}

fn simulated(flag: &Value) -> &'static str {
    if flag == true { " [simulated]" } else { "" }
}

fn summary(results: &Value) {
    let label = simulated(&results["simulated"]);
    let mut facts = Vec::new();
    if let Some(score) = results["overall_score"].as_u64() {
        facts.push(format!("overall score {score}"));
    }
    if let Some(recommendation) = text(&results["recommendation"]) {
        facts.push(format!("recommendation {recommendation}"));
    }
    if !facts.is_empty() {
        say(format!("    {}{label}", facts.join(", ")));
    }
    for (name, words) in [
        ("strengths", "strengths"),
        ("areas_for_improvement", "to improve"),
    ] {
        let items: Vec<&str> = results[name]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        if !items.is_empty() {
            say(format!("    {words}: {}{label}", items.join("; ")));
        }
    }
    if let Some(feedback) = text(&results["feedback"]) {
        say(format!("    feedback: {feedback}{label}"));
    }
}

/// The longest that the caller heard nothing after an answer, in milliseconds of real time: the application is not sped up.
pub fn longest_wait_ms(phone: &Value) -> Option<u64> {
    let waits = phone["waits"].as_array()?;
    waits
        .iter()
        .filter_map(|wait| wait["real_ms"].as_u64())
        .max()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_simulated_provider_made_is_labelled() {
        let answer = json!({"question_number": 2, "question": "Why?", "transcript": "", "transcript_status": "unable_to_transcribe"});
        let lines = told(&answer, None, Some(&json!({"real_ms": 31})));
        assert_eq!(
            lines,
            [
                "  2. Why?",
                "     answer     (unable to transcribe)",
                "     then quiet 31 ms"
            ]
        );
        let usage = |task: &str| json!({"task": task, "simulated": true});
        let result = json!({"question_number": 2, "question": "Why?", "question_simulated": true, "transcript": "Because",
            "score": 70, "feedback": "Say more.", "usage": [usage("transcribe"), usage("score")]});
        let lines = told(&answer, Some(&result), None);
        assert_eq!(lines[0], "  2. Why? [simulated]");
        assert_eq!(lines[1], "     answer     \"Because\" [simulated]");
        assert_eq!(lines[2], "     score      70 [simulated]  Say more.");
    }

    #[test]
    fn longest_wait_is_that_of_real_time() {
        let phone = json!({"waits": [{"real_ms": 4, "silence_ms": 80}, {"real_ms": 12}, {"real_ms": null}]});
        assert_eq!(longest_wait_ms(&phone), Some(12));
        assert_eq!(longest_wait_ms(&json!({"waits": []})), None);
    }
}
