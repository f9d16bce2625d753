-- What was last applied of each flow; the flows themselves are interviews'. No tenant: for every tenant.
CREATE TABLE flows (
    tenant_id  text NOT NULL,
    name       text NOT NULL,
    digest     text NOT NULL,
    updated_at text NOT NULL,
    PRIMARY KEY (tenant_id, name)
) STRICT;
