//! The names.

/// Every setting there is: its name and what it means. An unknown `TRUNKLINE_*` variable, or an unknown key in
/// the file, stops the start.
pub const KNOWN: &[(&str, &str)] = &[
    (
        "TWILIO_ACCOUNT_SID",
        "the default account, AC and 32 hex digits",
    ),
    (
        "TWILIO_AUTH_TOKEN",
        "its auth token; two, comma separated, while rotating",
    ),
    (
        "TWILIO_PHONE_NUMBER",
        "the default account's number, E.164; only shown, redacted, at /api/twilio/debug/: tenants call from their own",
    ),
    ("TWILIO_API_BASE_URL", "another REST endpoint than Twilio's"),
    (
        "WEBHOOK_BASE_URL",
        "the public address; signatures are checked against it",
    ),
    ("TWILIO_DOMAIN", "the same, as a bare host name"),
    (
        "WHITELISTED_NUMBERS",
        "JSON array: the only numbers that we call or text; calls that come in are forwarded all the same",
    ),
    (
        "DATABASE_URL",
        "postgres://..; unset: SQLite in the data folder",
    ),
    ("AMQP_URL", "amqp://..; unset: the embedded bus"),
    (
        "AMQP_MANAGEMENT_URL",
        "RabbitMQ's management API: `trunkline doctor` reads the broker's file handles there; unset: port 15672, if the broker is on this machine",
    ),
    ("S3_BUCKET", "recordings and audio; unset: the data folder"),
    ("AWS_ACCESS_KEY_ID", "for S3"),
    ("AWS_SECRET_ACCESS_KEY", "for S3"),
    ("AWS_REGION", "for S3"),
    ("AWS_SESSION_TOKEN", "for S3, of temporary credentials"),
    ("AWS_ENDPOINT_URL", "another S3 than Amazon's"),
    (
        "OPENAI_API_KEY",
        "any OpenAI-compatible server; unset: simulated",
    ),
    ("OPENAI_BASE_URL", "where it is"),
    ("OPENAI_CHAT_MODEL", "its chat model"),
    ("OPENAI_TRANSCRIBE_MODEL", "its transcription model"),
    ("OPENAI_SPEECH_MODEL", "its speech model"),
    (
        "SPEECH",
        "local: a voice and ears on this machine (scripts/speech.sh), before others; unset: none",
    ),
    (
        "TRUNKLINE_SPEECH_URL",
        "where they answer; unset: http://127.0.0.1:8090/v1",
    ),
    (
        "DEEPGRAM_API_KEY",
        "ears that listen while callers on streams speak, Deepgram's or compatible; unset: what they said is transcribed afterwards",
    ),
    (
        "DEEPGRAM_BASE_URL",
        "where they are, http:// or https://; their sockets are on the same host",
    ),
    ("DEEPGRAM_MODEL", "their model; unset: nova-3"),
    ("ELEVENLABS_API_KEY", "a voice"),
    ("ELEVENLABS_BASE_URL", "where it is"),
    ("MURF_API_KEY", "a voice"),
    ("MURF_BASE_URL", "where it is"),
    (
        "USE_MURFAI_TTS",
        "true: Murf speaks before the others; unset: false",
    ),
    (
        "TRUNKLINE_OPENAI_VOICE",
        "its voice when none is wished for",
    ),
    (
        "TRUNKLINE_ELEVENLABS_VOICE",
        "the id of its voice when none is wished for",
    ),
    (
        "TRUNKLINE_MURF_VOICE",
        "the id of its voice when none is wished for",
    ),
    (
        "TRUNKLINE_SIMULATED_SPEECH",
        "on, off or auto (on where the emulator is the Twilio): tones instead of a voice",
    ),
    (
        "TRUNKLINE_CHAT_DEADLINE_S",
        "seconds that a chat model may take, repeats included; unset: 30",
    ),
    (
        "TRUNKLINE_TRANSCRIBE_DEADLINE_S",
        "the same for a transcription; unset: 60",
    ),
    (
        "TRUNKLINE_SPEECH_DEADLINE_S",
        "the same for speech; unset: 20",
    ),
    (
        "TRUNKLINE_AI_CONCURRENCY",
        "the most requests to one AI provider at the same time; unset: 200",
    ),
    (
        "TRUNKLINE_AI_PRICES",
        "JSON: US dollars by model, to tell costs; none unless set",
    ),
    (
        "TRUNKLINE_ADMIN_API_KEY",
        "the first API key; unset: made up and printed once",
    ),
    (
        "INTERNAL_SERVICE_KEY",
        "X-Service-Key between roles; required when a role runs alone",
    ),
    (
        "TRUNKLINE_SECRET_KEY",
        "encrypts credentials at rest; required with PostgreSQL; two, new,old, while rotating",
    ),
    (
        "TRUNKLINE_EMULATOR",
        "on, off or auto (on where no Twilio credentials are set)",
    ),
    (
        "TRUNKLINE_EMULATOR_PORT",
        "the emulator's port; unset: the platform's port + 1",
    ),
    (
        "TRUNKLINE_BIND",
        "the address to listen on; unset: 127.0.0.1",
    ),
    (
        "TRUNKLINE_PRIVATE_ADDRESSES",
        "on, off or auto: whether addresses that tenants give may be private ones; auto: where TRUNKLINE_BIND is this machine only, those that an operator gives",
    ),
    (
        "TRUNKLINE_NAMESPACE",
        "put before exchanges, queues and schemas, to share a broker or a database",
    ),
    (
        "TRUNKLINE_DATABASE_POOL",
        "the most database connections of a role; unset: 8",
    ),
    (
        "TRUNKLINE_TIMELINE_NOTES",
        "off: what webhooks, effects and providers did is not noted in the timelines of calls; events stay; unset: on",
    ),
    (
        "TRUNKLINE_DRAIN_S",
        "how many seconds live calls may go on when the process is asked to stop; 0: not at all; unset: 120",
    ),
    (
        "TRUNKLINE_LIMIT_KEY",
        "API requests a second with one key, twice as many at once; unset: 1000",
    ),
    (
        "TRUNKLINE_LIMIT_ADDRESS",
        "the same from one address; unset: 1000",
    ),
    (
        "TRUNKLINE_LIMIT_ACCOUNT",
        "webhooks a second that one Twilio account has signed, twice as many at once; unset: 60000",
    ),
    (
        "TRUNKLINE_LIMIT_NUMBER",
        "the same about one number; unset: 20000",
    ),
    (
        "TRUNKLINE_TRUSTED_PROXIES",
        "how many proxies of yours a request passes: the address is taken from their X-Forwarded-For; unset: none",
    ),
    (
        "TRUNKLINE_SPEND_TEXTS",
        "texts that a tenant may send in an hour; unset: no limit",
    ),
    (
        "TRUNKLINE_SPEND_CALLS",
        "calls that are placed for a tenant in an hour, those that come in not counted; unset: no limit",
    ),
    (
        "TRUNKLINE_SPEND_COUNTRIES",
        "calling codes, +1,+44: nobody else is called or texted; unset: anybody",
    ),
    (
        "TRUNKLINE_SPEND_AI_CENTS",
        "what AI may cost for a tenant in a day (UTC), in hundredths of a US dollar; counts models with a price in TRUNKLINE_AI_PRICES; unset: no limit",
    ),
    (
        "TRUNKLINE_TEXT_PRICE",
        "what a segment of a text costs, in US dollars: the console shows it while a text is written; unset: 0.0083",
    ),
    (
        "TRUNKLINE_METRICS_TOKEN",
        "a bearer token that whoever reads /metrics has to show; unset: none",
    ),
    (
        "TRUNKLINE_API_URL",
        "the address at which the console finds every role's API; unset: its own process",
    ),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "where traces go"),
    ("RUST_LOG", "log filter; unset: info"),
    (
        "LOG_FORMAT",
        "text or json; unset: text on a terminal, else json",
    ),
];

/// The setting that a wrong name is most like; nothing where none is near.
pub(crate) fn nearest(name: &str) -> String {
    // What all of ours begin with says nothing about what was meant.
    let own = |name: &str| name.strip_prefix("TRUNKLINE_").unwrap_or(name).to_owned();
    let meant = own(name);
    KNOWN
        .iter()
        .map(|(known, _)| {
            (
                strsim::normalized_damerau_levenshtein(&meant, &own(known)),
                *known,
            )
        })
        .filter(|(likeness, _)| *likeness > LIKE)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map_or_else(
            || "docs/configuration.md has them all".to_owned(),
            |(_, known)| format!("did you mean {known}?"),
        )
}

/// From here on two names look like one and a slip of the keys (1 minus the edits by length).
const LIKE: f64 = 0.6;
