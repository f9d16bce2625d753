//! What is set and what follows.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::*;

fn load(pairs: &[(&str, &str)]) -> Result<Settings, Faults> {
    let map: BTreeMap<_, _> = pairs
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
        .collect();
    Settings::load(&map, None)
}

#[test]
fn nothing_set_is_a_laptop() {
    let settings = load(&[]).unwrap();
    assert!(settings.runs_emulator());
    assert_eq!(settings.public_url(), "http://localhost:8080");
}

#[test]
fn all_faults_are_told_at_once_and_say_how_to_mend_them() {
    let faults = load(&[
        ("TWILIO_ACCOUNT_SID", "AC1"),
        ("TWILIO_AUTH_TOKEN", "t"),
        ("DATABASE_URL", "mysql://x"),
        ("TRUNKLINE_EMULATER", "on"),
        ("WHITELISTED_NUMBERS", "+15550100001"),
    ])
    .unwrap_err();
    assert_eq!(
        faults.to_string(),
        "TRUNKLINE_EMULATER is not a setting; did you mean TRUNKLINE_EMULATOR?\n\
         TWILIO_ACCOUNT_SID must be AC and 32 hex digits, as the Twilio console shows it\n\
         WHITELISTED_NUMBERS must be a JSON array of E.164 numbers, such as [\"+15550100001\"]\n\
         DATABASE_URL must begin with postgres:// or postgresql://\n\
         TRUNKLINE_SECRET_KEY is required with DATABASE_URL; set it to a long random text and keep it"
    );
}

#[test]
fn two_tokens_while_rotating() {
    let sid = format!("AC{}", "0".repeat(32));
    let settings = load(&[
        ("TWILIO_ACCOUNT_SID", &sid),
        ("TWILIO_AUTH_TOKEN", "new, old"),
    ])
    .unwrap();
    let account = settings.account.clone().unwrap();
    assert_eq!(
        account
            .tokens
            .iter()
            .map(Secret::reveal)
            .collect::<Vec<_>>(),
        ["new", "old"]
    );
    assert!(!settings.runs_emulator());
    assert!(!format!("{settings:?}").contains("old"));
}

#[test]
fn environment_wins_over_the_file() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("trunkline.toml");
    std::fs::write(
        &file,
        "trunkline_bind = \"0.0.0.0\"\nrust_log = \"debug\"\n",
    )
    .unwrap();
    let env = BTreeMap::from([("RUST_LOG".to_owned(), "warn".to_owned())]);
    let settings = Settings::load(&env, Some(&file)).unwrap();
    assert_eq!(
        (settings.bind.as_str(), settings.log_filter.as_str()),
        ("0.0.0.0", "warn")
    );
    std::fs::write(&file, "rust_lug = \"debug\"\n").unwrap();
    let faults = Settings::load(&env, Some(&file)).unwrap_err().to_string();
    assert!(
        faults.ends_with("rust_lug is not a setting; did you mean RUST_LOG?"),
        "{faults}"
    );
}

/// With these lines in the file, and nothing in the environment.
fn load_file(lines: &str) -> Result<Settings, Faults> {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), lines).unwrap();
    let loaded = Settings::load(&BTreeMap::new(), Some(file.path()));
    let shown = format!("{}: ", file.path().display());
    let plain = |faults: Faults| faults.0.iter().map(|it| it.replace(&shown, "")).collect();
    loaded.map_err(|faults| Faults(plain(faults)))
}

#[test]
fn list_in_the_file_is_the_several_values_of_a_setting() {
    let lines = r#"
        twilio_account_sid = "AC00000000000000000000000000000001"
        twilio_auth_token = ["new", "old"]
        trunkline_secret_key = ["the new secret", "the old secret"]
        trunkline_spend_countries = ["+1", "+44"]
        whitelisted_numbers = ["+15550100002", "+15550100003"]
    "#;
    let settings = load_file(lines).unwrap();
    let tokens = settings.account.clone().unwrap().tokens;
    assert_eq!(tokens, [Secret::new("new"), Secret::new("old")]);
    let keys = Secret::new("the new secret,the old secret");
    assert_eq!(settings.secret_key, Some(keys));
    assert_eq!(settings.spend.countries, ["+1", "+44"]);
    assert_eq!(settings.whitelist.unwrap().len(), 2);
}

/// What TOML can say and the environment cannot.
#[test]
fn value_of_another_kind_in_the_file_is_refused_in_words_that_mend_it() {
    for (line, fault) in [
        (
            "twilio_auth_token = [1, 2]",
            "twilio_auth_token must be a list of texts: write each in quotes",
        ),
        (
            "whitelisted_numbers = [+15550100001]",
            "whitelisted_numbers must be a list of texts: write each in quotes",
        ),
        (
            "openai_api_key = [\"new\", \"old\"]",
            "openai_api_key holds one value, not a list: write it without brackets",
        ),
        (
            "trunkline_text_price = 0.0083",
            "trunkline_text_price has a decimal point: write it in quotes",
        ),
        (
            "trunkline_bind = {v4 = \"127.0.0.1\"}",
            "trunkline_bind must be a text, a number, true/false or a list",
        ),
    ] {
        assert_eq!(load_file(line).unwrap_err().0, [fault], "{line}");
    }
}

#[test]
fn drain_may_be_no_wait_at_all() {
    for (value, drain) in [("0", 0), ("7", 7), ("", 120)] {
        let settings = load(&[("TRUNKLINE_DRAIN_S", value)]).unwrap();
        assert_eq!(settings.drain, Duration::from_secs(drain));
    }
    let faults = load(&[("TRUNKLINE_DRAIN_S", "-1")]).unwrap_err();
    assert_eq!(
        faults.0,
        ["TRUNKLINE_DRAIN_S is not a number from 0 to 65535"]
    );
}

#[test]
fn domain_is_an_alias_of_the_base_url() {
    assert_eq!(
        load(&[("TWILIO_DOMAIN", "a.example")])
            .unwrap()
            .public_url(),
        "https://a.example"
    );
}

#[test]
fn platform_is_reached_where_it_listens() {
    for (bind, url) in [
        ("127.0.0.1", "http://localhost:8080"),
        ("0.0.0.0", "http://localhost:8080"),
        ("::", "http://localhost:8080"),
        ("127.0.0.2", "http://127.0.0.2:8080"),
        ("::1", "http://[::1]:8080"),
    ] {
        let settings = load(&[("TRUNKLINE_BIND", bind)]).unwrap();
        assert_eq!(settings.public_url(), url);
    }
}

#[test]
fn bucket_needs_credentials_and_a_place() {
    let ours = [
        ("S3_BUCKET", "recordings"),
        ("AWS_ACCESS_KEY_ID", "AKIA1"),
        ("AWS_SECRET_ACCESS_KEY", "very secret"),
        ("AWS_ENDPOINT_URL", "http://minio:9000"),
    ];
    let settings = load(&ours).unwrap();
    let s3 = settings.objects.s3.clone().unwrap();
    assert_eq!(
        (s3.bucket.as_str(), s3.region.as_str()),
        ("recordings", "us-east-1")
    );
    assert!(!format!("{settings:?}").contains("very secret"));
    let objects::Config::S3 { endpoint, .. } = settings.object_store() else {
        panic!("a bucket is an S3");
    };
    assert_eq!(endpoint.as_deref(), Some("http://minio:9000"));
    // What a shell has for other programs is no concern of ours without a bucket.
    let settings = load(&ours[1..]).unwrap();
    assert!(settings.objects.s3.is_none());
    let objects::Config::Embedded { dir } = settings.object_store() else {
        panic!("no bucket is the data folder");
    };
    assert_eq!(dir, settings.data_dir.join("objects"));
    assert_eq!(
        load(&[("S3_BUCKET", "My_Bucket")]).unwrap_err().to_string(),
        "S3_BUCKET is not a bucket's name: 3 to 63 of a-z, 0-9, - and .\n\
         AWS_ACCESS_KEY_ID is missing beside S3_BUCKET\n\
         AWS_SECRET_ACCESS_KEY is missing beside S3_BUCKET\n\
         AWS_REGION is missing beside S3_BUCKET; write us-east-1, or whichever the bucket is in"
    );
}

#[test]
fn nobody_is_asked_without_a_key() {
    let settings = load(&[("OPENAI_CHAT_MODEL", "some-model")]).unwrap();
    assert!(settings.ai.openai.is_none() && settings.simulates_speech());
    let settings = load(&[
        ("OPENAI_API_KEY", "none"),
        ("OPENAI_BASE_URL", "http://localhost:8000/v1/"),
        ("OPENAI_CHAT_MODEL", "some-model"),
        ("MURF_API_KEY", "murfs"),
        ("USE_MURFAI_TTS", "True"),
        ("TRUNKLINE_CHAT_DEADLINE_S", "12"),
        (
            "TRUNKLINE_AI_PRICES",
            r#"{"some-model": {"prompt_tokens": 0.5}}"#,
        ),
        ("TRUNKLINE_SIMULATED_SPEECH", "off"),
    ])
    .unwrap();
    let openai = settings.ai.openai.clone().unwrap();
    assert_eq!(openai.base_url, "http://localhost:8000/v1");
    assert_eq!(openai.chat_model, "some-model");
    assert_eq!(settings.ai.limits.chat, Duration::from_secs(12));
    assert_eq!(settings.ai.prices.0["some-model"].prompt_tokens, Some(0.5));
    assert!(settings.ai.prefer_murf && !settings.simulates_speech());
    assert!(!format!("{settings:?}").contains("murfs"));
}

#[test]
fn words_are_simulated_where_nobody_is_set_and_speech_only_for_the_emulator() {
    let laptop = load(&[]).unwrap().providers();
    assert_eq!(laptop.simulated, ai::Simulated::WordsAndSpeech);
    let people = load(&[("TRUNKLINE_SIMULATED_SPEECH", "off")]).unwrap();
    assert_eq!(people.providers().simulated, ai::Simulated::Words);
    assert_eq!(laptop.concurrency, 200);
}

#[test]
fn faults_of_ai_settings_say_how_to_mend_them() {
    let faults = load(&[
        ("OPENAI_BASE_URL", "localhost"),
        ("USE_MURFAI_TTS", "perhaps"),
        ("TRUNKLINE_SPEECH_DEADLINE_S", "0"),
        ("TRUNKLINE_AI_PRICES", "[]"),
        ("TRUNKLINE_SIMULATED_SPEECH", "maybe"),
    ])
    .unwrap_err();
    assert_eq!(
        faults.to_string(),
        "OPENAI_BASE_URL is not a web address; write https://host or http://host:port\n\
         OPENAI_API_KEY is missing beside OPENAI_BASE_URL; a server of your own may take any text\n\
         USE_MURFAI_TTS must be true or false\n\
         TRUNKLINE_SPEECH_DEADLINE_S is not a number from 1 to 65535\n\
         TRUNKLINE_AI_PRICES must be a JSON object such as {\"gpt-4o-mini\": {\"prompt_tokens\": 0.15, \"completion_tokens\": 0.6}}; others are minute and characters\n\
         TRUNKLINE_SIMULATED_SPEECH must be on, off or auto"
    );
    let faults = load(&[("USE_MURFAI_TTS", "true")]).unwrap_err();
    assert_eq!(
        faults.to_string(),
        "MURF_API_KEY is missing beside USE_MURFAI_TTS"
    );
}

#[test]
fn speech_of_this_machine_speaks_in_place_of_tones() {
    let local = load(&[("SPEECH", "local")]).unwrap();
    let usual = ai::Local::default().base_url;
    assert_eq!(local.ai.local.as_ref().unwrap().base_url, usual);
    assert_eq!(local.speaker(), "local");
    let elsewhere = [
        ("SPEECH", "local"),
        ("TRUNKLINE_SPEECH_URL", "http://speech:8090/v1/"),
    ];
    assert_eq!(
        load(&elsewhere).unwrap().ai.local.unwrap().base_url,
        "http://speech:8090/v1"
    );
    assert!(load(&elsewhere[1..]).unwrap().ai.local.is_none());
    let faults = load(&[("SPEECH", "remote")]).unwrap_err();
    assert_eq!(faults.0, ["SPEECH must be local, or unset"]);
}

/// Tones are for the emulator's callers: people hear Twilio's own voice.
#[test]
fn people_are_not_spoken_to_in_tones() {
    let sid = format!("AC{}", "0".repeat(32));
    let mut real = vec![
        ("TWILIO_ACCOUNT_SID", sid.as_str()),
        ("TWILIO_AUTH_TOKEN", "token"),
    ];
    assert!(!load(&real).unwrap().simulates_speech());
    real.push(("TRUNKLINE_SIMULATED_SPEECH", "on"));
    assert!(load(&real).unwrap().simulates_speech());
}

#[test]
fn unknown_name_suggests_only_a_similar_one() {
    for (name, suggestion) in [
        ("TRUNKLINE_FOO", "docs/configuration.md has them all"),
        ("TRUNKLINE_BINT", "did you mean TRUNKLINE_BIND?"),
        (
            "TRUNKLINE_DATABASE_POOLS",
            "did you mean TRUNKLINE_DATABASE_POOL?",
        ),
    ] {
        let faults = load(&[(name, "1")]).unwrap_err();
        assert_eq!(faults.0, [format!("{name} is not a setting; {suggestion}")]);
    }
}

#[test]
fn log_format_is_text_json_or_by_terminal() {
    for (value, format) in [
        ("text", Some(LogFormat::Text)),
        ("json", Some(LogFormat::Json)),
        ("", None),
    ] {
        assert_eq!(load(&[("LOG_FORMAT", value)]).unwrap().log_format, format);
    }
    let faults = load(&[("LOG_FORMAT", "xml")]).unwrap_err();
    assert_eq!(faults.0, ["LOG_FORMAT must be text or json"]);
}

#[test]
fn log_filter_that_cannot_be_read_is_told_with_the_other_faults() {
    assert!(load(&[("RUST_LOG", "warn,calls=debug")]).is_ok());
    let faults = load(&[("RUST_LOG", "loud=please=now"), ("LOG_FORMAT", "xml")]).unwrap_err();
    let [filter, format] = &faults.0[..] else {
        panic!("two faults: {faults}");
    };
    assert!(filter.starts_with("RUST_LOG cannot be read: "), "{filter}");
    assert!(
        filter.ends_with("; write info or calls=debug,info"),
        "{filter}"
    );
    assert_eq!(format, "LOG_FORMAT must be text or json");
}

#[test]
fn text_price_is_read_to_the_millionth() {
    assert_eq!(load(&[]).unwrap().text_price_micro_usd, 8_300);
    for (value, micro) in [
        ("0.0079", 7_900),
        ("1", 1_000_000),
        ("0", 0),
        ("0.5", 500_000),
    ] {
        let settings = load(&[("TRUNKLINE_TEXT_PRICE", value)]).unwrap();
        assert_eq!(settings.text_price_micro_usd, micro);
    }
    for value in ["cheap", "-1", ".", "0.00000001", "1e3", "100"] {
        let faults = load(&[("TRUNKLINE_TEXT_PRICE", value)]).unwrap_err();
        assert_eq!(
            faults.to_string(),
            "TRUNKLINE_TEXT_PRICE is not an amount of US dollars; write 0.0083"
        );
    }
}

#[test]
fn spend_is_unbounded_until_it_is_said() {
    assert_eq!(load(&[]).unwrap().spend, SpendSettings::default());
    let settings = load(&[
        ("TRUNKLINE_SPEND_TEXTS", "500"),
        ("TRUNKLINE_SPEND_CALLS", "0"),
        ("TRUNKLINE_SPEND_COUNTRIES", "+1, +44"),
        ("TRUNKLINE_SPEND_AI_CENTS", "2000"),
    ]);
    let spend = SpendSettings {
        texts_per_hour: Some(500),
        calls_per_hour: Some(0),
        countries: vec!["+1".to_owned(), "+44".to_owned()],
        ai_cents_per_day: Some(2_000),
    };
    assert_eq!(settings.unwrap().spend, spend);
    let faults = load(&[
        ("TRUNKLINE_SPEND_TEXTS", "many"),
        ("TRUNKLINE_SPEND_COUNTRIES", "US"),
    ]);
    assert_eq!(
        faults.unwrap_err().to_string(),
        "TRUNKLINE_SPEND_TEXTS is not a whole number; 0 is none at all\n\
         TRUNKLINE_SPEND_COUNTRIES holds something else than calling codes; write +1,+44"
    );
}
