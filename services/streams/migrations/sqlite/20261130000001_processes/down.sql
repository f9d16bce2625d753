DROP INDEX sessions_live;
ALTER TABLE sessions DROP COLUMN process;
DROP TABLE processes;
