CREATE TABLE notes (id text NOT NULL PRIMARY KEY, body text NOT NULL, at text NOT NULL, seen integer NOT NULL, count integer NOT NULL, author text) STRICT;
