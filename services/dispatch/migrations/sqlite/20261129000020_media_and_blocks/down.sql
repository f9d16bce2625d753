DROP INDEX entries_by_call;
ALTER TABLE opt_outs DROP COLUMN blocked;
