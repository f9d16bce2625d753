DROP INDEX numbers_sid;
ALTER TABLE numbers DROP COLUMN suspended_by_operator;
