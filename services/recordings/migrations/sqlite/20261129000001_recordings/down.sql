DROP TABLE recordings;
DROP TABLE calls;
