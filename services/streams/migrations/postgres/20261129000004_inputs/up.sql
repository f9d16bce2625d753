-- Where the session's inputs are kept, to run the call again from them; empty: nowhere.
ALTER TABLE sessions ADD COLUMN inputs_key text NOT NULL DEFAULT '';
-- Until when.
ALTER TABLE sessions ADD COLUMN inputs_until timestamptz;
CREATE INDEX sessions_inputs_until ON sessions (inputs_until) WHERE inputs_until IS NOT NULL;
