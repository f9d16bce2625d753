//! What is told of a change, and what is not.

use std::fs;

use super::lock::HEAD;
use super::*;

const OPTIONS: &str = "
    import 'google/protobuf/descriptor.proto';
    extend google.protobuf.MessageOptions { string type = 50001; }
";
const MISSED: &str = "
    message Missed { option (type) = 'call.missed'; string reason = 1; repeated string tried = 2; optional uint32 wait_s = 3; }
";
const ENUM: &str = "enum Colour { RED = 0; BLUE = 2; }";

fn tree(body: &str) -> tempfile::TempDir {
    let tree = tempfile::tempdir().unwrap();
    let dir = tree.path().join("proto/t/v1");
    fs::create_dir_all(&dir).unwrap();
    fs::write(
        dir.join("all.proto"),
        format!("syntax = 'proto3'; package t.v1; {OPTIONS} {body}"),
    )
    .unwrap();
    tree
}

fn contract_of(body: &str) -> Contract {
    read(&tree(body).path().join("proto")).unwrap()
}

fn broken(old: &str, new: &str) -> Vec<String> {
    compare(&contract_of(old), &contract_of(new)).broken
}

#[test]
fn lock_is_readable_and_reads_back() {
    let contract = contract_of(&format!(
        "{MISSED} {ENUM} message Old {{ reserved 4, 6 to 9; reserved 'gone'; }}"
    ));
    let text = render(&contract);
    assert_eq!(
        text.strip_prefix(HEAD).unwrap(),
        "\nenum t.v1.Colour\n  0 RED\n  2 BLUE\n\nmessage t.v1.Missed = call.missed\n  1 reason string\n  2 tried repeated string\n  3 wait_s optional uint32\n\nmessage t.v1.Old\n  reserved 4\n  reserved 6 to 9\n  reserved \"gone\"\n"
    );
    assert_eq!(parse(&text).unwrap(), contract);
}

#[test]
fn what_is_added_is_no_fault() {
    let new = format!("{} {ENUM}", MISSED.replace("}", "string note = 4; }"));
    let difference = compare(&contract_of(MISSED), &contract_of(&new));
    assert!(difference.broken.is_empty());
    assert_eq!(
        difference.added,
        ["t.v1.Missed: field 4 `note` string", "enum t.v1.Colour"]
    );
}

#[test]
fn removed_field_says_what_to_reserve() {
    let new = MISSED.replace("string reason = 1;", "");
    assert_eq!(
        broken(MISSED, &new),
        [
            "t.v1.Missed: field 1 `reason` is gone: write `reserved 1; reserved \"reason\";` in its place"
        ]
    );
    let mended = MISSED.replace("string reason = 1;", "reserved 1; reserved 'reason';");
    assert!(broken(MISSED, &mended).is_empty());
    let half = MISSED.replace("string reason = 1;", "reserved 1;");
    assert_eq!(broken(MISSED, &half).len(), 1);
}

#[test]
fn renumbered_retyped_and_reused_are_told_apart() {
    let faults = broken(MISSED, &MISSED.replace("reason = 1", "reason = 9"));
    assert_eq!(
        faults,
        ["t.v1.Missed: field `reason` was 1, is now 9: give it its old number back"]
    );
    let faults = broken(MISSED, &MISSED.replace("string reason", "uint32 reason"));
    assert!(
        faults[0].contains("was string, is now uint32") && faults[0].ends_with("as 4"),
        "{faults:?}"
    );
    let faults = broken(
        MISSED,
        &MISSED.replace("repeated string tried", "string tried"),
    );
    assert!(
        faults[0].contains("was repeated string, is now string"),
        "{faults:?}"
    );
    let faults = broken(MISSED, &MISSED.replace("reason = 1", "cause = 1"));
    assert!(
        faults[0].contains("now given to `cause`") && faults[0].ends_with("the number 4"),
        "{faults:?}"
    );
}

#[test]
fn events_and_reservations_stay() {
    assert!(broken(MISSED, ENUM)[0].starts_with("event call.missed (t.v1.Missed) is gone"));
    let renamed = MISSED.replace("call.missed", "call.lost");
    assert!(broken(MISSED, &renamed)[0].contains("was event call.missed, is now call.lost"));
    let faults = broken(
        "message Old { reserved 4; reserved 'gone'; }",
        "message Old { string gone = 4; }",
    );
    assert_eq!(faults.len(), 2, "{faults:?}");
}

#[test]
fn check_lists_and_write_writes() {
    let tree = tree(MISSED);
    let mut out = Vec::new();
    assert!(!run(tree.path(), Mode::Check, &mut out).unwrap());
    assert!(
        String::from_utf8(out)
            .unwrap()
            .contains("new: event call.missed (t.v1.Missed)")
    );
    assert!(run(tree.path(), Mode::Write, &mut Vec::new()).unwrap());
    assert!(run(tree.path(), Mode::Check, &mut Vec::new()).unwrap());
    let proto = tree.path().join("proto/t/v1/all.proto");
    let changed = fs::read_to_string(&proto)
        .unwrap()
        .replace("string reason = 1;", "");
    fs::write(&proto, changed).unwrap();
    assert!(!run(tree.path(), Mode::Write, &mut Vec::new()).unwrap());
    assert!(parse(&fs::read_to_string(tree.path().join("proto/contract.lock")).unwrap()).is_ok());
}
