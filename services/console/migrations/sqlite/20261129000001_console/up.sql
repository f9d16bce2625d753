CREATE TABLE operators (
    id            text NOT NULL PRIMARY KEY,
    name          text NOT NULL,
    login         text NOT NULL UNIQUE,
    password_hash text NOT NULL,
    created_at    text NOT NULL,
    signed_in_at  text
) STRICT;
CREATE TABLE memberships (
    operator_id text NOT NULL REFERENCES operators (id),
    tenant_id   text NOT NULL,
    role        text NOT NULL,
    PRIMARY KEY (operator_id, tenant_id)
) STRICT;
CREATE TABLE sessions (
    hash        text NOT NULL PRIMARY KEY,
    operator_id text NOT NULL,
    key_hash    text NOT NULL,
    name        text NOT NULL,
    tenant_id   text NOT NULL,
    scopes      text NOT NULL,
    created_at  text NOT NULL,
    seen_at     text NOT NULL
) STRICT;
CREATE INDEX sessions_by_operator ON sessions (operator_id);
CREATE INDEX sessions_by_key ON sessions (key_hash);
CREATE TABLE links (
    hash       text NOT NULL PRIMARY KEY,
    expires_at text NOT NULL,
    used_at    text
) STRICT;
CREATE TABLE audit (
    id        text NOT NULL PRIMARY KEY,
    at        text NOT NULL,
    actor     text NOT NULL,
    tenant_id text NOT NULL,
    action    text NOT NULL,
    subject   text NOT NULL
) STRICT;
