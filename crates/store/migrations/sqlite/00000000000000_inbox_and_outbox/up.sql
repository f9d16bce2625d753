CREATE TABLE inbox (
    consumer   text NOT NULL,
    event_id   text NOT NULL,
    reply      blob,
    handled_at text NOT NULL,
    PRIMARY KEY (consumer, event_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX inbox_handled_at ON inbox (handled_at);
CREATE TABLE outbox (
    id       text NOT NULL PRIMARY KEY,
    due_at   text NOT NULL,
    envelope blob NOT NULL
) STRICT;
CREATE INDEX outbox_due_at ON outbox (due_at, id);
