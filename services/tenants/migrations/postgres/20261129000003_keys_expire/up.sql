ALTER TABLE keys ADD COLUMN expires_at timestamptz;
ALTER TABLE keys ADD COLUMN last_used_at timestamptz;
