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
    attempts    bigint NOT NULL,
    asked       boolean NOT NULL,
    reconciled  boolean NOT NULL,
    sid         text,
    status      text,
    detail      text,
    code        bigint NOT NULL,
    reason      text,
    started_at  timestamptz NOT NULL,
    lease_until timestamptz NOT NULL,
    settled_at  timestamptz,
    PRIMARY KEY (kind, id)
);
-- What Twilio made belongs to one effect.
CREATE UNIQUE INDEX effects_sid ON effects (kind, sid);
-- Of effects that cannot be told apart at Twilio, one at a time is under way.
CREATE UNIQUE INDEX effects_under_way ON effects (fingerprint) WHERE state = 'started';
CREATE INDEX effects_tenant ON effects (tenant_id, entry);
CREATE TABLE opt_outs (
    tenant_id  text NOT NULL,
    customer   text NOT NULL,
    opted_out  boolean NOT NULL,
    changed_at timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, customer)
);
