//! The settings, as the crate that asks providers wants them: roles that ask with somebody on the line and roles that ask
//! beside the call ask the same providers.

use ai::{ElevenLabs, Limits, Local, Murf, OpenAi, Price, Prices, Simulated};

use settings::{LocalSpeechSettings, ModelPrice, OpenAiSettings, Settings, VoiceSettings};

/// As many as there may be calls: a provider that wants fewer says 429, and waits would be silence on the line.
const CONCURRENCY: usize = 200;

/// Who is asked. Words are simulated where nobody is configured, and say so; speech only where no person listens.
pub fn ai(settings: &Settings) -> ai::Settings {
    let wanted = &settings.ai;
    let usual = Limits::default();
    ai::Settings {
        openai: wanted.openai.as_ref().map(openai),
        local: wanted.local.as_ref().map(local),
        elevenlabs: wanted.elevenlabs.as_ref().map(elevenlabs),
        murf: wanted.murf.as_ref().map(murf),
        prefer_murf: wanted.prefer_murf,
        simulated: if settings.simulates_speech() {
            Simulated::WordsAndSpeech
        } else {
            Simulated::Words
        },
        limits: Limits {
            chat: wanted.chat_deadline.unwrap_or(usual.chat),
            transcribe: wanted.transcribe_deadline.unwrap_or(usual.transcribe),
            speak: wanted.speech_deadline.unwrap_or(usual.speak),
            ..usual
        },
        concurrency: wanted.concurrency.unwrap_or(CONCURRENCY),
        prices: Prices(
            wanted
                .prices
                .iter()
                .map(|(model, price)| (model.clone(), self::price(price)))
                .collect(),
        ),
        ..ai::Settings::default()
    }
}

fn put<T: Clone>(place: &mut T, wanted: &Option<T>) {
    if let Some(wanted) = wanted {
        *place = wanted.clone();
    }
}

fn openai(wanted: &OpenAiSettings) -> OpenAi {
    let mut openai = OpenAi::new(wanted.api_key.reveal());
    put(&mut openai.base_url, &wanted.base_url);
    put(&mut openai.chat_model, &wanted.chat_model);
    put(&mut openai.transcribe_model, &wanted.transcribe_model);
    put(&mut openai.speech_model, &wanted.speech_model);
    put(&mut openai.voice, &wanted.voice);
    openai
}

fn local(wanted: &LocalSpeechSettings) -> Local {
    let mut local = Local::default();
    put(&mut local.base_url, &wanted.base_url);
    local
}

fn elevenlabs(wanted: &VoiceSettings) -> ElevenLabs {
    let mut voices = ElevenLabs::new(wanted.api_key.reveal());
    put(&mut voices.base_url, &wanted.base_url);
    put(&mut voices.voice, &wanted.voice);
    voices
}

fn murf(wanted: &VoiceSettings) -> Murf {
    let mut voices = Murf::new(wanted.api_key.reveal());
    put(&mut voices.base_url, &wanted.base_url);
    put(&mut voices.voice, &wanted.voice);
    voices
}

fn price(price: &ModelPrice) -> Price {
    Price {
        prompt_tokens: price.prompt_tokens,
        completion_tokens: price.completion_tokens,
        minute: price.minute,
        characters: price.characters,
    }
}
