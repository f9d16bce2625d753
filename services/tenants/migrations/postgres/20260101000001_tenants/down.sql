DROP TABLE keys;
DROP TABLE numbers;
DROP TABLE accounts;
DROP TABLE tenants;
