DROP INDEX effects_settled;
ALTER TABLE effects DROP COLUMN repeated;
ALTER TABLE effects DROP COLUMN witness;
ALTER TABLE effects DROP COLUMN doubt_until;
