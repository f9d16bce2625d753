//! Numbers whose app no role of this version answers.

use serde_json::Value;
use settings::Settings;

use super::report::Report;
use crate::client::Client;
use crate::local::Local;
use crate::roles::ROLES;

/// Asks the platform of the data folder, if it runs, and names them.
pub async fn check(settings: &Settings, report: &mut Report) {
    let Some(local) = Local::read(&settings.data_dir) else {
        return;
    };
    let Some(url) = &local.platform_url else {
        return;
    };
    let key = settings.admin_api_key.as_ref();
    let key = key.map_or(local.admin_api_key.clone(), |key| key.reveal().to_owned());
    let client = Client::with(url, key);
    let mut path = "/phone-numbers/?limit=200".to_owned();
    loop {
        let Ok(page) = client.get(&path).await else {
            return report.note(
                "numbers",
                format!("the platform at {url} does not tell them"),
            );
        };
        for number in page["items"].as_array().into_iter().flatten() {
            if let Some(words) = unanswered(number) {
                report.fault("numbers", words);
            }
        }
        match page["next_cursor"].as_str() {
            Some(next) => path = format!("/phone-numbers/?limit=200&cursor={next}"),
            None => return,
        }
    }
}

fn unanswered(number: &Value) -> Option<String> {
    let voice = number["voice"].as_str()?;
    let app = tenants::app::enums::VoiceApp::try_from(voice.to_owned()).ok()?;
    let role = app.role()?;
    let is_live = number["status"] != "released";
    let is_answered = ROLES.iter().any(|it| it.name == role);
    (is_live && !is_answered).then(|| {
        format!(
            "{} is {voice}, which no role of this version answers: its callers hear an apology",
            number["number"].as_str().unwrap_or_default()
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn number_that_forwards_is_answered() {
        for voice in ["forward", "coach", "screener:nurses", "none", "nonsense"] {
            let number = json!({ "number": "+15550100001", "voice": voice, "status": "active" });
            assert_eq!(unanswered(&number), None, "{voice}");
        }
        let streams = ROLES.iter().any(|role| role.name == "streams");
        let number = json!({ "number": "+15550100001", "voice": "bot:x", "status": "active" });
        assert_eq!(unanswered(&number).is_none(), streams);
        let number = json!({ "number": "+15550100001", "voice": "bot:x", "status": "released" });
        assert_eq!(unanswered(&number), None);
    }
}
