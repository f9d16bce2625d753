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
        "encrypts credentials at rest; required with PostgreSQL",
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
        "TRUNKLINE_NAMESPACE",
        "put before exchanges, queues and schemas, to share a broker or a database",
    ),
    (
        "TRUNKLINE_DATABASE_POOL",
        "the most database connections of a role; unset: 8",
    ),
    ("OTEL_EXPORTER_OTLP_ENDPOINT", "where traces go"),
    ("RUST_LOG", "log filter; unset: info"),
];

/// What a wrong name may have been meant to be.
pub(super) fn nearest(name: &str) -> String {
    let shared = |known: &str| {
        known
            .bytes()
            .zip(name.bytes())
            .take_while(|(a, b)| a == b)
            .count()
    };
    KNOWN
        .iter()
        .map(|(known, _)| *known)
        .max_by_key(|known| shared(known))
        .map_or_else(String::new, |known| format!("did you mean {known}?"))
}
