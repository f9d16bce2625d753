CREATE TABLE operators (
    id            text PRIMARY KEY,
    name          text NOT NULL,
    login         text NOT NULL UNIQUE,
    password_hash text NOT NULL,
    created_at    timestamptz NOT NULL,
    signed_in_at  timestamptz
);
CREATE TABLE memberships (
    operator_id text NOT NULL REFERENCES operators (id),
    tenant_id   text NOT NULL,
    role        text NOT NULL,
    PRIMARY KEY (operator_id, tenant_id)
);
CREATE TABLE sessions (
    hash        text PRIMARY KEY,
    operator_id text NOT NULL,
    key_hash    text NOT NULL,
    name        text NOT NULL,
    tenant_id   text NOT NULL,
    scopes      text NOT NULL,
    created_at  timestamptz NOT NULL,
    seen_at     timestamptz NOT NULL
);
CREATE INDEX sessions_by_operator ON sessions (operator_id);
CREATE INDEX sessions_by_key ON sessions (key_hash);
CREATE TABLE links (
    hash       text PRIMARY KEY,
    expires_at timestamptz NOT NULL,
    used_at    timestamptz
);
CREATE TABLE audit (
    id        text PRIMARY KEY,
    at        timestamptz NOT NULL,
    actor     text NOT NULL,
    tenant_id text NOT NULL,
    action    text NOT NULL,
    subject   text NOT NULL
);
