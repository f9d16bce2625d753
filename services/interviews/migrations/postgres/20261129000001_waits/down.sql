DROP INDEX interviews_open;
DROP INDEX flows_by_request;
ALTER TABLE flows DROP COLUMN request_id;
ALTER TABLE interviews DROP COLUMN waits_until;
ALTER TABLE interviews DROP COLUMN waits_for;
