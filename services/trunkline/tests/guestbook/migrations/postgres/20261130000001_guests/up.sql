CREATE TABLE guests (name text PRIMARY KEY);
