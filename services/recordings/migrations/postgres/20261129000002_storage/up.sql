ALTER TABLE recordings ADD COLUMN move_at timestamptz;
CREATE INDEX recordings_by_move ON recordings (move_at);
CREATE TABLE leases (
    name   text PRIMARY KEY,
    holder text NOT NULL,
    until  timestamptz NOT NULL
);
