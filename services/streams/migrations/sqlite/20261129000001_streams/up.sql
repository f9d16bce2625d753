CREATE TABLE sessions (
    id           text NOT NULL PRIMARY KEY,
    tenant_id    text NOT NULL,
    account_sid  text NOT NULL,
    call_sid     text NOT NULL,
    app          text NOT NULL,
    flow         text NOT NULL,
    attempt      integer NOT NULL,
    offer        blob NOT NULL,
    status       text NOT NULL,
    reason       text NOT NULL,
    stream_sid   text NOT NULL,
    interview_id text NOT NULL,
    target       text NOT NULL,
    state        text NOT NULL,
    offered_at   text NOT NULL,
    started_at   text,
    ended_at     text
) STRICT;
CREATE INDEX sessions_by_call ON sessions (call_sid, attempt DESC);
