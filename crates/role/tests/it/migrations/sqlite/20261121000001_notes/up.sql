CREATE TABLE notes (id text NOT NULL PRIMARY KEY, word text NOT NULL);
