-- What a tenant has spent in an hour (texts, calls, countries) or a day (ai), and what was refused.
CREATE TABLE spending (
    tenant_id  text NOT NULL,
    kind       text NOT NULL CHECK (kind IN ('texts', 'calls', 'countries', 'ai')),
    since      text NOT NULL,
    amount     integer NOT NULL,
    refused    integer NOT NULL,
    -- The limit that was reached, when, and by what; null: not yet.
    most       integer,
    limited_at text,
    limited_by text,
    PRIMARY KEY (tenant_id, kind, since)
) STRICT, WITHOUT ROWID;
CREATE INDEX spending_since ON spending (since);
CREATE INDEX spending_limited ON spending (limited_by) WHERE limited_by IS NOT NULL;
-- Whether the effect is in spending already: each counts once, however often it is tried.
ALTER TABLE effects ADD COLUMN counted integer NOT NULL DEFAULT 0;
