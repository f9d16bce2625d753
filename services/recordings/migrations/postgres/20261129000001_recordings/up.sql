CREATE TABLE calls (
    call_sid    text PRIMARY KEY,
    id          text NOT NULL UNIQUE,
    tenant_id   text NOT NULL,
    account_sid text NOT NULL,
    number      text NOT NULL,
    settings    jsonb NOT NULL,
    started_at  timestamptz NOT NULL,
    ended_at    timestamptz
);
CREATE TABLE recordings (
    id             text PRIMARY KEY,
    call_sid       text NOT NULL,
    tenant_id      text NOT NULL,
    account_sid    text NOT NULL,
    recording_sid  text NOT NULL,
    recording_type text NOT NULL,
    source         text NOT NULL,
    status         text NOT NULL,
    twilio_status  text NOT NULL,
    format         text NOT NULL,
    channels       bigint NOT NULL,
    duration_ms    bigint,
    size_bytes     bigint,
    sha256         text NOT NULL,
    object_key     text NOT NULL,
    peaks_key      text NOT NULL,
    metadata       jsonb NOT NULL,
    started_at     timestamptz NOT NULL,
    stored_at      timestamptz,
    delete_at      timestamptz,
    version        bigint NOT NULL
);
CREATE INDEX recordings_by_call ON recordings (call_sid, started_at, id);
CREATE INDEX recordings_by_deletion ON recordings (delete_at);
