CREATE TABLE turns (
    id               text NOT NULL PRIMARY KEY,
    call_sid         text NOT NULL REFERENCES calls (call_sid) ON DELETE CASCADE,
    at               text NOT NULL,
    transcription_ms integer,
    decision_ms      integer,
    speech_ms        integer,
    response_ms      integer,
    interrupted      integer NOT NULL
) STRICT;
CREATE INDEX turns_by_call ON turns (call_sid);
CREATE INDEX turns_by_time ON turns (at);
