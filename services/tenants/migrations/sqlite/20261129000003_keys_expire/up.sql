ALTER TABLE keys ADD COLUMN expires_at text;
ALTER TABLE keys ADD COLUMN last_used_at text;
