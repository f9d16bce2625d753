-- What processes note of webhooks, effects and provider calls: best effort, a month at most.
CREATE TABLE notes (
    id               text NOT NULL PRIMARY KEY,
    tenant_id        text NOT NULL,
    key              text NOT NULL,
    at               text NOT NULL,
    role             text NOT NULL,
    kind             text NOT NULL,
    what             text NOT NULL,
    verdict          text NOT NULL,
    took_ms          integer,
    detail           text NOT NULL,
    parameters       text NOT NULL,
    parameters_until text
) STRICT;
CREATE INDEX notes_by_key ON notes (key, at);
CREATE INDEX notes_by_time ON notes (at, id);
CREATE INDEX notes_with_parameters ON notes (parameters_until) WHERE parameters_until IS NOT NULL;
