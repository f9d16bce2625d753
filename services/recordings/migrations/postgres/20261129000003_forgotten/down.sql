DROP TABLE forgotten;
ALTER TABLE recordings DROP COLUMN transcript_key;
