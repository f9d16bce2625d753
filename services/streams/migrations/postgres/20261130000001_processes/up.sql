-- The processes of the role, and until when each counts as living: it says so again before that.
CREATE TABLE processes (
    id    text PRIMARY KEY,
    until timestamptz NOT NULL
);
-- Which process holds a live session; empty: one of a version that did not say so.
ALTER TABLE sessions ADD COLUMN process text NOT NULL DEFAULT '';
CREATE INDEX sessions_live ON sessions (started_at) WHERE status = 'live';
