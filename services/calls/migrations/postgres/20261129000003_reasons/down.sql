DROP TABLE customers;
DROP INDEX calls_ringing;
DROP INDEX calls_by_quarter;
ALTER TABLE calls DROP COLUMN quarter;
ALTER TABLE calls DROP COLUMN sip_code;
ALTER TABLE calls DROP COLUMN error;
ALTER TABLE calls DROP COLUMN code;
ALTER TABLE calls DROP COLUMN dialled;
