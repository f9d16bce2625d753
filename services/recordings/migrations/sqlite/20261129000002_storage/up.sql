ALTER TABLE recordings ADD COLUMN move_at text;
CREATE INDEX recordings_by_move ON recordings (move_at);
CREATE TABLE leases (
    name   text NOT NULL PRIMARY KEY,
    holder text NOT NULL,
    until  text NOT NULL
) STRICT;
