ALTER TABLE recordings ADD COLUMN transcript_key text NOT NULL DEFAULT '';
CREATE TABLE forgotten (
    call_sid     text NOT NULL PRIMARY KEY,
    account_sid  text NOT NULL,
    is_held      integer NOT NULL,
    forgotten_at text NOT NULL
) STRICT;
