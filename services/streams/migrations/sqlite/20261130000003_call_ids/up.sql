-- The id of the session's call, by which others know it too; empty: a version before has offered it, and it is filled in later.
ALTER TABLE sessions ADD COLUMN call_id text NOT NULL DEFAULT '';
CREATE INDEX sessions_by_call_id ON sessions (call_id);
