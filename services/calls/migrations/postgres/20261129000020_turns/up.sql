CREATE TABLE turns (
    id               text NOT NULL PRIMARY KEY,
    call_sid         text NOT NULL REFERENCES calls (call_sid) ON DELETE CASCADE,
    at               timestamptz NOT NULL,
    transcription_ms bigint,
    decision_ms      bigint,
    speech_ms        bigint,
    response_ms      bigint,
    interrupted      boolean NOT NULL
);
CREATE INDEX turns_by_call ON turns (call_sid);
CREATE INDEX turns_by_time ON turns (at);
