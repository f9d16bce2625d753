ALTER TABLE interviews ADD COLUMN waits_for text;
ALTER TABLE interviews ADD COLUMN waits_until timestamptz;
ALTER TABLE flows ADD COLUMN request_id text;
CREATE UNIQUE INDEX flows_by_request ON flows (request_id);
CREATE INDEX interviews_open ON interviews (candidate_id) WHERE status <> 'ended';
