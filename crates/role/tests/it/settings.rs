//! Settings from a file.

use std::collections::BTreeMap;

use settings::{Faults, Settings};

fn load(env: &[(&str, &str)], file: &str) -> Result<Settings, Faults> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("trunkline.toml");
    std::fs::write(&path, file).unwrap();
    let env: BTreeMap<_, _> = env
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
        .collect();
    Settings::load(&env, Some(&path))
}

#[test]
fn file_may_say_it_all() {
    let file = r#"
        twilio_account_sid = "AC00000000000000000000000000000001"
        twilio_auth_token = "one,two"
        twilio_phone_number = "+15550100001"
        webhook_base_url = "https://example.com/"
        whitelisted_numbers = ["+15550100002", "+15550100003"]
        trunkline_database_pool = 3
        trunkline_emulator = "off"
    "#;
    let settings = load(&[], file).unwrap();
    let account = settings.account.clone().unwrap();
    assert_eq!((account.tokens.len(), account.number.is_some()), (2, true));
    assert_eq!(settings.public_url(), "https://example.com");
    assert_eq!(settings.whitelist.clone().unwrap().len(), 2);
    assert_eq!(
        (settings.database_pool, settings.runs_emulator()),
        (3, false)
    );
}

#[test]
fn environment_wins_unless_it_is_blank() {
    let file = "trunkline_bind = \"0.0.0.0\"\n";
    assert_eq!(
        load(&[("TRUNKLINE_BIND", "127.0.0.2")], file).unwrap().bind,
        "127.0.0.2"
    );
    assert_eq!(
        load(&[("TRUNKLINE_BIND", " ")], file).unwrap().bind,
        "0.0.0.0"
    );
    assert_eq!(
        load(&[("TRUNKLINE_BIND", "")], "").unwrap().bind,
        "127.0.0.1"
    );
}

#[test]
fn fault_in_the_file_is_told_without_what_is_secret() {
    let words = |file: &str| load(&[], file).unwrap_err().to_string();
    let broken = words("openai_api_key = \"sk-secret\nx = 1\n");
    assert!(
        broken.ends_with("is not TOML; write name = \"value\" lines"),
        "{broken}"
    );
    assert!(!broken.contains("sk-secret"));
    assert!(
        words("[table]\nx = 1\n").contains("table must be a text, a number, true/false or a list")
    );
    assert!(words("TRUNKLINE_BIND = \"::1\"\n").contains("TRUNKLINE_BIND is not a setting"));
    assert!(
        words("trunkline_secret_key = \"short\"\n").starts_with("TRUNKLINE_SECRET_KEY is shorter")
    );
}

#[test]
fn no_file_is_no_fault() {
    let missing = std::path::Path::new("/nowhere/trunkline.toml");
    assert!(Settings::load(&BTreeMap::new(), Some(missing)).is_ok());
}
