//! Changing a flow: a form over its definition, what a caller would hear, and a new version where that is stored.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use askama::Template;
use reqwest::Method;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::audit::note;
use super::flows::{Heard, Preview, find, preview};
use super::format::{address, words};
use super::html::{PageError, Shell, page, see, with_status};
use super::session::{Sent, SignedIn};
use super::tenants::{Tenant, choices};
use crate::api::{Missing, segment};
use crate::operator::Operator;
use crate::state::State;

/// What the form begins with.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub struct From {
    /// Whose flow it is.
    tenant: String,
    /// What a new one begins with.
    template: String,
}

/// A field of one text: name, label, whether it is long.
type Text = (&'static str, &'static str, bool);

const COMMON: [Text; 4] = [
    ("greeting", "Greeting; empty: the platform's", true),
    (
        "language",
        "Language, such as en-US; empty: the tenant's",
        false,
    ),
    (
        "recording_notice",
        "What tells callers of the recording; empty: the platform's",
        true,
    ),
    (
        "max_call_s",
        "Longest call in seconds; 0: Twilio's limit",
        false,
    ),
];

const INTERVIEW: [Text; 3] = [
    ("topic", "Topic: the position, the subject", false),
    ("criteria", "What a good answer has, for the scores", true),
    ("completion", "The last words; empty: the platform's", true),
];

const ELIGIBILITY: [Text; 3] = [
    ("eligible", "What an eligible caller hears", true),
    ("not_eligible", "What a caller hears who is not", true),
    (
        "unclear",
        "What a caller hears whose answer was not understood",
        true,
    ),
];

const CONVERSATION: [Text; 2] = [
    ("instructions", "Who the model is and how it behaves", true),
    (
        "apology",
        "What is said when the model does not answer",
        true,
    ),
];

/// A field as it is shown.
struct Field {
    name: &'static str,
    label: &'static str,
    long: bool,
    value: String,
}

#[derive(Template)]
#[template(path = "flow_form.html")]
struct FormPage {
    shell: Shell,
    name: String,
    path: String,
    kind: String,
    tenant: String,
    tenants: Vec<Tenant>,
    is_new: bool,
    seen: String,
    fields: Vec<Field>,
    lines: (&'static str, &'static str, String),
    definition: String,
    heard: Vec<Heard>,
    heard_with_no: Vec<Heard>,
}

/// `/console/flows/{name}/edit`.
pub async fn edit(
    state: web::Data<State>,
    who: SignedIn,
    name: web::Path<String>,
    from: web::Query<From>,
) -> Result<HttpResponse, PageError> {
    if !who.0.may_write() {
        return Err(PageError::Forbidden);
    }
    let draft = if from.template.is_empty() {
        let flow = find(&state.api, &who.0, &name, (&from.tenant, "")).await?;
        Draft {
            is_new: false,
            seen: flow.version.to_string(),
            tenant: flow.tenant_id.unwrap_or_default(),
            definition: flow.definition,
        }
    } else {
        Draft {
            is_new: true,
            seen: "0".to_owned(),
            tenant: from.tenant.clone(),
            definition: template(&from.template),
        }
    };
    let form = form(&state, &who.0, draft, None).await;
    page(&form)
}

/// `POST /console/flows/{name}/edit`: shows what a caller would hear, or stores the version.
pub async fn save(
    state: web::Data<State>,
    sent: Sent,
    name: web::Path<String>,
) -> Result<HttpResponse, PageError> {
    let operator = &sent.operator;
    if !operator.may_write() {
        return Err(PageError::Forbidden);
    }
    let base = serde_json::from_str::<Map<String, Value>>(sent.raw("definition"));
    let Ok(base) = base else {
        return Err(PageError::Invalid(
            "The definition is not a JSON object. Go back and correct it.".to_owned(),
        ));
    };
    let draft = Draft {
        is_new: sent.field("new") == "yes",
        seen: sent.field("seen").to_owned(),
        tenant: sent.field("tenant").to_owned(),
        definition: changed(base, &sent, &name),
    };
    if sent.field("do") != "store" {
        let form = form(&state, operator, draft, None).await;
        return page(&form);
    }
    let mut body = draft.definition.clone();
    if !draft.tenant.is_empty() {
        body["tenant_id"] = json!(draft.tenant);
    }
    let stored = state
        .api
        .send_over(operator, Method::POST, "/api/flows/", &draft.seen, &body)
        .await;
    let named = draft.definition["name"]
        .as_str()
        .unwrap_or(&name)
        .to_owned();
    match stored {
        Ok(_) => {
            note(&state, operator, "flow.change", &named).await;
            let filters = [("tenant", draft.tenant.as_str()), ("said", "saved")];
            let path = format!("/console/flows/{}", segment(&named));
            Ok(see(&address(&path, &filters)))
        }
        // What was written is not lost.
        Err(missing) => {
            let form = form(&state, operator, draft, Some(missing)).await;
            with_status(StatusCode::UNPROCESSABLE_ENTITY, &form)
        }
    }
}

/// A definition that is being changed.
struct Draft {
    is_new: bool,
    seen: String,
    tenant: String,
    definition: Value,
}

async fn form(
    state: &State,
    operator: &Operator,
    draft: Draft,
    refused: Option<Missing>,
) -> FormPage {
    let name = draft.definition["name"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let kind = draft.definition["kind"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    let title = if draft.is_new {
        "New flow".to_owned()
    } else {
        format!("Change flow {name}")
    };
    let mut shell = Shell::new(operator, "interviews", title);
    let played = preview(&state.api, operator, &draft.definition).await;
    // What cannot be stored cannot be played: said once.
    let heard: Preview = match refused {
        Some(missing) => {
            shell.faults.push(missing.words());
            played.unwrap_or_default()
        }
        None => shell.or_missing("This cannot be stored yet", played),
    };
    FormPage {
        path: format!("/console/flows/{}/edit", segment(&name)),
        fields: fields(&draft.definition, &kind),
        lines: line_field(&draft.definition, &kind),
        definition: format!("{:#}", draft.definition),
        heard: heard.heard,
        heard_with_no: heard.heard_with_no,
        tenants: choices(&state.api, operator).await,
        is_new: draft.is_new,
        seen: draft.seen,
        tenant: draft.tenant,
        shell,
        name,
        kind: words(&kind),
    }
}

fn texts(kind: &str) -> Vec<Text> {
    let own: &[Text] = match kind {
        "eligibility" => &ELIGIBILITY,
        "conversation" => &CONVERSATION,
        _ => &INTERVIEW,
    };
    COMMON.iter().chain(own).copied().collect()
}

fn fields(definition: &Value, kind: &str) -> Vec<Field> {
    let field = |(name, label, long): Text| Field {
        name,
        label,
        long,
        value: match &definition[name] {
            Value::String(text) => text.clone(),
            Value::Number(number) => number.to_string(),
            _ => String::new(),
        },
    };
    texts(kind).into_iter().map(field).collect()
}

/// The list of lines that a flow of this kind has: name, label, what there is.
fn line_field(definition: &Value, kind: &str) -> (&'static str, &'static str, String) {
    let (name, label) = match kind {
        "conversation" => ("knowledge", "What the model knows, a fact a line"),
        _ => ("questions", "Questions, a line each"),
    };
    let all = definition[name]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let line = |it: &Value| {
        it["ask"]
            .as_str()
            .or_else(|| it.as_str())
            .map(str::to_owned)
    };
    let lines: Vec<String> = all.iter().filter_map(line).collect();
    (name, label, lines.join("\n"))
}

/// What the form says over what the definition had. A question that stays keeps its name and how it is answered.
fn changed(mut base: Map<String, Value>, sent: &Sent, name: &str) -> Value {
    let kind = base
        .get("kind")
        .and_then(Value::as_str)
        .unwrap_or_default()
        .to_owned();
    let own_name = match sent.field("name") {
        "" => name,
        own => own,
    };
    base.insert("name".to_owned(), json!(own_name));
    for (field, _, _) in texts(&kind) {
        let text = sent.field(field);
        let value = match field {
            // What is no number is refused by the API, in its own words.
            "max_call_s" => text
                .parse::<u32>()
                .map_or(json!(text), |number| json!(number)),
            _ => json!(text),
        };
        match text.is_empty() {
            true => base.remove(field),
            false => base.insert(field.to_owned(), value),
        };
    }
    let lines = |name: &str| -> Vec<String> {
        let lines = sent.field(name).lines().map(str::trim);
        lines
            .filter(|it| !it.is_empty())
            .map(str::to_owned)
            .collect()
    };
    if kind == "conversation" {
        base.insert("knowledge".to_owned(), json!(lines("knowledge")));
    } else {
        let questions = questions(base.get("questions"), &lines("questions"), &kind);
        base.insert("questions".to_owned(), questions);
    }
    Value::Object(base)
}

fn questions(before: Option<&Value>, lines: &[String], kind: &str) -> Value {
    let before = before
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default();
    let question = |line: &String| {
        let known = before.iter().find(|it| it["ask"] == json!(line));
        let expect = if kind == "eligibility" {
            "yes_no"
        } else {
            "recording"
        };
        known
            .cloned()
            .unwrap_or_else(|| json!({ "ask": line, "expect": expect }))
    };
    Value::Array(lines.iter().map(question).collect())
}

/// What a new flow of a kind begins as.
fn template(kind: &str) -> Value {
    match kind {
        "coach" => json!({
            "name": "coach", "kind": "coach", "questions": [], "written": { "count": 5 }, "spoken_feedback": true,
        }),
        "eligibility" => json!({
            "name": "eligibility", "kind": "eligibility", "greeting": "Hello, three short questions.", "rule": "all_yes",
            "questions": [{ "ask": "Are you of age?", "expect": "yes_no" }],
            "eligible": "Great, you are eligible. Our team will call you.",
            "not_eligible": "Thank you. You are not eligible at this time.",
            "unclear": "Thank you. Our team will call you back.",
        }),
        "conversation" => json!({
            "name": "front-desk", "kind": "conversation", "engine": "media", "greeting": "How can I help?",
            "instructions": "You are the receptionist. Be brief and kind.", "knowledge": [],
            "tools": [{ "name": "take_message" }, { "name": "hang_up" }],
        }),
        _ => json!({
            "name": "screener", "kind": "screener",
            "questions": [{ "ask": "Why do you want to work here?", "expect": "recording" }],
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn question_that_stays_keeps_its_name() {
        let before = json!([{ "id": "q1", "ask": "One?", "expect": "yes_no" }]);
        let after = questions(
            Some(&before),
            &["New?".to_owned(), "One?".to_owned()],
            "screener",
        );
        assert_eq!(
            after,
            json!([{ "ask": "New?", "expect": "recording" }, { "id": "q1", "ask": "One?", "expect": "yes_no" }])
        );
    }

    #[test]
    fn lines_of_a_definition_are_shown() {
        let flow = json!({ "questions": [{ "ask": "One?" }, "Two?"], "knowledge": ["a", "b"] });
        assert_eq!(line_field(&flow, "screener").2, "One?\nTwo?");
        assert_eq!(line_field(&flow, "conversation").2, "a\nb");
    }
}
