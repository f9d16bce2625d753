CREATE TABLE calls (
    call_sid        text PRIMARY KEY,
    id              text NOT NULL UNIQUE,
    tenant_id       text NOT NULL,
    account_sid     text NOT NULL,
    direction       text NOT NULL,
    from_address    text NOT NULL,
    to_address      text NOT NULL,
    status          text NOT NULL,
    forwarded       boolean NOT NULL,
    whispered       boolean NOT NULL,
    accepted        boolean NOT NULL,
    dial_status     text,
    dial_bridged    boolean,
    dial_duration_s bigint,
    duration_s      bigint,
    outcome         text NOT NULL,
    reason          text NOT NULL,
    conversation_id text,
    started_at      timestamptz NOT NULL,
    ended_at        timestamptz
);
CREATE INDEX calls_by_tenant ON calls (tenant_id, started_at DESC, id);
CREATE TABLE timeline (
    id       text PRIMARY KEY,
    call_sid text NOT NULL,
    at       timestamptz NOT NULL,
    kind     text NOT NULL,
    detail   jsonb NOT NULL
);
CREATE INDEX timeline_by_call ON timeline (call_sid, at, id);
