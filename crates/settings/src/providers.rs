//! Who transcribes, writes and speaks. The crate that asks them says what may be set; here it is read.

use std::collections::BTreeMap;
use std::time::Duration;

use ai::{Deepgram, ElevenLabs, Limits, Local, Murf, OpenAi, Price, Prices};

use crate::reader::Reader;

/// As many requests to one provider as there may be calls: one that wants fewer says 429, and waits would be silence on the
/// line.
const CONCURRENCY: usize = 200;

impl Reader<'_> {
    pub fn providers(&mut self) -> ai::Settings {
        let openai = self.openai();
        let deepgram = self.deepgram();
        let elevenlabs = self.elevenlabs();
        let murf = self.murf();
        let prefer_murf = self.yes_no("USE_MURFAI_TTS");
        if prefer_murf && murf.is_none() {
            self.fault("MURF_API_KEY", "is missing beside USE_MURFAI_TTS");
        }
        let usual = Limits::default();
        ai::Settings {
            openai,
            local: self.local(),
            deepgram,
            elevenlabs,
            murf,
            prefer_murf,
            limits: Limits {
                chat: self.seconds("TRUNKLINE_CHAT_DEADLINE_S", usual.chat),
                transcribe: self.seconds("TRUNKLINE_TRANSCRIBE_DEADLINE_S", usual.transcribe),
                speak: self.seconds("TRUNKLINE_SPEECH_DEADLINE_S", usual.speak),
                ..usual
            },
            concurrency: self
                .number("TRUNKLINE_AI_CONCURRENCY")
                .map_or(CONCURRENCY, usize::from),
            prices: Prices(self.prices()),
            ..ai::Settings::default()
        }
    }

    fn openai(&mut self) -> Option<OpenAi> {
        let base_url = self.address("OPENAI_BASE_URL");
        let Some(api_key) = self.get("OPENAI_API_KEY") else {
            if self.get("OPENAI_BASE_URL").is_some() {
                self.fault(
                    "OPENAI_API_KEY",
                    "is missing beside OPENAI_BASE_URL; a server of your own may take any text",
                );
            }
            return None;
        };
        let usual = OpenAi::new(api_key);
        Some(OpenAi {
            base_url: base_url.unwrap_or(usual.base_url),
            chat_model: self.get_or("OPENAI_CHAT_MODEL", usual.chat_model),
            transcribe_model: self.get_or("OPENAI_TRANSCRIBE_MODEL", usual.transcribe_model),
            speech_model: self.get_or("OPENAI_SPEECH_MODEL", usual.speech_model),
            voice: self.get_or("TRUNKLINE_OPENAI_VOICE", usual.voice),
            api_key: usual.api_key,
        })
    }

    fn local(&mut self) -> Option<Local> {
        let base_url = self.address("TRUNKLINE_SPEECH_URL");
        match self.get("SPEECH").as_deref() {
            None => None,
            Some("local") => {
                Some(base_url.map_or_else(Local::default, |base_url| Local { base_url }))
            }
            Some(_) => {
                self.fault("SPEECH", "must be local, or unset");
                None
            }
        }
    }

    fn deepgram(&mut self) -> Option<Deepgram> {
        let base_url = self.address("DEEPGRAM_BASE_URL");
        let Some(api_key) = self.get("DEEPGRAM_API_KEY") else {
            if self.get("DEEPGRAM_BASE_URL").is_some() {
                self.fault(
                    "DEEPGRAM_API_KEY",
                    "is missing beside DEEPGRAM_BASE_URL; a server of your own may take any text",
                );
            }
            return None;
        };
        let usual = Deepgram::new(api_key);
        Some(Deepgram {
            base_url: base_url.unwrap_or(usual.base_url),
            model: self.get_or("DEEPGRAM_MODEL", usual.model),
            api_key: usual.api_key,
        })
    }

    fn elevenlabs(&mut self) -> Option<ElevenLabs> {
        let base_url = self.address("ELEVENLABS_BASE_URL");
        let usual = ElevenLabs::new(self.get("ELEVENLABS_API_KEY")?);
        Some(ElevenLabs {
            base_url: base_url.unwrap_or(usual.base_url),
            voice: self.get_or("TRUNKLINE_ELEVENLABS_VOICE", usual.voice),
            api_key: usual.api_key,
            model: usual.model,
        })
    }

    fn murf(&mut self) -> Option<Murf> {
        let base_url = self.address("MURF_BASE_URL");
        let usual = Murf::new(self.get("MURF_API_KEY")?);
        Some(Murf {
            base_url: base_url.unwrap_or(usual.base_url),
            voice: self.get_or("TRUNKLINE_MURF_VOICE", usual.voice),
            api_key: usual.api_key,
        })
    }

    fn get_or(&mut self, name: &str, usual: String) -> String {
        self.get(name).unwrap_or(usual)
    }

    fn seconds(&mut self, name: &str, usual: Duration) -> Duration {
        let set = self.number(name);
        set.map_or(usual, |s| Duration::from_secs(s.into()))
    }

    fn prices(&mut self) -> BTreeMap<String, Price> {
        let Some(text) = self.get("TRUNKLINE_AI_PRICES") else {
            return BTreeMap::new();
        };
        let read: Option<BTreeMap<String, Price>> = serde_json::from_str(&text).ok();
        let told = |price: &Price| {
            [
                price.prompt_tokens,
                price.completion_tokens,
                price.minute,
                price.characters,
            ]
            .into_iter()
            .flatten()
            .all(|dollars| dollars.is_finite() && dollars >= 0.0)
        };
        read.filter(|prices| prices.values().all(told)).unwrap_or_else(|| {
            self.fault(
                "TRUNKLINE_AI_PRICES",
                "must be a JSON object such as {\"gpt-4o-mini\": {\"prompt_tokens\": 0.15, \"completion_tokens\": 0.6}}; \
                 others are minute and characters",
            );
            BTreeMap::new()
        })
    }
}
