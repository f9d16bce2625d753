DROP INDEX sessions_by_call_id;
ALTER TABLE sessions DROP COLUMN call_id;
