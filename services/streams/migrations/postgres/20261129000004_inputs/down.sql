DROP INDEX sessions_inputs_until;
ALTER TABLE sessions DROP COLUMN inputs_until;
ALTER TABLE sessions DROP COLUMN inputs_key;
