ALTER TABLE calls ADD COLUMN dialled text NOT NULL DEFAULT '';
ALTER TABLE calls ADD COLUMN code bigint NOT NULL DEFAULT 0;
ALTER TABLE calls ADD COLUMN error text NOT NULL DEFAULT '';
ALTER TABLE calls ADD COLUMN sip_code bigint NOT NULL DEFAULT 0;
-- The quarter of an hour in which a call began, counted from 1970: what calls are counted by, in any time zone.
ALTER TABLE calls ADD COLUMN quarter bigint NOT NULL DEFAULT 0;
UPDATE calls SET quarter = floor(extract(epoch FROM started_at) / 900)::bigint;
CREATE INDEX calls_by_quarter ON calls (tenant_id, quarter);
-- The few calls that ring somebody's phone just now.
CREATE INDEX calls_ringing ON calls (from_address) WHERE dialled <> '' AND dial_status IS NULL AND ended_at IS NULL;
CREATE TABLE customers (
    tenant_id   text NOT NULL,
    customer    text NOT NULL,
    opted_out   boolean NOT NULL,
    opted_at    timestamptz,
    unreachable boolean NOT NULL,
    texted_at   timestamptz,
    PRIMARY KEY (tenant_id, customer)
);
