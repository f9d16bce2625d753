CREATE TABLE sessions (
    id           text PRIMARY KEY,
    tenant_id    text NOT NULL,
    account_sid  text NOT NULL,
    call_sid     text NOT NULL,
    app          text NOT NULL,
    flow         text NOT NULL,
    attempt      bigint NOT NULL,
    offer        bytea NOT NULL,
    status       text NOT NULL,
    reason       text NOT NULL,
    stream_sid   text NOT NULL,
    interview_id text NOT NULL,
    target       text NOT NULL,
    state        text NOT NULL,
    offered_at   timestamptz NOT NULL,
    started_at   timestamptz,
    ended_at     timestamptz
);
CREATE INDEX sessions_by_call ON sessions (call_sid, attempt DESC);
