ALTER TABLE conversations ADD COLUMN held blob;
