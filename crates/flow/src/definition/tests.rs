//! Definitions as they are written, good and bad.

use serde_json::json;

use super::*;

fn faults(value: &Value) -> Vec<String> {
    Definition::read(value)
        .unwrap_err()
        .into_iter()
        .map(|fault| fault.path)
        .collect()
}

#[test]
fn contracts_flow_is_read() {
    let flow = Definition::read(&json!({
        "name": "loan-eligibility", "kind": "eligibility", "greeting": "Hello, this is QuickRupee.",
        "questions": [{"id": "salaried", "ask": "Are you a salaried employee?", "expect": "yes_no"},
            {"id": "income", "ask": "Is your monthly income above 25 thousand?", "expect": "yes_no"}],
        "rule": "all_yes", "eligible": "Great.", "not_eligible": "Thank you.", "max_call_s": 120,
    }))
    .unwrap();
    assert_eq!(
        (flow.kind, flow.total(), flow.max_call_s),
        (Kind::Eligibility, 2, 120)
    );
    assert_eq!(Definition::stored(&flow.to_value()).unwrap(), flow);
}

#[test]
fn every_fault_is_told_with_its_field() {
    let value = json!({"name": "x", "kind": "robot", "questions": [{"id": "a"}, {"ask": 7}], "colour": "red"});
    let found = faults(&value);
    for path in ["kind", "questions[0]", "questions[1]", "colour"] {
        assert!(
            found.iter().any(|fault| fault == path),
            "{path} of {found:?}"
        );
    }
    let value = json!({"name": "-", "kind": "screener", "questions": ["", "b"], "wait_ms": 9_000,
        "answer": {"finish_key": "x"}, "machine": {"action": "message"}, "retry": {"on": ["rain"]}});
    let found = faults(&value);
    for path in [
        "name",
        "questions[0].ask",
        "wait_ms",
        "answer.finish_key",
        "machine.message",
        "retry.on[0]",
    ] {
        assert!(
            found.iter().any(|fault| fault == path),
            "{path} of {found:?}"
        );
    }
    assert_eq!(
        faults(&json!({"name": "x", "kind": "coach"})),
        ["questions"]
    );
    assert_eq!(faults(&json!([])), [""]);
}

#[test]
fn screener_of_questions_alone_is_a_good_one() {
    let flow = Definition::screener(vec!["One?".into(), "Two?".into()]);
    assert_eq!(Definition::read(&flow.to_value()).unwrap(), flow);
    assert_eq!(
        Definition::read(&Definition::coach().to_value()).unwrap(),
        Definition::coach()
    );
}
