CREATE TABLE tenants (
    id            text PRIMARY KEY,
    status        text NOT NULL,
    profile       jsonb NOT NULL,
    notify_secret bytea,
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL
);

CREATE TABLE accounts (
    account_sid text PRIMARY KEY,
    tenant_id   text NOT NULL UNIQUE REFERENCES tenants (id),
    token       bytea NOT NULL,
    older_token bytea,
    updated_at  timestamptz NOT NULL
);

CREATE TABLE numbers (
    id         text PRIMARY KEY,
    number     text,
    tenant_id  text NOT NULL REFERENCES tenants (id),
    is_primary boolean NOT NULL,
    status     text NOT NULL,
    voice      text NOT NULL,
    sms        text NOT NULL,
    sid        text,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
-- A released number is history; whoever gets the number next has a row of his own.
CREATE UNIQUE INDEX numbers_live ON numbers (number) WHERE status <> 'released';
CREATE INDEX numbers_tenant ON numbers (tenant_id, id);

CREATE TABLE keys (
    id         text PRIMARY KEY,
    name       text NOT NULL UNIQUE,
    tenant_id  text REFERENCES tenants (id),
    scopes     text NOT NULL,
    hash       text NOT NULL UNIQUE,
    created_at timestamptz NOT NULL
);
