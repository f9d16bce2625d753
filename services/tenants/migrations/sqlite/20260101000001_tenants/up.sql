CREATE TABLE tenants (
    id            text NOT NULL PRIMARY KEY,
    status        text NOT NULL,
    profile       text NOT NULL,
    notify_secret blob,
    created_at    text NOT NULL,
    updated_at    text NOT NULL
) STRICT;

CREATE TABLE accounts (
    account_sid text NOT NULL PRIMARY KEY,
    tenant_id   text NOT NULL UNIQUE REFERENCES tenants (id),
    token       blob NOT NULL,
    older_token blob,
    updated_at  text NOT NULL
) STRICT;

CREATE TABLE numbers (
    id         text NOT NULL PRIMARY KEY,
    number     text,
    tenant_id  text NOT NULL REFERENCES tenants (id),
    is_primary integer NOT NULL,
    status     text NOT NULL,
    voice      text NOT NULL,
    sms        text NOT NULL,
    sid        text,
    created_at text NOT NULL,
    updated_at text NOT NULL
) STRICT;
-- A released number is history; whoever gets the number next has a row of his own.
CREATE UNIQUE INDEX numbers_live ON numbers (number) WHERE status <> 'released';
CREATE INDEX numbers_tenant ON numbers (tenant_id, id);

CREATE TABLE keys (
    id         text NOT NULL PRIMARY KEY,
    name       text NOT NULL UNIQUE,
    tenant_id  text REFERENCES tenants (id),
    scopes     text NOT NULL,
    hash       text NOT NULL UNIQUE,
    created_at text NOT NULL
) STRICT;
