//! The emulator, a process of its own, as the other end of everything.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::process::Process;
use super::wait::{PATIENCE, eventually, so, within};

pub const ACCOUNT: &str = "ACe2e00000000000000000000000000001";
pub const TOKEN: &str = "e2e0primary0token0of0the0platform";

/// Twilio on this machine.
pub struct Twilio {
    pub base: String,
    pub process: std::sync::Mutex<Process>,
    http: reqwest::Client,
}

impl Twilio {
    /// For the process that is to listen on `port`.
    pub fn new(process: Process, port: u16) -> Self {
        Self {
            base: format!("http://127.0.0.1:{port}"),
            process: std::sync::Mutex::new(process),
            http: super::wait::client(),
        }
    }

    pub async fn is_up(&self) {
        eventually("the emulator listens", async || {
            let url = format!("{}/emulator/health", self.base);
            so(self.http.get(url).send().await.is_ok())
        })
        .await;
    }

    async fn ask(&self, method: Method, path: &str, body: Option<&Value>) -> Value {
        let request = self
            .http
            .request(method, format!("{}{path}", self.base))
            .basic_auth(ACCOUNT, Some(TOKEN));
        let request = match body {
            Some(body) => request.json(body),
            None => request,
        };
        let response = request.send().await.expect("the emulator answers");
        let status = response.status();
        let text = response.text().await.unwrap_or_default();
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or_default()
    }

    /// Buys a number and points its webhooks at the platform.
    pub async fn buy(&self, number: &str, ingress: &str) {
        let call = format!("{ingress}/webhooks/twilio/call");
        self.buy_for(number, &call, ingress).await;
    }

    /// The same with calls that go elsewhere.
    pub async fn buy_for(&self, number: &str, call: &str, ingress: &str) {
        let form = [
            ("PhoneNumber", number.to_owned()),
            ("VoiceUrl", call.to_owned()),
            ("SmsUrl", format!("{ingress}/webhooks/twilio/sms")),
            ("StatusCallback", format!("{call}#rc=3&rp=5xx,ct,rt")),
        ];
        let url = format!(
            "{}/2010-04-01/Accounts/{ACCOUNT}/IncomingPhoneNumbers.json",
            self.base
        );
        let request = self.http.post(url).basic_auth(ACCOUNT, Some(TOKEN));
        let response = request.form(&form).send().await.unwrap();
        assert_eq!(response.status().as_u16(), 201, "{number} can be bought");
    }

    /// Changes what a number has there.
    pub async fn change_number(&self, number: &str, form: &[(&str, &str)]) {
        let numbers = format!("/2010-04-01/Accounts/{ACCOUNT}/IncomingPhoneNumbers");
        let path = format!("{numbers}.json?PhoneNumber={}", number.replace('+', "%2B"));
        let page = self.ask(Method::GET, &path, None).await;
        let sid = page["incoming_phone_numbers"][0]["sid"].as_str().unwrap();
        let url = format!("{}{numbers}/{sid}.json", self.base);
        let request = self.http.post(url).basic_auth(ACCOUNT, Some(TOKEN));
        let response = request.form(form).send().await.unwrap();
        assert_eq!(response.status().as_u16(), 200, "a number can be changed");
    }

    /// Something goes wrong, in the words of `POST /emulator/faults`.
    pub async fn fault(&self, fault: Value) {
        self.ask(Method::POST, "/emulator/faults", Some(&fault))
            .await;
    }

    /// How a phone behaves that is dialled.
    pub async fn callee(&self, number: &str, behaviour: Value) {
        let mut fault = behaviour;
        fault["kind"] = json!("callee");
        fault["number"] = json!(number);
        self.fault(fault).await;
    }

    /// A caller calls; `steps` as in a caller's script. Answers the CallSid.
    pub async fn call(&self, from: &str, to: &str, steps: Value) -> String {
        let script = json!({ "from": from, "number": to, "steps": steps });
        let placed = self
            .ask(Method::POST, "/emulator/calls", Some(&script))
            .await;
        placed["sid"].as_str().unwrap().to_owned()
    }

    /// What the emulator knows of a call.
    pub async fn view(&self, sid: &str) -> Value {
        self.ask(Method::GET, &format!("/emulator/calls/{sid}"), None)
            .await
    }

    /// The same once the call is over.
    pub async fn over(&self, sid: &str) -> Value {
        within(PATIENCE * 2, "the call is over", async || {
            let view = self.view(sid).await;
            (view["done"] == true).then_some(view)
        })
        .await
    }

    /// The sound of a caller who says these things one after the other, whatever the platform does: RecordingSids.
    pub async fn record(&self, number: &str, said: &[String]) -> Vec<String> {
        let answer = |words: &String| {
            [
                json!({ "wait_for": "beep" }),
                json!({ "speak": { "text": words } }),
                json!({ "press": "#" }),
            ]
        };
        let mut steps: Vec<Value> = said.iter().flat_map(answer).collect();
        steps.extend([json!({ "wait_for": "beep" }), json!({ "hang_up": {} })]);
        let sid = self.call("+15550199999", number, json!(steps)).await;
        self.over(&sid).await;
        // A recording is there some time after its end.
        eventually("everything was recorded", async || {
            let view = self.view(&sid).await;
            let recorded = view["recorded"].as_array()?;
            let sid_of = |words: &String| {
                let mut all = recorded.iter();
                let found = all.find(|it| it["words"] == words.as_str())?;
                found["sid"].as_str().map(str::to_owned)
            };
            said.iter().map(sid_of).collect::<Option<Vec<String>>>()
        })
        .await
    }

    /// How often the platform had this phone called.
    pub async fn calls_to(&self, number: &str) -> Vec<Value> {
        let path = format!(
            "/2010-04-01/Accounts/{ACCOUNT}/Calls.json?To={}&PageSize=1000",
            number.replace('+', "%2B")
        );
        let page = self.ask(Method::GET, &path, None).await;
        page["calls"].as_array().unwrap().clone()
    }

    /// Points a number's webhooks at another address.
    pub async fn point(&self, number: &str, base: &str) {
        let call = format!("{base}/webhooks/twilio/call");
        let text = format!("{base}/webhooks/twilio/sms");
        let status = format!("{call}#rc=3&rp=5xx,ct,rt");
        let form = [
            ("VoiceUrl", call.as_str()),
            ("SmsUrl", text.as_str()),
            ("StatusCallback", status.as_str()),
        ];
        self.change_number(number, &form).await;
    }

    /// Ends a call that goes on.
    pub async fn hang_up(&self, sid: &str) {
        self.update(sid, "completed").await;
    }

    /// Cancels a call that rings.
    pub async fn cancel(&self, sid: &str) {
        self.update(sid, "canceled").await;
    }

    async fn update(&self, sid: &str, status: &str) {
        let url = format!(
            "{}/2010-04-01/Accounts/{ACCOUNT}/Calls/{sid}.json",
            self.base
        );
        let request = self.http.post(url).basic_auth(ACCOUNT, Some(TOKEN));
        let response = request.form(&[("Status", status)]).send().await.unwrap();
        assert_eq!(response.status().as_u16(), 200, "a call becomes {status}");
    }

    /// A customer sends a text.
    pub async fn text(&self, from: &str, to: &str, body: &str) {
        let message = json!({ "from": from, "to": to, "body": body });
        self.ask(Method::POST, "/emulator/messages", Some(&message))
            .await;
    }

    /// All messages there are, whoever sent them.
    pub async fn messages(&self) -> Vec<Value> {
        let mut all = Vec::new();
        let mut path = Some(format!(
            "/2010-04-01/Accounts/{ACCOUNT}/Messages.json?PageSize=1000"
        ));
        while let Some(next) = path {
            let page = self.ask(Method::GET, &next, None).await;
            all.extend(page["messages"].as_array().unwrap().iter().cloned());
            path = page["next_page_uri"].as_str().map(str::to_owned);
        }
        all
    }

    /// The first page of a list: `Calls`, `Recordings`.
    pub async fn list(&self, what: &str) -> Vec<Value> {
        let path = format!("/2010-04-01/Accounts/{ACCOUNT}/{what}.json?PageSize=1000");
        let page = self.ask(Method::GET, &path, None).await;
        page[what.to_lowercase()].as_array().unwrap().clone()
    }

    /// What the platform has sent to a phone.
    pub async fn texts_to(&self, number: &str) -> Vec<Value> {
        let all = self.messages().await;
        let ours = |m: &Value| m["direction"] == "outbound-api" && m["to"] == number;
        all.into_iter().filter(ours).collect()
    }

    /// Every request both ways.
    pub async fn log(&self) -> Vec<Value> {
        let log = self.ask(Method::GET, "/emulator/log", None).await;
        log["items"].as_array().unwrap().clone()
    }

    /// The requests after one of them, at most so many as a page has. The log is a ring: a long run reads it as it goes.
    pub async fn log_after(&self, after: u64) -> Vec<Value> {
        let path = format!("/emulator/log?after={after}");
        let log = self.ask(Method::GET, &path, None).await;
        log["items"].as_array().unwrap().clone()
    }

    /// Reads the log as it goes, until it is over and read to its end: it is a ring, and a long run would lose its beginning.
    pub async fn follow_log(&self, over: &AtomicBool, mut note: impl FnMut(&Value)) {
        let mut after = 0;
        loop {
            let is_last = over.load(Ordering::Relaxed);
            let page = self.log_after(after).await;
            for entry in &page {
                after = entry["id"].as_u64().unwrap();
                note(entry);
            }
            if page.is_empty() {
                if is_last {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        }
    }

    /// How often the platform asked for a message to this phone.
    pub async fn attempts_to(&self, number: &str) -> usize {
        let to = json!(["To", number]);
        let asked = |entry: &&Value| {
            entry["method"] == "POST"
                && entry["url"].as_str().unwrap().ends_with("/Messages.json")
                && entry["params"].as_array().unwrap().contains(&to)
        };
        self.log().await.iter().filter(asked).count()
    }
}

/// Steps of a caller who stays until the call ends. One who hangs up after a time of the emulator's would hang up on a
/// platform that is slow: that is not sped up.
pub fn stays() -> Value {
    json!([])
}

/// Steps of a caller who hangs up while it rings.
pub fn hangs_up() -> Value {
    json!([{ "hang_up": {} }])
}

/// A phone that nobody picks up, that is engaged, and so on.
pub fn behaves(behaviour: &str) -> Value {
    json!({ "behaviour": behaviour })
}

/// A phone that is picked up and talks for a few seconds.
pub fn picks_up() -> Value {
    json!({ "behaviour": "answer", "after_s": 2, "talk_s": 5 })
}

/// Real time that a test waits where the platform itself waits long: repeats come after 1, 10 and 60 seconds, and a text that may have been
/// sent is looked for for a minute before it is sent again.
pub const LONG: Duration = Duration::from_secs(400);
