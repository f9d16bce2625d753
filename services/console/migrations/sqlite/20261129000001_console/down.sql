DROP TABLE audit;
DROP TABLE links;
DROP TABLE sessions;
DROP TABLE memberships;
DROP TABLE operators;
