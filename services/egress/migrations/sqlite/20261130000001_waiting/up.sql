-- Commands that wait: for their turn among many of their kind, or for something outside. What has left is removed.
CREATE TABLE waiting (
    kind        text NOT NULL,
    id          text NOT NULL,
    tenant_id   text NOT NULL,
    account_sid text NOT NULL,
    lane        text NOT NULL,
    urgent      integer NOT NULL,
    -- When it was asked for, in microseconds: its place in the line.
    place       integer NOT NULL,
    -- Not before. Of one that was let in: when it is let in again, should it have been lost.
    due_at      text NOT NULL,
    let_in      integer NOT NULL,
    -- When its turn first came; null: not yet.
    since       text,
    -- How often it came back, and how often by a fault that may be its own.
    tries       integer NOT NULL,
    repeats     integer NOT NULL,
    envelope    blob NOT NULL,
    PRIMARY KEY (kind, id)
) STRICT;
CREATE INDEX waiting_line ON waiting (kind, account_sid, tenant_id, lane, urgent, place);
CREATE INDEX waiting_due ON waiting (due_at);
