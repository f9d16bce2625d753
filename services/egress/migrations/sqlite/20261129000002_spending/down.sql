ALTER TABLE effects DROP COLUMN counted;
DROP TABLE spending;
