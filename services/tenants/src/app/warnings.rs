//! What can be applied and will hardly do what was meant.

use super::circles::{Way, way};
use super::document::Document;
use super::flows::FlowSpec;
use super::named::{Named, unfit};
use super::planned::{Known, Plan};
use super::read::place;
use super::refusal::FieldError;
use crate::db::model::enums::{NumberStatus, SmsApp, VoiceApp};
use crate::db::model::{Number, Tenant};

/// Everything that is worth a word. `roles` are those that this platform has; none: not known.
pub fn warnings(
    document: &Document,
    known: &Known,
    plan: &Plan,
    roles: &[&str],
) -> (Vec<FieldError>, Vec<Named>) {
    let mut found = Warnings {
        roles,
        all: Vec::new(),
        named: Vec::new(),
    };
    for spec in &document.tenants {
        let Some((_, tenant)) = plan.tenants.iter().find(|(_, it)| it.id == spec.id) else {
            continue;
        };
        if let Some(to) = &spec.profile.forward_to
            && way(&known.forwarders, &spec.id, to) == Way::Through
        {
            let message =
                "is a number of this platform: calls come back to it and are forwarded once more";
            found.note(&spec.path, "forward_to", message);
        }
        for listed in &spec.numbers {
            let numbers = plan.numbers.iter().map(|(_, number)| number);
            let number = numbers
                .filter(|it| it.tenant_id == spec.id)
                .find(|it| it.number.as_ref() == Some(&listed.number));
            if let Some(number) = number {
                found.number(&listed.path, tenant, number, document, known);
            }
        }
    }
    (found.all, found.named)
}

struct Warnings<'a> {
    roles: &'a [&'a str],
    all: Vec<FieldError>,
    named: Vec<Named>,
}

impl Warnings<'_> {
    fn note(&mut self, path: &str, field: &str, message: impl std::fmt::Display) {
        self.all.push(FieldError::new(place(path, field), message));
    }

    fn number(
        &mut self,
        path: &str,
        tenant: &Tenant,
        number: &Number,
        document: &Document,
        known: &Known,
    ) {
        if number.status == NumberStatus::Released {
            return;
        }
        if let Some(role) = number.voice.role()
            && !self.roles.is_empty()
            && !self.roles.contains(&role)
        {
            let message = format!(
                "is {}, which no role of this platform answers: its callers hear an apology",
                String::from(number.voice.clone())
            );
            self.note(path, "voice", message);
        }
        if number.voice == VoiceApp::Forward {
            self.forwards(path, tenant, number);
        }
        self.flow(path, number, document, known);
    }

    fn forwards(&mut self, path: &str, tenant: &Tenant, number: &Number) {
        if tenant.profile.forward_to.is_none() {
            let message =
                "is forward, and the tenant has no forward_to: every call is a missed one";
            self.note(path, "voice", message);
        }
        if tenant.profile.text_back.enabled && number.sms == SmsApp::None {
            let message = "is none while missed callers are texted from this number: nobody takes their answers; \
                           write sms: conversation, or text_back: {enabled: false}";
            self.note(path, "sms", message);
        }
    }

    /// A flow that a number names has to be there, and of a kind that its app can follow.
    fn flow(&mut self, path: &str, number: &Number, document: &Document, known: &Known) {
        let Some(flow) = number.voice.flow() else {
            return;
        };
        let own = |spec: &&FlowSpec| spec.tenant.as_deref() == Some(number.tenant_id.as_str());
        let every = |spec: &&FlowSpec| spec.tenant.is_none();
        let called = || document.flows.iter().filter(|spec| spec.name == flow);
        if let Some(spec) = called().find(own).or_else(|| called().find(every)) {
            if let Some(message) = unfit(&number.voice, flow, spec.kind) {
                self.note(path, "voice", message);
            }
            return;
        }
        let applied = |tenant: &str| {
            let identity = (tenant.to_owned(), flow.to_owned());
            known.flows.contains_key(&identity)
        };
        if applied(&number.tenant_id) || applied("") {
            return;
        }
        self.named.push(Named {
            path: place(path, "voice"),
            tenant: number.tenant_id.clone(),
            flow: flow.to_owned(),
            voice: number.voice.clone(),
        });
    }
}
