CREATE TABLE recordings (
    id        text PRIMARY KEY,
    call_sid  text NOT NULL,
    tenant_id text NOT NULL,
    version   bigint NOT NULL,
    at        timestamptz NOT NULL,
    shape     jsonb NOT NULL
);
CREATE INDEX recordings_by_call ON recordings (call_sid, at, id);
