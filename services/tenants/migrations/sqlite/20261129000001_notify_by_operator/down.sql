ALTER TABLE tenants DROP COLUMN notify_by_operator;
