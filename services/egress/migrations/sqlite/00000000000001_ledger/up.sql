CREATE TABLE effects (
    kind        text NOT NULL,
    id          text NOT NULL,
    entry       text NOT NULL UNIQUE,
    cause       text NOT NULL,
    tenant_id   text NOT NULL,
    account_sid text NOT NULL,
    fingerprint text NOT NULL,
    sender      text NOT NULL,
    recipient   text NOT NULL,
    state       text NOT NULL CHECK (state IN ('started', 'unknown', 'waiting', 'done', 'refused')),
    attempts    integer NOT NULL,
    asked       integer NOT NULL,
    reconciled  integer NOT NULL,
    sid         text,
    status      text,
    detail      text,
    code        integer NOT NULL,
    reason      text,
    started_at  text NOT NULL,
    lease_until text NOT NULL,
    settled_at  text,
    PRIMARY KEY (kind, id)
) STRICT;
-- What Twilio made belongs to one effect.
CREATE UNIQUE INDEX effects_sid ON effects (kind, sid);
-- Of effects that cannot be told apart at Twilio, one at a time is under way.
CREATE UNIQUE INDEX effects_under_way ON effects (fingerprint) WHERE state = 'started';
CREATE INDEX effects_tenant ON effects (tenant_id, entry);
CREATE TABLE opt_outs (
    tenant_id  text NOT NULL,
    customer   text NOT NULL,
    opted_out  integer NOT NULL,
    changed_at text NOT NULL,
    PRIMARY KEY (tenant_id, customer)
) STRICT, WITHOUT ROWID;
