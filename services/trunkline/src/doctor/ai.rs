//! Whether those who write, hear and speak answer, and take our keys. Only what is free is asked for.

use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder};
use settings::Settings;

use super::report::{PATIENCE, Report};

/// How a key is refused that may do its work, but not this.
const NARROW: &[&str] = &["missing_permissions", "Missing scopes"];

/// A provider's list of models, or another that is free, and the settings that lead to it.
struct List<'a> {
    part: &'a str,
    /// Where the provider is.
    base: &'a str,
    /// What stands behind that.
    path: &'a str,
    /// The name of the setting that holds the key.
    key: &'a str,
    /// The name of the one that holds the address.
    address: &'a str,
}

/// Asks each provider that is set.
pub(super) async fn check(settings: &Settings, report: &mut Report) {
    // A redirect would take keys in headers of their own along.
    let http = Client::builder()
        .redirect(Policy::none())
        .timeout(PATIENCE)
        .build();
    let http = match http {
        Ok(http) => http,
        Err(e) => return report.fault("ai", crate::with_source(&e)),
    };
    let ai = &settings.ai;
    if let Some(asked) = &ai.openai {
        let list = List {
            part: "ai",
            base: asked.base_url.trim_end_matches('/'),
            path: "/models",
            key: "OPENAI_API_KEY",
            address: "OPENAI_BASE_URL",
        };
        let shown = |request: RequestBuilder| request.bearer_auth(asked.api_key.reveal());
        list.ask(&http, shown, report).await;
    } else {
        report.note(
            "ai",
            match ai.local {
                None => "OPENAI_API_KEY is unset: questions, transcripts and scores are simulated, and say so",
                Some(_) => "OPENAI_API_KEY is unset: questions and scores are simulated, and say so",
            },
        );
    }
    if let Some(asked) = &ai.local {
        local(&http, &asked.base_url, report).await;
    }
    if let Some(asked) = &ai.deepgram {
        let base = asked.base_url.trim_end_matches('/');
        let list = List {
            part: "deepgram",
            base: base.strip_suffix("/v1").unwrap_or(base),
            path: "/v1/projects",
            key: "DEEPGRAM_API_KEY",
            address: "DEEPGRAM_BASE_URL",
        };
        let shown = |request: RequestBuilder| {
            request.header("authorization", format!("Token {}", asked.api_key.reveal()))
        };
        list.ask(&http, shown, report).await;
    }
    if let Some(asked) = &ai.elevenlabs {
        let base = asked.base_url.trim_end_matches('/');
        let list = List {
            part: "elevenlabs",
            base: base.strip_suffix("/v1").unwrap_or(base),
            path: "/v1/models",
            key: "ELEVENLABS_API_KEY",
            address: "ELEVENLABS_BASE_URL",
        };
        let shown = |request: RequestBuilder| request.header("xi-api-key", asked.api_key.reveal());
        list.ask(&http, shown, report).await;
    }
    if ai.murf.is_some() {
        report.note(
            "murf",
            "is not asked: whether MURF_API_KEY is good shows when it speaks",
        );
    }
    let voices =
        ai.openai.is_some() || ai.local.is_some() || ai.elevenlabs.is_some() || ai.murf.is_some();
    if !voices && !settings.simulates_speech() {
        report.note("voices", "nobody is configured: Twilio's <Say> speaks");
    }
}

/// Whether the voice and ears of this machine are there.
async fn local(http: &Client, base_url: &str, report: &mut Report) {
    match http.get(format!("{base_url}/models")).send().await {
        Ok(response) if response.status().is_success() => {
            report.ok("speech", format!("{base_url} answers"));
        }
        _ => report.fault(
            "speech",
            format!(
                "{base_url} does not answer: start it (SPEECH=local make run does, or scripts/speech.sh start DIR), or unset SPEECH"
            ),
        ),
    }
}

impl List<'_> {
    /// `shown` puts the key where this provider looks for it.
    async fn ask(
        &self,
        http: &Client,
        shown: impl FnOnce(RequestBuilder) -> RequestBuilder,
        report: &mut Report,
    ) {
        let Self {
            part,
            base,
            path,
            key,
            address,
        } = self;
        let request = shown(http.get(format!("{base}{path}")));
        let response = match request.send().await {
            Ok(response) => response,
            Err(e) => {
                let why = crate::with_source(&e.without_url());
                return report.fault(
                    part,
                    format!("{base} does not answer ({why}); check {address} and the network"),
                );
            }
        };
        let status = response.status();
        if status.is_success() {
            return report.ok(part, format!("{base} answers and takes {key}"));
        }
        let words = response.text().await.unwrap_or_default();
        let narrow = NARROW.iter().any(|it| words.contains(it));
        match status.as_u16() {
            401 | 403 if narrow => report.note(
                part,
                format!("{base} knows {key}, which may not list models, so no more was asked"),
            ),
            code @ (401 | 403) => report.fault(
                part,
                format!("{base} refuses {key} ({code}); set the one of that account"),
            ),
            404 => report.note(
                part,
                format!("{base} has no list of models (404), so {key} is not checked; is {address} whole, with its /v1?"),
            ),
            code => report.note(
                part,
                format!("{base} answers {code}, so {key} is not checked; try again later"),
            ),
        }
    }
}
