ALTER TABLE opt_outs ADD COLUMN blocked boolean NOT NULL DEFAULT FALSE;
CREATE INDEX entries_by_call ON entries (call_sid);
