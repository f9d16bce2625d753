CREATE TABLE notes (id text PRIMARY KEY, body jsonb NOT NULL, at timestamptz NOT NULL, seen boolean NOT NULL, count bigint NOT NULL, author text);
