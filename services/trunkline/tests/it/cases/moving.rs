//! A platform moves: what the embedded parts hold goes to PostgreSQL, and back.

use serde_json::json;

use super::commands::{COMMAND_LIMIT, ends};
use super::erasures::{export, stop_when_quiet};
use super::fixtures::{CLOSED, SMITH, SMITH_OWNER, caller, world};
use crate::local_platform::{
    Backends, LocalPlatform, Mode, NO_SETTINGS, Output, Plan, behaves, play, run, stays,
};

/// From SQLite to PostgreSQL and from there to SQLite again it is the same, row by row and byte by byte.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn export_of_embedded_parts_is_imported_into_postgres_and_back() {
    play(Plan::new(Mode::Embedded, &world()), async |platform: &LocalPlatform| {
        platform.twilio.callee(SMITH_OWNER, behaves("no-answer")).await;
        let sid = platform.twilio.call(&caller(1), SMITH, stays()).await;
        platform.texted(&caller(1), 1).await;
        platform.ended(&sid).await;
        let apologized = platform.twilio.call(&caller(2), CLOSED, stays()).await;
        platform.ended(&apologized).await;
        platform.texted(&caller(2), 1).await;
        let made = json!({ "name": "Ann O'Hara \u{1f600}", "phone": caller(3), "tenant_id": "smith", "resume": "a\nb\t\"c\"" });
        assert_eq!(platform.post("/api/candidates/", made).await.0, 201);
        stop_when_quiet(platform).await;

        let first = platform.dir.path().join("first.tar").display().to_string();
        ends(&export(platform, &first).await, 0, &["dispatch", "objects"]);
        let backends = Backends::new();
        let database = [
            ("DATABASE_URL", backends.database_url.as_str()),
            ("TRUNKLINE_NAMESPACE", backends.namespace.as_str()),
        ];
        let (pg, back) = ("moved-pg", "moved-back");
        let other_key = [database[0], database[1], ("TRUNKLINE_SECRET_KEY", "another key, of others")];
        ends(&command(platform, "import", &first, pg, &other_key).await, 2, &["TRUNKLINE_SECRET_KEY"]);
        ends(&command(platform, "import", &first, pg, &database).await, 0, &["imported"]);
        // One that breaks off between two entries, whether all is here already or not.
        let cut = platform.dir.path().join("cut.tar").display().to_string();
        cut_before_the_end(&first, &cut);
        ends(&command(platform, "import", &cut, pg, &database).await, 1, &["is not whole"]);
        ends(&command(platform, "import", &cut, "moved-cut", &[]).await, 1, &["is not whole"]);
        // Once more it is the same: what is there is left alone.
        ends(&command(platform, "import", &first, pg, &database).await, 0, &["here already"]);
        let second = platform.dir.path().join("second.tar").display().to_string();
        ends(&command(platform, "export", &second, pg, &database).await, 0, &[]);
        ends(&command(platform, "export", &second, pg, &database).await, 2, &["is there already"]);
        ends(&command(platform, "import", &second, back, &[]).await, 0, &["imported"]);
        let third = platform.dir.path().join("third.tar").display().to_string();
        ends(&command(platform, "export", &third, back, &[]).await, 0, &[]);
        assert!(contents(&first) == contents(&third), "a row has changed on its way");

        // What the old key sealed is sealed with the new one, which opens it alone from then on.
        let both = [("TRUNKLINE_SECRET_KEY", "the key that follows it,e2e_the_secret_that_seals_credentials")];
        ends(&resealed(platform, back, &both).await, 0, &["credentials of 1 tenants are sealed anew"]);
        let new = [("TRUNKLINE_SECRET_KEY", "the key that follows it")];
        ends(&resealed(platform, back, &new).await, 0, &["credentials of 0 tenants"]);

        // Where it came from it is still there.
        ends(&command(platform, "import", &first, "up", &[]).await, 0, &["here already"]);
        backends.remove_schemas().await;
        platform.revive("up");
        platform.are_ready().await;
        assert_eq!(platform.get(&format!("/calls/{sid}")).await["outcome"], "missed");
    })
    .await;
}

/// A number whose calls go elsewhere is told of, and set by `--fix`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn doctor_points_numbers_at_this_platform() {
    play(
        Plan::new(Mode::Embedded, &world()),
        async |platform: &LocalPlatform| {
            let elsewhere = "https://elsewhere.example/voice";
            platform
                .twilio
                .change_number(SMITH, &[("VoiceUrl", elsewhere)])
                .await;
            let told = doctor(platform, &[]).await;
            let line = "ends in 0001: calls go to https://elsewhere.example/voice";
            assert!(told.out.contains(line), "{told:?}");
            let fixed = doctor(platform, &["--fix"]).await;
            assert!(fixed.out.contains("ends in 0001: set"), "{fixed:?}");
            let told = doctor(platform, &[]).await;
            for line in [
                "ends in 0001 comes here",
                "every role's schema is up to date",
                "opens every stored",
            ] {
                assert!(told.out.contains(line), "{line}: {told:?}");
            }
        },
    )
    .await;
}

async fn doctor(platform: &LocalPlatform, more: &[&str]) -> Output {
    let data = platform.dir.path().join("data/up").display().to_string();
    let args = [
        &["doctor", "--data-dir", &data, "--config", NO_SETTINGS],
        more,
    ]
    .concat();
    run(&args, &platform.settings(), COMMAND_LIMIT).await
}

async fn resealed(platform: &LocalPlatform, folder: &str, more: &[(&str, &str)]) -> Output {
    command_with(platform, &["reseal"], folder, more).await
}

async fn command(
    platform: &LocalPlatform,
    what: &str,
    file: &str,
    folder: &str,
    more: &[(&str, &str)],
) -> Output {
    command_with(platform, &[what, file], folder, more).await
}

async fn command_with(
    platform: &LocalPlatform,
    words: &[&str],
    folder: &str,
    more: &[(&str, &str)],
) -> Output {
    let data = platform
        .dir
        .path()
        .join("data")
        .join(folder)
        .display()
        .to_string();
    let mut env = platform.settings();
    for (name, value) in more {
        env.retain(|(known, _)| known != name);
        env.push(((*name).to_owned(), (*value).to_owned()));
    }
    let place = ["--data-dir", &data, "--config", NO_SETTINGS];
    run(&[words, &place].concat(), &env, COMMAND_LIMIT).await
}

/// The same file without its last entry: it ends where an entry ends.
fn cut_before_the_end(file: &str, cut: &str) {
    let mut archive = tar::Archive::new(std::fs::File::open(file).unwrap());
    let entries = archive.entries().unwrap().map(|entry| {
        let entry = entry.unwrap();
        let path = entry.path().unwrap().display().to_string();
        (path, entry.raw_header_position())
    });
    let (last, at) = entries.last().expect("an entry");
    assert_eq!(last, "end.json");
    let whole = std::fs::read(file).unwrap();
    std::fs::write(cut, &whole[..usize::try_from(at).unwrap()]).unwrap();
}

/// The rows of each table, sorted, and the objects.
fn contents(file: &str) -> Vec<(String, Vec<String>)> {
    let file = std::fs::File::open(file).unwrap();
    let mut archive = tar::Archive::new(file);
    let mut all: std::collections::BTreeMap<String, Vec<String>> = Default::default();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().display().to_string();
        let mut bytes = Vec::new();
        std::io::Read::read_to_end(&mut entry, &mut bytes).unwrap();
        match path.strip_prefix("db/") {
            Some(rows) => {
                let table = rows.rsplit_once('/').unwrap().0.to_owned();
                let lines = String::from_utf8(bytes).unwrap();
                let row = |line: &str| {
                    let mut row: serde_json::Value = serde_json::from_str(line).unwrap();
                    // JSON in a text keeps no spaces on its way.
                    for value in row.as_object_mut().unwrap().values_mut() {
                        let inner = value
                            .as_str()
                            .map(serde_json::from_str::<serde_json::Value>);
                        if let Some(Ok(inner)) = inner.filter(|it| {
                            it.as_ref().is_ok_and(|it| it.is_object() || it.is_array())
                        }) {
                            *value = inner;
                        }
                    }
                    row.to_string()
                };
                all.entry(table).or_default().extend(lines.lines().map(row));
            }
            None if path.starts_with("objects/") => {
                all.insert(path, vec![format!("{bytes:?}")]);
            }
            None => {}
        }
    }
    all.values_mut().for_each(|rows| rows.sort_unstable());
    all.into_iter().collect()
}
