//! Who lives in the tests: two tenants with numbers, and one without an active one.

use chrono::{DateTime, TimeDelta, Utc};
use events::v1::{AiPreferences, Directory, Number, Resolved, TenantContext, directory};
use flow::{Definition, Progress};
use interviews::door::{InterviewRow, TenantSettings};
use store::types::Json;

pub const ACCOUNT: &str = "AC00000000000000000000000000000001";
pub const PERSON: &str = "+15550109999";

/// Number, tenant, whether it is the primary one, whether it is active.
const NUMBERS: [(&str, &str, bool, bool); 6] = [
    ("+15550100001", "smith", false, true),
    ("+15550100002", "smith", true, true),
    ("+15550100003", "smith", false, false),
    ("+15550200001", "jones", true, false),
    ("+15550200002", "jones", false, true),
    ("+15550300001", "silent", true, false),
];

pub fn at(minute: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_750_000_000, 0).unwrap() + TimeDelta::minutes(minute)
}

/// What tenants says of all numbers.
pub fn directory() -> Directory {
    let entry = |(number, tenant, ..): &(&str, &str, bool, bool)| directory::Entry {
        number: (*number).into(),
        tenant_id: (*tenant).into(),
        account_sid: ACCOUNT.into(),
        ..directory::Entry::default()
    };
    Directory {
        entries: NUMBERS.iter().map(entry).collect(),
        ..Directory::default()
    }
}

/// What tenants says of one number.
pub fn resolved(number: &str) -> Resolved {
    let found = NUMBERS.iter().find(|it| it.0 == number);
    let tenant = found.map(|(number, tenant, primary, _)| TenantContext {
        tenant_id: (*tenant).into(),
        name: "Smith & Sons".into(),
        timezone: "America/Los_Angeles".into(),
        language: "en-GB".into(),
        voice: "Polly.Amy".into(),
        account_sid: ACCOUNT.into(),
        ai: Some(AiPreferences {
            chat_model: "clever".into(),
            ..AiPreferences::default()
        }),
        number: Some(Number {
            number: (*number).into(),
            primary: *primary,
            ..Number::default()
        }),
        ..TenantContext::default()
    });
    Resolved {
        active: found.is_some_and(|it| it.3),
        tenant,
    }
}

/// An interview that ended at minute 10.
pub fn ended(id: &str, tenant: &str, progress: &Progress) -> InterviewRow {
    InterviewRow {
        status: "ended".into(),
        outcome: "completed".into(),
        progress: Json::of(progress).unwrap(),
        started_at: Some(at(1).into()),
        ended_at: Some(at(10).into()),
        evaluated_at: Some(at(11).into()),
        ..pending(id, tenant)
    }
}

/// One of two questions that nobody has been called for, with a flow of its own.
pub fn screening(id: &str, change: impl FnOnce(&mut Definition)) -> InterviewRow {
    let mut definition = Definition::screener(vec!["Why us?".into(), "Why you?".into()]);
    change(&mut definition);
    InterviewRow {
        definition: Json(definition.to_value()),
        ..pending(id, "smith")
    }
}

/// An interview that nobody has been called for.
pub fn pending(id: &str, tenant: &str) -> InterviewRow {
    let questions = ["Why us?", "Why you?", "Why now?"].map(String::from);
    let settings = TenantSettings {
        name: "Smith & Sons".into(),
        timezone: "America/Los_Angeles".into(),
        ..TenantSettings::default()
    };
    InterviewRow {
        id: id.into(),
        tenant_id: tenant.into(),
        kind: "screener".into(),
        flow_name: "screener".into(),
        flow_version: 2,
        definition: Json(Definition::screener(questions.into()).to_value()),
        candidate_id: None,
        job_id: None,
        call_sid: None,
        account_sid: ACCOUNT.into(),
        number: "+15550100002".into(),
        person: PERSON.into(),
        direction: "outbound".into(),
        language: "en-GB".into(),
        settings: Json::of(&settings).unwrap(),
        status: "pending".into(),
        outcome: String::new(),
        failure_reason: None,
        attempt: 1,
        progress: Json::of(&Progress::default()).unwrap(),
        result: None,
        waiting: None,
        created_at: at(0).into(),
        started_at: None,
        ended_at: None,
        evaluated_at: None,
        waits_for: None,
        waits_until: None,
    }
}
