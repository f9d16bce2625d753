CREATE TABLE conversations (
    id          text NOT NULL PRIMARY KEY,
    tenant_id   text NOT NULL,
    customer    text NOT NULL,
    number      text NOT NULL,
    account_sid text NOT NULL,
    status      text NOT NULL,
    answering   text NOT NULL,
    urgency     text NOT NULL,
    created_at  text NOT NULL,
    updated_at  text NOT NULL,
    UNIQUE (tenant_id, customer, number)
) STRICT;
CREATE INDEX conversations_newest ON conversations (updated_at DESC, id DESC);
CREATE INDEX conversations_by_tenant ON conversations (tenant_id, updated_at DESC, id DESC);
CREATE TABLE messages (
    id              text NOT NULL PRIMARY KEY,
    conversation_id text NOT NULL REFERENCES conversations (id),
    direction       text NOT NULL,
    sender          text NOT NULL,
    body            text NOT NULL,
    media           text NOT NULL,
    status          text NOT NULL,
    message_sid     text UNIQUE,
    error_code      integer,
    call_id         text,
    created_at      text NOT NULL,
    sent_at         text
) STRICT;
CREATE INDEX messages_by_conversation ON messages (conversation_id, created_at, id);
CREATE TABLE deliveries (
    message_sid text NOT NULL PRIMARY KEY,
    status      text NOT NULL,
    rank        integer NOT NULL,
    error_code  integer
) STRICT;
CREATE TABLE text_backs (
    call_sid  text NOT NULL PRIMARY KEY,
    tenant_id text NOT NULL,
    customer  text NOT NULL,
    at        text NOT NULL
) STRICT;
CREATE INDEX text_backs_by_customer ON text_backs (tenant_id, customer, at);
CREATE TABLE opt_outs (
    tenant_id  text NOT NULL,
    customer   text NOT NULL,
    opted_out  integer NOT NULL,
    changed_at text,
    PRIMARY KEY (tenant_id, customer)
) STRICT;
