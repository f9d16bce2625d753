ALTER TABLE conversations ADD COLUMN held bytea;
