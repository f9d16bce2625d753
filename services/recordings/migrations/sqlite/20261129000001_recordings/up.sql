CREATE TABLE calls (
    call_sid    text NOT NULL PRIMARY KEY,
    id          text NOT NULL UNIQUE,
    tenant_id   text NOT NULL,
    account_sid text NOT NULL,
    number      text NOT NULL,
    settings    text NOT NULL,
    started_at  text NOT NULL,
    ended_at    text
) STRICT;
CREATE TABLE recordings (
    id             text NOT NULL PRIMARY KEY,
    call_sid       text NOT NULL,
    tenant_id      text NOT NULL,
    account_sid    text NOT NULL,
    recording_sid  text NOT NULL,
    recording_type text NOT NULL,
    source         text NOT NULL,
    status         text NOT NULL,
    twilio_status  text NOT NULL,
    format         text NOT NULL,
    channels       integer NOT NULL,
    duration_ms    integer,
    size_bytes     integer,
    sha256         text NOT NULL,
    object_key     text NOT NULL,
    peaks_key      text NOT NULL,
    metadata       text NOT NULL,
    started_at     text NOT NULL,
    stored_at      text,
    delete_at      text,
    version        integer NOT NULL
) STRICT;
CREATE INDEX recordings_by_call ON recordings (call_sid, started_at, id);
CREATE INDEX recordings_by_deletion ON recordings (delete_at);
