-- Commands that wait: for their turn among many of their kind, or for something outside. What has left is removed.
CREATE TABLE waiting (
    kind        text NOT NULL,
    id          text NOT NULL,
    tenant_id   text NOT NULL,
    account_sid text NOT NULL,
    lane        text NOT NULL,
    urgent      boolean NOT NULL,
    -- When it was asked for, in microseconds: its place in the line.
    place       bigint NOT NULL,
    -- Not before. Of one that was let in: when it is let in again, should it have been lost.
    due_at      timestamptz NOT NULL,
    let_in      boolean NOT NULL,
    -- When its turn first came; null: not yet.
    since       timestamptz,
    -- How often it came back, and how often by a fault that may be its own.
    tries       bigint NOT NULL,
    repeats     bigint NOT NULL,
    envelope    bytea NOT NULL,
    PRIMARY KEY (kind, id)
);
CREATE INDEX waiting_line ON waiting (kind, account_sid, tenant_id, lane, urgent, place);
CREATE INDEX waiting_due ON waiting (due_at);
