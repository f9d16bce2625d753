ALTER TABLE calls ADD COLUMN dialled text NOT NULL DEFAULT '';
ALTER TABLE calls ADD COLUMN code integer NOT NULL DEFAULT 0;
ALTER TABLE calls ADD COLUMN error text NOT NULL DEFAULT '';
ALTER TABLE calls ADD COLUMN sip_code integer NOT NULL DEFAULT 0;
-- The quarter of an hour in which a call began, counted from 1970: what calls are counted by, in any time zone.
ALTER TABLE calls ADD COLUMN quarter integer NOT NULL DEFAULT 0;
UPDATE calls SET quarter = CAST(strftime('%s', started_at) AS integer) / 900;
CREATE INDEX calls_by_quarter ON calls (tenant_id, quarter);
-- The few calls that ring somebody's phone just now.
CREATE INDEX calls_ringing ON calls (from_address) WHERE dialled <> '' AND dial_status IS NULL AND ended_at IS NULL;
CREATE TABLE customers (
    tenant_id   text NOT NULL,
    customer    text NOT NULL,
    opted_out   integer NOT NULL,
    opted_at    text,
    unreachable integer NOT NULL,
    texted_at   text,
    PRIMARY KEY (tenant_id, customer)
) STRICT, WITHOUT ROWID;
