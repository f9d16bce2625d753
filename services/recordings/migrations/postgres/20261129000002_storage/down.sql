DROP TABLE leases;
DROP INDEX recordings_by_move;
ALTER TABLE recordings DROP COLUMN move_at;
