//! What is noted of a webhook for the timeline of its call: as it becomes known, and told when the answer is there.

use std::time::Instant;

use actix_web::HttpResponse;
use clock::Time;
use directory::Directory;
use role::{Note, Timeline};
use serde_json::{Value, json};
use webhook::{CallSid, Params};

use crate::read::InboundEvent;
use crate::request::SignedRequest;
use crate::verify::Refusal;

/// The longest document that is noted.
const LONGEST_XML: usize = 4096;

/// What is known of a webhook.
pub struct Facts {
    began: Time,
    since: Instant,
    /// Nobody wants to know: nothing is gathered.
    unwanted: bool,
    /// Empty: nothing is noted.
    verdict: &'static str,
    tenant: String,
    key: String,
    detail: Value,
    parameters: Value,
    parameters_days: u32,
}

impl Facts {
    /// Of a webhook that begins now, where notes are wanted.
    pub fn new(began: Time, wanted: bool) -> Self {
        Self {
            began,
            unwanted: !wanted,
            since: Instant::now(),
            verdict: "",
            tenant: String::new(),
            key: String::new(),
            detail: json!({}),
            parameters: Value::Null,
            parameters_days: 0,
        }
    }

    /// It is believed: its parameters' names, and what it says of errors.
    pub fn believed(&mut self, request: &SignedRequest) {
        if self.unwanted {
            return;
        }
        self.verdict = "valid";
        self.names(&request.params);
        let code = request
            .get("ErrorCode")
            .and_then(|it| it.parse::<u32>().ok());
        if let Some(code) = code {
            self.detail["error_code"] = json!(code);
        }
    }

    /// It is read: what it becomes, and whose it is. Its parameters are noted as they came where the tenant allows it.
    pub fn read(&mut self, directory: &Directory, request: &SignedRequest, event: &InboundEvent) {
        if self.unwanted {
            return;
        }
        self.key.clone_from(&event.key);
        self.detail["event"] = json!(event.kind);
        let Some(entry) = directory.entry(&event.number) else {
            return;
        };
        self.tenant.clone_from(&entry.tenant_id);
        if entry.webhook_parameters_days > 0 {
            self.parameters_days = entry.webhook_parameters_days;
            self.parameters = request
                .params
                .iter()
                .map(|(name, value)| (name.to_owned(), Value::from(value)))
                .collect::<serde_json::Map<_, _>>()
                .into();
        }
    }

    /// It is not believed, and why: never a value of what a stranger has sent but a CallSid, and whose number it names.
    pub fn refused(
        &mut self,
        directory: &Directory,
        request: Option<&SignedRequest>,
        why: &Refusal,
    ) {
        self.verdict = "refused";
        self.detail["reason"] = json!(why.reason);
        self.detail["explanation"] = json!(why.explanation);
        let Some(request) = request else { return };
        self.names(&request.params);
        let sid = request.get("CallSid").map(CallSid::parse);
        if let Some(Ok(sid)) = sid {
            sid.as_str().clone_into(&mut self.key);
        }
        let number = request.get("To").and_then(|number| directory.entry(number));
        if let Some(entry) = number {
            self.tenant.clone_from(&entry.tenant_id);
        }
    }

    /// What is known counts no more: nothing is noted unless it is refused with a reason.
    pub fn forget(&mut self) {
        *self = Self {
            since: self.since,
            ..Self::new(self.began, !self.unwanted)
        };
    }

    /// It is neither believed nor refused.
    pub fn undecided(&mut self, verdict: &'static str, reason: &str) {
        self.verdict = verdict;
        self.detail["reason"] = json!(reason);
    }

    /// What came of it, in a word.
    pub fn outcome(&mut self, outcome: &'static str) {
        self.detail["outcome"] = json!(outcome);
    }

    /// The document that it is answered with.
    pub fn document(&mut self, xml: &str) {
        if xml.len() <= LONGEST_XML && !self.unwanted {
            self.detail["xml"] = json!(xml);
        }
    }

    fn names(&mut self, params: &Params) {
        self.detail["parameters"] = json!(params.names_for_log());
    }

    /// Notes it.
    pub fn tell(mut self, timeline: &Timeline, path: &str, response: &HttpResponse) {
        if self.verdict.is_empty() || self.unwanted {
            return;
        }
        self.detail["http_status"] = json!(response.status().as_u16());
        let note = Note::new("ingress", "webhook", path, self.began)
            .tenant(self.tenant)
            .key(self.key)
            .took(self.since.elapsed())
            .verdict(self.verdict)
            .detail(&self.detail)
            .parameters(&self.parameters, self.parameters_days);
        timeline.note(note);
    }
}
