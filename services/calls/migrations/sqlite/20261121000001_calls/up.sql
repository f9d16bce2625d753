CREATE TABLE calls (
    call_sid        text NOT NULL PRIMARY KEY,
    id              text NOT NULL UNIQUE,
    tenant_id       text NOT NULL,
    account_sid     text NOT NULL,
    direction       text NOT NULL,
    from_address    text NOT NULL,
    to_address      text NOT NULL,
    status          text NOT NULL,
    forwarded       integer NOT NULL,
    whispered       integer NOT NULL,
    accepted        integer NOT NULL,
    dial_status     text,
    dial_bridged    integer,
    dial_duration_s integer,
    duration_s      integer,
    outcome         text NOT NULL,
    reason          text NOT NULL,
    conversation_id text,
    started_at      text NOT NULL,
    ended_at        text
) STRICT;
CREATE INDEX calls_by_tenant ON calls (tenant_id, started_at DESC, id);
CREATE TABLE timeline (
    id       text NOT NULL PRIMARY KEY,
    call_sid text NOT NULL,
    at       text NOT NULL,
    kind     text NOT NULL,
    detail   text NOT NULL
) STRICT;
CREATE INDEX timeline_by_call ON timeline (call_sid, at, id);
