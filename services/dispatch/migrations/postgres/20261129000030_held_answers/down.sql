ALTER TABLE conversations DROP COLUMN held;
