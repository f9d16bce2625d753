//! What operators ask: do voices work, and who speaks?

use actix_web::{HttpResponse, web};
use api::{Access, Method, Route, Scope, shape};
use objects::Objects;
use schemars::JsonSchema;
use serde::Serialize;
use settings::Settings;

use crate::effects::FOLDER;
use crate::providers::{Speaker, voices};

/// The role's route.
pub const ROUTES: &[Route] = &[Route::new(
    Method::Get,
    "/api/audio-availability/",
    Access::Key(Scope::Read),
    "Whether prompts can be spoken and kept, by whom, and how many there are",
    || web::to(availability),
)
.gives(shape::<Availability>)];

/// One request to the store, however many prompts there are.
const LOOKED_AT: usize = 1_000;

/// What the handler takes.
pub(crate) struct State {
    objects: Objects,
    speaker: Speaker,
    voices: Vec<&'static str>,
    words: Vec<&'static str>,
}

impl State {
    pub(crate) fn new(settings: &Settings, objects: Objects, speaker: Speaker) -> Self {
        let words = settings.ai.openai.as_ref().map(|_| "openai");
        Self {
            objects,
            speaker,
            voices: voices(settings),
            words: words.into_iter().collect(),
        }
    }
}

/// One kind of work.
#[derive(Debug, Serialize, JsonSchema)]
struct Work {
    /// Whether it is done at all. Where nobody speaks, Twilio's own voice does.
    available: bool,
    /// Who is configured for it, by name. Whether they answer shows only when they are asked.
    providers: Vec<&'static str>,
    /// Whether it is simulated.
    simulated: bool,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Store {
    /// `embedded` or `s3`.
    kind: &'static str,
    /// Whether it answers and lets us in.
    available: bool,
    /// Why not.
    reason: Option<String>,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Prompts {
    /// How many prompts are kept; of very many, only the first 1,000 are looked at.
    count: usize,
    /// The size of those that were looked at.
    size_bytes: u64,
    /// Whether there are more than were looked at.
    has_more: bool,
}

#[derive(Debug, Serialize, JsonSchema)]
struct Availability {
    /// Whether prompts can be spoken and kept.
    available: bool,
    /// Prompts.
    speech: Work,
    /// Answers.
    transcription: Work,
    /// Questions, scores, summaries.
    chat: Work,
    /// Where prompts are kept.
    objects: Store,
    /// Null while the store is away.
    cached_prompts: Option<Prompts>,
}

async fn availability(state: web::Data<State>) -> HttpResponse {
    let listed = match state.objects.ready().await {
        Ok(()) => state.objects.page(FOLDER, "", LOOKED_AT).await,
        Err(e) => Err(e),
    };
    let words = || Work {
        available: true,
        providers: state.words.clone(),
        simulated: state.words.is_empty(),
    };
    let speech = Work {
        available: state.speaker != Speaker::Nobody,
        providers: state.voices.clone(),
        simulated: state.speaker == Speaker::Simulated,
    };
    HttpResponse::Ok().json(Availability {
        available: speech.available && listed.is_ok(),
        speech,
        transcription: words(),
        chat: words(),
        objects: Store {
            kind: state.objects.kind(),
            available: listed.is_ok(),
            reason: listed.as_ref().err().map(ToString::to_string),
        },
        cached_prompts: listed.ok().map(|page| Prompts {
            count: page.entries.len(),
            size_bytes: page.entries.iter().map(|entry| entry.size).sum(),
            has_more: page.next.is_some(),
        }),
    })
}
