CREATE TABLE callbacks (
    call_sid  text PRIMARY KEY,
    tenant_id text NOT NULL,
    caller    text NOT NULL,
    missed_at timestamptz NOT NULL
);
CREATE INDEX callbacks_missed ON callbacks (tenant_id, missed_at);
