CREATE TABLE conversations (
    id          text PRIMARY KEY,
    tenant_id   text NOT NULL,
    customer    text NOT NULL,
    number      text NOT NULL,
    account_sid text NOT NULL,
    status      text NOT NULL,
    answering   text NOT NULL,
    urgency     text NOT NULL,
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    UNIQUE (tenant_id, customer, number)
);
CREATE INDEX conversations_newest ON conversations (updated_at DESC, id DESC);
CREATE INDEX conversations_by_tenant ON conversations (tenant_id, updated_at DESC, id DESC);
CREATE TABLE messages (
    id              text PRIMARY KEY,
    conversation_id text NOT NULL REFERENCES conversations (id),
    direction       text NOT NULL,
    sender          text NOT NULL,
    body            text NOT NULL,
    media           jsonb NOT NULL,
    status          text NOT NULL,
    message_sid     text UNIQUE,
    error_code      bigint,
    call_id         text,
    created_at      timestamptz NOT NULL,
    sent_at         timestamptz
);
CREATE INDEX messages_by_conversation ON messages (conversation_id, created_at, id);
CREATE TABLE deliveries (
    message_sid text PRIMARY KEY,
    status      text NOT NULL,
    rank        bigint NOT NULL,
    error_code  bigint
);
CREATE TABLE text_backs (
    call_sid  text PRIMARY KEY,
    tenant_id text NOT NULL,
    customer  text NOT NULL,
    at        timestamptz NOT NULL
);
CREATE INDEX text_backs_by_customer ON text_backs (tenant_id, customer, at);
CREATE TABLE opt_outs (
    tenant_id  text NOT NULL,
    customer   text NOT NULL,
    opted_out  boolean NOT NULL,
    changed_at timestamptz,
    PRIMARY KEY (tenant_id, customer)
);
