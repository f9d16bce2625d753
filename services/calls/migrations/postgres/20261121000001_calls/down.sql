DROP TABLE timeline;
DROP TABLE calls;
