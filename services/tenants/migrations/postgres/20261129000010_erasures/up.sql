-- Receipts. The subject is a pseudonym; who it is, sealed, is kept only until the erasure is over.
CREATE TABLE erasures (
    id           text PRIMARY KEY,
    tenant_id    text NOT NULL,
    subject      text NOT NULL,
    sealed       bytea,
    requested_by text NOT NULL,
    requested_at timestamptz NOT NULL,
    completed_at timestamptz
);
CREATE TABLE erasure_parts (
    erasure_id text NOT NULL REFERENCES erasures (id),
    part       text NOT NULL,
    counts     jsonb NOT NULL,
    told_at    timestamptz,
    PRIMARY KEY (erasure_id, part)
);
