ALTER TABLE sessions DROP COLUMN engine;
