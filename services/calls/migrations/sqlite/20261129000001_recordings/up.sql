CREATE TABLE recordings (
    id        text NOT NULL PRIMARY KEY,
    call_sid  text NOT NULL,
    tenant_id text NOT NULL,
    version   integer NOT NULL,
    at        text NOT NULL,
    shape     text NOT NULL
) STRICT;
CREATE INDEX recordings_by_call ON recordings (call_sid, at, id);
