-- Receipts. The subject is a pseudonym; who it is, sealed, is kept only until the erasure is over.
CREATE TABLE erasures (
    id           text NOT NULL PRIMARY KEY,
    tenant_id    text NOT NULL,
    subject      text NOT NULL,
    sealed       blob,
    requested_by text NOT NULL,
    requested_at text NOT NULL,
    completed_at text
) STRICT;
CREATE TABLE erasure_parts (
    erasure_id text NOT NULL REFERENCES erasures (id),
    part       text NOT NULL,
    counts     text NOT NULL,
    told_at    text,
    PRIMARY KEY (erasure_id, part)
) STRICT;
