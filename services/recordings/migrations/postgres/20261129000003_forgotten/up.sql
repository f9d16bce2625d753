ALTER TABLE recordings ADD COLUMN transcript_key text NOT NULL DEFAULT '';
CREATE TABLE forgotten (
    call_sid     text PRIMARY KEY,
    account_sid  text NOT NULL,
    is_held      boolean NOT NULL,
    forgotten_at timestamptz NOT NULL
);
