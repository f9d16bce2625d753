ALTER TABLE sessions DROP COLUMN taken_at;
ALTER TABLE sessions DROP COLUMN dialled_at;
ALTER TABLE sessions DROP COLUMN result;
ALTER TABLE sessions DROP COLUMN whisper;
