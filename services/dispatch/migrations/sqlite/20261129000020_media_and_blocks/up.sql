ALTER TABLE opt_outs ADD COLUMN blocked integer NOT NULL DEFAULT 0;
CREATE INDEX entries_by_call ON entries (call_sid);
