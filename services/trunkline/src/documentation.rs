//! Words that stand both in the code and in `docs/` are the same words.

use std::collections::BTreeSet;

use flow::Transcription;
use role::RoleSpec;

use crate::person_rules::{FRAME, OTHERS, PERSONAL};
use crate::roles::ROLES;

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
    let known: BTreeSet<&str> = settings::KNOWN.iter().map(|(name, _)| *name).collect();
    assert_eq!(documented, known, "docs/configuration.md, under Settings");
}

/// The tables of these roles, as `ROLE.TABLE`; what each has is `*.TABLE`.
pub async fn tables(roles: &[RoleSpec]) -> BTreeSet<String> {
    let dir = tempfile::tempdir().unwrap();
    let database = store::Database::Sqlite {
        dir: dir.path().to_owned(),
    };
    let mut there = BTreeSet::new();
    for role in roles {
        let Some(migrations) = role.migrations else {
            continue;
        };
        let store = store::Store::open(&database, role.name, migrations());
        let store = store.await.unwrap();
        for table in store.read().await.unwrap().tables().await.unwrap() {
            let is_shared = FRAME.contains(&table.name.as_str());
            let role = if is_shared { "*" } else { role.name };
            there.insert(format!("{role}.{}", table.name));
        }
    }
    there
}

/// Whoever adds a table says whether it has rows of people, and how `trunkline export --person` finds them.
#[tokio::test]
async fn every_table_is_exported_for_a_person_or_has_none() {
    let personal = PERSONAL.iter().map(|rule| rule.table.to_owned());
    let others = OTHERS.iter().map(|table| (*table).to_owned());
    let frame = FRAME.iter().map(|table| format!("*.{table}"));
    let known: Vec<String> = personal.chain(others).chain(frame).collect();
    let once: BTreeSet<String> = known.iter().cloned().collect();
    assert_eq!(once.len(), known.len(), "a table stands twice");
    assert_eq!(
        once,
        tables(ROLES).await,
        "services/trunkline/src/person_rules.rs"
    );
}

/// Whoever adds a table says how long its rows are kept and who removes them.
#[tokio::test]
async fn every_table_is_in_the_page_on_privacy() {
    let page = include_str!("../../../docs/privacy.md");
    let documented: BTreeSet<String> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .filter(|name| name.contains('.') && !name.contains('/'))
        .map(str::to_owned)
        .collect();
    let files = ["directory.sealed", "local.json"].map(str::to_owned);
    let mut there: BTreeSet<String> = tables(ROLES).await;
    there.extend(files);
    assert_eq!(documented, there, "docs/privacy.md, the tables");
    for role in tenants::app::erasure::ROLES {
        assert!(
            page.contains(&format!("**{role}**")),
            "docs/privacy.md lacks {role}"
        );
    }
}

/// A guard whose test has another name by now, or none, is no guard that anybody can rely on.
#[test]
fn every_test_in_the_page_on_security_exists() {
    let page = include_str!("../../../docs/security.md");
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut sources = String::new();
    for folder in ["crates", "services"] {
        gather(&root.join(folder), &mut sources);
    }
    let rows = page
        .lines()
        .filter(|line| line.starts_with("| "))
        .map(|line| {
            let mut cells = line.trim_end_matches([' ', '|']).rsplit(" | ");
            cells.next().unwrap_or_default()
        });
    let named: Vec<&str> = rows
        .filter(|cell| cell.starts_with('`'))
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .collect();
    assert!(named.len() > 50, "{named:?}");
    for name in named {
        assert!(
            sources.contains(&format!("fn {name}(")),
            "docs/security.md names the test {name}, which is not there"
        );
    }
}

/// Adds the sources of a folder.
fn gather(dir: &std::path::Path, sources: &mut String) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            gather(&path, sources);
        } else if path.extension().is_some_and(|it| it == "rs") {
            sources.push_str(&std::fs::read_to_string(&path).unwrap());
        }
    }
}
