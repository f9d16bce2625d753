ALTER TABLE calls ADD COLUMN served boolean NOT NULL DEFAULT FALSE;
ALTER TABLE calls ADD COLUMN elsewhere boolean NOT NULL DEFAULT FALSE;
ALTER TABLE calls ADD COLUMN answered_by text NOT NULL DEFAULT '';
ALTER TABLE calls ADD COLUMN interview_id text NOT NULL DEFAULT '';
ALTER TABLE calls ADD COLUMN interview_flow text NOT NULL DEFAULT '';
ALTER TABLE calls ADD COLUMN interview_status text NOT NULL DEFAULT '';
ALTER TABLE calls ADD COLUMN interview_outcome text NOT NULL DEFAULT '';
