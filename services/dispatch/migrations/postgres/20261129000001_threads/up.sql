UPDATE conversations SET status = 'active';
ALTER TABLE conversations
    ADD COLUMN opened_at     timestamptz,
    ADD COLUMN closed_at     timestamptz,
    ADD COLUMN unread        bigint NOT NULL DEFAULT 0,
    ADD COLUMN is_unread     boolean NOT NULL DEFAULT false,
    ADD COLUMN attention     text NOT NULL DEFAULT '',
    ADD COLUMN revision      bigint NOT NULL DEFAULT 0,
    ADD COLUMN waiting_since timestamptz,
    ADD COLUMN reply_due_at  timestamptz,
    ADD COLUMN draft_id      text,
    ADD COLUMN human_until   timestamptz,
    ADD COLUMN fallback_at   timestamptz,
    ADD COLUMN question      text NOT NULL DEFAULT '',
    ADD COLUMN facts         jsonb NOT NULL DEFAULT '{}';
CREATE INDEX conversations_by_status ON conversations (tenant_id, status, updated_at DESC, id DESC);
CREATE INDEX conversations_by_answering ON conversations (tenant_id, answering, updated_at DESC, id DESC);
CREATE INDEX conversations_by_urgency ON conversations (tenant_id, urgency, updated_at DESC, id DESC);
CREATE INDEX conversations_by_unread ON conversations (tenant_id, is_unread, updated_at DESC, id DESC);
CREATE INDEX conversations_by_customer ON conversations (tenant_id, customer);
ALTER TABLE messages
    ADD COLUMN label     text NOT NULL DEFAULT '',
    ADD COLUMN reason    text NOT NULL DEFAULT '',
    ADD COLUMN reactions jsonb NOT NULL DEFAULT '[]';
CREATE TABLE entries (
    id              text PRIMARY KEY,
    conversation_id text NOT NULL REFERENCES conversations (id),
    kind            text NOT NULL,
    at              timestamptz NOT NULL,
    call_id         text,
    call_sid        text,
    detail          jsonb NOT NULL
);
CREATE INDEX entries_by_conversation ON entries (conversation_id, at, id);
CREATE TABLE opt_out_evidence (
    id          text PRIMARY KEY,
    tenant_id   text NOT NULL,
    customer    text NOT NULL,
    number      text NOT NULL,
    wish        text NOT NULL,
    message_sid text NOT NULL,
    body        text NOT NULL,
    source      text NOT NULL,
    at          timestamptz NOT NULL
);
CREATE INDEX opt_out_evidence_by_customer ON opt_out_evidence (tenant_id, customer, at, id);
CREATE INDEX opt_out_evidence_newest ON opt_out_evidence (tenant_id, at DESC, id DESC);
CREATE TABLE unreachable (
    tenant_id text NOT NULL,
    customer  text NOT NULL,
    code      bigint NOT NULL,
    at        timestamptz NOT NULL,
    PRIMARY KEY (tenant_id, customer)
);
CREATE TABLE contexts (
    tenant_id text NOT NULL,
    number    text NOT NULL,
    context   bytea NOT NULL,
    PRIMARY KEY (tenant_id, number)
);
CREATE TABLE leads (
    id              text PRIMARY KEY,
    conversation_id text NOT NULL UNIQUE REFERENCES conversations (id),
    tenant_id       text NOT NULL,
    customer        text NOT NULL,
    status          text NOT NULL,
    value           double precision,
    notes           text NOT NULL,
    name            text NOT NULL,
    address         text NOT NULL,
    job             text NOT NULL,
    preferred_time  text NOT NULL,
    urgency         text NOT NULL,
    appointment_at  timestamptz,
    created_at      timestamptz NOT NULL,
    updated_at      timestamptz NOT NULL
);
CREATE INDEX leads_by_tenant ON leads (tenant_id, updated_at DESC, id DESC);
CREATE TABLE bookings (
    id              text PRIMARY KEY,
    tenant_id       text NOT NULL,
    conversation_id text NOT NULL REFERENCES conversations (id),
    starts_at       timestamptz NOT NULL,
    ends_at         timestamptz NOT NULL,
    status          text NOT NULL,
    service         text NOT NULL,
    made_at         timestamptz NOT NULL
);
CREATE INDEX bookings_by_tenant ON bookings (tenant_id, starts_at);
CREATE INDEX bookings_by_conversation ON bookings (conversation_id, made_at);
