//! Words that stand both in the code and in `docs/` are the same words.

use std::collections::BTreeSet;

use flow::Transcription;

/// What stands in backticks between two texts of a page.
fn words_between<'a>(page: &'a str, from: &str, to: &str) -> BTreeSet<&'a str> {
    let start = page.find(from).expect("the page has the sentence") + from.len();
    let length = page[start..].find(to).expect("the sentence ends");
    page[start..start + length]
        .split('`')
        .skip(1)
        .step_by(2)
        .collect()
}

#[test]
fn transcript_status_is_documented_as_the_api_says_it() {
    let page = include_str!("../../../docs/interviews.md");
    let documented = words_between(page, "`transcript_status` is", "What has no");
    let said = [
        Transcription::Recording,
        Transcription::Pending,
        Transcription::Done,
        Transcription::Silent,
        Transcription::Unable,
    ];
    for word in said.map(Transcription::as_str) {
        assert!(documented.contains(word), "docs/interviews.md lacks {word}");
    }
    let others: BTreeSet<&str> = ["transcript", "reason", "unanswered"].into();
    let strangers: Vec<_> = documented
        .iter()
        .filter(|word| !others.contains(**word) && !said.iter().any(|s| s.as_str() == **word))
        .collect();
    assert!(strangers.is_empty(), "docs/interviews.md has {strangers:?}");
}

#[test]
fn every_setting_is_documented_and_no_other() {
    let page = include_str!("../../../docs/configuration.md");
    let settings = page.split("## The apply file").next().unwrap_or(page);
    let documented: BTreeSet<&str> = settings
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .collect();
    let known: BTreeSet<&str> = role::settings::KNOWN
        .iter()
        .map(|(name, _)| *name)
        .collect();
    assert_eq!(documented, known, "docs/configuration.md, under Settings");
}
