//! A Twilio that misbehaves as it is told: it keeps lists, and can lose the answer to a request that it has done.
//! It speaks just enough HTTP, on bare sockets, because a web framework always answers.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use clock::Clock;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::exchange::{self, Placed};

/// How one POST or DELETE fails.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Mishap {
    /// It is done, and the connection ends without an answer.
    LoseAnswer,
    /// It is done, and the answer is this status.
    Fail(u16),
    /// Nothing is done, and the answer is this status and code.
    Refuse(u16, u32),
    /// Nothing is done, and the connection ends without an answer.
    Drop,
}

#[derive(Debug, Clone)]
pub struct Message {
    pub sid: String,
    pub form: HashMap<String, String>,
    pub created: DateTime<Utc>,
    /// Not listed before: Twilio's lists come late.
    pub listed: DateTime<Utc>,
}

#[derive(Default)]
pub struct State {
    pub messages: Vec<Message>,
    pub numbers: Vec<(String, HashMap<String, String>)>,
    pub for_sale: Vec<String>,
    pub calls: Vec<Value>,
    pub placed: Vec<Placed>,
    /// What was asked of calls that had been placed: the SID and the word.
    pub updates: Vec<String>,
    pub recordings: Vec<Value>,
    pub mishaps: VecDeque<Mishap>,
    pub opted_out: Vec<String>,
    pub posts: usize,
    /// The only token that is taken; none: any.
    pub token: Option<String>,
    /// An account whose requests are answered when the test says so.
    pub hanging: Option<(String, Arc<Notify>)>,
    /// How many of its requests wait.
    pub waiting: usize,
    /// How long the list does not show a new message.
    pub lag: std::time::Duration,
    made: u64,
}

pub struct Twilio {
    pub url: String,
    state: Arc<Mutex<State>>,
    task: JoinHandle<()>,
}

impl Twilio {
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let state = Arc::new(Mutex::new(State::default()));
        let task = tokio::spawn({
            let state = state.clone();
            async move {
                while let Ok((stream, _)) = listener.accept().await {
                    let state = state.clone();
                    tokio::spawn(async move {
                        let _ = serve(stream, &state).await;
                    });
                }
            }
        });
        Self { url, state, task }
    }

    pub fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub fn will(&self, mishaps: impl IntoIterator<Item = Mishap>) {
        self.state().mishaps.extend(mishaps);
    }

    pub fn messages(&self) -> Vec<Message> {
        self.state().messages.clone()
    }

    /// A message that an earlier process has sent.
    pub fn has_sent(&self, from: &str, to: &str, body: &str) -> String {
        let form = [("From", from), ("To", to), ("Body", body)];
        let form = form.map(|(k, v)| (k.to_owned(), v.to_owned())).into();
        self.state().send(form)
    }
}

impl Drop for Twilio {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl State {
    pub fn sid(&mut self, prefix: &str) -> String {
        self.made += 1;
        format!("{prefix}{:032x}", self.made)
    }

    fn send(&mut self, form: HashMap<String, String>) -> String {
        let sid = self.sid("SM");
        let created = Clock::system().now();
        let listed = created + self.lag;
        self.messages.push(Message {
            sid: sid.clone(),
            form,
            created,
            listed,
        });
        sid
    }
}

async fn serve(stream: TcpStream, state: &Mutex<State>) -> std::io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    let request = line.clone();
    let mut length = 0;
    let mut credentials = String::new();
    loop {
        line.clear();
        stream.read_line(&mut line).await?;
        if line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().unwrap_or(0);
        }
        if line
            .to_ascii_lowercase()
            .starts_with("authorization: basic ")
        {
            let value = line.trim().rsplit(' ').next().unwrap_or("");
            credentials = String::from_utf8(STANDARD.decode(value).unwrap()).unwrap();
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    let mut words = request.split(' ');
    let (method, target) = (words.next().unwrap_or(""), words.next().unwrap_or(""));
    let hanging = state.lock().unwrap().hanging.clone();
    if let Some((account, until)) = hanging
        && target.contains(&account)
    {
        let answered = until.notified();
        state.lock().unwrap().waiting += 1;
        answered.await;
    }
    let taken = state.lock().unwrap().token.clone();
    let is_taken = taken.is_none_or(|token| credentials.ends_with(&format!(":{token}")));
    let answer = if is_taken {
        answer(state, method, target, &body)
    } else {
        Some(refusal(401, 20003))
    };
    let Some((status, body)) = answer else {
        return Ok(());
    };
    let body = if body.is_null() {
        String::new()
    } else {
        body.to_string()
    };
    let head = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    stream.shutdown().await
}

/// A parameter that comes several times has its values one after the other.
fn pairs(text: &[u8]) -> HashMap<String, String> {
    let mut pairs = HashMap::new();
    for (name, value) in url::form_urlencoded::parse(text).into_owned() {
        pairs
            .entry(name)
            .and_modify(|known: &mut String| *known = format!("{known} {value}"))
            .or_insert(value);
    }
    pairs
}

pub fn refusal(status: u16, code: u32) -> (u16, Value) {
    (
        status,
        json!({ "code": code, "message": "no", "status": status }),
    )
}

/// `None`: the connection ends without an answer.
fn answer(state: &Mutex<State>, method: &str, target: &str, body: &[u8]) -> Option<(u16, Value)> {
    let mut state = state.lock().unwrap();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let (query, form) = (pairs(query.as_bytes()), pairs(body));
    let resource = path.splitn(5, '/').nth(4).unwrap_or("");
    let mishap = if method == "GET" {
        None
    } else {
        state.posts += 1;
        state.mishaps.pop_front()
    };
    match mishap {
        Some(Mishap::Drop) => return None,
        Some(Mishap::Refuse(status, code)) => return Some(refusal(status, code)),
        _ => {}
    }
    let answer = act(&mut state, method, resource, &query, form);
    match mishap {
        Some(Mishap::LoseAnswer) => None,
        Some(Mishap::Fail(status)) => Some((status, Value::Null)),
        _ => Some(answer),
    }
}

fn act(
    state: &mut State,
    method: &str,
    resource: &str,
    query: &HashMap<String, String>,
    form: HashMap<String, String>,
) -> (u16, Value) {
    if let Some(answer) = exchange::act(state, method, resource, query, &form) {
        return answer;
    }
    let sid = resource
        .rsplit('/')
        .next()
        .unwrap_or("")
        .trim_end_matches(".json")
        .to_owned();
    match (method, resource) {
        ("POST", r) if r.ends_with("Messages.json") => {
            if state.opted_out.contains(&form["To"]) {
                return refusal(400, 21610);
            }
            let sid = state.send(form);
            let message = state.messages.iter().find(|m| m.sid == sid).unwrap();
            (201, message_json(message))
        }
        ("GET", r) if r.ends_with("Messages.json") => {
            let is = |name: &str, m: &Message| {
                query.get(name).is_none_or(|v| m.form.get(name) == Some(v))
            };
            let now = Clock::system().now();
            let shown = |m: &&Message| m.listed <= now && is("To", m) && is("From", m);
            let found: Vec<_> = state
                .messages
                .iter()
                .rev()
                .filter(shown)
                .map(message_json)
                .collect();
            (200, json!({ "messages": found, "next_page_uri": null }))
        }
        ("GET", r) if r.contains("AvailablePhoneNumbers/") => {
            let found: Vec<_> = state
                .for_sale
                .iter()
                .map(|n| json!({ "phone_number": n }))
                .collect();
            (200, json!({ "available_phone_numbers": found }))
        }
        ("POST", r) if r.ends_with("IncomingPhoneNumbers.json") => {
            let number = form["PhoneNumber"].clone();
            let Some(at) = state.for_sale.iter().position(|n| *n == number) else {
                return refusal(400, 21422);
            };
            state.for_sale.remove(at);
            let sid = state.sid("PN");
            state.numbers.push((sid.clone(), form.clone()));
            (201, number_json(&sid, &form))
        }
        ("GET", r) if r.ends_with("IncomingPhoneNumbers.json") => {
            let is = |form: &HashMap<String, String>| {
                ["FriendlyName", "PhoneNumber"].iter().all(|field| {
                    query
                        .get(*field)
                        .is_none_or(|wanted| form.get(*field) == Some(wanted))
                })
            };
            let found = state.numbers.iter().filter(|(_, form)| is(form));
            let found: Vec<_> = found.map(|(sid, form)| number_json(sid, form)).collect();
            (
                200,
                json!({ "incoming_phone_numbers": found, "next_page_uri": null }),
            )
        }
        ("POST", r) if r.contains("IncomingPhoneNumbers/") => {
            let found = state.numbers.iter_mut().find(|(known, _)| *known == sid);
            let Some((sid, number)) = found else {
                return refusal(404, 20404);
            };
            number.extend(form);
            (200, number_json(sid, number))
        }
        ("DELETE", r) if r.contains("IncomingPhoneNumbers/") => {
            let before = state.numbers.len();
            state.numbers.retain(|(known, _)| *known != sid);
            if state.numbers.len() == before {
                refusal(404, 20404)
            } else {
                (204, Value::Null)
            }
        }
        ("GET", _) => (
            200,
            json!({ "sid": sid, "status": "active", "type": "Trial", "auth_token": "hidden" }),
        ),
        _ => refusal(404, 20404),
    }
}

fn message_json(message: &Message) -> Value {
    json!({
        "sid": message.sid,
        "from": message.form.get("From"),
        "to": message.form.get("To"),
        "body": message.form.get("Body"),
        "direction": "outbound-api",
        "status": "queued",
        "num_segments": "1",
        "num_media": "0",
        "date_created": message.created.to_rfc2822(),
        "date_sent": null,
    })
}

fn number_json(sid: &str, form: &HashMap<String, String>) -> Value {
    json!({
        "sid": sid, "phone_number": form["PhoneNumber"], "friendly_name": form["FriendlyName"],
        "voice_url": form.get("VoiceUrl"), "status_callback": form.get("StatusCallback"), "sms_url": form.get("SmsUrl"),
    })
}
