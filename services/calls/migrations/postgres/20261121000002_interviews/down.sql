ALTER TABLE calls DROP COLUMN interview_outcome;
ALTER TABLE calls DROP COLUMN interview_status;
ALTER TABLE calls DROP COLUMN interview_flow;
ALTER TABLE calls DROP COLUMN interview_id;
ALTER TABLE calls DROP COLUMN answered_by;
ALTER TABLE calls DROP COLUMN elsewhere;
ALTER TABLE calls DROP COLUMN served;
