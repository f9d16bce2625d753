CREATE TABLE inbox (
    consumer   text NOT NULL,
    event_id   text NOT NULL,
    reply      bytea,
    handled_at timestamptz NOT NULL,
    PRIMARY KEY (consumer, event_id)
);
CREATE INDEX inbox_handled_at ON inbox (handled_at);
CREATE TABLE outbox (
    id       text PRIMARY KEY,
    due_at   timestamptz NOT NULL,
    envelope bytea NOT NULL
);
CREATE INDEX outbox_due_at ON outbox (due_at, id);
