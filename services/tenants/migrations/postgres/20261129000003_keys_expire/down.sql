ALTER TABLE keys DROP COLUMN last_used_at;
ALTER TABLE keys DROP COLUMN expires_at;
